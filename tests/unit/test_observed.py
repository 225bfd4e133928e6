"""Calibration is over all claims and all known outcomes: against loops, and whoever bids or is hired."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.arm import ArmData
from analysis.claims_table import pooled_claims
from analysis.figures import reliability, who_knows
from analysis.inference import Estimate
from analysis.quantities import quantity
from analysis.quantities.of_run import agents
from sim.agents.bidding import Fallback, parse_policy
from sim.agents.everybody import Bidders
from sim.kit.arrays import FloatArray
from sim.kit.errors import ArrayError
from sim.market.simulate import simulate
from sim.mechanisms import Mechanism
from sim.scenario.scenario import label_of
from sim.world.world import World
from tests.cli.command import ARM, HEADER, TENDER, TOP, WORLD, bidlab, lay_out
from tests.market.test_money import ledger_of
from tests.painted import drawn_into
from tests.tried import tried
from tests.unit.test_analysis_helpers import make_world, sold
from tests.worlds import examples, rules, worlds

R, T, N, K = 2, 7, 3, 5
ON_CLAIMS = ["claims", "success_rate", "mean_claim", "brier", "ece", "ece_null", "auc", "auc_others", "comparative_auc"]


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_once")
def test_claims_of_an_agent_that_abstains_count_in_every_arm(tmp_path: Path) -> None:
    """Claims 0, 0, 1, 1 with successes 0, 0, 1, 0: it asks nothing at a claim of 0, and is never asked by a planner."""
    table = "".join(f"a,t{t},{p},{y},.3,.3\n" for t, (p, y) in enumerate([(0, 0), (0, 0), (1, 1), (1, 0)]))
    table += "".join(f"b,t{t},.75,1,.05,.05\n" for t in range(3))
    arms = {
        "second": '"second_price"',
        "always": "{always = {agent = 1}}",
        "router": '"route_by_advice"\nstanding = {advice = "outcome"}',
        "cheap": '"first_price"\ntender = {reserve = 0.01}',
        "alone": '"posted_price"\nmarket = {alone = true, window = 2}',
    }
    scenario = TOP + WORLD.rstrip() + "\nnonresponse = 0.5\nlatency = {uniform = [0, 4]}\n" + TENDER
    scenario += "[bidders]\nfallback = {ask = 0.5, claim = 0.25}\n[market]\nwindow = 2\n"
    scenario += "[standing]\nexpected_cost = {fixed = 0.1}\n"
    scenario += "".join(f'[[arm]]\nname = "{name}"\nmechanism = {rule}\n' for name, rule in arms.items())
    said = bidlab("run", lay_out(tmp_path, scenario, HEADER + table), "--out", tmp_path / "o", figures=True)
    assert said.code == 0, said.err
    assert "all claims, also of agents that did not bid (3 to 4 of each)" in said.out
    for name, keys in (("agents", ["agent"]), ("claims", [])):
        frame = pd.read_csv(tmp_path / "o" / f"{name}.csv")
        columns = [c for c in frame.columns if c.removesuffix("_se_mc").removesuffix("_se") in ON_CLAIMS]
        first = frame[frame["arm"] == "second"].set_index(keys or ["mechanism"])[columns].reset_index(drop=True)
        for arm in arms:
            other = frame[frame["arm"] == arm][columns].reset_index(drop=True)
            pd.testing.assert_frame_equal(first, other, check_exact=True)
    agents = pd.read_csv(tmp_path / "o" / "agents.csv").set_index(["arm", "agent"])
    for arm in arms:
        row = agents.loc[(arm, "a"), ["claims", "mean_claim", "brier", "ece", "auc"]]
        assert row.tolist() == pytest.approx([4, 0.5, 0.25, 0.25, 2.5 / 3])
    assert {"reliability.csv", "who_knows.csv"} <= {path.name for path in (tmp_path / "o" / "figures").iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("mechanism", examples(), ids=label_of)
@tried(15)
@given(data=st.data())
def test_what_an_agent_would_claim_is_what_it_claims_where_it_bids(mechanism: Mechanism, data: st.DataObject) -> None:
    """Whatever the rules, the policies and the card; a silent agent's would-be claim is not the bid put in for it."""
    world = data.draw(worlds((2, 4, min(4, mechanism.capabilities.most_agents or 4))))
    raw = data.draw(st.sampled_from([{"overclaim": {"logits": 1.0}}, {"fixed_claim": {"claim": 0.75}}, "truthful"]))
    bidder = Bidders(mechanism, parse_policy(raw), {0: parse_policy({"clipped_claim": {"low": 0.25, "high": 0.5}})})
    rule = replace(data.draw(rules(mechanism)), bidder=bidder)
    arm = ArmData.build("a", "x", world, ledger_of(world, simulate(world, rule)), False, rules=rule)
    bid = ~np.isnan(arm.claim)
    np.testing.assert_array_equal(arm.stated[bid], arm.claim[bid])
    assert np.array_equal(np.isnan(arm.stated), ~world.present)
    if rule.card is None:
        forced = replace(bidder, fallback=Fallback(0.0, 0.125))
        mute = replace(world, silent=np.ones(world.present.shape, np.bool_))
        played = ledger_of(mute, simulate(mute, replace(rule, bidder=forced)))
        other = ArmData.build("a", "x", mute, played, False, rules=replace(rule, bidder=forced))
        np.testing.assert_array_equal(other.stated, arm.stated)


def several(seed: int = 3, *, same: bool = False) -> World:
    """A World in which cells have 0 to K known trials, and some agents are away."""
    chance = np.random.default_rng(seed)
    shape = (1 if same else R, T, N)
    observed = chance.random((*shape, K)) < 0.6
    observed[:, 0, 0] = False
    world = make_world(
        chance.random((*shape, K)) < 0.6,
        from_table=True,
        present=chance.random(shape) < 0.85,
        belief=chance.integers(0, 9, shape) / 8,
    )
    return replace(world, observed=observed)


def arm_of(world: World) -> ArmData:
    return ArmData.build("a", "x", world, sold(world, np.zeros(world.present.shape, np.bool_), False, 0.5), False)


def trials_of(world: World, r: int, t: int, i: int) -> list[tuple[float, float, bool]]:
    """Weight, claim and success of each known outcome of a cell."""
    known = np.flatnonzero(world.observed[r, t, i] & world.present[r, t, i])  # type: ignore[index]
    return [(1 / len(known), float(world.belief[r, t, i]), bool(world.success[r, t, i, k])) for k in known]


def ratio(terms: list[tuple[float, float]]) -> float:
    """Sum of weight x value over sum of weight."""
    return sum(w * x for w, x in terms) / sum(w for w, _ in terms) if terms else float("nan")


def ece(seen: list[tuple[float, float, bool]]) -> float:
    gaps: dict[int, float] = {}
    for w, p, y in seen:
        gaps[min(9, int(p * 10 + 1e-9))] = gaps.get(min(9, int(p * 10 + 1e-9)), 0.0) + w * (y - p)
    return sum(map(abs, gaps.values())) / sum(w for w, _, _ in seen)


def of_agents(arm: ArmData) -> dict[str, Estimate]:
    """The estimates of what agents claim."""
    return {name: one for name, one in agents(arm).items() if quantity(name, "agent").claims}


def order(p: float, q: float) -> float:
    """1 where the success was claimed above the failure, half where level."""
    return (p > q) + (p == q) / 2


def test_weighted_trials_against_loops() -> None:
    world = several()
    arm = arm_of(world)
    found, pooled = of_agents(arm), pooled_claims(arm)
    cells = [(r, t) for r in range(R) for t in range(T)]
    duels: list[list[tuple[float, float]]] = [[] for _ in range(N)]
    everything = []
    for i in range(N):
        seen = [trial for at in cells for trial in trials_of(world, *at, i)]
        everything += seen
        reference = {
            "success_rate": ratio([(w, float(y)) for w, _, y in seen]),
            "mean_claim": ratio([(w, p) for w, p, _ in seen]),
            "brier": ratio([(w, (p - y) ** 2) for w, p, y in seen]),
            "ece": ece(seen),
            "auc": ratio([(v * w, order(p, q)) for w, p, y in seen for v, q, z in seen if y and not z]),
        }
        for j in range(N):
            if j != i:
                pairs = [pair for at in cells for pair in duel(trials_of(world, *at, i), trials_of(world, *at, j))]
                duels[i] += pairs
        reference["comparative_auc"] = ratio(duels[i])
        reference["auc_others"] = float(np.nanmean([others(world, cells, i, j) for j in range(N) if j != i]))
        for name, value in reference.items():
            assert found[name].value[i] == pytest.approx(value, nan_ok=True), name
    assert arm.observed.known.sum() == round(sum(w for w, _, _ in everything))
    reference = {
        "success_rate": ratio([(w, float(y)) for w, _, y in everything]),
        "mean_claim": ratio([(w, p) for w, p, _ in everything]),
        "brier": ratio([(w, (p - y) ** 2) for w, p, y in everything]),
        "ece": ece(everything),
        "comparative_auc": ratio([pair for pairs in duels for pair in pairs]),
    }
    for name, value in reference.items():
        assert float(pooled[name].value) == pytest.approx(value), name


def others(world: World, cells: list[tuple[int, int]], i: int, j: int) -> float:
    """AUC of i's claims on j's successes, where an outcome of both is known."""
    seen = []
    for at in cells:
        own = trials_of(world, *at, i)
        seen += [(w, own[0][1], y) for w, _, y in trials_of(world, *at, j) if own]
    return ratio([(v * w, order(p, q)) for w, p, y in seen for v, q, z in seen if y and not z])


def duel(one: list[tuple[float, float, bool]], other: list[tuple[float, float, bool]]) -> list[tuple[float, float]]:
    """Weight and result of each pair of trials of two agents of which one succeeded."""
    found = []
    for w, p, y in one:
        for v, q, z in other:
            if y != z:
                found.append((w * v, order(p, q) if y else order(q, p)))
    return found


def values(world: World) -> dict[str, FloatArray]:
    arm = arm_of(world)
    found = {name: estimate.value for name, estimate in of_agents(arm).items()}
    found |= {f"all {name}": estimate.value for name, estimate in pooled_claims(arm).items()}
    return found | {"claims": arm.observed.known.sum(axis=(0, 1))}


def test_each_trial_twice_changes_nothing_but_what_chance_alone_would_give() -> None:
    world = several()
    twice = {
        name: np.concatenate([getattr(world, name)] * 2, axis=3)
        for name in ("success", "verified", "infra", "cost", "duration", "observed")
    }
    one, two = values(world), values(replace(world, **twice))
    assert (two.pop("ece_null") < one.pop("ece_null")).all()
    assert two.pop("all ece_null") < one.pop("all ece_null")
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, rtol=1e-12, err_msg=name)


def test_a_cell_without_a_known_outcome_is_as_if_the_agent_were_away() -> None:
    world = several()
    known = world.present & world.observed.any(axis=3)  # type: ignore[union-attr]
    assert (known != world.present).any()
    one, other = values(world), values(replace(world, present=known))
    for name, value in one.items():
        np.testing.assert_array_equal(other[name], value, err_msg=name)


def test_other_orders_of_the_same_trials_are_copies() -> None:
    """Replications that meet the trials in other orders hold no other observation."""
    world = several(same=True)
    index = np.stack([np.random.default_rng(k).permuted(np.tile(np.arange(K), (T, N, 1)), axis=2) for k in range(4)])
    names = ("success", "verified", "infra", "cost", "duration", "observed")
    turned = {name: np.take_along_axis(np.repeat(getattr(world, name), 4, axis=0), index, axis=3) for name in names}
    rest = {name: np.repeat(array, 4, axis=0) for name, array in world.arrays.items() if name not in names}
    one, four = of_agents(arm_of(world)), of_agents(arm_of(replace(world, **turned, **rest)))
    for name, estimate in one.items():
        np.testing.assert_allclose(four[name].value, estimate.value, rtol=1e-12, err_msg=name)
        np.testing.assert_allclose(four[name].se, estimate.se, rtol=1e-9, err_msg=name)
        if name != "ece_null":
            assert set(np.unique(four[name].se_mc[~np.isnan(estimate.value)])) <= {0.0}


def test_trials_of_a_calibrated_agent_are_independent_in_the_null() -> None:
    """One claim of .5 with two trials: the rate is 0, .5 or 1, so the mean gap is .25; with one trial it is .5."""
    world = make_world(np.ones((1, 1, 2, 2)), from_table=True)
    observed = np.array([[[[True, True], [True, False]]]])
    null = of_agents(arm_of(replace(world, observed=observed)))["ece_null"].value
    np.testing.assert_allclose(null, [0.25, 0.5], atol=4 * 0.0005)


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_once")
def test_figures_of_repeated_trials(tmp_path: Path) -> None:
    world = replace(several(), present=np.ones((R, T, N), np.bool_))
    arm = arm_of(world)
    data = reliability.table(arm)
    counts = data.groupby("agent")["claims"].sum()
    assert counts["all agents"] == arm.observed.known.sum() == counts.drop("all agents").sum()
    found, pooled = of_agents(arm), pooled_claims(arm)
    ends = data.groupby("agent")[["ece", "ece_null"]].first()
    np.testing.assert_allclose(ends.loc[list(world.agents), "ece"], found["ece"].value, rtol=1e-12)
    np.testing.assert_allclose(ends.loc["all agents", "ece"], pooled["ece"].value, rtol=1e-12)
    np.testing.assert_array_equal(ends.loc[list(world.agents), "ece_null"], found["ece_null"].value)
    knows = who_knows.table(arm).set_index("agent")
    whole = arm.observed.at(who_knows.complete(arm))
    assert (knows["tasks"] == whole.claim.shape[1]).all()
    difference = who_knows.own_minus_others(whole.claim[0], whole.share[0])
    np.testing.assert_allclose(knows.loc[list(world.agents), "difference"], difference, rtol=1e-9)
    drawn = {path.name.partition(".")[0] for path in drawn_into([arm], tmp_path)}
    assert drawn == {"reliability", "who_knows", "allocation"}


def test_observed_must_fit_the_tries() -> None:
    world = several()
    for wrong in (np.ones((R, T, N), np.bool_), np.ones((R, T, N, K))):
        with pytest.raises(ArrayError, match="observed must be bool of shape"):
            replace(world, observed=wrong)


def test_observed_is_cut_with_the_world() -> None:
    world = several()
    assert world.observed is not None
    np.testing.assert_array_equal(world.only(2).observed, world.observed[:, :, 2:])
    np.testing.assert_array_equal(world.replication(1).observed, world.observed[1:])


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_once")
def test_arms_with_other_claims_have_no_figure_of_one_arms_claims(tmp_path: Path) -> None:
    other = ARM.replace('"x"', '"y"') + "bidders = {policy = {fixed_claim = {claim = 0.5}}}\n"
    scenario = lay_out(tmp_path, TOP + WORLD + TENDER + ARM + other)
    assert bidlab("run", scenario, "--out", tmp_path / "o", figures=True).code == 0
    assert "reliability.csv" not in {path.name for path in (tmp_path / "o" / "figures").iterdir()}
