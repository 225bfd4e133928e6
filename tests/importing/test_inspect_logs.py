"""Logs of Inspect: through a stand-in for the frame that inspect_ai gives, and through inspect_ai where it is there.

The stand-in has the columns of samples_df with EvalModel, EvalTask and SampleSummary of inspect_ai 0.3.130.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from sim.front.import_table import import_table
from sim.kit.errors import TableError
from tests.importing.made_up import AGENTS, attempts

PRICES = {"tick_seconds": 0.5, "usd_per_million_tokens": {"*": {"input": 1.0, "output": 2.0}}}


def sample(one: Any, **scores: Any) -> dict[str, Any]:
    """A row of samples_df."""
    usage = {one.agent: {"input_tokens": round(one.cost * 1e6), "output_tokens": 0}, "grader": {"input_tokens": 9}}
    about = {"eval_id": "e", "sample_id": "s", "model": one.agent, "task_name": "gaia", "id": one.task}
    timed = {"total_time": one.seconds, "error": "boom" if one.success is None else "", "limit": None}
    return {**about, "epoch": one.run + 1, **scores, "model_usage": json.dumps(usage), **timed}


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log for each agent, and the stand-in of inspect_ai that reads them."""

    def samples_df(path: str, columns: list[Any], quiet: bool) -> pd.DataFrame:
        assert columns == ["model", "task", "summary"]
        assert quiet
        agent = Path(path).stem
        answer = {True: "C", False: "I", None: math.nan}
        return pd.DataFrame([sample(one, score_match=answer[one.success]) for one in attempts() if one.agent == agent])

    analysis = ModuleType("inspect_ai.analysis")
    found = {"samples_df": samples_df, "EvalModel": ["model"], "EvalTask": ["task"], "SampleSummary": ["summary"]}
    vars(analysis).update(found)
    monkeypatch.setitem(sys.modules, "inspect_ai", ModuleType("inspect_ai"))
    monkeypatch.setitem(sys.modules, "inspect_ai.analysis", analysis)
    for agent in AGENTS:
        (tmp_path / f"{agent}.eval").write_text("a zip in truth")
    return tmp_path


def test_every_sample_is_a_row(logs: Path) -> None:
    made = import_table(logs / "*.eval", "inspect", **PRICES)
    found = {(row["agent"], row["task"], int(row["trial"])): row for row in made.frame.to_dict("records")}
    assert len(found) == made.report.rows == len(list(attempts()))
    for one in attempts():
        row = found[one.agent, f"gaia:{one.task}", one.run + 1]
        assert row["success"] == one.success
        assert row["cost"] == pytest.approx(one.cost)
        assert row["duration"] == math.ceil(one.seconds / 0.5)


def test_what_is_not_stated_is_not_read(logs: Path) -> None:
    made = import_table(logs / "alpha.eval", "inspect")
    assert list(made.columns) == ["agent", "task", "success", "family", "trial"]
    assert dict(made.report.unread) == {
        "cost": "usd_per_million_tokens is not stated",
        "duration": "tick_seconds is not stated",
    }


def test_which_of_several_scorers_must_be_said(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def two(*_: Any, **__: Any) -> pd.DataFrame:
        return pd.DataFrame([sample(one, score_a=0.4, score_b="C") for one in attempts() if one.agent == "alpha"])

    monkeypatch.setattr(sys.modules["inspect_ai.analysis"], "samples_df", two)
    path = logs / "alpha.eval"
    with pytest.raises(TableError, match=r"alpha.eval: has several scores; .*scorer = NAME.*: a, b"):
        import_table(path, "inspect")
    with pytest.raises(TableError, match=r"alpha.eval: has no score of 'c'; .*: a, b"):
        import_table(path, {"inspect": {"scorer": "c"}})
    assert all(import_table(path, {"inspect": {"scorer": "b"}}).columns["success"])
    graded = import_table(path, {"inspect": {"scorer": "a", "at_least": 0.4}})
    assert all(graded.columns["success"])
    with pytest.raises(TableError, match=r"score \(as success\) must be one of C, I, .*; got 0.4"):
        import_table(path, {"inspect": {"scorer": "a"}})


def test_without_inspect_ai_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "inspect_ai.analysis", None)
    (tmp_path / "a.eval").write_text("x")
    with pytest.raises(TableError, match=r"a.eval: needs inspect_ai: pip install 'bidlab\[inspect\]'"):
        import_table(tmp_path / "a.eval", "inspect")


@pytest.mark.filterwarnings("ignore")  # inspect_ai's own
def test_a_log_of_inspect_itself(tmp_path: Path) -> None:
    inspect_ai = pytest.importorskip("inspect_ai")
    from inspect_ai.dataset import Sample
    from inspect_ai.scorer import match

    samples = [Sample(input="1 + 1", target="2", id="a"), Sample(input="?", target="Default", id="b")]
    task = inspect_ai.Task(dataset=samples, scorer=match(), name="sum")
    (log,) = inspect_ai.eval(task, model="mockllm/model", log_dir=str(tmp_path), display="none")
    if log.status != "success":  # some releases fetch a tokenizer from the network
        with pytest.raises(TableError, match="no sample of it was scored"):
            import_table(str(tmp_path / "*.eval"), "inspect")
        pytest.skip(f"inspect_ai could not run here: {log.status}")
    made = import_table(str(tmp_path / "*.eval"), "inspect")
    assert made.columns["task"] == ["sum:a", "sum:b"]
    assert made.columns["agent"] == ["mockllm/model"] * 2
    assert all(success is not None for success in made.columns["success"])
