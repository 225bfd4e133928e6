"""Durations, latencies and non-response of single agents: who draws by which law, and whose draws stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.distribution import Distribution
from sim.profile import AgentProfile, read_profile
from sim.profile_draws import draws_beside, read_draws, write_draws
from tests.cli.command import bidlab, files
from tests.market.test_synthetic import PROFILE, WORLD, changed, play, scenario, scenario_text, world, worlds
from tests.statistics import assert_mean, assert_rate

LAWS = {  # key of an agent, the World's array, a law for everybody, a law of b's own
    "duration": ("duration", "{ exponential = 20.0 }", "{ uniform = [3, 9] }"),
    "latency": ("latency", "{ exponential = 3.0 }", "{ lognormal = { mean = 2.0, cv = 0.5 } }"),
    "nonresponse": ("silent", "0.3", "0.6"),
}
OTHERS = [0, 2]


def with_own(folder: Path, agent: str, line: str) -> None:
    """Write PROFILE with one more line for this agent."""
    (folder / "p.toml").write_text(PROFILE.replace(f"[agents.{agent}]\n", f"[agents.{agent}]\n{line}\n"))


@pytest.mark.parametrize("key", LAWS)
@pytest.mark.parametrize("where", ["profile", "knob"])
def test_own_law_goes_before_the_worlds_and_leaves_every_other_draw(tmp_path: Path, key: str, where: str) -> None:
    array, shared, own = LAWS[key]
    keys = f"{WORLD}{key} = {shared}\n"
    before = world(tmp_path, keys)
    if where == "profile":
        with_own(tmp_path, "b", f"{key} = {own}")
        after = world(tmp_path, keys)
    else:
        after = world(tmp_path, f"{keys}[world.agents.b]\n{key} = {own}\n")
    everybody = world(tmp_path, f"{WORLD}{key} = {own}\n") if where == "knob" else None
    assert changed(before, after) <= {array}
    one, other = getattr(before, array), getattr(after, array)
    np.testing.assert_array_equal(one[:, :, OTHERS], other[:, :, OTHERS])
    assert (one[:, :, 1] != other[:, :, 1]).any()
    if everybody is not None:  # the same name draws the same luck, whoever states the law
        np.testing.assert_array_equal(other[:, :, 1], getattr(everybody, array)[:, :, 1])


def test_own_law_where_the_world_states_none(tmp_path: Path) -> None:
    knobs = "[world.agents.b]\nduration = { uniform = [3, 9] }\nlatency = 4\nnonresponse = 0.25\n"
    drawn = world(tmp_path, WORLD.replace("40", "2000") + knobs)
    assert (drawn.duration[:, :, OTHERS] == 1).all()
    assert (drawn.latency == np.array([0, 4, 0])).all()
    assert drawn.silent is not None
    assert not drawn.silent[:, :, OTHERS].any()
    assert_rate(drawn.silent[:, :, 1].ravel(), 0.25)
    assert_mean(drawn.duration[:, :, 1].ravel().astype(float), 6.0)


def test_an_agent_may_always_answer_where_others_do_not(tmp_path: Path) -> None:
    drawn = world(tmp_path, WORLD + "nonresponse = 0.5\n[world.agents.a]\nnonresponse = 0.0\n")
    assert drawn.silent is not None
    assert not drawn.silent[:, :, 0].any()
    assert drawn.silent[:, :, 1:].any()


def test_own_knob_then_everybodys_then_the_profile(tmp_path: Path) -> None:
    with_own(tmp_path, "b", "duration = 5")
    knobs = [
        ("", [7, 5, 7]),
        ("[world.agents.c]\nduration = 2\n", [7, 5, 2]),
        ('[world.agents."*"]\nduration = 3\n[world.agents.c]\nduration = 2\n', [3, 3, 2]),
        ("[world.agents.b]\noverconfidence = 1.0\n", [7, 5, 7]),
    ]
    for text, ticks in knobs:
        drawn = world(tmp_path, f"{WORLD}duration = 7\n{text}")
        assert (drawn.duration[..., 0] == np.array(ticks)).all(), text


def test_another_law_of_one_agent_moves_its_own_draws_alone(tmp_path: Path) -> None:
    one, other = (
        world(tmp_path, f"{WORLD}[world.agents.b]\nduration = {{ exponential = {mean} }}\n") for mean in (10.0, 30.0)
    )
    assert changed(one, other) == {"duration"}
    np.testing.assert_array_equal(one.duration[:, :, OTHERS], other.duration[:, :, OTHERS])
    assert (other.duration[:, :, 1] >= one.duration[:, :, 1]).all()


def test_duration_tells_nothing_of_the_attempt(tmp_path: Path) -> None:
    keys = WORLD.replace("40", "4000") + "[world.agents.b]\nduration = { exponential = 50.0 }\n"
    drawn = world(tmp_path, keys)
    ticks = drawn.duration[:, :, 1, 0] - 50.0
    for known in (drawn.ability[:, :, 1], drawn.belief[:, :, 1], drawn.cost[:, :, 1, 0]):
        assert_mean((ticks * (known - known.mean())).ravel(), 0.0)


def test_laws_of_agents_in_the_market(tmp_path: Path) -> None:
    """b's bid comes after the window; c's attempts take seven ticks, a's one."""
    knobs = "[world.agents.b]\nlatency = 3\n[world.agents.c]\nduration = 7\n"
    arms = '[market]\nwindow = 2\n[[arm]]\nname = "x"\nmechanism = "hire_all"\n'
    told = play(scenario(tmp_path, WORLD + knobs, arms=arms))
    assert {row["outcome"] for row in told.bids if row["agent"] == 1} == {"late"}
    assert "late" not in {row["outcome"] for row in told.bids if row["agent"] != 1}
    taken = {(agent, finish - start) for _, agent, start, finish, _ in told.worked()}
    assert taken == {(0, 1), (2, 7)}


def test_arms_may_differ_in_one_agents_pace(tmp_path: Path) -> None:
    arms = '[[arm]]\nname = "x"\nmechanism = "second_price"\n[[arm]]\nname = "slow"\nmechanism = "second_price"\n'
    arms += "world = { agents = { a = { duration = 9 } } }\n"
    drawn = worlds(scenario(tmp_path, arms=arms))
    assert changed(drawn["x"], drawn["slow"]) == {"duration"}


def test_profile_without_laws_has_none_and_one_with_them_keeps_them(tmp_path: Path) -> None:
    with_own(tmp_path, "a", "latency = 2\nnonresponse = 0.1\nduration = { exponential = 4.0 }")
    profile = read_profile(tmp_path / "p.toml")

    def stated(agent: AgentProfile) -> tuple[object, object, object]:
        return agent.duration, agent.latency, agent.nonresponse

    assert stated(profile.agents["b"]) == (None, None, None)
    known = {name: agent.model_copy(update={"rho": 0.1, "signal": None}) for name, agent in profile.agents.items()}
    write_draws(draws_beside(tmp_path / "p.toml"), [profile.model_copy(update={"agents": known})])
    again = read_draws(draws_beside(tmp_path / "p.toml"), profile)[0]
    for told in (profile, profile.with_sigma_u(1.0), again):
        assert stated(told.agents["a"]) == (Distribution("exponential", 4.0), Distribution("constant", 2.0), 0.1)


@pytest.mark.parametrize(
    ("line", "fragments"),
    [
        ("duration = -1", ("duration", "whole number of ticks", "got -1")),
        ("duration = 1.5", ("duration", "whole number of ticks", "got 1.5")),
        ("latency = { normal = 3.0 }", ("latency", "{exponential = mean}", "{normal = 3.0}")),
        ('latency = "soon"', ("latency", "{exponential = mean}", '"soon"')),
        ("nonresponse = 1.2", ("nonresponse", "<= 1", "got 1.2")),
        ("nonresponse = -0.1", ("nonresponse", ">= 0", "got -0.1")),
        ("duratoin = 1", ("duratoin", "did you mean 'duration'")),
    ],
)
@pytest.mark.parametrize("where", ["profile", "knob"])
def test_wrong_law_is_refused_in_one_line(tmp_path: Path, line: str, fragments: tuple[str, ...], where: str) -> None:
    with_own(tmp_path, "a", line if where == "profile" else "")
    knobs = "" if where == "profile" else f"[world.agents.a]\n{line}\n"
    (tmp_path / "s.toml").write_text(scenario_text(WORLD + knobs))
    before = files(tmp_path)
    said = bidlab("run", tmp_path / "s.toml", "--out", tmp_path / "out")
    assert (said.code, len(said.err.splitlines()), said.out) == (2, 1, ""), said
    key = "p.toml: agents.a." if where == "profile" else "s.toml: world.agents.a."
    assert [fragment for fragment in (key, *fragments) if fragment not in said.err] == [], said.err
    assert files(tmp_path) == before
