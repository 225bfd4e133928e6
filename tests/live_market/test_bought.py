"""`bidlab fit` of a live run: each attempt once, whichever arms made it, and whose outcomes there are."""

from __future__ import annotations

from pathlib import Path

import bidlab as bl
import pytest

from sim.experiment.bought import bought
from sim.experiment.run_folder import Run
from sim.kit.errors import RunError
from tests.cli.command import bidlab, lay_out
from tests.live_market.run_scenes import AGENTS, live_run

N_TASKS = 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return live_run(tmp_path_factory.mktemp("live"), N_TASKS)


def test_each_attempt_stands_once(folder: Path) -> None:
    run = Run.open(folder)
    attempts, found = run.ledger.attempts, bought(run)
    judged = attempts[attempts["status"].isin(["PASS", "FAIL"]) & ~attempts["timed_out"]]
    keys = set(zip(judged["agent"], judged["task"], judged["try"], strict=True))
    table = found.table
    assert len(keys) < len(judged) < len(attempts)  # arms share some, and the deadline ends some
    assert set(zip(table["agent"], table["task"], table["trial"], strict=True)) == keys
    assert len(table) == len(keys)
    row = table.iloc[0]
    (same,) = judged.index[(judged["agent"] == row["agent"]) & (judged["task"] == row["task"])][:1]
    assert (row["claim"], row["cost"]) == tuple(judged.loc[same, ["claim", "cost"]])
    passed = judged[judged["status"] == "PASS"]
    assert table["success"].sum() == len(set(zip(passed["agent"], passed["task"], passed["try"], strict=True)))
    assert found.note.startswith(f"{len(keys)} of {len(AGENTS) * N_TASKS} pairs of agent and task have an outcome")


def test_the_command_and_python_fit_it(folder: Path) -> None:
    said = bidlab("fit", folder, "--resamples", "2")
    assert said.code == 0, said.err
    found = bl.fit(folder, resamples=2)
    note = bought(Run.open(folder)).note
    assert found.note == note
    assert repr(found).startswith(note)
    assert " ".join(said.out.split()).startswith(note)
    assert set(found.estimates["agent"]) == set(AGENTS)
    assert "abilities" in said.out


def test_agents_whose_attempts_ended_alike_are_named(tmp_path: Path) -> None:
    found = bought(Run.open(live_run(tmp_path, 2)))
    assert "left out, as all their attempts ended alike: " in found.note
    named = found.note.rpartition(": ")[2].split(", ")
    assert not set(named) & set(found.table["agent"])


def test_other_folders_are_refused_in_a_line(tmp_path: Path) -> None:
    path = lay_out(tmp_path)
    assert bidlab("run", path, "--out", tmp_path / "out").code == 0
    for folder, words in ((tmp_path / "out", "holds no live run"), (tmp_path, "run.json")):
        said = bidlab("fit", folder)
        assert (said.code, said.err.count("\n")) == (2, 1)
        assert words in said.err
    with pytest.raises(RunError, match="holds no live run"):
        bl.fit(tmp_path / "out")
