"""Scorers of Inspect as verifiers."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from sim.contracts.verifier_contract import verifier_faults
from sim.kit.errors import TableError
from sim.live.inspect_scorer import InspectScorer
from sim.live.task_file import read_tasks

TASK = '{"id": "t", "prompt": "6 x 7?", "answer": 42, "verify": {"inspect": {"scorer": "includes"}}}\n'


@pytest.mark.skipif(find_spec("inspect_ai") is not None, reason="it is installed")
def test_that_it_is_lacking_is_said_before_anybody_is_asked(tmp_path: Path) -> None:
    (tmp_path / "tasks.jsonl").write_text(TASK)
    with pytest.raises(TableError, match=r"inspect_ai is not installed: pip install 'bidlab\[inspect\]'"):
        read_tasks(tmp_path / "tasks.jsonl")


@pytest.mark.parametrize("scorer", InspectScorer.examples(), ids=str)
def test_each_scorer_keeps_the_contract(scorer: InspectScorer) -> None:
    pytest.importorskip("inspect_ai")
    assert list(verifier_faults(scorer)) == []


@pytest.mark.parametrize(
    ("scorer", "work", "status", "score"),
    [
        (InspectScorer("match"), "It is 42.", "PASS", None),
        (InspectScorer("exact"), "It is 42.", "FAIL", None),
        (InspectScorer("includes"), "42, I think", "PASS", None),
        (InspectScorer("f1", mark=0.5), "The answer is 42.", "PASS", 0.5),
        (InspectScorer("f1"), "The answer is 42.", "FAIL", 0.5),
        (InspectScorer("f1"), " ", "FAIL", None),
    ],
    ids=str,
)
def test_grades_are_scores(scorer: InspectScorer, work: str, status: str, score: float | None) -> None:
    pytest.importorskip("inspect_ai")
    found = scorer.verify(42, work)
    assert (found.status, found.score) == (status, score)
