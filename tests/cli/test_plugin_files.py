"""A plugin is its file and the modules beside it: all of it decides its digest, and no two are taken for one."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sim.cli.kinds_listing import tables
from sim.kit.errors import RunError
from sim.kit.kinds import KINDS
from sim.mechanisms import lookup
from sim.scenario.plugins import plugins
from tests.cli.command import bidlab, lay_out

RULE = """
from dataclasses import dataclass
from sim.mechanisms import register
from sim.mechanisms.price import SecondPrice
{imports}

@register("{name}")
@dataclass(frozen=True)
class Rule(SecondPrice):
    summary = "{name} " + {word}
"""


def plugin(folder: Path, name: str, imports: str = "", word: str = "''", file: str = "rule.py") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / file
    path.write_text(RULE.format(name=name, imports=imports, word=word))
    return path


def test_two_files_of_one_name(tmp_path: Path) -> None:
    one, two = plugin(tmp_path / "a", "one"), plugin(tmp_path / "b", "two")
    with plugins([one, two]) as digests:
        assert list(digests) == ["a/rule.py", "b/rule.py"]
        assert len(set(digests.values())) == 2
    given = ("--plugin", one, "--plugin", two, "--mechanism", "one", "--mechanism", "two")
    assert bidlab("run", lay_out(tmp_path), *given, "--out", tmp_path / "o").code == 0
    assert list(json.loads((tmp_path / "o" / "run.json").read_text())["plugins"]) == ["a/rule.py", "b/rule.py"]
    assert bidlab("explain", tmp_path / "o", "--task", "t1", "--plugin", one, "--plugin", two).code == 0
    two.write_text(two.read_text() + "# changed\n")
    said = bidlab("explain", tmp_path / "o", "--task", "t1", "--plugin", one, "--plugin", two)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "ran with other plugins (a/rule.py, b/rule.py)" in said.err


def test_helpers_are_loaded_and_in_the_digest(tmp_path: Path) -> None:
    path = plugin(tmp_path, "own", "from helper_of_rule import WORD", "WORD")
    helper, inner = tmp_path / "helper_of_rule.py", tmp_path / "inner_of_rule" / "__init__.py"
    inner.parent.mkdir()
    digests = []
    for word, text in (("one", ""), ("two", ""), ("two", "X = 1\n")):
        helper.write_text(f"import inner_of_rule\nimport json, numpy\nWORD = {word!r}\n")
        inner.write_text(text)
        with plugins([path]) as found:
            digests.append(found["rule.py"])
            assert lookup("own").summary == f"own {word}"
        assert "helper_of_rule" not in sys.modules
        assert str(tmp_path) not in sys.path
    assert len(set(digests)) == 3
    (tmp_path / "unrelated.py").write_text("")
    with plugins([path]) as found:
        assert found["rule.py"] == digests[-1]


def test_helpers_of_one_name_are_not_mixed(tmp_path: Path) -> None:
    made = []
    for folder in ("a", "b"):
        made.append(plugin(tmp_path / folder, folder, "from helper_of_rule import WORD", "WORD", f"{folder}.py"))
        (tmp_path / folder / "helper_of_rule.py").write_text(f"WORD = {folder!r}\n")
    for path in made:
        with plugins([path]):
            assert lookup(path.stem).summary == f"{path.stem} {path.stem}"
    with pytest.raises(RunError, match="its module helper_of_rule has the name of another plugin's"), plugins(made):
        pass


@pytest.mark.slow
def test_workers_find_the_helpers(tmp_path: Path) -> None:
    path = plugin(tmp_path, "own", "from helper_of_rule import WORD", "WORD")
    (tmp_path / "helper_of_rule.py").write_text("WORD = 'x'\n")
    scenario = lay_out(tmp_path)
    scenario.write_text(scenario.read_text() + '\n[sweep]\n"tender.penalty" = [0.0, 1.0]\n')
    given = ("--plugin", path, "--mechanism", "own", "--jobs", "2")
    said = bidlab("sweep", scenario, *given, "--out", tmp_path / "o")
    assert said.code == 0, said


def test_every_kind_is_named_to_a_file_that_registers_nothing(tmp_path: Path) -> None:
    (tmp_path / "none.py").write_text("x = 1\n")
    said = bidlab("check", "--plugin", tmp_path / "none.py")
    assert (said.code, said.err.count("\n")) == (2, 1)
    tables()  # knows every kind
    assert [kind for kind in KINDS if f"register_{kind}" not in said.err] == []
