"""The cascade against enumeration, Weitzman's identity, re-posting, and what its contracts leave to agents.

Everywhere p is the true chance of success, c the cost of an attempt, and V = 1 unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, permutations, product

import numpy as np
import pytest

from sim.kit.arrays import Award, FloatArray
from sim.mechanisms.cascade import Cascade
from tests.market.play import Play
from tests.scenes import Scene, chance, scene, utility
from tests.statistics import assert_mean, assert_rate
from tests.theory.world import E1_BELIEF, E1_COST, E1_SE
from tests.worlds import make_rules, make_world


def chain_welfare(p: FloatArray, c: FloatArray, chain: Iterable[int], value: float = 1.0, check: float = 0.0) -> float:
    """Try the agents of `chain` one after the other until one succeeds."""
    total, still_open = 0.0, 1.0
    for i in chain:
        total += still_open * (p[i] * value - c[i] - check)
        still_open *= 1.0 - p[i]
    return total


def best_by_enumeration(
    p: FloatArray, c: FloatArray, most: int, value: float = 1.0, check: float = 0.0, among: Iterable[int] | None = None
) -> float:
    """The best of all subsets of at most `most`, in all orders."""
    who = range(len(p)) if among is None else list(among)
    chains = (chain for size in range(most + 1) for chain in permutations(who, size))
    return max(chain_welfare(p, c, chain, value, check) for chain in chains)


def chain_of(rule: Cascade, posted: Scene) -> list[int]:
    """Agents of one posting in the order of their turns."""
    award = posted.award(rule)
    assert award.turn is not None
    return sorted(np.flatnonzero(award.hired).tolist(), key=lambda i: award.turn[i])


def draws(count: int, n: int, purpose: str = "cascade") -> tuple[FloatArray, FloatArray]:
    return chance(f"{purpose}/p", count, n, low=0.05), chance(f"{purpose}/c", count, n, high=0.6)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("check", [0.0, 0.05])
def test_cascade_is_the_best_of_all_subsets_and_orders(n: int, check: float) -> None:
    p, c = draws(60, n)
    for row in range(len(p)):
        for most in {1, 2, n}:
            limit = None if most >= n else most
            chain = chain_of(Cascade(at_most=limit, verification=check), scene(c[row], p[row]))
            assert len(chain) <= most
            found = chain_welfare(p[row], c[row], chain, check=check)
            assert found == pytest.approx(best_by_enumeration(p[row], c[row], min(most, n), check=check), abs=1e-12)


def test_a_given_order_tries_the_best_subset_in_that_order() -> None:
    p, c = draws(80, 5)
    order = (3, 1, 4, 0)
    for row, most in product(range(len(p)), (2, 5)):
        chain = chain_of(Cascade(order=order, at_most=None if most == 5 else most), scene(c[row], p[row]))
        best = max(
            chain_welfare(p[row], c[row], part) for size in range(most + 1) for part in combinations(order, size)
        )
        assert chain_welfare(p[row], c[row], chain) == pytest.approx(best, abs=1e-12)
        assert chain == [i for i in order if i in chain]


def test_a_reserve_below_the_value_tries_as_if_a_success_were_worth_the_reserve() -> None:
    p, c = draws(200, 4)
    capped, worth = scene(c, p, reserve=0.6).award(Cascade()), scene(c, p, value=0.6, reserve=0.6).award(Cascade())
    for name in ("hired", "turn", "pay_success", "pay_failure"):
        np.testing.assert_array_equal(getattr(capped, name), getattr(worth, name))
    assert (capped.hired == (c / p <= 0.6)).all()
    raised = scene(c, p, reserve=3.0).award(Cascade())
    np.testing.assert_array_equal(raised.pay_success, scene(c, p).award(Cascade()).pay_success)


def test_welfare_is_the_mean_of_the_best_capped_index() -> None:
    """E[max kappa]+, kappa = V - c/p with probability p [Weitzman1979]: over all outcomes, exactly."""
    p, c = draws(100, 4)
    for row in range(len(p)):
        chain = chain_of(Cascade(), scene(c[row], p[row]))
        mean = 0.0
        for outcome in product((False, True), repeat=4):
            weight = np.where(outcome, p[row], 1.0 - p[row]).prod()
            mean += weight * max([0.0, *(1.0 - c[row] / p[row])[list(outcome)]])
        assert chain_welfare(p[row], c[row], chain) == pytest.approx(mean, abs=1e-12)


def welfare_of(award: Award, p: FloatArray, c: FloatArray) -> FloatArray:
    """Expected welfare (...,) of trying those hired in their turns."""
    assert award.turn is not None
    before = award.hired[..., None, :] & (award.turn[..., None, :] < award.turn[..., :, None])
    reach = np.where(before, 1.0 - p[..., None, :], 1.0).prod(axis=-1)
    return np.where(award.hired, reach * (p - c), 0.0).sum(axis=-1)


def test_welfare_in_e1() -> None:
    """.8011; the two best tries alone give less, one try what the best single-hire rule gives."""
    posted = scene(E1_COST, E1_BELIEF)
    welfare = {m: welfare_of(posted.award(Cascade(at_most=m)), E1_BELIEF, E1_COST) for m in (None, 2, 1)}
    assert_mean(welfare[None], 0.8011, expected_se=E1_SE)
    assert_mean(welfare[1], 0.6545, expected_se=E1_SE)
    assert (welfare[1] <= welfare[2] + 1e-12).all()
    assert (welfare[2] <= welfare[None] + 1e-12).all()


def test_one_try_is_the_contingent_contract() -> None:
    """With at most one try d is the best rival's surplus: V - bar and -bar [PRST2008]."""
    p, c = draws(300, 4)
    award, surplus = scene(c, p).award(Cascade(at_most=1)), p - c
    best = np.argmax(surplus, axis=-1)
    rivals = np.where(np.arange(4) == best[:, None], -np.inf, surplus).max(axis=-1)
    bar = np.maximum(0.0, rivals)
    some = surplus.max(axis=-1) >= 0
    np.testing.assert_array_equal(award.hired.any(axis=-1), some)
    np.testing.assert_allclose(award.pay_success.sum(axis=-1), np.where(some, 1.0 - bar, 0.0), atol=1e-12)
    np.testing.assert_allclose(award.pay_failure.sum(axis=-1), np.where(some, -bar, 0.0), atol=1e-12)


@pytest.mark.parametrize("price", ["first_price", "second_price"])
def test_reposting_without_those_hired_to_the_lowest_break_even_ask_is_the_cascade(price: str) -> None:
    n, tasks = 4, 60
    p, c = chance("repost/p", tasks, n, low=0.3, high=0.95), chance("repost/c", tasks, n, high=0.4)
    success = chance("repost/luck", tasks, n) < p
    world = make_world(tasks, n, belief=p, cost_belief=c, cost=c, success=success)
    reposted = Play(world, make_rules(price, postings=n, exclude="hired"))
    cascaded = Play(world, make_rules(Cascade()))
    assert len(reposted.attempts) > tasks
    sequences = [
        {t: [row["agent"] for row in sorted(told.attempts, key=lambda row: row["start"]) if row["task"] == t]
         for t in range(tasks)}
        for told in (reposted, cascaded)
    ]  # fmt: skip
    assert sequences[0] == sequences[1]


def test_the_best_indices_are_often_the_wrong_set_where_tries_are_limited() -> None:
    """E1 with two tries: about a third of the time; the best set is still worth more, never less."""
    p, c = E1_BELIEF[:4000], E1_COST[:4000]
    index = np.where(c / p <= 1.0, c / p, np.inf)
    award = scene(c, p).award(Cascade(at_most=2))
    first = (np.argsort(np.argsort(index, axis=-1), axis=-1) < 2) & np.isfinite(index)
    by_index = scene(c, p, active=first).award(Cascade())
    wrong = (award.hired != by_index.hired).any(axis=-1)
    assert_rate(wrong, 1 / 3, expected_se=0.01)
    loss = welfare_of(award, p, c) - welfare_of(by_index, p, c)
    assert (loss[wrong] > 0).all()
    assert loss.min() >= -1e-12


def test_a_limited_cascade_still_tries_in_the_order_of_the_ratio() -> None:
    p, c = draws(300, 5)
    award = scene(c, p).award(Cascade(at_most=3))
    assert award.turn is not None
    for row in range(300):
        who = np.flatnonzero(award.hired[row])
        assert (np.diff((c / p)[row][who[np.argsort(award.turn[row][who])]]) >= 0).all()


RULES = [
    Cascade(),
    Cascade(at_most=2),
    Cascade(at_most=3),
    Cascade(verification=0.05),
    Cascade(order=(2, 0, 1)),
    Cascade((1, 2, 0), 2),
]


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_an_honest_agent_expects_what_it_adds_to_the_best_cascade(rule: Cascade) -> None:
    """Rent W* - W*_{-i}, in expectation over everybody's outcome; W by enumeration over subsets and orders."""
    n = 5 if rule.at_most == 3 else 4
    p, c = chance("rent/p", 60, n, low=0.05, high=0.7), chance("rent/c", 60, n, high=0.3)
    award = scene(c, p).award(rule)
    rent = utility(award, p, c)
    order = None if rule.order == "optimal" else rule.order
    most, check = rule.at_most or n, rule.verification

    def best(row: int, among: list[int]) -> float:
        if order is None:
            return best_by_enumeration(p[row], c[row], min(most, len(among)), check=check, among=among)
        parts = (s for size in range(most + 1) for s in combinations([i for i in order if i in among], size))
        return max(chain_welfare(p[row], c[row], part, check=check) for part in parts)

    for row, i in product(range(len(p)), range(n)):
        everybody = list(range(n))
        added = best(row, everybody) - best(row, [j for j in everybody if j != i])
        assert rent[row, i] == pytest.approx(added, abs=1e-9)


def test_without_a_limit_the_contract_is_the_price_of_what_follows() -> None:
    """pay_success = V - W_after, pay_failure = 0: and the general contract, with a limit that does not bind, agrees."""
    p, c = draws(200, 5)
    award, general = scene(c, p).award(Cascade()), scene(c, p).award(Cascade(at_most=5))
    assert not award.pay_failure.any()
    for name in ("pay_success", "pay_failure"):
        np.testing.assert_allclose(getattr(award, name), getattr(general, name), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(award.turn, general.turn)
    for row in range(200):
        chain = chain_of(Cascade(), scene(c[row], p[row]))
        for place, i in enumerate(chain):
            after = chain_welfare(p[row], c[row], chain[place + 1 :])
            assert award.pay_success[row, i] == pytest.approx(1.0 - after, abs=1e-12)


def test_truth_is_no_dominant_strategy() -> None:
    """Where rivals lie, some lie pays in a good share of cases, by up to a third of the value."""
    size = 400
    p, c = draws(size, 3, "cascade/lies")
    told = chance("cascade/told", size, 3, low=0.05)
    told[:, 0] = p[:, 0]
    truth = utility(scene(c, told).award(Cascade()), p, c)[:, 0]
    gain = np.zeros(size)
    for share, claim in product((0.0, 0.5, 1.0, 1.5), (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)):
        ask, claims = c.copy(), told.copy()
        ask[:, 0], claims[:, 0] = c[:, 0] * share, claim
        gain = np.maximum(gain, utility(scene(ask, claims).award(Cascade()), p, c)[:, 0] - truth)
    assert (gain > 1e-9).mean() > 0.15
    assert gain.max() > 0.1


def test_a_claim_of_one_does_not_end_the_cascade() -> None:
    """By the claims nobody after it is reached; if it fails after all, the next one tries, on the limit's contract."""
    for rule in (Cascade(), Cascade(at_most=3)):
        award = scene([0.1, 0.3, 0.4], [1.0, 0.9, 0.8]).award(rule)
        assert award.turn.tolist() == [0, 1, 2]
        nearly = scene([0.1, 0.3, 0.4], [1.0 - 1e-7, 0.9, 0.8]).award(rule)
        np.testing.assert_allclose(award.pay_success, nearly.pay_success, rtol=0, atol=1e-6)


def _posterior_best(outcomes: FloatArray, c: FloatArray, left: tuple[int, ...]) -> float:
    """The best adaptive search over agents whose joint outcomes have these weights, (2, ...), failures so far given."""
    total, best = outcomes.sum(), 0.0
    for i in left:
        axis = left.index(i)
        passed, failed = outcomes.take(1, axis).sum(), outcomes.take(0, axis)
        best = max(best, passed - c[i] * total + _posterior_best(failed, c, tuple(j for j in left if j != i)))
    return best


def _static(outcomes: FloatArray, c: FloatArray, chain: list[int]) -> float:
    """Welfare of a chain chosen by marginals, under the joint weights."""
    total, left = 0.0, list(range(outcomes.ndim))
    for i in chain:
        axis = left.index(i)
        total += outcomes.take(1, axis).sum() - c[i] * outcomes.sum()
        outcomes = outcomes.take(0, axis)
        left.pop(axis)
    return float(total)


@pytest.mark.parametrize("n", [2, 3])
def test_the_static_index_loses_where_outcomes_are_correlated(n: int) -> None:
    """With two agents the first try depends on marginals only; with three the order itself is sometimes wrong."""
    count = 400
    weights = -np.log(chance(f"joint/{n}", count, *([2] * n)))
    weights /= weights.reshape(count, -1).sum(axis=1).reshape(count, *([1] * n))
    c = chance(f"joint/c{n}", count, n, high=0.4)
    losses = []
    for row in range(count):
        joint = weights[row]
        p = np.array([joint.take(1, axis).sum() for axis in range(n)])
        order = sorted(range(n), key=lambda i: c[row, i] / p[i])
        chains = [part for size in range(n + 1) for part in combinations(order, size)]
        static = max(_static(joint, c[row], list(chain)) for chain in chains)
        losses.append(_posterior_best(joint, c[row], tuple(range(n))) - static)
    loss = np.array(losses)
    assert loss.min() >= -1e-12
    if n == 2:
        assert loss.max() < 1e-12
    else:
        assert_rate(loss > 1e-9, 0.12, expected_se=0.01)
