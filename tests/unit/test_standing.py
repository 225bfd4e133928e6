"""Learners of standing against their definitions, and their purity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kit.arrays import Status
from sim.standing.reputation import (
    COST_LEARNERS,
    REPUTATIONS,
    BetaReputation,
    ExponentialReputation,
    Learner,
    LiveReputation,
    Outcome,
    RunningMeanCost,
)
from sim.standing.sources import parse_reputation, reputation_of
from tests.reference import MeanCost, reputation_step
from tests.reference_standing import reputed
from tests.tried import tried

LEARNERS: dict[str, Learner] = {
    "reputation agent_economy": LiveReputation(),
    "reputation exponential": ExponentialReputation(weight=0.3, start=0.8),
    "reputation beta": BetaReputation(a=2.0, b=0.5, decay=0.9),
    **{f"cost {name}": rule(prior=0.4, weight=2.0) for name, rule in COST_LEARNERS.items()},
}
every_learner = pytest.mark.parametrize("learner", LEARNERS.values(), ids=LEARNERS.keys())
histories = st.lists(
    st.lists(st.tuples(st.sampled_from(list(Status)), st.floats(0.0, 5.0)), min_size=3, max_size=3), max_size=40
)


def outcome(row: list[tuple[Status, float]]) -> Outcome:
    return Outcome(np.array([s for s, _ in row], np.int8), np.array([cost for _, cost in row]))


def test_every_reputation_is_among_the_learners_tested() -> None:
    assert {f"reputation {name}" for name in REPUTATIONS} <= set(LEARNERS)


@tried(60)
@given(history=histories)
@pytest.mark.parametrize("name", REPUTATIONS)
def test_reputation_follows_its_definition(name: str, history) -> None:
    rule = LEARNERS[f"reputation {name}"]
    state, past = rule.init(3), [[], [], []]
    for row in history:
        state = rule.step(state, outcome(row))
        for own, (status, _) in zip(past, row, strict=True):
            if status in (Status.PASS, Status.FAIL):
                own.append(status is Status.PASS)
        assert rule.read(state).tolist() == [reputed(rule, own) for own in past]


@tried(60)
@given(history=histories)
def test_live_reputation_follows_its_definition(history) -> None:
    rule = LiveReputation()
    state, expected = rule.init(3), [1.0] * 3
    for row in history:
        state = rule.step(state, outcome(row))
        expected = [reputation_step(rep, status.name) for rep, (status, _) in zip(expected, row, strict=True)]
        np.testing.assert_allclose(rule.read(state), expected, rtol=0, atol=1e-12)


@tried(60)
@given(history=histories, prior=st.floats(0.0, 3.0), weight=st.floats(0.1, 10.0))
def test_running_mean_cost_is_the_mean_of_all_attempts_and_the_prior(history, prior, weight) -> None:
    rule = RunningMeanCost(prior=prior, weight=weight)
    state, seen = rule.init(3), [MeanCost(prior, weight) for _ in range(3)]
    for row in history:
        state = rule.step(state, outcome(row))
        for mean, (status, cost) in zip(seen, row, strict=True):
            if status is not Status.NONE:
                mean.seen.append(cost)
    np.testing.assert_allclose(rule.read(state), [mean.mean() for mean in seen], rtol=1e-12, atol=1e-12)


@every_learner
def test_step_leaves_the_state_it_was_given(learner: Learner) -> None:
    state = learner.init(4)
    kept = [np.array(column) for column in state]
    status, cost = np.array([Status.PASS, Status.FAIL, Status.INFRA, Status.NONE], np.int8), np.full(4, 0.7)
    after = learner.step(state, Outcome(status, cost))
    for column, copy, new in zip(state, kept, after, strict=True):
        np.testing.assert_array_equal(column, copy)
        assert not np.shares_memory(column, new)
    assert cost.tolist() == [0.7] * 4


@every_learner
def test_agents_that_completed_nothing_keep_their_state(learner: Learner) -> None:
    state = learner.init(2)
    after = learner.step(state, Outcome(np.array([Status.PASS, Status.NONE], np.int8), np.array([0.7, np.nan])))
    for old, new in zip(state, after, strict=True):
        assert new[1] == old[1]


@every_learner
def test_batch_gives_bit_for_bit_what_its_rows_give(learner: Learner) -> None:
    status = np.array([[s, t] for s in Status for t in Status], np.int8)
    cost = np.linspace(0.0, 1.0, status.size).reshape(status.shape)
    batch = tuple(np.broadcast_to(column, status.shape) for column in learner.init(2))
    whole = learner.read(learner.step(batch, Outcome(status, cost)))
    for b in range(len(status)):
        row = learner.read(learner.step(learner.init(2), Outcome(status[b], cost[b])))
        assert whole[b].tobytes() == row.tobytes()


@pytest.mark.parametrize("status", [Status.INFRA, Status.NONE])
@pytest.mark.parametrize("reputation", [0.5, 0.87, 1.25, 1.4])
def test_only_pass_and_fail_move_reputation(status: Status, reputation: float) -> None:
    rule = LiveReputation()
    after = rule.step((np.array([reputation]),), Outcome(np.array([status], np.int8), np.zeros(1)))
    assert rule.read(after).tolist() == [reputation]


@pytest.mark.parametrize("status", [Status.INFRA, Status.NONE])
@pytest.mark.parametrize("name", REPUTATIONS)
def test_an_attempt_lost_to_the_system_leaves_every_reputation(name: str, status: Status) -> None:
    rule = LEARNERS[f"reputation {name}"]
    before = rule.step(rule.init(1), Outcome(np.array([Status.FAIL], np.int8), np.zeros(1)))
    after = rule.step(before, Outcome(np.array([status], np.int8), np.zeros(1)))
    assert [column.tolist() for column in after] == [column.tolist() for column in before]


@pytest.mark.parametrize(("status", "limit"), [(Status.PASS, 1.25), (Status.FAIL, 0.5)])
def test_reputation_stops_at_its_clamp(status: Status, limit: float) -> None:
    rule = LiveReputation()
    state = rule.init(1)
    for _ in range(10):
        state = rule.step(state, Outcome(np.array([status], np.int8), np.zeros(1)))
    assert rule.read(state).tolist() == [limit]


@every_learner
def test_a_market_without_agents_has_an_empty_standing(learner: Learner) -> None:
    assert learner.read(learner.init(0)).shape == (0,)


STARTS = {"agent_economy": {"start": {"bob": 0.75, "*": 1.25}, "up": 0.125}}


def test_agents_may_start_apart_and_learn_alike() -> None:
    rule = reputation_of(parse_reputation(STARTS), ("ada", "bob", "cyd"))
    assert rule is not None
    state = rule.init(3)
    assert rule.read(state).tolist() == [1.25, 0.75, 1.25]
    status = np.array([Status.FAIL, Status.PASS, Status.PASS])
    assert rule.read(rule.step(state, Outcome(status, np.zeros(3)))).tolist() == pytest.approx([1.05, 0.875, 1.25])
    with pytest.raises(ValueError, match="n_agents must be 3"):
        rule.init(2)


def test_a_single_agent_may_have_its_own_start() -> None:
    rule = reputation_of(parse_reputation(STARTS), ("bob",))
    assert rule is not None
    state = rule.step(rule.init(1), Outcome(np.array([Status.PASS]), np.zeros(1)))
    assert rule.read(state).tolist() == [0.875]


def test_an_exponential_reputation_may_start_apart_too() -> None:
    rule = reputation_of(parse_reputation({"exponential": {"weight": 0.5, "start": {"a": 0.25, "b": 1.0}}}), ("a", "b"))
    assert rule is not None
    assert rule.read(rule.init(2)).tolist() == [0.25, 1.0]


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({"bbo": 1.0, "*": 1.0}, "no agent 'bbo' \\(did you mean 'bob'\\?\\); allowed: ada, bob"),
        ({"ada": 1.0}, "'bob' has none; name it, or state \"\\*\" for all others"),
        ({"ada": -1.0, "*": 1.0}, "start: must be >= 0; got -1.0 \\(start of ada\\)"),
        ({"ada": 0.25, "*": 1.0}, "must have low <= start <= high .*\\(start of ada\\)"),
    ],
)
def test_bad_starts_are_named(start: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        reputation_of(parse_reputation({"agent_economy": {"start": start}}), ("ada", "bob"))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"agent_economy": {"start": {}}}, "must be a number, or name an agent"),
        ({"agent_economy": {"start": {"a": 1.0, "b": "x"}}}, "\\(start of b\\)"),
        ({"beta": {"start": {"a": 1.0}}}, "start"),
    ],
)
def test_a_scenario_is_checked_before_agents_are_known(raw: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_reputation(raw)
