"""The examples of docs/importing.md run and print what they say."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from sim.importing.mapping import ColumnSpec, ImportSpec
from tests.cli.command import bidlab
from tests.importing.made_up import LAYOUTS

PAGE = (Path(__file__).parents[2] / "docs" / "importing.md").read_text(encoding="utf-8")
LONGEST = 20  # lines of an importer in the docs


def block(kind: str) -> str:
    """The fenced block of this kind; there is one."""
    (found,) = re.findall(rf"```{kind}\n(.*?)```", PAGE, flags=re.DOTALL)
    return str(found)


def command(start: str) -> list[str]:
    """The arguments of the one indented command that begins so."""
    (found,) = [line.strip() for line in PAGE.splitlines() if line.startswith(f"    bidlab {start}")]
    return shlex.split(found)[1:]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, kind in (("runs.csv", "csv"), ("runs.toml", "toml"), ("ours.py", "python")):
        (tmp_path / name).write_text(block(kind), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def test_a_mapping_prints_the_report(folder: Path) -> None:
    said = bidlab(*command("import --map runs.toml --out table.parquet"))
    assert (said.code, said.out, said.err) == (0, block("text"), "")
    said = bidlab(*command("import runs.csv --map"))
    assert said.code == 0, said.err


def test_a_named_format_goes_in_with_one_command(folder: Path) -> None:
    LAYOUTS["lm_eval"](folder)
    words = command("import 'out/*")
    form = "{lm_eval = {metric = 'exact_match', filter = 'strict'}}"
    said = bidlab(*(form if word == "lm_eval" else word for word in words))
    assert said.code == 0, said.err


def test_a_format_of_ones_own(folder: Path) -> None:
    runs = [{"bot": "a", "id": 1, "grade": 3, "usd": 0.5}, {"bot": "b", "id": 1, "grade": 2.9, "usd": 0.1}]
    (folder / "log.json").write_text(json.dumps({"runs": runs}))
    said = bidlab(*command("import log.json"), "--out", "t.csv")
    assert said.code == 0, said.err
    assert (folder / "t.csv").read_text() == "agent,task,success,cost\na,1,1,0.5\nb,1,0,0.1\n"
    code = [line for line in block("python").splitlines() if line.strip()]
    assert len(code) <= LONGEST


def test_every_key_and_format_is_on_the_page() -> None:
    from sim.importing.importer_registry import IMPORTERS

    named = [*ImportSpec.model_fields, *ColumnSpec.model_fields, *IMPORTERS]
    assert [name for name in named if f"`{name}`" not in PAGE and name not in ("table",)] == []
