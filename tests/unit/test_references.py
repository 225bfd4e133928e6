"""Every key that a rule, a docstring or a page cites stands in REFERENCES.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.mechanisms import lookup, names

ROOT = Path(__file__).parents[2]
LISTED = re.findall(r"^\| (\w+) \|", (ROOT / "REFERENCES.md").read_text(encoding="utf-8"), re.M)
KEYS = set(LISTED) - {"key"}
FILES = [path for folder in ("sim", "analysis") for path in sorted((ROOT / folder).rglob("*.[pm][yd]"))]
CITED = re.compile(r"\[([A-Z][A-Za-z]+\d{4}|AE|P2|MB)\](?!\()")


@pytest.mark.parametrize("name", names())
def test_source_of_a_rule(name: str) -> None:
    assert {key.strip() for key in lookup(name).source.split(",") if key.strip()} <= KEYS


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_keys_cited(path: Path) -> None:
    assert set(CITED.findall(path.read_text(encoding="utf-8"))) <= KEYS


def test_every_key_stands_once() -> None:
    listed = [key for key in LISTED if key != "key"]
    assert sorted(listed) == sorted(set(listed))
