"""The value of self-knowledge: against loops written from the definition, against theory, and what it refuses."""

from __future__ import annotations

import itertools

import bidlab as bl
import numpy as np
import pandas as pd
import pytest

from analysis.informed import chains, informed
from analysis.knowledge_table import AS_BID, COLUMNS, TOTAL, knowledge_table
from analysis.knowledge_value import value_of_knowledge, why_no_knowledge
from analysis.knowledge_view import knowledge_views
from analysis.recalibrated import recalibrated, right_on_average
from sim.kit.errors import RunError
from sim.kit.terminal import Sheet
from tests.cli.command import bidlab, files, lay_out
from tests.statistics import assert_mean
from tests.worlds import make_world

VALUE, RESERVE, PENALTY, SEED = 1.75, 1.5, 0.4, 0


def tiny(n_tasks=7, n_agents=3, replications=2, **changes):
    stream = np.random.default_rng(8)
    shape = (n_tasks, n_agents)
    given = {"belief": stream.integers(1, 20, shape) / 20, "cost_belief": stream.random(shape) / 4}
    given |= {"cost": stream.random(shape) / 2, "ability": stream.integers(1, 20, shape) / 20}
    given |= {"success": stream.random(shape) < 0.6, "value": VALUE, "reserve": RESERVE}
    return make_world(n_tasks, n_agents, replications=replications, **(given | changes))


def market(world, rule=None, **settings):
    return bl.Market(world, rule or bl.SecondPrice(), **({"penalty": PENALTY} | settings)).run().arm


def played(belief, cost_belief, success, cost):
    """Welfare, surplus and utility of one second-price auction, agents' truthful asks (c + k (1 - p)) / p."""
    asks = [(c + PENALTY * (1 - p)) / p if p > 0 else np.inf for p, c in zip(belief, cost_belief, strict=True)]
    able = [i for i, ask in enumerate(asks) if ask <= RESERVE]
    if not able:
        return 0.0, 0.0, 0.0
    winner = min(able, key=lambda i: asks[i])
    price = min([RESERVE, *(asks[i] for i in able if i != winner)])
    pay = price if success[winner] else -PENALTY
    surplus, utility = VALUE * success[winner] - pay, pay - cost[winner]
    return surplus + utility, surplus, utility


def reference(world):
    """State -> mean (welfare, surplus, utility); states are (claims, costs) known."""
    beliefs = [world.belief, recalibrated(world, SEED), world.ability, world.success[..., 0].astype(float)]
    costs = [world.cost_belief, right_on_average(world, SEED), world.cost[..., 0]]
    found = {}
    for (a, belief), (b, cost_belief) in itertools.product(enumerate(beliefs), enumerate(costs)):
        at = [(r, t) for r in range(world.n_replications) for t in range(world.n_tasks)]
        each = [played(belief[x], cost_belief[x], world.success[..., 0][x], world.cost[..., 0][x]) for x in at]
        found[a, b] = np.mean(each, axis=0)
    return found


CLAIMS, COSTS = ("calibration", "discrimination", "outcomes"), ("cost calibration", "actual costs")


def test_against_loops():
    world = tiny()
    found, expected = value_of_knowledge(market(world)), reference(world)
    assert found.order == ("calibration", "cost calibration", "discrimination", "actual costs", "outcomes")
    path = [(0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (3, 2)]
    orders = sorted(set(itertools.permutations("ccckk")))
    assert len(orders) == 10
    for place, name in enumerate(("welfare", "surplus", "utility")):
        for step, state in enumerate(path):
            assert float(found.levels[name][step].value) == pytest.approx(expected[state][place])
        for kind, before, after in zip(found.order, path, path[1:], strict=False):
            step = expected[after][place] - expected[before][place]
            assert float(found.steps[name][kind].value) == pytest.approx(step, abs=1e-12)
        mean = dict.fromkeys((*CLAIMS, *COSTS), 0.0)
        for order in orders:
            a = b = 0
            for letter in order:
                kind, old = (CLAIMS[a] if letter == "c" else COSTS[b]), (a, b)
                a, b = a + (letter == "c"), b + (letter == "k")
                mean[kind] += (expected[a, b][place] - expected[old][place]) / len(orders)
        for kind, share in found.shares[name].items():
            assert float(share.value) == pytest.approx(mean[kind], abs=1e-12)


@pytest.mark.parametrize("rule", [bl.SecondPrice(), bl.FirstScore(), bl.HireAll()])
def test_parts_add_up(rule):
    found = value_of_knowledge(market(tiny(), rule, penalty=0.0))
    for name in ("welfare", "surplus", "utility"):
        total = float(found.totals[name].value)
        for parts in (found.steps[name], found.shares[name]):
            assert sum(float(part.value) for part in parts.values()) == pytest.approx(total, abs=1e-11)
        last, first = (float(found.levels[name][at].value) for at in (-1, 0))
        assert last - first == pytest.approx(total, abs=1e-11)


def test_who_knows_all_is_the_outcome_oracle():
    world = tiny(reserve=VALUE)
    found = value_of_knowledge(market(world, penalty=0.0))
    gain = VALUE * world.success[..., 0] - world.cost[..., 0]
    assert float(found.levels["welfare"][-1].value) == pytest.approx(np.maximum(0, gain.max(axis=2)).mean())


def test_what_agents_know_already_is_worth_nothing():
    world = tiny()
    sure = world.changed(belief=world.success[..., 0].astype(float), ability=world.success[..., 0].astype(float))
    found = value_of_knowledge(market(sure.changed(cost_belief=sure.cost[..., 0])))
    assert float(found.totals["welfare"].value) == 0.0
    assert np.isnan(found.totals["welfare"].low)


def test_recalibration_is_worth_nothing_where_agents_are_calibrated_and_alike():
    stream = np.random.default_rng(3)
    ability = np.repeat(stream.integers(2, 19, (3000, 1)) / 20, 2, axis=1)
    world = make_world(3000, 2, ability=ability, belief=ability, success=stream.random(ability.shape) < ability)
    arm = market(world.changed(cost_belief=world.cost[..., 0]), penalty=0.0)
    found = value_of_knowledge(arm)
    one = found.steps["welfare"]["calibration"]
    assert abs(float(one.value)) <= 4 * float(one.se) + 1e-12
    assert float(found.steps["welfare"]["cost calibration"].value) == 0.0
    moved = found.steps["welfare"]["discrimination"]  # back from recalibrated claims to what they were
    assert float(moved.value) == pytest.approx(-float(one.value), abs=1e-12)


def test_overconfidence_costs_what_knowing_better_gains():
    """Two agents alike but for claims: a loud one of ability .4 and a modest one of .8, at equal costs."""
    stream = np.random.default_rng(6)
    ability = np.tile([0.4, 0.8], (4000, 1))
    success = stream.random(ability.shape) < ability
    world = make_world(4000, 2, value=1.0, ability=ability, belief=np.tile([0.9, 0.6], (4000, 1)), success=success)
    found = value_of_knowledge(market(world.changed(cost_belief=world.cost[..., 0]), penalty=0.0))
    assert_mean(success[:, 1].astype(float) - success[:, 0], 0.4)
    gained = float(found.steps["welfare"]["calibration"].value)
    assert gained == pytest.approx(float(success[:, 1].mean() - success[:, 0].mean()), abs=1e-12)


@pytest.mark.slow
def test_a_table_says_nothing_of_ability():
    arm = bl.Market(bl.World.recorded("marketbench", seed=1), bl.SecondPrice()).run().arm
    assert chains(arm.world) == (("calibration", "outcomes"), ("cost calibration", "actual costs"))
    assert [*value_of_knowledge(arm).steps["welfare"]] == [
        "calibration",
        "cost calibration",
        "actual costs",
        "outcomes",
    ]


def test_without_costs():
    world = tiny()
    assert chains(world.changed(cost=np.full(world.cost.shape, np.nan), from_table=True))[1] == ()


def test_agents_alone_and_no_value():
    world = tiny(value=np.nan)
    found = knowledge_table([value_of_knowledge(market(world, bl.PostedPrice(), alone=True))])
    assert found["welfare_level"].isna().all()
    assert found["utility_level"].notna().all()
    assert found["utility"].iloc[-1] > 0


def test_beliefs_after_failures_follow():
    world = tiny(spread=1.5, tries=4)
    for kind, expected in (("discrimination", world.ability), ("outcomes", world.success[..., 1].astype(float))):
        np.testing.assert_array_equal(informed(world, SEED, (kind, None)).retry_belief[..., 0], expected)
    later = informed(world, SEED, ("calibration", None))
    assert (later.retry_belief[..., 0] < later.belief).all()


def test_nothing_known_is_the_same_world():
    world = tiny()
    assert informed(world, SEED, (None, None)) is world


@pytest.mark.parametrize(
    ("rule", "settings", "why"),
    [
        (bl.Always(agent=0), {"expected_cost": {"fixed": 0.1}}, "asks nobody for bids"),
        (bl.RouteByAdvice(), {"advice": "ability", "expected_cost": {"fixed": 0.1}}, "asks nobody for bids"),
        (bl.SecondPrice(), {"agents": {"a0": bl.Agent}}, "processes of their own"),
    ],
)
def test_refused(rule, settings, why):
    assert why in why_no_knowledge(market(tiny(), rule, penalty=0.0, **settings))


def test_refused_where_agents_learn():
    arm = market(tiny(), policy={"recalibrate": {"rate": 0.1}})
    with pytest.raises(ValueError, match="learn how to bid"):
        value_of_knowledge(arm)


def test_table():
    found = value_of_knowledge(market(tiny()))
    frame = knowledge_table([found])
    assert list(frame.columns) == list(COLUMNS)
    assert list(frame["kind"]) == [AS_BID, *found.order, TOTAL]
    assert list(frame["foresight"]) == [0, 0, 0, 0, 1, 1, 0]
    assert frame["welfare_p_holm"].iloc[1:-1].ge(frame["welfare_p"].iloc[1:-1]).all()
    assert frame["welfare"].iloc[1:-1].sum() == pytest.approx(frame["welfare"].iloc[-1])


@pytest.fixture
def scenario(tmp_path):
    return lay_out(tmp_path)


def test_of_a_run_as_of_its_scenario(scenario, tmp_path):
    run = bl.run(scenario, out=tmp_path / "run", figures=False)
    fresh = bl.knowledge(scenario).table
    for other in (run, tmp_path / "run"):
        pd.testing.assert_frame_equal(bl.knowledge(other, "x").table, fresh)


def test_bad_input(scenario):
    with pytest.raises(RunError, match=r"arm 'y': unknown.*; allowed: x"):
        bl.knowledge(scenario, "y")
    with pytest.raises(RunError, match=r"seed: has no meaning of a finished run") as caught:
        bl.knowledge(bl.run(scenario), seed=1, replications=3)
    assert len(caught.value.args) == 2
    with pytest.raises(RunError, match=r"arm 'always gpt-5-mini': always asks nobody"):
        bl.knowledge("marketbench_head_to_head", "always gpt-5-mini")


@pytest.mark.slow
def test_command(scenario, tmp_path):
    out = tmp_path / "out"
    said = bidlab("knowledge", scenario, "--out", out)
    assert (said.code, said.err) == (0, "")
    assert "cost calibration" in said.out
    assert files(out) == {f"knowledge{end}" for end in (".csv", ".pdf", ".png", ".column.pdf", ".column.png")}
    assert "knowledge.csv is there" in bidlab("knowledge", scenario, "--out", out).err
    assert bidlab("knowledge", scenario, "--arm", "y").code == 2


def test_command_of_a_run_takes_no_other_draws(scenario, tmp_path):
    bidlab("run", scenario, "--out", tmp_path / "run")
    said = bidlab("knowledge", tmp_path / "run", "--seed", "3", "--set", "seed=4")
    assert said.code == 2
    assert "--seed: has no meaning of a finished run" in said.err
    assert "--set: has no meaning of a finished run" in said.err


@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit(width):
    found = value_of_knowledge(market(tiny()))
    for count in (1, 5):
        frame = pd.concat([knowledge_table([found]).assign(arm=f"second price, the {k}th") for k in range(count)])
        for sheet in knowledge_views(frame.reset_index(drop=True), {"b": "why", "c": "why"}, ["note"]):
            if isinstance(sheet, Sheet):
                assert max(map(len, sheet.lines(width))) <= width
