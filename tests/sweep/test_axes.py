"""Factors: lists, spans and keys that advance together; what is refused and how it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.scenario.axes import levels, parse_factors
from sim.specs.settings import Settings
from tests.cli.command import SCENARIO, bidlab, files
from tests.sweep.scenes import write


def test_grid_in_the_files_order_last_factor_fastest() -> None:
    factors = parse_factors({"tender.penalty": [0, 1], "tender.value": [1.0, 2.0, 3.0]})
    cells = levels(factors)
    assert len(cells) == 6
    assert cells[1] == {"tender.penalty": 0, "tender.value": 2.0}
    assert [list(cell) for cell in cells] == [["tender.penalty", "tender.value"]] * 6


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ({"from": -1, "to": 2.5, "steps": 15}, [-1 + k / 4 for k in range(15)]),
        ({"from": 0.0, "to": 0.3, "steps": 4}, [0.0, 0.1, 0.2, 0.3]),
        ({"from": 1, "to": 5, "steps": 3}, [1, 3, 5]),
        ({"from": 1, "to": 2, "steps": 3}, [1.0, 1.5, 2.0]),
        ({"from": 0.01, "to": 100, "steps": 5, "scale": "log"}, [0.01, 0.1, 1.0, 10.0, 100.0]),
        ({"from": 3, "to": 1, "steps": 2}, [3, 1]),
    ],
)
def test_spans_hold_both_ends(span: dict[str, Any], expected: list[float]) -> None:
    (factor,) = parse_factors({"tender.penalty": span})
    found = [level[0] for level in factor.values]
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


def test_zipped_keys_advance_together_where_the_first_stands() -> None:
    raw = {"market.overhead": [0.0, 0.1], "tender.value": [1, 2], "world.infra": [0.1, 0.2]}
    factors = parse_factors({**raw, "zip": [["world.infra", "market.overhead"]]})
    assert [factor.name for factor in factors] == ["market.overhead & world.infra", "tender.value"]
    assert [tuple(cell.values()) for cell in levels(factors)] == [
        (0.0, 0.1, 1),
        (0.0, 0.1, 2),
        (0.1, 0.2, 1),
        (0.1, 0.2, 2),
    ]


BAD = {
    '"tender.penalty" = []': ("sweep: tender.penalty", "empty list"),
    '"tender.penalty" = 1.0': ("sweep: tender.penalty", "must be a list of values, or {from, to, steps}; got 1.0"),
    '"tender.penalty" = [0.0, 1.0, 0.0]': ("sweep: tender.penalty", "lists 0.0 twice"),
    '"tender.penalty" = [0.0, -1.0]': ("cell 1 (tender.penalty = -1.0)", "tender.penalty: must be >= 0; got -1.0"),
    '"tender.penatly" = [0.0, 1.0]': ("cell 0", "tender.penatly", "did you mean 'penalty'", "allowed"),
    '"tendr.penalty" = [0.0, 1.0]': ("tendr.penalty", "did you mean 'tender'", "allowed: world.KEY"),
    '"tender" = [0.0, 1.0]': ("tender", "dotted keys in quotes"),
    "tender.penalty = [0.0, 1.0]": ('"tender.penalty" = [...]', "in quotes"),
    '"tender.penalty.x" = [0.0, 1.0]': ("cell 0", "tender.penalty holds 0.0, no table"),
    "seed = [1, 2]": ("seed", "is no factor", "same replications"),
    "replications = [1, 2]": ("replications", "is no factor", "--precision"),
    '"arm.x.mechanism" = ["a"]': ("arm", "is no factor", "mechanisms are the arms"),
    '"world.table" = ["t.csv"]': ("world.table", "is no factor", "one table"),
    '"world.columns.claim" = ["claim"]': ("world.columns", "is no factor"),
    '"world.profile" = ["live"]': ("world.profile", "is no factor"),
    '"world.agents" = [["a"]]': ("world.agents", "is no factor", "sweep their knobs"),
    '"tender.penalty" = { from = 0, to = 1 }': ("tender.penalty.steps", "is missing"),
    '"tender.penalty" = { from = 0, to = 1, step = 3 }': ("step", "did you mean 'steps'", "allowed: from, to, steps"),
    '"tender.penalty" = { from = 0, to = 1, steps = 1 }': ("steps", ">= 2"),
    '"tender.penalty" = { from = 1, to = 1, steps = 3 }': ("must differ",),
    '"tender.penalty" = { from = 0, to = 1, steps = 3, scale = "log" }': ("must be > 0",),
    '"tender.penalty" = { from = 0, to = 1, steps = 3, scale = "lin" }': ("scale", '"linear" or "log"'),
    '"tender.penalty" = [0, 1]\nzip = [["tender.penalty", "tender.vlue"]]': ("zip", "no swept key 'tender.vlue'"),
    '"tender.penalty" = [0, 1]\nzip = ["tender.penalty"]': ("zip", "lists of at least two keys"),
    '"tender.penalty" = [0, 1]\n"tender.value" = [1, 2, 3]\nzip = [["tender.penalty", "tender.value"]]': (
        "equally many values",
        "tender.penalty has 2, tender.value has 3",
    ),
    '"tender.reserve" = [1.0]\n"tender.reserve.uniform" = [[0, 1]]': ("is set by tender.reserve too",),
    '"tender.penalty" = { from = 0, to = 1, steps = 1000 }\n"tender.value" = { from = 0, to = 1, steps = 1000 }': (
        "1,000,000 cells; at most 100,000",
    ),
    "": ("sweep: is missing",),
}


@pytest.mark.parametrize("sweep", list(BAD))
def test_what_is_wrong_is_told_in_lines(tmp_path: Path, sweep: str) -> None:
    path = write(tmp_path, SCENARIO, f"[sweep]\n{sweep}\n")
    before = files(tmp_path)
    said = bidlab("sweep", path, "--out", tmp_path / "o", "--jobs", "1")
    assert (said.code, said.out) == (2, ""), said.err
    assert all(line.startswith("bidlab: ") for line in said.err.splitlines())
    assert "s.toml" in said.err
    for fragment in BAD[sweep]:
        assert fragment in said.err
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        (("--precision", "2"), "--precision 2: must be a percentage above 0%"),
        (("--precision", "0%"), "must be a percentage"),
        (("--most", "50"), "--most: is the limit of --precision"),
        (("--precision", "2%", "--most", "1"), "--most 1: must be at least"),
        (("--jobs", "0"), "--jobs 0: must be >= 1"),
        (("--jobs", "two"), "must be a whole number"),
        (("--jobs", "2", "--scheduler", "tcp://a:1"), "--jobs: is for this machine"),
        (("--resume",), "holds no unfinished sweep"),
        (("--set", "market.window=1"), "s.toml"),
    ],
)
def test_options_that_do_not_fit(tmp_path: Path, options: tuple[str, ...], fragment: str) -> None:
    path = write(tmp_path, SCENARIO, '[sweep]\n"market.window" = [2, 3]\n')
    deadline = ("--set", "tender.deadline=2", "--set", "tender.timeout=FAIL")  # no cell has time to clear
    said = bidlab("sweep", path, "--out", tmp_path / "o", *options, *(deadline if "--set" in options else ()))
    assert (said.code, said.err.count("\n")) == (2, 1), said.err
    assert fragment in said.err
    assert not (tmp_path / "o").exists()


def test_run_ignores_the_sweep_and_check_counts_it(tmp_path: Path) -> None:
    plain = bidlab("check", write(tmp_path, SCENARIO, ""))
    swept = bidlab("check", write(tmp_path, SCENARIO, '[sweep]\n"tender.penalty" = [0.0, 1.0, 2.0]\n'))
    first, second = swept.out.splitlines()
    assert first == plain.out.strip()
    assert second.startswith(
        "sweep: 3 cell(s) of 3 levels, 1 arm(s), 2 job(s) of at most 1 replication(s): 24 auctions"
    )
    assert "sweep" in bidlab("list", "settings").out


@pytest.mark.parametrize(
    ("advice", "own"),
    [
        ("ability", False),
        ({"beta": {"prior": 2.0}}, False),
        ("thompson", True),
        ({"planner": {"budget": 9, "prior": 1.0}}, True),
        ({"record": "redrawn", "tasks": 9}, True),
        ({"record": "split"}, True),
    ],
)
def test_worlds_are_told_apart_by_advice_that_is_drawn(advice: object, own: bool) -> None:
    world = {"profile": "pool", "tasks": 4, "parameters": "point", "arrivals": {"every": 1}}
    sections = {"world": world, "tender": {"reserve": 1.0, "penalty": 0.0}}
    plain, advised = (Settings.model_validate({**sections, "standing": s}) for s in ({}, {"advice": advice}))
    assert (plain.spec != advised.spec) == own
