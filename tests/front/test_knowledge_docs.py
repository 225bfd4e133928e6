"""The examples of docs/calibration.md and docs/knowledge.md run, and the commands they show are as they are written."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import bidlab as bl
import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("calibration.md", "knowledge.md")


def test_examples() -> None:
    failed, tried = doctest.testfile(str(DOCS / "calibration.md"), module_relative=False)
    assert (failed, tried) == (0, 5)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    for name in re.findall(r"\]\(([\w.]+)\)", text):
        assert (DOCS / name).exists(), name


def test_the_kinds_are_those_of_the_page() -> None:
    from analysis.informed import FORESIGHT, ORDER

    text = (DOCS / "knowledge.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| ([a-z ]+?)( \*)? \| (?!their)",
        text.split("agents also know")[1].split("What includes what")[0],
        flags=re.M,
    )
    assert tuple(name for name, _ in rows) == ORDER
    assert tuple(name for name, star in rows if star) == FORESIGHT


@pytest.mark.slow
def test_the_numbers_of_the_page() -> None:
    text = (DOCS / "knowledge.md").read_text(encoding="utf-8")
    table = bl.knowledge("marketbench_head_to_head", "second score q(V-a)").table
    for row in table.iloc[1:].itertuples():
        line = next(line for line in text.split("```")[1].splitlines() if line.startswith(row.kind))
        shown = [f"{x:.3f}".replace("0.", ".", 1) for x in (row.welfare, row.welfare_low, row.welfare_high)]
        assert f"{shown[0]} [{shown[1]}, {shown[2]}]" in line
