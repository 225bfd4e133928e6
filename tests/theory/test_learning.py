"""Policies that learn against their definitions, written out for one agent, and against their regret bounds."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from sim.agents.bidding import Truthful
from sim.agents.everybody import Bidders
from sim.agents.learners import Exp3, Hedge, Imitate, Recalibrate
from sim.agents.learning import Feedback, LearningPolicy, Offer, Seen, State, rivals
from sim.front.market import Market
from sim.front.worlds import World
from sim.kit.arrays import Bids, FloatArray, Notice, Standing, Status, Tender
from sim.kit.draws import uniform, words_range
from sim.kit.errors import ScenarioError
from sim.mechanisms.price import SecondPrice

MARK_UPS = (-0.2, 0.0, 0.25, 0.5, 1.0)
NOTICE = Notice.trusted(value=np.float64(1.0), reserve=np.float64(1.0), penalty=np.float64(0.0), posting=np.int64(0))


def seen(ask: FloatArray, belief: FloatArray, luck: FloatArray) -> Seen:
    """A price auction without penalty, in which the truthful ask is cost over belief."""
    none = np.zeros(ask.shape, np.int64)
    able = np.full(ask.shape, True)
    return Seen(ask, belief, ask * belief, NOTICE, none, none, able, luck, lambda p, c: np.asarray(c / p))


def feedback_on(made: Offer, *, status: int = int(Status.NONE), **numbers: FloatArray) -> Feedback:
    """The same kind of feedback for everybody."""
    shape = made.ask.shape
    known = {name: np.zeros(shape) for name in ("payment", "cost")} | {"rival": np.full(shape, np.nan)} | numbers
    hired = np.full(shape, status != int(Status.NONE))
    return Feedback(np.full(shape, True), np.full(shape, status), hired, memo=made.memo, **known)


def test_exp3_is_the_algorithm_of_its_source() -> None:
    """Auer, Cesa-Bianchi, Freund, Schapire (2002), figure 1, one number after the other."""
    policy = Exp3(low=-0.5, high=1.5, rounds=60, mark_ups=MARK_UPS)
    k, gamma = len(MARK_UPS), min(1.0, math.sqrt(5 * math.log(5) / ((math.e - 1) * 60)))
    chance, weights, state = np.random.default_rng(3), [1.0] * k, policy.init(1)
    for _ in range(60):
        luck, profit = float(chance.random()), float(chance.uniform(-0.5, 1.5))
        p = [(1 - gamma) * weight / sum(weights) + gamma / k for weight in weights]
        drawn = next(place for place in range(k) if luck < sum(p[: place + 1]))
        made = policy.bid(state, seen(np.array([0.25]), np.array([0.5]), np.array([luck])))
        assert made.ask[0] == 0.25 * (1 + MARK_UPS[drawn])
        assert (made.memo[0][0], made.memo[1][0]) == (drawn, pytest.approx(p[drawn], rel=1e-12))
        weights[drawn] *= math.exp(gamma * ((profit + 0.5) / 2 / p[drawn]) / k)
        state = policy.learn(state, feedback_on(made, status=1, payment=np.array([profit]), cost=np.zeros(1)))
        np.testing.assert_allclose([float(one[0]) for one in state], np.log(weights), rtol=1e-10, atol=1e-12)


def test_hedge_is_the_algorithm_of_its_source() -> None:
    """Weights grow by what every mark-up would have earned: belief x (rival - truth) below the rival's ask."""
    policy = Hedge(low=-0.25, high=0.75, rounds=50, mark_ups=MARK_UPS)
    eta, chance = math.sqrt(8 * math.log(5) / 50), np.random.default_rng(4)
    weights, state = [1.0] * 5, policy.init(1)
    for _ in range(50):
        ask, belief, rival = (float(one) for one in chance.uniform(0.1, 0.9, 3))
        made = policy.bid(state, seen(np.array([ask]), np.array([belief]), chance.random(1)))
        for place, mark_up in enumerate(MARK_UPS):
            earned = belief * (rival - ask) if ask * (1 + mark_up) < rival else 0.0
            weights[place] *= math.exp(eta * min(max((earned + 0.25) / 1.0, 0.0), 1.0))
        state = policy.learn(state, feedback_on(made, rival=np.array([rival])))
        np.testing.assert_allclose([float(one[0]) for one in state], np.log(weights), rtol=1e-10, atol=1e-12)


RUNS, ROUNDS = 400, 2000


def regret_a_round(policy: LearningPolicy, tell: Callable[[int, Offer], Feedback], gains: FloatArray) -> FloatArray:
    """(runs,) regret to the best of the mark-ups, whose gains (rounds, K) an adversary has fixed before."""
    state: State = policy.init(RUNS)
    earned, rounds = np.zeros(RUNS), len(gains)
    luck = uniform(1, "tests/learning", words_range(rounds), words_range(RUNS))
    at = np.array(MARK_UPS)
    for t in range(rounds):
        made = policy.bid(state, seen(np.ones(RUNS), np.full(RUNS, 0.5), luck[t]))
        place = np.abs((made.ask - 1.0)[:, None] - at).argmin(axis=1)
        earned += gains[t, place]
        state = policy.learn(state, tell(t, made))
    return np.asarray((gains.sum(axis=0).max() - earned) / rounds)


def adversaries() -> dict[str, FloatArray]:
    """Gains (T, K) in [0, 1]: one arm better by a hair, arms that take turns, and one that is good late."""
    chance, k = np.random.default_rng(8), len(MARK_UPS)
    close = (chance.random((ROUNDS, k)) < 0.5 + 0.03 * (np.arange(k) == 2)).astype(float)
    turns = (np.arange(ROUNDS)[:, None] // 100 % k == np.arange(k)).astype(float)
    late = np.full((ROUNDS, k), 0.4)
    late[:, 1], late[ROUNDS // 2 :, 4] = 0.5, 1.0
    return {"close": close, "in turns": turns, "late": late}


@pytest.mark.parametrize("name", adversaries())
def test_exp3_stays_below_its_bound(name: str) -> None:
    """Mean regret of 400 runs a round, and three standard errors, below 2.63 sqrt(K ln K / T)."""
    gains, k = adversaries()[name], len(MARK_UPS)
    policy = Exp3(low=0.0, high=1.0, rounds=ROUNDS, mark_ups=MARK_UPS)

    def tell(t: int, made: Offer) -> Feedback:
        return feedback_on(made, status=1, payment=gains[t, made.memo[0].astype(int)], cost=np.zeros(RUNS))

    regret = regret_a_round(policy, tell, gains)
    assert regret.mean() + 3 * regret.std() / math.sqrt(RUNS) < 2.63 * math.sqrt(k * math.log(k) / ROUNDS)


def test_hedge_stays_below_its_bound() -> None:
    """As above, below sqrt(ln K / 2T): the adversary sets the rival's ask."""
    rival = np.where(np.arange(ROUNDS) // 150 % 2 == 0, 1.3, 0.9)
    gains = np.where(1.0 + np.array(MARK_UPS) < rival[:, None], 0.5 * (rival[:, None] - 1.0), 0.0) + 0.1
    policy = Hedge(low=-0.1, high=0.9, rounds=ROUNDS, mark_ups=MARK_UPS)
    regret = regret_a_round(policy, lambda t, made: feedback_on(made, rival=np.full(RUNS, rival[t])), gains)
    bound = math.sqrt(math.log(len(MARK_UPS)) / (2 * ROUNDS))
    assert regret.mean() + 3 * regret.std() / math.sqrt(RUNS) < bound


def test_truth_has_no_regret_in_a_second_price_auction() -> None:
    """On every one of 2,000 drawn auctions no mark-up earns more, in expectation over the outcome, than none."""
    chance, n = np.random.default_rng(5), 4
    belief, cost = chance.uniform(0.1, 1.0, (2000, n)), chance.uniform(0.0, 0.5, (2000, n))
    truth, lottery = cost / belief, chance.random((2000, n))
    tender = Tender.trusted(value=np.ones(2000), reserve=np.ones(2000), penalty=np.zeros(2000), posting=np.zeros(2000))
    standing = Standing.trusted(reputation=np.ones((2000, n)), expected_cost=cost, advice=np.full((2000, n), np.nan))

    def utility(mark_up: float) -> FloatArray:
        ask = truth.copy()
        ask[:, 0] *= 1 + mark_up
        bids = Bids.trusted(ask=ask, claim=belief, active=np.full(ask.shape, True))
        award = SecondPrice()(bids, tender, standing, lottery)
        paid = belief * award.pay_success + (1 - belief) * award.pay_failure - cost
        return np.where(award.hired, paid, 0.0)[:, 0]

    honest = utility(0.0)
    for mark_up in (-0.5, -0.2, -0.05, 0.05, 0.2, 0.5, 2.0):
        assert (utility(mark_up) <= honest + 1e-12).all()
        assert (utility(mark_up) < honest - 1e-12).any()


def test_rivals_ask_is_the_price_at_which_a_second_price_auction_is_won() -> None:
    """Whoever asks less than it is hired, at it; whoever asks more is not."""
    chance = np.random.default_rng(6)
    ask, active = chance.uniform(0.1, 1.2, (500, 4)), chance.random((500, 4)) < 0.8
    reserve, zeros = np.full(500, 1.0), np.zeros(500)
    notice = Notice.trusted(value=reserve, reserve=reserve, penalty=zeros, posting=zeros)
    bar = rivals(ask, active, notice)
    tender = Tender.trusted(value=reserve, reserve=reserve, penalty=zeros, posting=zeros)
    standing = Standing.trusted(reputation=np.ones((500, 4)), expected_cost=ask, advice=ask)
    bids = Bids.trusted(ask=ask, claim=np.full(ask.shape, 0.5), active=active)
    award = SecondPrice()(bids, tender, standing, chance.random((500, 4)))
    np.testing.assert_array_equal(award.hired, active & (ask < bar))
    np.testing.assert_array_equal(award.pay_success[award.hired], bar[award.hired])


def test_recalibration_ends_where_claims_are_what_is_solved() -> None:
    """An agent that believes .9 and solves .6: the shift settles around logit .6 - logit .9."""
    policy, state = Recalibrate(rate=0.02), Recalibrate(rate=0.02).init(200)
    success = uniform(2, "tests/recalibration", words_range(4000), words_range(200)) < 0.6
    for passed in success:
        made = policy.bid(state, seen(np.ones(200), np.full(200, 0.9), np.full(200, 0.5)))
        feedback = feedback_on(made, status=1)._replace(status=np.where(passed, int(Status.PASS), int(Status.FAIL)))
        state = policy.learn(state, feedback)
    ends = math.log(0.6 / 0.4) - math.log(0.9 / 0.1)
    assert abs(state[0].mean() - ends) < 4 * state[0].std() / math.sqrt(200) + 0.01


def test_imitators_follow_whoever_earns_most() -> None:
    policy = Imitate(mark_ups=(0.0, 0.5), rate=0.5, decay=1.0)
    state = policy.init(3)
    assert [one.tolist() for one in state] == [[0.0, 0.5, 0.0], [-np.inf] * 3]
    made = policy.bid(state, seen(np.ones(3), np.full(3, 0.5), np.full(3, 0.5)))
    assert made.ask.tolist() == [1.0, 1.5, 1.0]
    paid = feedback_on(made, status=1, payment=np.array([0.0, 2.0, 0.0]), cost=np.zeros(3))
    state = policy.learn(state, paid)
    state = policy.learn(state, feedback_on(made))
    assert [one.tolist() for one in state] == [[0.25, 0.5, 0.25], [0.0, 2.0, 0.0]]


def test_nobody_imitates_an_agent_without_feedback() -> None:
    """Agents a and b have lost money; c, with the greatest mark-up, bids by another policy and has no feedback."""
    everybody = Bidders(SecondPrice(), Imitate(mark_ups=(0.0, 0.5, 2.0), rate=1.0, decay=1.0), {2: Truthful()})
    state = everybody.init(3)
    made = Offer(np.ones(3), np.full(3, 0.5))
    state = everybody.learn(state, feedback_on(made, status=1, cost=np.array([0.3, 0.1, 0.0])))
    state = everybody.learn(state, feedback_on(made))
    assert state[0].tolist() == [0.5, 0.5, 2.0]
    assert state[1].tolist() == [-0.3, -0.1, -np.inf]


def test_asks_that_a_policy_learns_from_must_be_public() -> None:
    policy = {"hedge": {"low": 0.0, "high": 1.0, "rounds": 20, "mark_ups": [0.0, 0.5]}}
    world = World.drawn("marketbench", tasks=3, seed=1, policy=policy)
    with pytest.raises(ScenarioError, match=r'tender\.public: must name "asks" where a policy learns from its rivals'):
        Market(world, SecondPrice(), policy=policy)
    Market(world, SecondPrice(), policy=policy, public=["value", "penalty", "asks"]).run()
