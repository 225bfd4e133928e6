"""Tables without claims, cost beliefs or costs: what runs on them, what is refused, claims made from a record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bidlab as bl
import numpy as np
import pandas as pd
import pytest

from analysis import load
from sim.agents.retry import after_each
from sim.kit.errors import ArrayError, ScenarioError, TableError
from sim.market.coupling import coupling
from tests.cli.command import bidlab
from tests.sweep.scenes import plan_of, run

AGENTS, TASKS, TRIALS = ("b", "a", "c"), 7, 2
RECORD = {"claim": {"record": "redrawn", "tasks": 5}, "cost_belief": {"record": "redrawn", "tasks": 5}}


def table(*columns: str, seed: int = 4, share: float = 1.0) -> pd.DataFrame:
    """Outcomes of AGENTS, with claims and costs where asked for; share: of the cells that have rows."""
    rng = np.random.default_rng(seed)
    rows = []
    for t in range(TASKS):
        for i, agent in enumerate(AGENTS):
            kept = rng.random() < share
            for k in range(TRIALS):
                found = {"agent": agent, "task": f"t{t}", "trial": k, "success": int(rng.random() < 0.3 + 0.2 * i)}
                found |= {"claim": rng.random(), "cost": 0.1 + rng.random(), "cost_belief": rng.random()}
                rows += [found] if kept else []
    return pd.DataFrame(rows)[["agent", "task", "trial", "success", *columns]]


def world(frame: pd.DataFrame, **settings: Any) -> bl.World:
    given: dict[str, Any] = {"value": 2.0, "postings": 2, "exclude": "failed", "beyond_tries": "repeat"}
    return bl.World.from_frame(frame, seed=3, replications=5, **given | settings)


def play(found: bl.World, rule: Any, engine: str = "auto", **settings: Any) -> Any:
    return bl.Market(found, rule, engine=engine, postings=2, exclude="failed", **settings).run()


def on_both(found: bl.World, rule: Any, **settings: Any) -> Any:
    """What the processes play, which compiled code plays alike."""
    ours, theirs = (play(found, rule, engine, **settings) for engine in ("market", "compiled"))
    for name in ("attempts", "bids", "clearings"):
        pd.testing.assert_frame_equal(getattr(ours, name), getattr(theirs, name))
    return ours


@pytest.mark.parametrize("expected", [{"fixed": 0.4}, {"record": "redrawn", "tasks": 5}, "actual"])
@pytest.mark.parametrize("rule", [bl.Always(agent="c"), bl.RouteByAdvice()])
def test_planners_need_no_claim(rule: Any, expected: Any) -> None:
    """They hire, pay and cost what they do on the same table with claims."""
    whole = table("claim", "cost", "cost_belief")
    sources = {"expected_cost": expected, "advice": {"record": "redrawn", "tasks": 5}}
    found = []
    for frame in (whole, whole.drop(columns=["claim", "cost_belief"])):
        kept = world(frame, **sources)
        assert kept.knows("belief") == kept.knows("cost_belief") == ("claim" in frame)
        found.append(on_both(kept, rule, **sources).attempts)
    assert len(found[0]) > 20
    bids = ["ask", "claim", "belief", "cost_belief"]
    pd.testing.assert_frame_equal(*(rows.drop(columns=bids) for rows in found))
    assert found[1][["claim", "belief", "cost_belief"]].isna().all(axis=None)
    assert (found[1]["ask"] == 0.0).all()


REFUSED: list[tuple[tuple[str, ...], Any, dict[str, Any], list[str]]] = [
    (("cost",), bl.SecondPrice(), {}, ["mechanism: second_price reads claims", "second_price reads cost beliefs"]),
    (("cost", "claim"), bl.FirstPrice(), {}, ["mechanism: first_price reads cost beliefs"]),
    (("cost", "cost_belief"), bl.Cascade(), {}, ["mechanism: cascade reads claims"]),
    (
        ("cost",),
        bl.RouteByAdvice(),
        {"advice": {"platt_online": {"eta": 0.1, "eps": 0.01}}, "expected_cost": {"fixed": 0.1}},
        ["standing.advice: the advisor reads claims"],
    ),
    (
        (),
        bl.Always(agent="a"),
        {"expected_cost": "actual", "bankroll": 2.0},
        ["standing.expected_cost reads costs", "bidders.bankroll reads costs"],
    ),
    (
        ("claim", "cost_belief"),
        bl.HireAll(),
        {"first_success_cancels": True},
        ["market.first_success_cancels reads costs"],
    ),
]


@pytest.mark.parametrize(("columns", "rule", "settings", "said"), REFUSED)
def test_what_reads_a_missing_column_is_named(
    columns: tuple[str, ...], rule: Any, settings: dict[str, Any], said: list[str]
) -> None:
    with pytest.raises(ScenarioError) as error:
        play(world(table(*columns)), rule, **settings)
    assert len(error.value.args) == len(said)
    for line, part in zip(error.value.args, said, strict=True):
        assert part in line
        assert "map columns." in line


def test_a_record_of_costs_needs_costs() -> None:
    for settings in ({"expected_cost": {"record": "redrawn", "tasks": 3}}, {"cost_belief": RECORD["cost_belief"]}):
        with pytest.raises(ScenarioError, match="a record of costs, and the table holds none"):
            _ = world(table("claim"), **settings)


def test_without_costs_money_is_undefined() -> None:
    found = on_both(world(table("claim")), bl.Always(agent="c", pay="reserve"), expected_cost={"fixed": 0.1})
    assert found.attempts["cost"].isna().all()
    row = found.summary.iloc[0]
    assert row[["cost", "utility", "welfare"]].isna().all()
    assert row["surplus"] == pytest.approx(2.0 * row["solve_rate"] - row["payment"])
    hired = found.agents.set_index("agent").loc["c"]
    assert np.isnan(hired["cash_profit"])
    assert np.isnan(hired["negative_utility_rate"])


@pytest.mark.parametrize("kept", [("claim", "cost", "cost_belief"), ("cost",)])
def test_claims_are_what_the_record_says(kept: tuple[str, ...]) -> None:
    """The same record as advice and as expected cost; whatever the table has instead."""
    found = world(table(*kept), advice=RECORD["claim"], expected_cost=RECORD["claim"], **RECORD)
    assert found.by_record == ("belief", "cost_belief")
    np.testing.assert_array_equal(found.belief, found.record_advice)
    np.testing.assert_array_equal(found.cost_belief, found.record_cost)
    assert len(np.unique(found.belief[:, 0, 0])) > 1


@pytest.mark.parametrize(
    "rule", [bl.SecondPrice(), bl.Cascade(), bl.SecondScore(score="q(V-a)"), bl.Contingent(bond=0.5)]
)
def test_auctions_by_record_are_the_same_in_both_engines(rule: Any) -> None:
    found = world(table("cost", share=0.6), **RECORD)
    assert not found.present.all()
    played = on_both(found, rule)
    assert len(played.attempts) > 10
    named = ("world.claim, a record", "world.cost_belief, a record")
    assert coupling(played.market.rules(found), found) == named
    always = bl.Market(found, bl.Always(agent="a"), expected_cost={"fixed": 0.1})
    assert coupling(always.rules(found), found) == ()


def test_who_never_cost_anything_on_record_makes_no_bid() -> None:
    frame = table("cost")
    frame = frame[(frame["agent"] != "a") | (frame["task"] == "t3")]  # its half without t3 knows nothing of it
    found = bl.World.from_frame(
        frame, seed=3, replications=20, claim={"record": "split"}, cost_belief={"record": "split"}
    )
    at = found.agents.index("a")
    assert np.isnan(found.cost_belief[:, 3, at]).all()
    assert (found.belief[:, 3, at] == 0.5).all()
    bids = bl.Market(found, bl.SecondPrice()).run().bids
    assert set(bids.loc[(bids["agent"] == "a") & (bids["task"] == "t3"), "outcome"]) == {"abstained"}


def test_failures_move_claims_that_a_record_made() -> None:
    retry = {"exclude": "none", "on_retry": {"update": {"spread": 1.5}}}
    found = world(table("cost"), **RECORD, **retry)
    np.testing.assert_array_equal(found.retry_belief, after_each(found.belief, np.full(found.belief.shape, 1.5), 1))
    ours, theirs = (
        bl.Market(found, bl.SecondPrice(), engine=engine, postings=2, **retry).run()
        for engine in ("market", "compiled")
    )
    pd.testing.assert_frame_equal(ours.attempts, theirs.attempts)


SCENARIO = """
question = "?"
seed = 1
replications = 20
[world]
table = "t.csv"
columns = { agent = "agent", task = "task", trial = "trial", success = "success", cost = "cost" }
[tender]
value = 2.0
reserve = "value"
penalty = 0.0
[standing]
expected_cost = { record = "split" }
[[arm]]
name = "c"
mechanism = { always = { agent = "c" } }
[[arm]]
name = "cascade"
mechanism = "cascade"
world = { claim = { record = "split" }, cost_belief = { record = "split" } }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    table("cost", share=0.4).to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "s.toml").write_text(SCENARIO)
    return tmp_path


def test_a_run_says_what_the_table_leaves_out(folder: Path) -> None:
    said = bidlab("run", folder / "s.toml", "--out", folder / "o")
    assert said.code == 0, said.err
    frame = pd.read_csv(folder / "t.csv")
    cells = frame.groupby("task")["agent"].nunique()
    filled, n_tasks = int(cells.sum()), len(cells)
    line = f"the table fills {filled} of {3 * n_tasks} cells ({filled / (3 * n_tasks):.1%})"
    assert line in said.out
    assert f"{(cells == 1).sum()} of {n_tasks} tasks have one agent only" in said.out
    assert "there are no claims with a known outcome" in said.out
    assert line in bidlab("show", folder / "o").out
    assert line in bidlab("check", folder / "s.toml").out


def test_an_arm_is_named_with_its_key(folder: Path) -> None:
    (folder / "s.toml").write_text(SCENARIO.rpartition("world =")[0])
    said = bidlab("check", folder / "s.toml")
    assert said.code == 2
    assert "arm 'cascade': mechanism: cascade reads claims, and the table has none" in said.err


def test_a_card_reads_claims(folder: Path) -> None:
    card = '[bidders]\ncard = { record = "split", weight = 1.0, cost_weight = 0.5 }\n[[arm]]'
    (folder / "s.toml").write_text(SCENARIO.rpartition("[[arm]]")[0].replace("[[arm]]", card))
    said = bidlab("check", folder / "s.toml")
    assert said.code == 2
    for part in ("bidders.card reads claims", "bidders.card.cost_weight reads cost beliefs"):
        assert f"arm 'c': {part}, and the table has none" in said.err


def test_sweeps_run_too(folder: Path) -> None:
    (folder / "s.toml").write_text(SCENARIO.replace("[[arm]]", '[sweep]\n"tender.value" = [1.0, 2.0]\n[[arm]]', 1))
    found = load(run(plan_of(folder / "s.toml"), folder / "o"))
    rates = found[(found["metric"] == "solve_rate") & (found["arm"] == "cascade")]
    assert rates["value"].notna().all()


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"tokens": "cost"}, "no column for usd_per_token, which with the other of tokens and usd_per_token"),
        ({"score": "cost"}, "world.graded must be stated"),
        ({"score": "cost", "success": "success"}, "score stands instead of success and status"),
    ],
)
def test_columns_that_do_not_agree(columns: dict[str, str], text: str) -> None:
    with pytest.raises((TableError, ScenarioError), match=text):
        _ = bl.World.from_frame(table("cost"), columns)


def test_a_card_cannot_read_claims_that_are_a_record() -> None:
    card = {"record": "redrawn", "tasks": 5, "weight": 1.0, "cost_weight": 0.0}
    with pytest.raises(ScenarioError, match='record = "redrawn" has no meaning'):
        _ = world(table("cost"), card=card, **RECORD)


@pytest.mark.parametrize("name", ["belief", "cost_belief", "cost"])
def test_only_a_table_may_lack_them(name: str) -> None:
    """What is NaN throughout was not recorded; what is drawn has no such thing."""
    found = world(table("claim", "cost", "cost_belief"))
    unknown = np.full(getattr(found, name).shape, np.nan)
    assert not found.changed(**{name: unknown}).knows(name)
    drawn = bl.World.drawn("marketbench", tasks=3)
    with pytest.raises(ArrayError, match=f"{name} must"):
        drawn.changed(**{name: np.full(getattr(drawn, name).shape, np.nan)})
