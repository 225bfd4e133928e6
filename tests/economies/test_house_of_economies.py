"""The house of economies, on the example of docs/economies.md: files, arms, folders, going on, figures, refusals."""

from __future__ import annotations

import json
import math
import re
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import bidlab as bl
import numpy as np
import pandas as pd
import pytest

from analysis.economy_tables import differences_table, steps_table, summary_table, write_economy
from analysis.economy_view import _by_question
from sim.economies.economy import ACCOUNTS, ECONOMIES, Measure, Played, faults_in
from sim.economies.economy_file import resolve_economy
from sim.economies.economy_run import EconomyPlan, EconomyRun, execute_economy, in_memory_economy
from sim.kit.errors import RunError, ScenarioError
from sim.scenario.plugins import plugins
from tests.cli.command import bidlab

PAGE = (Path(__file__).parents[2] / "docs" / "economies.md").read_text(encoding="utf-8")
(CODE,) = re.findall(r"```python\n# coins\.py\n(.*?)```", PAGE, re.DOTALL)
(TOML,) = re.findall(r"```toml\n# coins\.toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("coins.py").write_text(CODE)
    Path("coins.toml").write_text(TOML)
    return tmp_path


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder, played once."""
    at = tmp_path_factory.mktemp("played")
    (at / "coins.py").write_text(CODE)
    with plugins([at / "coins.py"]):
        return execute_economy(plan(replications=2), at / "out", finish=partial(write_economy, figures=False))


@pytest.fixture
def known() -> Iterator[None]:
    """Coins is registered."""
    with plugins([Path("coins.py")]):
        yield


def raw(**changes: Any) -> dict[str, Any]:
    return {**tomllib.loads(TOML), **changes}


def plan(**changes: Any) -> EconomyPlan:
    return EconomyPlan(resolve_economy(Path("coins.toml"), raw(**changes)))


def digests(folder: Path) -> str:
    return (folder / "SHA256SUMS").read_text()


def test_the_example_of_the_page_runs() -> None:
    said = bidlab("run", "coins.toml", "--plugin", "coins.py", "--no-figures")
    assert said.code == 0, said.err
    made = Path("out/coins")
    names = {path.name for path in made.iterdir()}
    assert {"run.json", "replications.parquet", "steps.parquet", "summary.csv", "differences.csv", "steps.csv"} <= names
    assert "accounts.parquet" not in names
    assert "Beside the published" in said.out
    assert bidlab("show", "out/coins").out.splitlines()[:8] == said.out.splitlines()[:8]
    assert max(map(len, said.out.splitlines())) <= 120
    info = json.loads((made / "run.json").read_text())
    assert (info["kind"], info["scenario"]["economy"]) == ("economy", "coins")
    assert [arm["name"] for arm in info["scenario"]["arms"]] == ["fair", "bent 0.2", "bent 0.4", "bent 0.6"]


def test_check_and_lists_know_it() -> None:
    said = bidlab("check", "coins.toml", "--plugin", "coins.py")
    assert said.out.startswith("economy coins: keeps its contract\n")
    assert "4 arm(s), 40 replication(s), 8 job(s)" in said.out
    assert "tosses = 10" in bidlab("list", "economies", "--plugin", "coins.py").out
    assert "coins.tosses" in bidlab("list", "settings", "--plugin", "coins.py").out
    assert "coins" not in ECONOMIES


@pytest.mark.usefixtures("known")
def test_any_split_gives_the_same_bytes() -> None:
    whole = execute_economy(plan(), Path("whole"))
    economy: Any = plan().scenario.economy
    object.__setattr__(economy, "block", 7)
    scenario = replace(plan().scenario, economy=economy)
    for name in ("replications", "steps"):
        other = in_memory_economy(EconomyPlan(scenario)).table(name)
        assert pd.read_parquet(whole / f"{name}.parquet").equals(other)


@pytest.mark.usefixtures("known")
def test_a_killed_run_goes_on_and_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    execute_economy(plan(), Path("whole"))
    done: list[str] = []

    def stop(arm: str, count: int) -> None:
        done.append(arm)
        if len(done) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute_economy(plan(), Path("cut"), progress=stop)
    assert len(list(Path("cut.partial").glob("job-*.replications.parquet"))) == 3
    assert not Path("cut").exists()
    damaged = Path("cut.partial/job-000001.steps.parquet")
    damaged.write_bytes(damaged.read_bytes()[:-9])
    played, said = [], list[str]()
    economy = type(plan().scenario.economy)
    first = economy.play
    monkeypatch.setattr(economy, "play", lambda *given: played.append(given[-1]) or first(*given))
    execute_economy(plan(), Path("cut"), say=said.append)
    assert len(played) == 8 - 2
    assert "job 1 is played again" in said[0]
    assert digests(Path("cut")) == digests(Path("whole"))


@pytest.mark.slow
def test_several_processes_give_the_same_bytes() -> None:
    for count in ("1", "2"):
        said = bidlab("run", "coins.toml", "--plugin", "coins.py", "--out", f"by{count}", "--jobs", count)
        assert said.code == 0, said.err
    assert digests(Path("by1")) == digests(Path("by2"))


@pytest.mark.usefixtures("known")
def test_another_run_is_not_replaced_but_by_force() -> None:
    execute_economy(plan(replications=2), Path("out"))
    with pytest.raises(RunError, match="holds another run"):
        execute_economy(plan(seed=4, replications=2), Path("out"))
    execute_economy(plan(seed=4, replications=2), Path("out"), force=True)
    assert EconomyRun.open(Path("out")).info["seed"] == 4


@pytest.mark.usefixtures("known")
def test_tables_from_python_are_right() -> None:
    found = bl.run("coins.toml", replications=12, settings={"coins.tosses": 7})
    own = found.replications
    mean = own.groupby("arm", sort=False)["heads"].mean()
    assert found.summary["heads"].to_numpy() == pytest.approx(mean.to_numpy())
    gaps = own.pivot_table(index="replication", columns="arm", values="heads")
    by_hand = (gaps["bent 0.6"] - gaps["fair"]).mean()
    row = found.differences().set_index("arm").loc["bent 0.6"]
    assert row["heads"] == pytest.approx(by_hand)
    assert row["heads_low"] < by_hand < row["heads_high"]
    assert found.differences("bent 0.4")["baseline"].unique().tolist() == ["bent 0.4"]
    assert found.published["published"].tolist() == [0.5, 0.2, 0.6]
    assert (found.published["ours"] - found.published["published"]).tolist() == found.published["deviation"].tolist()
    last = found.steps[found.steps["step"] == 6].set_index("arm")["so_far"]
    assert last.to_numpy() == pytest.approx(found.summary["heads"].to_numpy())
    assert found.figure(width="column").get_figwidth() == pytest.approx(3.4)
    assert "bent 0.6" in repr(found)
    assert "<table" in found._repr_html_()


def test_a_key_of_a_measure_s_name_has_a_column_of_its_own() -> None:
    arm = {"name": "a", "vary": {"rounds": [1, 4]}}
    made = bl.run({"economy": "exchange", "question": "?", "seed": 1, "replications": 3, "arm": [arm]})
    assert made.summary["exchange.rounds"].tolist() == [1, 4]
    assert made.summary["rounds"].tolist()[0] == 1.0 < made.summary["rounds"].tolist()[1]
    assert made.differences()["exchange.rounds"].tolist() == [4]
    assert made.figure().axes[0].lines[0].get_xdata().tolist() == [1, 4]


@pytest.mark.usefixtures("known")
def test_a_folder_is_loaded_and_drawn_again(played: Path) -> None:
    assert bl.load(played).run.info["kind"] == "economy"


def test_a_finished_folder_is_drawn_again_as_another_file_says(played: Path) -> None:
    shutil.copytree(played, "out/coins")
    Path("like.toml").write_text('a = 1\n[[figure]]\nkind = "lines"\nx = "step"\ntitle = "Heads"\n')
    said = bidlab("figures", "out/coins", "--like", "like.toml", "--style", "talk", figures=True)
    assert said.code == 0, said.err
    assert Path("out/coins.figures/lines_1.column.pdf").exists()
    Path("like.toml").write_text('a = 1\n[[figure]]\nkind = "lines"\nx = "steps"\n')
    said = bidlab("figures", "out/coins", "--like", "like.toml", "--force")
    assert "figure number 1: x: no key that arms vary 'steps'" in said.err


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"economy": "coin"}, "economy: no economy 'coin' (did you mean 'coins'?); allowed: "),
    ({"economy": "barter"}, "; for one of your own give --plugin FILE"),
    ({"coins": {"toses": 3}}, "coins.toses: unknown key (did you mean 'tosses'?)"),
    ({"coins": {"chance": 1.5}}, "coins.chance: must be <= 1; got 1.5"),
    ({"world": {}}, "world: unknown key"),
    ({"arm": [{"name": "a", "vary": {"chance": []}}]}, "vary.chance: an empty list makes no arm"),
    ({"arm": [{"name": "a", "vary": {"luck": [1]}}]}, "coins.luck: unknown key"),
    ({"arm": [{"name": "a", "published": {"head": 0.5}}]}, "published: no measure 'head' (did you mean 'heads'?)"),
    (
        {"arm": [{"name": "a", "vary": {"chance": [0.1, 0.2]}, "published": {"heads": [0.5]}}]},
        "published.heads: must have one number for each of 2 arm(s); got 1",
    ),
    ({"arm": [{"name": "a"}, {"name": "a"}]}, "arm: two arms are named 'a'"),
    ({"baseline": "b"}, "baseline: no arm 'b'"),
    ({"figure": [{"kind": "map", "x": "chance"}]}, 'figure number 1: kind: of an economy must be "lines"'),
    ({"figure": [{"kind": "lines", "x": "luck"}]}, "x: no key that arms vary 'luck'"),
    ({"figure": [{"kind": "lines", "x": "step", "y": "heads"}]}, "y: no measure 'heads'; allowed: so_far"),
    ({"figure": [{"kind": "lines", "x": "chance", "panel": "arm"}]}, "panel: has no meaning in an economy"),
    (
        {"figure": [{"kind": "lines", "x": "step", "scale": "log"}]},
        'scale: "log" needs numbers above 0 along x; step has 0',
    ),
    ({"figure": [{"kind": "lines", "x": "step", "y": ["so_far", "so_far"]}]}, "y: 'so_far' is there twice"),
    ({"figure": [{"kind": "lines", "x": "step", "label": {"sofar": "s"}}]}, "label: no axis or line 'sofar' (did you"),
    (
        {"figure": [{"kind": "lines", "x": "step", "unit": {"heads": "$"}}]},
        "unit: no axis or line 'heads'; allowed: x,",
    ),
    ({"figure": [{"kind": "lines", "x": "step", "order": ["nobody"]}]}, "order: no line 'nobody'; allowed: "),
    ({"baseline": ""}, "baseline: no arm ''"),
    ({"arm": [{"name": "a", "published": {"heads": math.inf}}]}, "published.heads: must be finite, or nan where"),
    (
        {
            "arm": [
                {"name": "a", "vary": {"chance": [0.1, 0.2]}},
                {"name": "b", "vary": {"tosses": [3], "chance": [0.3]}, "baseline": "a"},
            ]
        },
        "arm 'b 3, 0.3': baseline: no arm of 'a' has chance = 0.3; name one of them: a 0.1, a 0.2",
    ),
]


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(("change", "told"), WRONG)
def test_what_is_wrong_is_said_in_one_line(change: dict[str, Any], told: str) -> None:
    base = {"baseline": "a"} if change.get("arm") else {}
    with pytest.raises(ScenarioError) as error:
        plan(**{**base, **({"figure": []} if "arm" in change else {}), **change})
    assert str(error.value).startswith("coins.toml: ")
    assert told in str(error.value).splitlines()[0]


@pytest.mark.usefixtures("known")
def test_baselines_of_groups_are_of_the_same_values() -> None:
    vary = {"vary": {"chance": [0.1, 0.2]}}
    arms = [{"name": "a", **vary}, {"name": "b", "baseline": "a", **vary}, {"name": "c", "baseline": "b"}]
    found = plan(arm=arms, baseline="a", figure=[]).scenario.arms
    assert [arm.baseline for arm in found] == ["a 0.1", "a 0.2", "a 0.1", "a 0.2", "b 0.1"]
    arms = [arms[0], {"name": "d", "vary": {"tosses": [3], "chance": [0.2]}, "baseline": "a"}]
    assert plan(arm=arms, figure=[], baseline="a").scenario.arms[-1].baseline == "a 0.2"


@pytest.mark.usefixtures("known")
def test_measures_that_the_scenario_asks_for_are_shown_ahead() -> None:
    measures = [{"name": name, "steps": False} for name in ("a", "b", "c", "d")]
    figures = [{"y": "c"}, {"y": ["e"]}]
    info = {"measures": measures, "figures": figures, "scenario": {"arms": [{"published": {"d": 1.0}}]}}
    assert [one["name"] for one in _by_question(info)] == ["c", "d", "a", "b"]


REFUSED: list[Any] = [
    (("sweep", "coins.toml"), "no task market"),
    (("audit", "--scenario", "coins.toml"), "no task market"),
    (("knowledge", "coins.toml"), "no task market"),
    (("live", "coins.toml", "--budget-usd", "1"), "no task market"),
    (("run", "coins.toml", "--events"), "--events: is for task markets"),
    (("run", "coins.toml", "--mechanism", "second_price"), "--mechanism: is for task markets"),
    (("run", "coins.toml", "--engine", "compiled"), "--engine: is for task markets"),
    (("run", "two_attempts", "--jobs", "2"), "--jobs: is for an economy"),
    (("explain", "out", "--task", "a"), "a run of an economy, not of a task market"),
    (("export", "out", "--out", "x.jsonl"), "a run of an economy, not of a task market"),
    (("report", "out"), "a run of an economy, which has no page"),
    (("compare", "out"), "a run of an economy, not of a task market"),
    (("bundle", "out"), "a run of an economy; a run or a sweep of a task market can be bundled"),
    (("power", "out"), "a run of an economy, not of a task market"),
    (("knowledge", "out"), "a run of an economy, not of a task market"),
    pytest.param(
        ("calibration", "out"), "a run of an economy, not of a task market", marks=pytest.mark.slow
    ),  # imports
    pytest.param(("fit", "out"), "a run of an economy, not of a task market", marks=pytest.mark.slow),  # imports
    (("cell", "out", "0"), "holds no sweep"),
    (("run", "out", "--mechanism", "second_price"), "a run of an economy, not of a task market"),
]


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(("arguments", "told"), REFUSED)
def test_what_needs_a_task_market_is_refused_in_one_line(arguments: tuple[str, ...], told: str, played: Path) -> None:
    shutil.copytree(played, "out")
    said = bidlab(*arguments)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert told in said.err


def test_a_copy_of_an_economy_s_scenario_is_made() -> None:
    said = bidlab("new", "scenario", "copy", "--like", "coins.toml")
    assert said.code == 0, said.err
    assert Path("copy.toml").read_text() == TOML


def account(**changes: Any) -> dict[str, Any]:
    row = {"replication": 0, "step": 0, "event": 0, "from": "a", "to": "b", "kind": "pay", "unit": "$", "amount": 1.0}
    return {name: np.array(value if isinstance(value, list) else [value]) for name, value in (row | changes).items()}


FAULTS: list[tuple[Any, str]] = [
    (Played({"heads": np.zeros(2)}), "steps must hold so_far; got nothing"),
    (Played({"heads": np.zeros(3)}, {"so_far": np.zeros((2, 4))}), "rows: heads must be floats of shape (2,)"),
    (Played({"heads": np.zeros(2)}, {"so_far": np.zeros(2)}), "so_far must be floats of shape (2, steps)"),
    (account(amount=-1.0), "amounts must be finite and > 0"),
    (account(to="a"), "nobody gives to itself"),
    ({name: np.zeros(0) for name in ACCOUNTS[:-1]}, "accounts must have the columns"),
    (account(**{name: [account()[name][0]] * 2 for name in ACCOUNTS} | {"event": [1, 0]}), "in the order of"),
    (3, "must return a Played; got int"),
    (Played({"heads": np.full(2, np.inf)}, {"so_far": np.zeros((2, 4))}), "heads must be finite, or NaN where"),
    (Played({"heads": np.zeros(2)}, {"so_far": np.zeros((2, 0))}), "so_far must be floats of shape (2, steps), one"),
    (Played({"heads": [[1.0], [1.0, 2.0]]}, {"so_far": np.zeros((2, 4))}), "heads must be floats"),  # type: ignore[dict-item]
    (Played([np.zeros(2)], {"so_far": np.zeros((2, 4))}), "rows must be a dict"),  # type: ignore[arg-type]
    ([1, 2], "accounts must have the columns"),
    (account(step=0.5), "accounts: step must be an array of whole numbers of one dimension; got float64 of (1,)"),
    (account(amount="x"), "accounts: amount must be an array of floats"),
    (account() | {"amount": [1.0]}, "accounts: amount must be an array of floats of one dimension; got list"),
    (account() | {"unit": np.array([None])}, "accounts: unit must be words; got None"),
    (account(replication=2), "replications must be those that were played, 0 ... 1; got 2 ... 2"),
]


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(("made", "told"), FAULTS)
def test_what_an_economy_gives_is_checked(made: Any, told: str) -> None:
    if isinstance(made, dict | list):
        made = Played({"heads": np.zeros(2)}, {"so_far": np.zeros((2, 4))}, made)
    assert any(told in line for line in faults_in(plan().scenario.economy, made, range(2)))


@pytest.mark.usefixtures("known")
def test_a_rate_is_0_or_1_in_each_replication() -> None:
    economy: Any = plan().scenario.economy
    measures = (replace(economy.measures[0], rate=True), economy.measures[1])
    object.__setattr__(economy, "measures", measures)
    told = "play: rows: heads is declared a rate, and must be 0 or 1 in each replication; got 0.4"
    for heads, faults in ((0.4, [told]), (1.0, [])):
        made = Played({"heads": np.array([np.nan, heads])}, {"so_far": np.zeros((2, 4))})
        assert list(faults_in(economy, made, range(2))) == faults


def test_each_breach_of_the_contract_is_told() -> None:
    changes = {
        "number = words_range(len(replications), replications.start)": (
            "number = words_range(len(replications))",
            "heads is another when the replications are played in two parts",
        ),
        '{"heads": heads.mean(axis=1)}': ("{}", "rows must hold heads; got nothing"),
        'source = ""': ("source = 3", "must have summary and source, both str"),
        "Settings = CoinSettings": ("Settings = int", "must have Settings"),
        '"heads", "share"': ('"arm", "share"', "a name is a word, there once, and none of a column's"),
        '"so_far", "share"': ('"heads_low", "share"', "measure 'heads_low': a name is a word, there once, and none"),
        '@register_economy("coins")': ("@register_economy(3)", "the name must be text"),
        "    summary": ("    block = 0\n    summary", "block: must be a whole number >= 1; got 0"),
        "tosses: int = 10": ("tosses: int", "its defaults are no settings; give examples(): tosses: is missing"),
        "    def play": (
            "    def examples(self):\n        return [{'tosses': 'x'}]\n\n    def play",
            "examples(): tosses: must be a whole number",
        ),
    }
    for number, (old, (new, told)) in enumerate(changes.items()):
        path = Path(f"broken_{number}.py")
        assert old in CODE
        path.write_text(CODE.replace(old, new))
        said = bidlab("check", "--plugin", str(path))
        assert said.code == 2
        assert told in said.err, said.err


@pytest.mark.usefixtures("known")
def test_undefined_replications_are_left_out_and_rates_have_wilson_s_interval() -> None:
    made = in_memory_economy(plan(replications=6))
    frame = made.table("replications")
    frame.loc[frame["replication"] == 0, "heads"] = np.nan
    summary = summary_table(made).set_index("arm")
    own = frame[frame["arm"] == "fair"]["heads"]
    assert summary.loc["fair", "heads"] == pytest.approx(own.mean())
    assert summary.loc["fair", "heads_clusters"] == 5
    assert differences_table(made)["heads_clusters"].tolist() == [5, 5, 5]
    frame["heads"] = np.nan
    assert summary_table(made)["heads"].isna().all()
    frame["heads"] = 0.0
    made.info["measures"][0]["rate"] = True
    assert summary_table(made)["heads_high"].between(0.3, 0.5).all()
    made.table("steps").loc[lambda rows: rows["step"] > 3, "so_far"] = np.nan
    assert steps_table(made)["so_far"].isna().sum() == 4 * 16


def test_measures_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Measure("a", "", "").name = "b"  # type: ignore[misc]
