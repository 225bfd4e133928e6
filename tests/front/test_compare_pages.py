"""docs/compare.md and docs/power.md: what they print is what is printed."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

from tests.cli.command import bidlab

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["compare.md", "power.md"])
def test_python(page: str) -> None:
    text = "\n".join(re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL))
    parsed = doctest.DocTestParser().get_doctest(text, {}, page, page, 0)
    said: list[str] = []
    found = doctest.DocTestRunner().run(parsed, out=said.append)
    assert found.attempted >= 5
    assert found.failed == 0, "".join(said)


def test_console(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    (block,) = re.findall(r"```console\n\$ bidlab (.*?)```", (DOCS / "power.md").read_text(encoding="utf-8"), re.DOTALL)
    command, _, printed = block.partition("\n")
    said = bidlab(*shlex.split(command))
    assert (said.code, said.out, said.err) == (0, printed, "")
