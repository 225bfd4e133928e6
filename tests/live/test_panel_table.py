"""What `bidlab panel` writes is a recorded table: a scenario reads it back as it was answered."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.experiment.run_folder import Run
from tests.cli.command import bidlab
from tests.live.adders import adds, lay_out, model, purpose, task
from tests.live.server import FAULTS, Does, Sent, says, serving

pytestmark = pytest.mark.usefixtures("key")
FAMILIES = ("sums", "odd ones")
TASKS = 7
SCENARIO = """\
question = "Which?"
seed = 3
replications = {replications}

[world]
table = "t.csv"
columns = {{ {columns} }}
{more}

[tender]
value = 1.0
reserve = 0.9
penalty = 0.0
postings = {postings}
exclude = "none"

[bidders]
on_retry = "same"

[[arm]]
name = "x"
mechanism = {{ first_score = {{}} }}
"""


def script(sent: Sent, nth: int) -> Does:
    """Amy loses her work at t1 and t4; bob claims nothing at t2 and t3; every other task is hard for all."""
    place = next(place for place in range(TASKS) if str(task(place)["prompt"]) in sent.prompt)
    if model(sent) == "amy-1" and purpose(sent) == "work" and place in (1, 4):
        return FAULTS["html"]
    if model(sent) == "bob-1" and purpose(sent) == "claim" and place in (2, 3):
        return says('{"abstain": true}' if place == 2 else "about 80%")
    if purpose(sent) == "work":
        right = random.Random(f"{sent.prompt} {nth}").random() < (0.1, 0.9)[place % 2]
        return says(str(task(place)["answer"] if right else "no idea"), usage=(40, nth))
    return adds(sent)


def panel(folder: Path, *more: str, families: bool = True) -> pd.DataFrame:
    """The table that the panel writes."""
    with serving(script) as server:
        lay_out(folder, server.url, tasks=TASKS)
        tasks = [task(place) | ({"family": FAMILIES[place % 2]} if families else {}) for place in range(TASKS)]
        (folder / "tasks.jsonl").write_text("".join(json.dumps(one) + "\n" for one in tasks))
        said = bidlab(
            "panel",
            folder / "tasks.jsonl",
            "--respondents",
            folder / "respondents.toml",
            "--budget-usd",
            "4000",
            "--out",
            folder / "t.csv",
            *more,
        )
    assert said.code == 0, said.err
    assert "left out: " in said.out
    return pd.read_csv(folder / "t.csv")


@pytest.mark.parametrize(
    ("trials", "families"),
    [(3, True), *(pytest.param(*one, marks=pytest.mark.slow) for one in [(1, True), (2, False)])],
)
def test_a_scenario_reads_the_table_as_it_was_answered(trials: int, families: bool, tmp_path: Path) -> None:
    table = panel(tmp_path, "--trials", str(trials), families=families)
    assert len(table) == (3 * TASKS - 2) * trials
    assert set(table.status) == {"PASS", "FAIL", "INFRA"}
    assert ("family" in table, "trial" in table) == (families, trials > 1)
    columns = {name: name for name in table if name in ("agent", "task", "claim", "status", "cost", "cost_belief")}
    columns |= {name: name for name in ("family", "trial") if name in table}
    more = 'trials = "in_order"' if trials > 1 else ""
    path = tmp_path / "table.toml"
    stated = ", ".join(f'{ours} = "{theirs}"' for ours, theirs in columns.items())
    path.write_text(SCENARIO.format(replications=1, columns=stated, more=more, postings=trials))
    said = bidlab("run", path, "--out", tmp_path / "run")
    assert said.code == 0, said.err
    run = Run.open(tmp_path / "run")
    world = run.world(run.scenario.arms[0])
    assert (world.agents, world.tasks) == (("zoe", "amy", "bob"), tuple(f"t{place}" for place in range(TASKS)))
    for row in table.itertuples():
        at = 0, world.tasks.index(str(row.task)), world.agents.index(str(row.agent))
        nth = int(getattr(row, "trial", 0))
        assert world.present[at]
        assert world.belief[at] == row.claim
        assert world.cost_belief[at] == row.cost_belief == 0.02
        assert (world.infra[at][nth], world.cost[at][nth]) == (row.status == "INFRA", row.cost)
        assert world.success[at][nth] == (row.status == "PASS")
    absent = [(place, 2) for place in (2, 3)]
    assert [tuple(pair) for pair in np.argwhere(~world.present[0])] == absent
    attempts = run.ledger.attempts
    assert len(attempts)
    assert not {"t2", "t3"} & set(attempts[attempts.agent == "bob"].task)


@pytest.mark.slow
def test_the_table_goes_into_fit(tmp_path: Path) -> None:
    panel(tmp_path, "--trials", "2")
    said = bidlab("fit", tmp_path / "t.csv", "--out", tmp_path / "fitted.toml", "--resamples", "2")
    assert said.code == 0, said.err
    assert (tmp_path / "fitted.toml").exists()


def test_a_cost_that_is_not_always_stated_is_left_out(tmp_path: Path) -> None:
    def silent(sent: Sent, nth: int) -> Does:
        if purpose(sent) == "claim" and model(sent) == "zoe-1" and "Add 11 and" in sent.prompt:
            return says('{"claim": 55, "cost": null}')
        return adds(sent)

    with serving(silent) as server:
        lay_out(tmp_path, server.url)
        command = (
            "panel",
            tmp_path / "tasks.jsonl",
            "--respondents",
            tmp_path / "respondents.toml",
            "--budget-usd",
            "90",
        )
        said = bidlab(*command, "--out", tmp_path / "t.csv")
        assert said.code == 0, said.err
    assert "left out: what agents expect to spend, as 1 of 18 claims do not say it" in said.out
    table = pd.read_csv(tmp_path / "t.csv")
    assert list(table) == ["agent", "task", "claim", "status", "cost"]
    path = tmp_path / "table.toml"
    columns = ", ".join(f'{name} = "{name}"' for name in table)
    path.write_text(
        SCENARIO.format(replications=20, columns=columns, more='cost_belief = { record = "split" }', postings=1)
    )
    said = bidlab("run", path, "--out", tmp_path / "run")
    assert said.code == 0, said.err
