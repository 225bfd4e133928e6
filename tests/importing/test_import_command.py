"""`bidlab import`: its options, its report, what it may replace, and a user's own format."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from sim.cli.importing_results import import_
from sim.front.import_table import import_table
from sim.importing.importer_registry import IMPORTERS
from tests.cli.command import bidlab
from tests.importing.made_up import LAYOUTS

PLUGIN = '''\
from dataclasses import dataclass

from bidlab import Importer, register_importer


@register_importer("our_log")
@dataclass(frozen=True)
class OurLog(Importer):
    """grade: from which grade a run succeeded."""

    grade: float = 3.0

    summary = "runs of our own harness"
    source = "its README"

    def mapping(self):
        success = {"field": "grade", "at_least": self.grade}
        cost = {"field": "cents", "unit": "cents"}
        return {"rows": "runs", "columns": {"agent": "bot", "task": "id", "success": success, "cost": cost}}
'''
LOG = {"runs": [{"bot": "b", "id": 1, "grade": 3, "cents": 7}, {"bot": "a", "id": 1, "grade": 2.5, "cents": 1}]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "log.json").write_text(json.dumps(LOG))
    (tmp_path / "ours.py").write_text(PLUGIN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_report_fits_eighty_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = LAYOUTS["helm"](tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    said = bidlab("import", *layout.arguments, "--set", "columns.cost.null=0")
    assert said.code == 0, said.err
    assert max(map(len, said.out.splitlines())) <= 80
    assert said.out == EXPECTED


EXPECTED = """\
helm: 3 file(s), 63 row(s) read, 60 in the table
3 agent(s) x 20 task(s): 59 pairs have a row (98.3 %), 1 to 2 trials of each; 1
attempt(s) lost (INFRA)

column       read from                                             values  empty
agent        $agent                                                    60      0
task         {$scenario}:{instance_id}                                 60      0
success      stats.exact_match                                         59      1
claim        0.6 in all rows                                           60      0
cost         stats.num_prompt_tokens and stats.num_output_tokens,      60      0
             0.0 where empty
cost_belief  0.25 in all rows                                          60      0
family       $scenario                                                 60      0
duration     stats.inference_runtime, in s                             60      0
trial        train_trial_index                                         60      0

dropped
why                        count
perturbation is not empty      3
"""


def test_a_format_of_ones_own_from_the_command_line_and_from_python(folder: Path) -> None:
    arguments = ("log.json", "--plugin", "ours.py", "--out", "t.csv")
    said = bidlab("import", *arguments, "--format", "our_log")
    assert said.code == 0, said.err
    assert (folder / "t.csv").read_text() == "agent,task,success,cost\nb,1,1,0.07\na,1,0,0.01\n"
    said = bidlab("import", *arguments, "--force", "--format", "{our_log = {grade = 2.5}}")
    assert said.code == 0, said.err
    assert (folder / "t.csv").read_text() == "agent,task,success,cost\nb,1,1,0.07\na,1,1,0.01\n"
    assert "our_log" in bidlab("list", "importers", "--plugin", "ours.py").out
    assert "our_log" not in IMPORTERS
    runpy.run_path("ours.py", run_name="tests.ours")
    try:
        assert import_table("log.json", "our_log").columns["success"] == [True, False]
    finally:
        IMPORTERS.unregister("our_log")


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("(frozen=True)", "", "must be a dataclass with frozen=True"),
        ("(Importer)", "", "'our_log' must be a subclass of bidlab.Importer"),
        ('summary = "runs of our own harness"', "", "must define the class attribute 'summary'"),
        ("def mapping", "def mappings", "must define mapping(self)"),
        ('"our_log"', '"helm"', "'helm' is registered already"),
        ("grade: float = 3.0", "grade: float", "give every parameter a default"),
        ('"bot"', "3 / 0", "mapping: ZeroDivisionError: division by zero"),
        ('{"rows": "runs"', '{"rws": "runs"', "mapping: rws: unknown key (did you mean 'rows'?)"),
        ('"unit": "cents"', '"unit": "percent"', "mapping: columns.cost.unit: must be cents or dollars; got percent"),
    ],
)
def test_a_format_that_breaks_its_contract_is_refused(folder: Path, old: str, new: str, part: str) -> None:
    assert old in PLUGIN
    (folder / "ours.py").write_text(PLUGIN.replace(old, new, 1))
    said = bidlab("import", "log.json", "--plugin", "ours.py", "--format", "our_log")
    assert said.code == 2
    assert part in said.err
    assert said.err.count("\n") == 1


def test_an_error_of_a_format_of_ones_own_names_it_and_the_file(folder: Path) -> None:
    broken = PLUGIN + "\n    def unpack(self, document):\n        return document['no']\n"
    (folder / "ours.py").write_text(broken)
    said = bidlab("import", "log.json", "--plugin", "ours.py", "--format", "our_log")
    assert (said.code, said.err) == (2, "bidlab: log.json: importer 'our_log': KeyError: 'no'\n")


def test_only_tables_of_imports_are_replaced(folder: Path) -> None:
    stated = [f"--column={text}" for text in ("agent=bot", "task=id", "success=1")]
    arguments = ("import", "log.json", "--set", "rows=runs", *stated, "--out")
    assert bidlab(*arguments, "t.parquet").code == 0
    assert bidlab(*arguments, "t.parquet").code == 0
    (folder / "mine.parquet").write_text("years of work")
    for name in ("mine.parquet", "log.json"):
        said = bidlab(*arguments, name)
        assert said.code == 2, name
    assert (
        "mine.parquet: is no table of an import; choose another file or give --force"
        in bidlab(*arguments, "mine.parquet").err
    )
    assert (folder / "mine.parquet").read_text() == "years of work"
    assert bidlab(*arguments, "mine.parquet", "--force").code == 0


def test_the_same_import_to_csv_can_be_given_again(folder: Path) -> None:
    stated = [f"--column={text}" for text in ("agent=bot", "task=id", "success=1")]
    arguments = ("import", "log.json", "--set", "rows=runs", *stated, "--out", "t.csv")
    assert bidlab(*arguments).code == 0
    said = bidlab(*arguments)
    assert (said.code, said.err) == (0, "")
    kept = (folder / "t.csv").read_bytes()
    said = bidlab(*arguments, "--column", "claim=0.5")
    assert said.code == 2
    assert "t.csv: holds another table, and a CSV file does not say whether an import wrote it" in said.err
    assert (folder / "t.csv").read_bytes() == kept
    assert bidlab(*arguments, "--column", "claim=0.5", "--force").code == 0
    assert (folder / "t.csv").read_bytes() != kept


@pytest.mark.parametrize(
    ("stated", "cost"),
    [
        (("--column", "cost=usd"), "usd, 0.0 where empty"),
        ((), "cost, 0.0 where empty"),
    ],
)
def test_a_key_below_a_plain_field_makes_a_table_of_it(folder: Path, stated: tuple[str, ...], cost: str) -> None:
    name = "usd" if stated else "cost"
    (folder / "bench.csv").write_text(f"agent,task,success,{name}\na,t1,1,0.2\na,t2,0,\n")
    said = bidlab("import", "bench.csv", *stated, "--set", "columns.cost.null=0", "--out", "t.csv")
    assert said.code == 0, said.err
    assert cost in said.out
    assert (folder / "t.csv").read_text() == "agent,task,success,cost\na,t1,1,0.2\na,t2,0,0.0\n"
    said = bidlab("import", "bench.csv", *stated, *("--set", "columns.cost.null=0", "--set", "columns.cost.unit=cents"))
    assert said.code == 0, said.err
    assert "in cents" in said.out


def test_a_key_below_a_constant_keeps_the_constant(folder: Path) -> None:
    (folder / "bench.csv").write_text("agent,task,success\na,t1,1\na,t2,0\n")
    said = bidlab("import", "bench.csv", "--column", "claim=0.5", "--set", "columns.claim.unit=percent")
    assert said.code == 2
    assert "columns.claim: unit has no meaning with constant" in said.err


def test_a_map_names_files_beside_itself(folder: Path) -> None:
    (folder / "maps").mkdir()
    (folder / "maps" / "l.json").write_text(json.dumps(LOG))
    text = 'files = "l.json"\nrows = "runs"\n[columns]\nagent = "bot"\ntask = "id"\nsuccess = 1\n'
    (folder / "maps" / "m.toml").write_text(text)
    said = bidlab("import", "--map", "maps/m.toml")
    assert said.code == 0, said.err
    assert said.out.startswith("table: 1 file(s), 2 row(s) read, 2 in the table")
    said = bidlab("import", "log.json", "--map", "maps/m.toml", "--column", "cost=cents")
    assert said.code == 0, said.err


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ((), "import: files: is missing"),
        (("log.json", "--column", "cost"), "--column cost: must be name=field"),
        (("log.json", "--set", "rows"), "--set rows: must be key=value"),
        (("log.json", "--set", "rws=runs"), "import: rws: unknown key (did you mean 'rows'?)"),
        (("log.json", "--map", "no.toml"), "no.toml: cannot be read"),
        (("log.json", "--format", "helm"), "log.json: path_pattern"),
        (("log.json", "--set", "rows=runs"), "columns.agent: is missing"),
    ],
)
def test_wrong_options_are_named(folder: Path, arguments: tuple[str, ...], part: str) -> None:
    said = bidlab("import", *arguments)
    assert said.code == 2
    assert part in said.err


def test_the_command_says_what_it_is_for() -> None:
    assert import_.__doc__ is not None
