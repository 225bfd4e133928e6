"""Profiles: reading, refusals in one line, the same fit told at another sigma_u, and parameter draws."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from sim.bundled import profiles
from sim.kit.errors import ScenarioError
from sim.population.agent_profile import AgentProfile, SignalSettings
from sim.population.beliefs import success_rate
from sim.population.population import draw_population
from sim.population.profile import Profile, read_profile
from sim.population.profile_draws import COLUMNS, draws_beside, read_draws, write_draws

LATENT = math.pi**2 / 3.0
TEXT = """\
source = "by hand"
sigma_d = 2.0
sigma_u = 1.0

[agents.a]
alpha = 1.0
m = 0.5
slope = 0.8
rho = 0.5
gamma = 0.3
grid = [0.2, 0.5, 0.9]
cost_belief = { mean = -2.0, sd = 0.5, correlation = -0.4 }
cost = { mean = -1.5, sd = 0.6 }

[agents.b]
alpha = -0.5
m = 0.1
slope = 1.2
signal = { difficulty = 0.3, fit = 0.4 }
cost_belief = { mean = -3.0, sd = 0.2 }
cost = { mean = -3.0, sd = 0.2 }
"""


def marketbench() -> Profile:
    return read_profile(profiles()["marketbench"])


def written(folder: Path, text: str = TEXT) -> Path:
    path = folder / "p.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ScenarioError) as error:
        read_profile(path)
    line = str(error.value)
    assert all(str(path) in one for one in line.split("\n"))
    return line


def test_profile_says_what_was_written(tmp_path: Path) -> None:
    profile = read_profile(written(tmp_path))
    a, b = profile.agents["a"], profile.agents["b"]
    assert (profile.source, profile.sigma_d, profile.sigma_u) == ("by hand", 2.0, 1.0)
    assert (a.alpha, a.m, a.slope, a.rho, a.signal, a.gamma) == (1.0, 0.5, 0.8, 0.5, None, 0.3)
    assert a.grid == [0.2, 0.5, 0.9]
    assert (a.cost_belief.mean, a.cost_belief.sd, a.cost_belief.correlation) == (-2.0, 0.5, -0.4)
    assert (b.rho, b.gamma, b.grid, b.cost.correlation) == (None, 0.0, None, 0.0)
    assert profile.tau == math.sqrt(5.0)


def test_rho_is_split_as_difficulty_and_fit_are(tmp_path: Path) -> None:
    profile = read_profile(written(tmp_path))
    assert profile.rhos("a") == pytest.approx((0.5 * 2.0 / math.sqrt(5.0), 0.5 / math.sqrt(5.0)))
    assert profile.rhos("b") == (0.3, 0.4)
    assert profile.reach("a") == pytest.approx(0.5 * math.sqrt(5.0))
    assert profile.reach("b") == pytest.approx(0.3 * 2.0 + 0.4 * 1.0)


def test_signal_about_tasks_that_are_all_alike_knows_nothing(tmp_path: Path) -> None:
    text = TEXT.replace("sigma_d = 2.0", "sigma_d = 0.0").replace("sigma_u = 1.0", "sigma_u = 0.0")
    profile = read_profile(written(tmp_path, text))
    assert profile.rhos("a") == (0.0, 0.0)
    assert profile.reach("a") == 0.0


@pytest.mark.parametrize("name", profiles())
def test_bundled_profiles_can_be_drawn_from(name: str) -> None:
    assert draw_population(read_profile(profiles()[name]), 1, 1, 2).claim.shape[:2] == (1, 2)


@pytest.mark.parametrize(
    ("old", "new", "fragments"),
    [
        ("rho = 0.5\n", "rho = 0.5\nsignal = { difficulty = 0.3, fit = 0.4 }\n", ("agents.a", "rho", "signal")),
        ("rho = 0.5\n", "", ("agents.a", "rho", "signal")),
        ("rho = 0.5", "rho = 1.5", ("agents.a.rho", "<= 1", "1.5")),
        ("difficulty = 0.3, fit = 0.4", "difficulty = 0.3", ("agents.b.signal.fit", "missing")),
        ("difficulty = 0.3", "difficulty = -1.1", ("agents.b.signal.difficulty", ">= -1", "-1.1")),
        ("gamma = 0.3", "gamma = 2.0", ("agents.a.gamma", "<= 1", "2.0")),
        ("[0.2, 0.5, 0.9]", "[0.9, 0.5, 0.2]", ("agents.a", "grid", "ascending")),
        ("[0.2, 0.5, 0.9]", "[0.2, 0.2, 0.9]", ("agents.a", "grid", "none twice")),
        ("[0.2, 0.5, 0.9]", "[]", ("agents.a", "grid")),
        ("[0.2, 0.5, 0.9]", "[0.2, 1.5]", ("agents.a.grid", "<= 1", "1.5")),
        ("[0.2, 0.5, 0.9]", "0.5", ("agents.a.grid", "list", "0.5")),
        ("gamma = 0.3", "gama = 0.3", ("agents.a.gama", "unknown key", "did you mean 'gamma'")),
        ("slope = 0.8", "lambda = 0.8", ("agents.a.lambda", "unknown key", "slope")),
        ("correlation = -0.4", "corelation = -0.4", ("agents.a.cost_belief.corelation", "did you mean 'correlation'")),
        ("source =", "sorce =", ("sorce", "did you mean 'source'")),
        ("sigma_d = 2.0\n", "", ("sigma_d", "missing")),
        ("sigma_d = 2.0", "sigma_d = -2.0", ("sigma_d", ">= 0", "-2.0")),
        ("sigma_d = 2.0", "sigma_d = 1e9", ("sigma_d", "<= 20")),
        ("alpha = 1.0", "alpha = inf", ("agents.a.alpha", "finite", "inf")),
        ("alpha = 1.0", "alpha = nan", ("agents.a.alpha", "finite", "nan")),
        ("alpha = 1.0", 'alpha = "1.0"', ("agents.a.alpha", "number", '"1.0"')),
        ("alpha = 1.0\n", "", ("agents.a.alpha", "missing")),
        ("sd = 0.6", "sd = -0.6", ("agents.a.cost.sd", ">= 0", "-0.6")),
        ("mean = -1.5, ", "", ("agents.a.cost.mean", "missing")),
        ("cost = { mean = -1.5, sd = 0.6 }", "cost = 0.2", ("agents.a.cost", "table", "0.2")),
        (TEXT[TEXT.index("[agents.a]") :], "[agents]", ("[agents.NAME]", "[pool]")),
        (TEXT[TEXT.index("[agents.a]") :], "", ("[agents.NAME]", "[pool]")),
        ("sigma_d = 2.0", "sigma_d == 2.0", ("TOML", "line 2")),
    ],
)
def test_wrong_profile_is_refused(tmp_path: Path, old: str, new: str, fragments: tuple[str, ...]) -> None:
    assert old in TEXT
    line = refusal(written(tmp_path, TEXT.replace(old, new, 1)))
    assert [fragment for fragment in fragments if fragment not in line] == [], line


def test_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path / "none.toml")
    latin = tmp_path / "latin.toml"
    latin.write_bytes('source = "é"'.encode("latin-1"))
    assert "UTF-8" in refusal(latin)


SIGMAS = [0.0, 0.5, 1.0, 2.3, 3.0]


def correlation_with_latent(profile: Profile, agent: AgentProfile) -> float:
    return (agent.rho or 0.0) * profile.tau / math.sqrt(profile.tau**2 + LATENT)


@pytest.mark.parametrize("sigma_u", SIGMAS)
def test_another_sigma_u_keeps_what_a_table_can_tell(sigma_u: float) -> None:
    before, after = marketbench(), marketbench().with_sigma_u(sigma_u)
    assert after.sigma_u == sigma_u
    share = [p.sigma_d / math.sqrt(p.sigma_u**2 + LATENT) for p in (before, after)]
    assert share[1] == pytest.approx(share[0], rel=1e-12)
    assert share[0] == pytest.approx(2.05, abs=0.02)
    for name, agent in before.agents.items():
        other = after.agents[name]
        assert success_rate(other.alpha, after.tau) == pytest.approx(success_rate(agent.alpha, before.tau), abs=1e-9)
        kept = ("m", "slope", "grid", "cost", "cost_belief")
        assert [getattr(other, key) for key in kept] == [getattr(agent, key) for key in kept]
        latent = correlation_with_latent(after, other)
        assert latent == pytest.approx(correlation_with_latent(before, agent), rel=1e-12)


@pytest.mark.parametrize("sigma_u", SIGMAS)
def test_fitted_profile_can_be_drawn_from_at_any_sigma_u(sigma_u: float) -> None:
    """Findings on the fitted population are shown at sigma_u 0, 1 and 2.3."""
    assert draw_population(marketbench().with_sigma_u(sigma_u), 1, 1, 2).claim.shape == (1, 2, 6)


@pytest.mark.parametrize("sigma_u", SIGMAS)
def test_another_sigma_u_there_and_back(sigma_u: float) -> None:
    before = marketbench()
    back = before.with_sigma_u(sigma_u).with_sigma_u(before.sigma_u)
    assert (back.sigma_d, back.sigma_u) == pytest.approx((before.sigma_d, before.sigma_u), rel=1e-12)
    for name, agent in before.agents.items():
        found = back.agents[name].model_dump(exclude={"alpha", "rho", "gamma"})
        assert found == agent.model_dump(exclude={"alpha", "rho", "gamma"})
        numbers = [(a.alpha, a.rho, a.gamma) for a in (back.agents[name], agent)]
        assert numbers[0] == pytest.approx(numbers[1], abs=1e-9)


def test_own_sigma_u_changes_nothing() -> None:
    before = marketbench()
    after = before.with_sigma_u(before.sigma_u)
    assert after.sigma_d == pytest.approx(before.sigma_d, rel=1e-15)
    for name, agent in before.agents.items():
        assert after.agents[name].alpha == pytest.approx(agent.alpha, abs=1e-9)
        assert after.agents[name].rho == pytest.approx(agent.rho, rel=1e-12)


def test_stated_signal_stays_at_another_sigma_u(tmp_path: Path) -> None:
    after = read_profile(written(tmp_path)).with_sigma_u(2.0)
    assert after.agents["b"].signal == SignalSettings(difficulty=0.3, fit=0.4)
    assert after.agents["b"].rho is None


def test_signal_that_cannot_be_told_at_another_sigma_u_is_refused(tmp_path: Path) -> None:
    """At sigma_u = 0 this agent's rho would have to be 2.1: it is refused, not cut to 1 in silence."""
    text = TEXT.replace("sigma_d = 2.0", "sigma_d = 1.0").replace("sigma_u = 1.0", "sigma_u = 2.0")
    text = text.replace("rho = 0.5", "rho = 0.95").replace("gamma = 0.3", "gamma = 0.0")
    profile = read_profile(written(tmp_path, text))
    with pytest.raises(ScenarioError, match="'a'"):
        profile.with_sigma_u(0.0)


def bootstrap(profile: Profile, n: int = 3) -> list[Profile]:
    """`n` profiles with other parameters of every agent."""
    draws = []
    for k in range(1, n + 1):
        agents = {
            name: agent.model_copy(update={"alpha": agent.alpha + k / 7, "m": agent.m - k / 9, "rho": 0.1 * k})
            for name, agent in profile.agents.items()
        }
        draws.append(profile.model_copy(update={"sigma_d": profile.sigma_d + k / 3, "agents": agents}))
    return draws


def test_draws_are_beside_their_profile() -> None:
    assert draws_beside(Path("x/p.toml")) == Path("x/p.draws.csv")


def test_draws_come_back_to_six_decimals(tmp_path: Path) -> None:
    profile, path = marketbench(), tmp_path / "p.draws.csv"
    draws = bootstrap(profile)
    write_draws(path, draws)
    found = read_draws(path, profile)
    assert len(found) == len(draws)
    for got, draw in zip(found, draws, strict=True):
        assert (got.sigma_d, got.sigma_u) == pytest.approx((draw.sigma_d, profile.sigma_u), abs=5.1e-7)
        assert list(got.agents) == list(profile.agents)
        for name, agent in draw.agents.items():
            for key in ("alpha", "m", "slope", "rho", "gamma"):
                assert getattr(got.agents[name], key) == pytest.approx(getattr(agent, key), abs=5.1e-7)
            kept = {"grid", "cost", "cost_belief", "signal"}
            assert got.agents[name].model_dump(include=kept) == profile.agents[name].model_dump(include=kept)


def test_draws_written_twice_are_the_same_bytes(tmp_path: Path) -> None:
    profile, first, second = marketbench(), tmp_path / "1.csv", tmp_path / "2.csv"
    write_draws(first, bootstrap(profile))
    write_draws(second, read_draws(first, profile))
    assert first.read_bytes() == second.read_bytes()
    assert first.read_text().splitlines()[0] == ",".join(COLUMNS)


def test_draws_of_a_stated_signal_are_of_its_rho(tmp_path: Path) -> None:
    profile, path = read_profile(written(tmp_path)), tmp_path / "p.draws.csv"
    write_draws(path, bootstrap(profile, 1))
    assert (read_draws(path, profile)[0].agents["b"].rho, read_draws(path, profile)[0].agents["b"].signal) == (
        0.1,
        None,
    )


GOOD = [["0", "2.0", "a", "1", "0.5", "0.8", "0.5", "0.3"], ["0", "2.0", "b", "1", "0.5", "0.8", "0.5", "0.3"]]


@pytest.mark.parametrize(
    ("rows", "fragments"),
    [
        ([], ("columns", "sigma_d")),
        (GOOD[:1], ("draw 0", "each agent", "once")),
        ([*GOOD, GOOD[0]], ("draw 0", "each agent", "once")),
        ([*GOOD, ["1", *GOOD[0][1:]]], ("draw 1", "each agent")),
        ([GOOD[0], ["0", "2.0", "c", *GOOD[1][3:]]], ("draw 0", "each agent")),
        ([GOOD[0], [*GOOD[1][:3], "high", *GOOD[1][4:]]], ("draw 0", "high")),
        ([GOOD[0], [*GOOD[1][:3], "nan", *GOOD[1][4:]]], ("draw 0", "agents.b.alpha", "finite")),
        ([GOOD[0], [*GOOD[1][:6], "1.5", "0.3"]], ("draw 0", "agents.b.rho", "<= 1", "1.5")),
        ([["0", "-1", *GOOD[0][2:]], GOOD[1]], ("draw 0", "sigma_d", ">= 0")),
        ([["0", "2.0", *GOOD[0][2:]], ["0", "3.0", *GOOD[1][2:]]], ("draw 0", "sigma_d")),
        ([GOOD[0], GOOD[1][:-1]], ("draw 0",)),
        ([GOOD[0], [*GOOD[1], "9"]], ("draw 0",)),
    ],
)
def test_wrong_draws_are_refused(tmp_path: Path, rows: list[list[str]], fragments: tuple[str, ...]) -> None:
    profile, path = read_profile(written(tmp_path)), tmp_path / "p.draws.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    with pytest.raises(ScenarioError) as error:
        read_draws(path, profile)
    line = str(error.value)
    assert "\n" not in line
    assert [fragment for fragment in (str(path), *fragments) if fragment not in line] == [], line


def test_draws_with_other_columns_are_refused(tmp_path: Path) -> None:
    profile, path = read_profile(written(tmp_path)), tmp_path / "p.draws.csv"
    path.write_text("draw,agent,alpha\n0,a,1\n")
    with pytest.raises(ScenarioError, match="must have the columns draw, sigma_d, agent"):
        read_draws(path, profile)


def test_draws_that_are_not_there_name_the_command_that_makes_them(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"p\.draws\.csv: cannot be read; `bidlab fit`"):
        read_draws(tmp_path / "p.draws.csv", read_profile(written(tmp_path)))


@pytest.mark.parametrize("sigma_u", SIGMAS)
def test_bundled_draws_can_be_drawn_from_at_any_sigma_u(sigma_u: float) -> None:
    path = profiles()["marketbench"]
    for draw in read_draws(draws_beside(path), read_profile(path)):
        assert draw_population(draw.with_sigma_u(sigma_u), 1, 1, 1).claim.shape == (1, 1, 6)
