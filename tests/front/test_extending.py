"""The examples of docs/extending.md: short, checked by their contracts, run by --plugin and from Python."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import bidlab as bl
import pandas as pd
import pytest

from sim.front.contracts import added, faults_of
from sim.kit.kinds import KINDS
from tests.cli.command import bidlab

DOCUMENT = Path(__file__).parents[2] / "docs" / "extending.md"
LONGEST = 20  # lines of code of an example
KINDS_SHOWN = {
    "half_share.py": "mechanism",
    "sure.py": "policy",
    "once_bitten.py": "policy",
    "pact.py": "policy",
    "sticky.py": "agent",
    "recent.py": "advisor",
    "streak.py": "reputation",
    "halfway.py": "belief_model",
    "steps.py": "reserve_policy",
    "overpaid.py": "quantity",
    "words.py": "verifier",
    "spending.py": "figure",
}
AT_ONCE = ("once_bitten.py", "steps.py", "words.py", "spending.py")  # the commands of the others in the slow tests
NOT_RUN = ("words.py",)  # parts of live runs, whose examples show something else


class Example(NamedTuple):
    """A file of the document, and the command that runs it."""

    code: str
    command: str


def examples() -> dict[str, Example]:
    text = DOCUMENT.read_text(encoding="utf-8")
    found = re.findall(r"```python\n# (\w+\.py)\n(.*?)```\n\n    bidlab ([^\n]+)\n", text, re.DOTALL)
    return {file: Example(code, command) for file, code, command in found}


EXAMPLES = examples()
every_example = pytest.mark.parametrize("file", EXAMPLES)


def arguments(command: str, *, smaller: bool = True) -> list[str]:
    """The arguments of a command of the document, for fewer tasks."""
    return [*shlex.split(command), *(["--set", "world.tasks=12"] if smaller else [])]


@pytest.fixture
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test runs in a folder of its own."""
    monkeypatch.chdir(tmp_path)


@contextmanager
def registered(code: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Any]]:
    """The part that the code registers, forgotten afterwards."""
    before, module = set(added()), ModuleType("example")
    monkeypatch.setitem(sys.modules, "example", module)
    exec(compile(code, "example.py", "exec", dont_inherit=True), vars(module))
    (new,) = set(added()) - before
    try:
        yield new
    finally:
        KINDS[new[0]].unregister(new[1])


def test_every_block_of_code_is_an_example() -> None:
    assert DOCUMENT.read_text(encoding="utf-8").count("```python") == len(EXAMPLES)
    assert set(EXAMPLES) == set(KINDS_SHOWN)


@every_example
def test_it_is_short_and_keeps_its_contract(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code = [line for line in EXAMPLES[file].code.splitlines() if line.strip()]
    assert len(code) <= LONGEST
    with registered(EXAMPLES[file].code, monkeypatch) as (kind, name):
        assert kind == KINDS_SHOWN[file]
        assert faults_of(kind, name) == []
        assert bl.faults_of is faults_of


@pytest.mark.parametrize(
    "file", [pytest.param(file, marks=[] if file in AT_ONCE else [pytest.mark.slow]) for file in EXAMPLES]
)
def test_it_is_checked_and_runs_from_the_command_line(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(file).write_text(EXAMPLES[file].code)
    said = bidlab("check", "--plugin", file)
    assert said.code == 0, said.err
    assert said.out.startswith(f"{KINDS_SHOWN[file]} ")
    assert said.out.endswith(": keeps its contract\n")
    before = set(added())
    if file in NOT_RUN:
        assert file.removesuffix(".py") in bidlab(*shlex.split(EXAMPLES[file].command)).out
        return
    said = bidlab(*arguments(EXAMPLES[file].command))
    assert said.code == 0, said.err
    assert "not compiled" not in said.err
    assert set(added()) == before
    assert Path(f"out/{file.removesuffix('.py')}/summary.csv").exists()


RUNS: dict[str, tuple[str, dict[str, Any], list[Any]]] = {
    "half_share.py": ("marketbench_population", {}, [{"half_share": {"share": 0.25}}]),
    "sure.py": ("marketbench_population", {"bidders.policy": {"sure": {"least": 0.7}}}, ["first_score"]),
    "once_bitten.py": (
        "marketbench_population",
        {"bidders.policy": {"once_bitten": {"step": 0.2}}, "world.arrivals": {"every": 1}},
        ["second_price"],
    ),
    "pact.py": (
        "marketbench_population",
        {"bidders.policy": {"pact": {"first": "gpt-5-mini", "second": "gpt-5.2"}}},
        ["second_price"],
    ),
    "sticky.py": ("marketbench_population", {"bidders.process": "sticky"}, ["first_price"]),
    "recent.py": (
        "marketbench_population",
        {"standing.advice": "recent", "world.arrivals": {"every": 1}},
        ["route_by_advice"],
    ),
    "streak.py": (
        "marketbench_population",
        {"standing.reputation": "streak", "world.arrivals": {"every": 1}},
        ["agent_economy"],
    ),
    "halfway.py": ("marketbench_population", {"world.beliefs": {"halfway": {"weight": 0.8}}}, ["first_score"]),
    "steps.py": (
        "two_attempts",
        {"tender.reserve": "steps", "tender.escalation": {"policy": {"steps": {"step": 0.2}}}},
        ["second_price"],
    ),
    "overpaid.py": ("marketbench_population", {}, ["second_price", "first_price"]),
    "spending.py": ("marketbench_population", {}, ["second_price", "first_price"]),
}


def test_every_other_example_is_run() -> None:
    assert set(RUNS) == set(EXAMPLES) - set(NOT_RUN)


@pytest.mark.parametrize("file", RUNS)
def test_it_runs_by_register_from_python(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario, settings, mechanisms = RUNS[file]
    with registered(EXAMPLES[file].code, monkeypatch) as (kind, name):
        run = bl.run(
            scenario, replications=1, mechanisms=mechanisms, settings={**settings, "world.tasks": 12}, figures=False
        )
        assert len(run.summary) >= len(mechanisms)
        if kind == "quantity":
            assert run.summary[name[1]].between(0, 1).all()
        if kind == "figure":
            assert name in run.figures
            run.figure(name, width="column")


@pytest.mark.slow
@pytest.mark.usefixtures("in_a_folder")
def test_the_figure_lies_in_the_folder_with_its_data() -> None:
    Path("spending.py").write_text(EXAMPLES["spending.py"].code)
    assert bidlab(*arguments(EXAMPLES["spending.py"].command), figures=True).code == 0
    drawn = Path("out/spending/figures")
    assert {path.suffix for path in drawn.glob("spending.*")} == {".pdf", ".png", ".csv"}
    summary = pd.read_csv("out/spending/summary.csv")
    assert pd.read_csv(drawn / "spending.csv")["payment"].tolist() == pytest.approx(summary["payment"].tolist())
