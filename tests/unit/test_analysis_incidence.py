"""Who bears the loss: against a naive loop over ledger rows, what sums to welfare, and which arms are left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.arm import ArmData
from analysis.differences import differences, differences_table
from analysis.figures import incidence as figure
from analysis.incidence import COLUMNS, incidence, incidence_table
from analysis.inference import REPLAYED
from analysis.quantities import paired_of_arms
from sim.bundled import find_scenario
from sim.experiment.run_folder import arm_rules, arm_world, scenario_origin
from sim.ledger.ledger import Ledger
from sim.market.simulate import simulate
from sim.scenario.scenario import Scenario, load_scenario
from tests.market.play import ledger_of
from tests.market.test_synthetic import WORLD, scenario
from tests.painted import painted
from tests.unit.test_analysis_helpers import break_even, make_world, posted_alone, sold, table_world

MONEY = ["world.bid_cost=0.01", "market.overhead=0.02", "tender.postings=2", 'tender.exclude="hired"']
RULES = '[[arm]]\nname = "x"\nmechanism = "second_price"\n[[arm]]\nname = "all"\nmechanism = "hire_all"\n'
RULES += '[[arm]]\nname = "score"\nmechanism = { second_score = { score = "qV-a" } }\ntender = { penalty = 0.5 }\n'

Played = dict[str, tuple[ArmData, Ledger]]


def played(of: Scenario) -> Played:
    """Every arm's arrays and rows."""
    origin, found = scenario_origin(of), {}
    for arm in of.arms:
        world = arm_world(of, arm, origin)
        ledger = ledger_of(world, simulate(world, arm_rules(arm, world)))
        found[arm.name] = ArmData.build(arm.name, arm.label, world, ledger, alone=False), ledger
    return found


def synthetic(folder: Path) -> Played:
    text = '[standing]\nexpected_cost = "actual"\n' + RULES
    return played(scenario(folder, WORLD, arms=text, replications=12, overrides=MONEY))


def recorded() -> Played:
    of = load_scenario(
        find_scenario("marketbench_head_to_head"),
        replications=3,
        overrides=MONEY,
        mechanisms=["second_price", "hire_all"],
    )
    return played(of)


def by_rows(arm: ArmData, ledger: Ledger) -> dict[str, np.ndarray]:
    """Dollars (R, T) of the principal and of each agent, row by row of the ledger."""
    shape = arm.value.shape[:2]
    money = {name: np.zeros(shape) for name in ("principal", *arm.agents)}
    solved: set[tuple[int, int]] = set()
    for row in ledger.attempts.to_dict("records"):
        at = row["replication"], arm.world.tasks.index(row["task"])
        money["principal"][at] -= row["payment"]
        money[row["agent"]][at] += row["payment"] - row["cost"]
        if row["success"] and at not in solved:
            solved.add(at)
            money["principal"][at] += arm.value[*at, 0]
    for row in ledger.bids.to_dict("records"):
        money[row["agent"]][row["replication"], arm.world.tasks.index(row["task"])] -= row["bid_cost"]
    for row in ledger.clearings.to_dict("records"):
        money["principal"][row["replication"], arm.world.tasks.index(row["task"])] -= row["overhead"]
    return money


def groups(money: dict[str, np.ndarray], base: ArmData, ledger: Ledger) -> dict[str, np.ndarray]:
    """Dollars (R, T) of whom the baseline hired for each task, and of everybody else."""
    hired = {(row["replication"], row["task"], row["agent"]) for row in ledger.attempts.to_dict("records")}
    found = {"winner": np.zeros(base.value.shape[:2]), "rivals": np.zeros(base.value.shape[:2])}
    for r, t in np.ndindex(base.value.shape[:2]):
        for agent in base.agents:
            party = "winner" if (r, base.world.tasks[t], agent) in hired else "rivals"
            found[party][r, t] += money[agent][r, t]
    return found


def clustered(cells: np.ndarray, axis: int | None) -> float:
    """Standard error of the mean of (R, T) cells over the clusters along `axis`; None: every cell is one."""
    means = cells.ravel() if axis is None else cells.mean(axis=1 - axis)
    return float(means.std(ddof=1) / np.sqrt(len(means)))


@pytest.mark.parametrize("kind", ["synthetic", "recorded"])
def test_against_a_loop_over_the_rows_of_the_ledger(tmp_path: Path, kind: str) -> None:
    arms = synthetic(tmp_path) if kind == "synthetic" else recorded()
    first = next(iter(arms))
    table = incidence_table([arm for arm, _ in arms.values()], dict.fromkeys(arms, first))
    assert table["arm"].unique().tolist() == list(arms)[1:]
    base = by_rows(*arms[first])
    for name in list(arms)[1:]:
        rows = table[table["arm"] == name]
        assert rows["party"].tolist() == ["principal", *["agent"] * (len(rows) - 3), "winner", "rivals"]
        change = {who: money - base[who] for who, money in by_rows(*arms[name]).items()}
        change |= groups(change, *arms[first])
        for row, (who, cells) in zip(rows.to_dict("records"), change.items(), strict=True):
            assert row["agent"] == (who if row["party"] == "agent" else "")
            assert row["change"] == pytest.approx(cells.mean(), abs=1e-12)
            assert row["change_se_mc"] == pytest.approx(clustered(cells, 0), abs=1e-12)
            assert row["change_se"] == pytest.approx(clustered(cells, None if kind == "synthetic" else 1), abs=1e-12)


@pytest.mark.parametrize("kind", ["synthetic", "recorded"])
def test_parts_sum_to_the_change_in_welfare(tmp_path: Path, kind: str) -> None:
    arms = [arm for arm, _ in (synthetic(tmp_path) if kind == "synthetic" else recorded()).values()]
    baselines = dict.fromkeys((arm.name for arm in arms), arms[0].name)
    table = incidence_table(arms, baselines)
    total, grouped = (
        table[table["party"].isin(parties)].groupby("arm")["change"].sum()
        for parties in (("principal", "agent"), ("principal", "winner", "rivals"))
    )
    welfare = differences_table(arms, baselines).set_index("arm")["welfare"]
    for arm in arms[1:]:
        assert abs(total[arm.name] - welfare[arm.name]) < 1e-12
        assert abs(grouped[arm.name] - welfare[arm.name]) < 1e-12
        assert float(incidence(arm, arms[0]).welfare.value) == welfare[arm.name]
        assert welfare[arm.name] != 0


def test_each_panel_is_compared_to_its_own_baseline(tmp_path: Path) -> None:
    keys = WORLD + "sigma_u = [0.5, 2.0]\n"
    of = scenario(tmp_path, keys, arms='[standing]\nexpected_cost = "actual"\n' + RULES, replications=4)
    arms = [arm for arm, _ in played(of).values()]
    table = incidence_table(arms, {arm.name: of.baseline_of(arm) for arm in of.arms})
    pairs = table[["arm", "baseline"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [[f"{name} [sigma_u {s}]", f"x [sigma_u {s}]"] for s in (0.5, 2.0) for name in ("all", "score")]


def two(name: str, n_tasks: int = 3, value: float = 1.0) -> ArmData:
    """An arm of two agents who are both hired."""
    world = make_world(np.ones((2, n_tasks, 2, 1)), value=value)
    return ArmData.build(name, "hire_all", world, sold(world, np.ones((2, n_tasks, 2), np.bool_), False, 0.5), False)


def test_arms_that_cannot_be_compared_are_left_out() -> None:
    base, other = two("base"), two("other")
    without, longer, alone = two("no value", value=np.nan), two("longer", 4), replace(two("alone"), alone=True)
    arms = [base, other, without, longer, alone]
    table = incidence_table(arms, dict.fromkeys((arm.name for arm in arms), "base"))
    assert table["arm"].unique().tolist() == ["other"]
    assert list(table.columns) == list(COLUMNS)
    assert (table["change"] == 0).all()
    for baseline in (without, alone):
        assert incidence_table([baseline, other], dict.fromkeys((baseline.name, "other"), baseline.name)).empty
    posted = [posted_alone(table_world(2), k, f"k = {k}") for k in (0.0, 2.0)]
    assert list(incidence_table(posted, dict.fromkeys(("k = 0.0", "k = 2.0"), "k = 0.0")).columns) == list(COLUMNS)


def many(n_agents: int, hired: list[list[int]], payment: float = 1.0) -> list[ArmData]:
    """Arms that hire these agents on every task, paid the reserve."""
    stream = np.random.default_rng(3)
    shape = (4, 6, n_agents)
    world = make_world(stream.random((*shape, 1)) < 0.6, reserve=payment)
    arms = []
    for k, chosen in enumerate(hired):
        mask = np.zeros(shape, np.bool_)
        mask[..., chosen] = True
        ledger = sold(world, mask, False, break_even(world, 0.0))
        arms.append(ArmData.build(f"arm {k}", "always", world, ledger, False))
    return arms


def test_figures_data_are_the_tables() -> None:
    arms = many(4, [[0], [1], [2, 3]])
    baselines = dict.fromkeys(("arm 0", "arm 1", "arm 2"), "arm 0")
    data, table = figure.table(arms, baselines), incidence_table(arms, baselines)
    assert data["arm"].tolist() == ["arm 1", "arm 2"]
    for row in data.to_dict("records"):
        parts = table[table["arm"] == row["arm"]]["change"].tolist()
        agents = [row[f"utility agent {i}"] for i in range(4)]
        assert [row["surplus"], *agents, row["winner"], row["rivals"]] == parts
        assert row["welfare"] == pytest.approx(sum(parts[:5]), abs=1e-12)
        assert row["winner"] + row["rivals"] == pytest.approx(sum(agents), abs=1e-12)


def widths(arms: list[ArmData]) -> tuple[list[str], np.ndarray, list[str]]:
    """Legend names, signed bar widths (parts, bars) and the texts on the axes."""
    drawn = painted(figure.paint, figure.table(arms, dict.fromkeys((arm.name for arm in arms), arms[0].name)))
    axes = drawn.axes[0]
    bars = np.array([[patch.get_width() for patch in part] for part in axes.containers if hasattr(part, "patches")])
    return axes.get_legend_handles_labels()[1], bars, [text.get_text() for text in axes.texts]


def test_bars_of_many_agents_still_sum_to_welfare() -> None:
    arms = many(14, [[0], list(range(7)), list(range(7, 14))])
    labels, bars, texts = widths(arms)
    assert len(bars) == 1 + figure.MOST_AGENTS + 1
    assert {"principal", "other agents"} < set(labels)
    data = figure.table(arms, dict.fromkeys((arm.name for arm in arms), "arm 0"))
    np.testing.assert_allclose(bars.sum(axis=0), data["welfare"].to_numpy(), atol=1e-12)
    assert texts == []


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_few_arms_have_room(rows: int) -> None:
    arms = many(4, [[0], [1], [2], [3], [0, 1], [1, 2]][: rows + 1])
    data = figure.table(arms, dict.fromkeys((arm.name for arm in arms), arms[0].name))
    drawn = painted(figure.paint, data, footer="a line of the caption\nand another\nand one more")
    drawn.draw_without_rendering()
    assert drawn.axes[0].get_window_extent().height / drawn.dpi / rows > 0.15


def test_arm_far_off_the_rest_is_told_in_words_and_flattens_none() -> None:
    arms = many(4, [[0], [1], [2], [3], [0, 1], [1, 2]])
    dear = many(4, [[0, 1, 2, 3]], payment=50.0)[0]
    _, bars, texts = widths([*arms, replace(dear, name="dear")])
    assert len(texts) == 1
    assert texts[0].startswith("off the scale: principal −")
    assert bars.shape[1] == len(arms) - 1
    assert np.abs(bars).max() < 3.0


def test_welfare_and_principal_are_those_of_the_differences_where_arms_were_replayed() -> None:
    """A figure must not lack an interval that the table of differences has."""
    rng = np.random.default_rng(3)
    first, second = (
        replace(
            arm,
            replayed=True,
            replays={name: rng.normal(size=200) for name in (each.name for each in paired_of_arms())},
        )
        for arm in [arm for arm, _ in recorded().values()][:2]
    )
    found, table = incidence(second, first), differences(second, first)
    assert found.clusters == REPLAYED
    for own, name in ((found.welfare, "welfare"), (found.principal, "surplus")):
        assert (own.low, own.high) == (table[name].low, table[name].high)
        assert own.low < own.value < own.high
    assert np.isnan(found.agents.low).all()
