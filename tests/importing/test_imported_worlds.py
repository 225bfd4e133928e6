"""Results imported within a scenario: the same World as of the table, kept with a run, hashed by what they hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.experiment.plan import plan
from sim.experiment.run_folder import Run, arm_world
from sim.scenario.scenario import Scenario, load_scenario
from tests.cli.command import bidlab
from tests.importing.made_up import LAYOUTS
from tests.importing.test_formats import same

REST = """
question = "Which?"
seed = 3
replications = 4

[tender]
value = 1.0
reserve = 0.8
penalty = 0.1
postings = 2
exclude = "hired"

[[arm]]
name = "sp"
mechanism = "second_price"

[sweep]
"tender.penalty" = [0.0, 0.5]
"""
WORLD = """
[world]
order = "shuffled"
"""
IN_PLACE = """
[world.table]
files = "out/*/samples_*.jsonl"
format = {lm_eval = {metric = "exact_match", filter = "strict"}}
columns = {claim = 0.6, cost = 0.5, cost_belief = 0.25}
"""
COLUMNS = ("agent", "task", "claim", "success", "cost", "cost_belief", "family", "trial")
OF_TABLE = f'table = "table.parquet"\ncolumns = {{{", ".join(f"{name} = {name!r}" for name in COLUMNS)}}}\n'


LEFT_OUT = 'bidlab: in_place: world.table: 60 row(s) dropped: filter is not "strict"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Samples of lm_eval, the table imported of them, and a scenario of each."""
    layout = LAYOUTS["lm_eval"](tmp_path)
    monkeypatch.chdir(tmp_path)
    assert bidlab("import", *layout.arguments, "--out", "table.parquet").code == 0
    (tmp_path / "in_place.toml").write_text(REST + WORLD + IN_PLACE)
    (tmp_path / "of_table.toml").write_text(REST + WORLD + OF_TABLE)
    return tmp_path


def load(folder: Path, name: str = "in_place") -> Scenario:
    return load_scenario(folder / f"{name}.toml")


def test_in_place_and_by_table_are_the_same_world_bit_for_bit(folder: Path) -> None:
    worlds = []
    for name in ("in_place", "of_table"):
        scenario = load(folder, name)
        worlds.append(arm_world(scenario, scenario.arms[0], plan(scenario).origin))
    assert same(*worlds)
    assert worlds[0].infra.any()


def test_what_is_left_out_is_said(folder: Path) -> None:
    for command in (("check",), ("run", "--no-figures", "--out", "r"), ("sweep", "--jobs", "1", "--out", "s")):
        said = bidlab(command[0], "in_place.toml", *command[1:])
        assert (said.code, said.err) == (0, LEFT_OUT)


def test_the_hash_follows_what_the_files_hold(folder: Path) -> None:
    known = load(folder).digest()
    assert load(folder).digest() == known
    path = next((folder / "out" / "alpha").iterdir())
    text = path.read_text()
    path.write_text(text.replace('"question": "?"', '"question": "!"', 1))  # nothing reads it
    assert load(folder).digest() != known
    path.write_text(text)
    assert load(folder).digest() == known
    path.rename(path.parent.parent / "mid_2" / path.name.replace("10-20", "10-21"))  # now of another agent
    assert load(folder).digest() != known


def test_a_run_keeps_the_table_and_opens_without_the_files(folder: Path) -> None:
    said = bidlab("run", "in_place.toml", "--out", "run")
    assert said.code == 0, said.err
    scenario = load(folder)
    world = arm_world(scenario, scenario.arms[0], plan(scenario).origin)
    kept = json.loads((folder / "run" / "inputs" / "imported.json").read_text())
    assert set(kept["sources"]) == {str(path.relative_to(folder)) for path in (folder / "out").rglob("*.jsonl")}
    assert (kept["rows"], kept["infra"], kept["agents"], kept["tasks"], kept["trials"]) == (60, 1, 3, 20, [1, 2])
    for path in (folder / "out").rglob("*.jsonl"):
        path.unlink()
    run = Run.open(folder / "run")
    assert same(run.world(run.scenario.arms[0]), world)
    assert run.info["hash"] == run.scenario.digest({})
    assert bidlab("explain", "run", "--task", "gsm8k_main:25").code == 0


def test_a_changed_input_of_a_run_is_refused(folder: Path) -> None:
    assert bidlab("run", "in_place.toml", "--out", "run").code == 0
    path = folder / "run" / "inputs" / "imported.csv"
    path.write_text(path.read_text().replace(",1,0.6", ",0,0.6", 1))
    said = bidlab("explain", "run", "--task", "gsm8k_main:25")
    assert said.code == 2
    assert "imported.csv" in said.err


def test_a_cell_of_a_sweep_runs_alone(folder: Path) -> None:
    said = bidlab("sweep", "in_place.toml", "--jobs", "1", "--out", "sw")
    assert said.code == 0, said.err
    said = bidlab("cell", "sw", "1", "--out", "alone")
    assert said.code == 0, said.err
    assert (folder / "alone" / "inputs" / "imported.csv").read_bytes() == (
        folder / "sw" / "inputs" / "imported.csv"
    ).read_bytes()


@pytest.mark.parametrize(
    ("world", "part"),
    [
        (IN_PLACE.replace('files = "out/*/samples_*.jsonl"', ""), "world.table.files is missing"),
        (IN_PLACE.replace("claim", "clam"), "world.table.columns: unknown column 'clam' (did you mean 'claim'?)"),
        (
            IN_PLACE.replace("lm_eval", "lm_evl"),
            "world.table.format: unknown importer 'lm_evl' (did you mean",
        ),
        (IN_PLACE.replace("claim = 0.6, ", ""), "second_price reads claims, and the table has none; map columns.claim"),
        (OF_TABLE.partition("\n")[2] + IN_PLACE, "world.columns has no meaning with results that are imported"),
        (IN_PLACE.replace("out/", "no/"), "no/*/samples_*.jsonl: no file matches"),
        ("table = 3\n", "world.table"),
    ],
)
def test_what_is_wrong_in_a_scenario_is_named(folder: Path, world: str, part: str) -> None:
    (folder / "s.toml").write_text(REST + WORLD + world)
    said = bidlab("check", "s.toml")
    assert said.code == 2
    assert part in said.err
    assert "Traceback" not in said.err
