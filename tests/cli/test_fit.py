"""`bidlab fit` of a table with repeated trials and free attempts, and a run of the profile that it writes."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from sim.experiment.execute import execute
from sim.experiment.plan import plan
from sim.population.agent_profile import LogNormal
from sim.population.population import draw_population
from sim.population.profile import read_profile
from sim.scenario.scenario import load_scenario
from tests.cli.command import bidlab
from tests.theory.test_fit_recovery import TRUTH

N_TASKS, AGENTS = 45, ("gpt-5-mini", "claude-opus-4.5", "gemini-3-pro")
SCENARIO = """
question = "Who is free?"
seed = 2
replications = 2
[world]
profile = "six.toml"
parameters = "bootstrap"
tasks = 7
[tender]
value = 3.0
reserve = 2.0
penalty = 0.5
[[arm]]
name = "x"
mechanism = "second_price"
"""


def write_table(folder: Path, n_trials: int) -> Path:
    """gpt-5-mini costs and expects nothing, claude-opus-4.5 costs nothing half of the time."""
    agents = {name: TRUTH.agents[name].model_copy(update={"alpha": 1.0}) for name in AGENTS}
    free, half = LogNormal(mean=0.0, sd=0.0, zero=1.0), LogNormal(mean=-0.8, sd=0.5, zero=0.5)
    agents[AGENTS[0]] = agents[AGENTS[0]].model_copy(update={"cost": free, "cost_belief": free})
    agents[AGENTS[1]] = agents[AGENTS[1]].model_copy(update={"cost": half})
    profile = TRUTH.model_copy(update={"agents": agents, "sigma_d": 1.5, "sigma_u": 1.5})
    drawn = draw_population(profile, 4, 1, N_TASKS, n_trials)
    path = folder / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("agent", "task", "trial", "claim", "cost_belief", "success", "cost"))
        for t in range(N_TASKS):
            for i, name in enumerate(AGENTS):
                told = drawn.claim[0, t, i], drawn.cost_belief[0, t, i]
                for k in range(n_trials):
                    rows.writerow((name, f"t{t}", k, *told, int(drawn.success[0, t, i, k]), drawn.cost[0, t, i, k]))
    return path


def test_fit_and_run(tmp_path: Path) -> None:
    said = bidlab("fit", write_table(tmp_path, 3), "--out", tmp_path / "six.toml", "--resamples", "3")
    assert said.code == 0, said.err
    for words in ("95% interval", "from repeated trials", "mean cost", "share of 0", "405 outcomes"):
        assert words in said.out
    assert "nan" not in said.out
    profile = read_profile(tmp_path / "six.toml")
    assert profile.agents[AGENTS[0]].cost == LogNormal(mean=0.0, sd=0.0, zero=1.0)
    assert 0.3 < profile.agents[AGENTS[1]].cost.zero < 0.7
    (tmp_path / "s.toml").write_text(SCENARIO)
    tables = []
    for engine in ("market", "compiled"):
        folder = execute(plan(load_scenario(tmp_path / "s.toml"), engine=engine), tmp_path / engine)
        tables.append((folder / "attempts.parquet").read_bytes())
    assert tables[0] == tables[1]


@pytest.mark.parametrize(
    ("options", "words"),
    [((), "sigma_u = 1 (assumed, not identified)"), (("--sigma-u", "2.5"), "sigma_u = 2.5 (assumed, not identified)")],
)
def test_single_outcomes_do_not_identify_sigma_u(tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    said = bidlab("fit", write_table(tmp_path, 1), "--resamples", "2", *options)
    assert said.code == 0, said.err
    assert words in said.out
    assert "sigma_u is not identified" in said.out


@pytest.mark.slow
def test_held_sigma_u_is_named_in_the_profile(tmp_path: Path) -> None:
    said = bidlab(
        "fit", write_table(tmp_path, 3), "--sigma-u", "1.25", "--resamples", "2", "--out", tmp_path / "a.toml"
    )
    assert "sigma_u = 1.25 (held, though repeated trials identify it)" in said.out
    text = (tmp_path / "a.toml").read_text()
    assert "--sigma-u 1.25" in text
    assert "sigma_u = 1.2500\n" in text
