"""Keys that are swept or set where arms state them themselves: refused where no arm reads what is set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bidlab as bl
import pytest

from sim.kit.errors import ScenarioError
from tests.cli.command import SCENARIO, bidlab, lay_out
from tests.sweep.scenes import write

OWN = "tender = { penalty = 0.2, escalation = { cap = 3.0 } }\n"
OTHER = '[[arm]]\nname = "other"\nmechanism = "first_price"\n'
SWEPT = '[sweep]\n"tender.penalty" = [0.0, 1.0]\n"market.overhead" = [0.0, 0.1]\n'


@pytest.mark.parametrize("command", ["check", "sweep", "run"])
def test_swept_keys_that_reach_no_arm_are_refused(tmp_path: Path, command: str) -> None:
    more = '"tender.escalation.every" = [1, 3]\n'
    path = write(tmp_path, SCENARIO + OWN + OTHER + OWN, SWEPT + more)
    said = bidlab(command, path)
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines() == [
        f"bidlab: {path}: sweep: {key}: reaches no arm: 'x', 'other' state {key} themselves"
        for key in ("tender.penalty", "tender.escalation.every")
    ]


def test_a_key_that_reaches_one_arm_is_swept(tmp_path: Path) -> None:
    path = write(tmp_path, SCENARIO + OWN + OTHER, SWEPT)
    assert bidlab("check", path).code == 0
    assert bidlab("check", path, "--set", "tender.penalty=5").code == 0
    alone = write(tmp_path, SCENARIO + OWN, SWEPT)
    assert bidlab("check", alone).code == 2
    assert bidlab("check", alone, "--mechanism", "first_price").code == 0  # its arms state nothing


def test_set_keys_that_reach_no_arm_are_refused(tmp_path: Path) -> None:
    path = lay_out(tmp_path, SCENARIO + OWN)
    said = bidlab(
        "run", path, "--set", "tender.penalty=5", "--set", "tender.escalation.every=3", "--out", tmp_path / "o"
    )
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines() == [
        "bidlab: --set tender.penalty=5: reaches no arm: 'x' states tender.penalty itself",
        "bidlab: --set tender.escalation.every=3: reaches no arm: 'x' states tender.escalation.every itself",
    ]
    with pytest.raises(
        ScenarioError, match=r"settings: tender\.penalty: reaches no arm: 'x' states tender\.penalty itself"
    ):
        bl.run(path, settings={"tender.penalty": 5.0})
    assert bl.run(path, settings={"tender.penalty": 5.0}, mechanisms=["first_price"], replications=1)


def test_a_sweep_of_other_rules_is_not_held_to_the_arms_they_replace(tmp_path: Path) -> None:
    path = lay_out(tmp_path, SCENARIO + OWN)
    given: dict[str, Any] = {"tender.penalty": [0.0, 1.0]}
    assert set(bl.sweep(path, given, mechanisms=["first_price"], replications=8).table["cell"]) == {0, 1}
    with pytest.raises(ScenarioError, match=r"sweep: tender\.penalty: reaches no arm"):
        bl.sweep(path, given)


@pytest.mark.parametrize(
    ("first", "second", "key"),
    [
        ("tender.penalty=1", "tender.penalty=5", "tender.penalty"),
        ("tender.penalty=1", "tender.penalty=1", "tender.penalty"),
        ("tender.penalty=1", 'tender."penalty"=5', "tender.penalty"),
        ("tender.escalation.every=3", "tender.escalation={cap = 3.0}", "tender.escalation"),
    ],
)
def test_a_key_is_set_once(tmp_path: Path, first: str, second: str, key: str) -> None:
    said = bidlab("check", lay_out(tmp_path), "--set", first, "--set", second)
    assert (said.code, said.out) == (2, "")
    assert said.err == f"bidlab: --set {second}: {key} is set twice, first by --set {first}; give it once\n"


def test_a_key_inside_what_was_set_is_set_too(tmp_path: Path) -> None:
    inner = ("--set", "tender.escalation={cap = 3.0}", "--set", "tender.escalation.every=3")
    assert bidlab("check", lay_out(tmp_path), *inner).code == 0


def test_all_faults_of_set_keys_are_told(tmp_path: Path) -> None:
    said = bidlab("check", lay_out(tmp_path), "--set", "arm.0.name=x", "--set", "tender", "--set", "tender..penalty=3")
    assert [line.split(": ")[1] for line in said.err.splitlines()] == [
        "--set arm.0.name=x",
        "--set tender",
        "--set tender..penalty=3",
    ]


@pytest.mark.parametrize("arm", ["matching = { cap = 2 }", "vary = { cap = [1, 2] }"])
def test_of_an_economy_too(tmp_path: Path, arm: str) -> None:
    path = tmp_path / "e.toml"
    path.write_text(f'economy = "matching"\nquestion = "q?"\nseed = 1\n[[arm]]\nname = "a"\n{arm}\n')
    said = bidlab("check", path, "--set", "matching.cap=3")
    assert said.err == "bidlab: --set matching.cap=3: reaches no arm: 'a' states matching.cap itself\n"
