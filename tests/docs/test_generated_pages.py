"""The reference that is made from the code: nothing is left out, and all of it is Markdown."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import bidlab as bl
import pytest

from sim.mechanisms import names
from tests.docs.pages import DOCS


@pytest.fixture(scope="module")
def generated() -> Iterator[ModuleType]:
    """docs/generated_pages.py as a module."""
    sys.path.insert(0, str(DOCS))
    import generated_pages

    yield generated_pages
    sys.path.remove(str(DOCS))


@pytest.fixture(scope="module")
def made(generated: ModuleType) -> dict[str, str]:
    """Name -> text of every page."""
    return {name: page() for name, page in generated.PAGES.items()}


def test_every_page_is_listed_and_whole(made: dict[str, str]) -> None:
    text = (DOCS / "reference.md").read_text(encoding="utf-8")
    for name, page in made.items():
        assert f"\nreference/{name}\n" in text
        assert page.startswith("# ")
        assert page.count("\n```") % 2 == 0, name
        assert " object at 0x" not in page, name


def test_every_name_of_the_front_door(made: dict[str, str]) -> None:
    found = set(re.findall(r"^::::\{py:\w+\} (\w+)", made["python"], re.MULTILINE))
    assert set(bl.__all__) - {"__version__"} <= found


def test_every_rule_scenario_and_command(made: dict[str, str]) -> None:
    from sim.bundled import scenarios

    assert re.findall(r"^## `(\w+)`", made["mechanisms"], re.MULTILINE) == list(names())
    assert re.findall(r"^## `(\w+)`", made["scenarios"], re.MULTILINE) == list(scenarios())
    assert "## `verify-again`" in made["command_line"]


def test_every_key_of_a_scenario(made: dict[str, str]) -> None:
    from sim.cli.listing import settings

    (sheet,) = settings()
    assert [key for key in sheet.columns[0].cells if f"\n`{key}`" not in made["settings"]] == []


def test_docstrings_become_markdown(generated: ModuleType) -> None:
    assert generated.prose("Adds a_b*.\n\n    x, y: numbers\n    z: another,\n        or none\n") == (
        "Adds a\\_b\\*.\n\n- `x, y`: numbers\n- `z`: another,\n  or none"
    )


def test_a_page_that_did_not_change_keeps_its_date(
    generated: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generated, "PAGES", {"one": lambda: "# One\n", "two": lambda: "# Two\n"})
    generated.write_pages(tmp_path)
    first = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "reference").iterdir()}
    generated.write_pages(tmp_path)
    assert set(first) == {"one.md", "two.md"}
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "reference").iterdir()} == first
