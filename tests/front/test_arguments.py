"""Arguments of a wrong type or size are refused by name, all at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bidlab as bl
import numpy as np
import pytest

from sim.kit.errors import RunError
from tests.cli.command import lay_out

World = bl.World.recorded("marketbench", seed=1)
CALLS: list[tuple[Callable[..., Any], dict[str, Any], tuple[str, ...]]] = [
    (bl.sweep, {"precision": 0, "jobs": 1.5, "most": "x"}, ("precision", "jobs", "most")),
    (bl.sweep, {"precision": -1, "factors": {3: [1]}}, ("precision", "factors")),
    (bl.sweep, {"jobs": "2", "precision": float("nan")}, ("jobs", "precision")),
    (bl.run, {"settings": 3, "mechanisms": "second_price", "engine": 3}, ("settings", "mechanisms", "engine")),
    (bl.run, {"out": 3, "plugins": "rule.py", "figures": "x"}, ("out", "plugins", "figures")),
    (bl.run, {"seed": -1, "replications": 0}, ("seed", "replications")),
]
OTHERS: list[tuple[Callable[[], Any], str]] = [
    (lambda: bl.audit(["second_price"], jobs=0, types="x"), "audit: jobs: must be a whole number >= 1; got 0"),
    (lambda: bl.audit([{"second_score": {}}]), "audit: the test world takes rules by name"),
    (lambda: bl.audit("second_price"), "audit: mechanisms: must be a list"),
    (lambda: bl.fit(3), "fit: table: must be a name, a path or a DataFrame; got 3"),
    (lambda: bl.fit("marketbench", sigma_u="x", resamples=1), "fit: resamples: must be a whole number >= 2"),
    (lambda: bl.load(""), "load: folder: must be a path"),
    (lambda: bl.World.from_frame({"agent": ["a"]}), "World.from_frame: frame: must be a pandas DataFrame"),
    (lambda: bl.World.recorded("marketbench", {"claim": 3}), "World.recorded: columns: must be a dict of our names"),
    (lambda: bl.Market(World, "second_price"), "Market: rule: must be a rule, e.g. bl.SecondPrice(); got"),
    (lambda: bl.Market(World, bl.SecondPrice), "Market: rule: must be a rule"),
    (lambda: bl.Market(3, bl.SecondPrice(), agents=3), "Market: world: must be a World"),
    (lambda: bl.compare(3, 3), "compare: run: must be the results of a run; got int"),
]


@pytest.mark.parametrize(("call", "given", "names"), CALLS)
def test_each_is_named(call: Callable[..., Any], given: dict[str, Any], names: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(RunError) as error:
        call(lay_out(tmp_path), **given)
    assert {line.split(": ")[1] for line in error.value.args} == set(names)


@pytest.mark.parametrize(("call", "words"), OTHERS)
def test_wrong_ones_are_refused(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(RunError) as error:
        call()
    assert any(words in line for line in error.value.args), error.value.args


def test_most_needs_a_precision(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="most has a meaning with precision only"):
        bl.sweep(lay_out(tmp_path), {"tender.penalty": [0.0, 1.0]}, most=5)


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    run = bl.run(lay_out(tmp_path), seed=np.int64(3), replications=np.int32(2))
    assert run.run.scenario.seed == 3
    assert type(run.run.scenario.replications) is int
