"""What every registered mechanism must do, whatever its economics. Parametrised over the registry and its examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.kit.arrays import Award, Bids, IntArray, Standing, Tender
from sim.mechanisms import Mechanism, lookup
from sim.mechanisms.planner import Always, RouteByAdvice
from tests.scenes import Scene, award_bytes, chance, random_scene, registered, scene

RULES = registered()
every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
every_bidding_rule = pytest.mark.parametrize(
    ("rule"), [pytest.param(r, id=k) for k, r in RULES.items() if not isinstance(r, (Always, RouteByAdvice))]
)


def relayout(whole: Scene, change: Any) -> Scene:
    """The scene with every array passed through `change`, bypassing the constructors, which would copy."""

    def rebuild(part: Any) -> Any:
        return type(part).trusted(**{name: change(np.array(column)) for name, column in vars(part).items()})

    return Scene(rebuild(whole.bids), rebuild(whole.tender), rebuild(whole.standing), change(np.array(whole.lottery)))


def single(whole: Scene, where: tuple[int, ...]) -> Scene:
    """One posting of a batch."""
    return relayout(whole, lambda column: column[where])


def with_agents(whole: Scene, order: Sequence[int]) -> Scene:
    """The scene with its agents taken in another order."""

    def rebuild(kind: Any, part: Any) -> Any:
        return kind(**{name: column[..., order] for name, column in vars(part).items()})

    return Scene(rebuild(Bids, whole.bids), whole.tender, rebuild(Standing, whole.standing), whole.lottery[..., order])


def for_names(rule: Mechanism, agents: Sequence[str]) -> Mechanism:
    """The rule for these agents; one that names an agent names "a0"."""
    return (replace(rule, agent="a0") if isinstance(rule, Always) else rule).for_agents(agents)


def turns(award: Award) -> IntArray:
    """Turn of each agent hired, -1 of the others."""
    return np.where(award.hired, 0 if award.turn is None else award.turn, -1)


def ranks(rule: Mechanism) -> bool:
    """It orders bids by a score."""
    return bool(rule.terms(*random_scene((), 2)[:3]))


@every_rule
@pytest.mark.parametrize("leading", [(), (5,), (2, 3)], ids=str)
@pytest.mark.parametrize("n", [0, 1, 4])
def test_award_has_the_shape_of_the_bids(rule: Mechanism, leading: tuple[int, ...], n: int) -> None:
    award = random_scene(leading, n).award(rule)
    assert award.hired.shape == award.pay_success.shape == award.pay_failure.shape == (*leading, n)
    assert award.by_tie.shape == leading
    assert (award.hired.dtype, np.asarray(award.by_tie).dtype) == (np.bool_, np.bool_)
    assert award.pay_success.dtype == award.pay_failure.dtype == np.float64


@every_rule
@pytest.mark.parametrize(
    "layout",
    [
        lambda column: column,
        np.asfortranarray,
        lambda column: np.repeat(column, 2, axis=-1)[..., ::2],
        lambda column: np.ascontiguousarray(column[..., ::-1])[..., ::-1],
    ],
    ids=["contiguous", "fortran", "strided", "reversed"],
)
def test_batch_gives_bit_for_bit_what_its_postings_give(rule: Mechanism, layout: Any) -> None:
    whole = random_scene((6, 9), 5)
    batch = relayout(whole, layout).award(rule)
    for where in np.ndindex(6, 9):
        row = type(batch).trusted(**{name: column[where] for name, column in vars(batch).items()})
        assert award_bytes(row) == award_bytes(single(whole, where).award(rule))


@every_rule
def test_permuting_agents_permutes_the_award(rule: Mechanism) -> None:
    whole, agents = random_scene((200,), 6), [f"a{i}" for i in range(6)]
    order = [3, 0, 5, 1, 4, 2]
    before = whole.award(for_names(rule, agents))
    after = with_agents(whole, order).award(for_names(rule, [agents[i] for i in order]))
    for name in ("hired", "pay_success", "pay_failure"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name)[..., order])
    np.testing.assert_array_equal(turns(after), turns(before)[..., order])
    np.testing.assert_array_equal(after.by_tie, before.by_tie)


@every_rule
@pytest.mark.parametrize(("ask", "claim"), [(0.0, 1.0), (np.nan, np.nan), (np.inf, 0.0), (-np.inf, 1.0), (-9.0, 7.0)])
def test_inactive_bids_change_nothing(rule: Mechanism, ask: float, claim: float) -> None:
    few = random_scene((100,), 4)
    many = with_agents(few, [0, 1, 2, 3, 0, 1])
    asks, claims, active, lottery = (
        np.array(column) for column in (many.bids.ask, many.bids.claim, many.bids.active, many.lottery)
    )
    asks[:, 4:], claims[:, 4:], active[:, 4:], lottery[:, 4:] = ask, claim, False, 0.0
    award = many.with_bids(ask=asks, claim=claims, active=active)._replace(lottery=lottery).award(rule)
    assert not award.hired[:, 4:].any()
    cut = {name: column[:, :4] for name, column in vars(award).items() if name != "by_tie"}
    assert award_bytes(type(award).trusted(**cut, by_tie=award.by_tie)) == award_bytes(few.award(rule))


@every_rule
def test_hired_are_active_and_the_others_are_promised_nothing(rule: Mechanism) -> None:
    whole = random_scene((500,), 5)
    award = whole.award(rule)
    assert award.hired.any()
    assert not (award.hired & ~whole.bids.active).any()
    for pay in (award.pay_success, award.pay_failure):
        assert np.isfinite(pay).all()
        assert (pay[~award.hired] == 0).all()


@every_rule
@pytest.mark.parametrize("n", [0, 1, 3])
def test_nobody_active_hires_nobody_and_not_by_a_tie(rule: Mechanism, n: int) -> None:
    award = random_scene((2,), n).with_bids(active=np.zeros((2, n), np.bool_)).award(rule)
    assert not award.hired.any()
    assert not award.by_tie.any()


@every_rule
def test_one_good_agent_is_hired(rule: Mechanism) -> None:
    award = scene([0.2], 0.9, advice=0.9).award(rule)
    assert award.hired.tolist() == [True]
    assert not award.by_tie


@every_bidding_rule
def test_asks_far_above_the_reserve_hire_nobody(rule: Mechanism) -> None:
    assert not scene([4.0, 5.0, 9.0], [1.0, 0.9, 0.5], reserve=0.5, reputation=1.25).award(rule).hired.any()


@every_rule
def test_equal_bids_go_to_the_lowest_lottery(rule: Mechanism) -> None:
    tied = scene([0.2] * 4, 0.9, advice=0.9, expected_cost=0.1, lottery=[0.7, 0.4, 0.1, 0.6])
    award = tied.award(rule)
    if award.hired.sum() == 1 and not isinstance(rule, Always):
        assert award.hired.tolist() == [False, False, True, False]
    assert bool(award.by_tie) is ranks(rule)


@every_rule
def test_inputs_are_not_written_to(rule: Mechanism) -> None:
    whole = relayout(random_scene((20,), 4), lambda column: column)
    columns = [c for part in whole[:3] for c in vars(part).values()] + [whole.lottery]
    before = [np.array(column) for column in columns]
    whole.award(rule)
    for column, copy in zip(columns, before, strict=True):
        np.testing.assert_array_equal(column, copy)


@every_rule
def test_terms_sum_to_the_scores(rule: Mechanism) -> None:
    whole = random_scene((50,), 4)
    terms = rule.terms(whole.bids, whole.tender, whole.standing)
    scores = rule.scores(whole.bids, whole.tender, whole.standing)
    assert rule.threshold(whole.tender).shape == (50,)
    if terms:
        np.testing.assert_allclose(sum(terms.values()), scores, rtol=0, atol=1e-12)
        assert all(term.shape == (50, 4) for term in terms.values())
    else:
        assert np.isnan(scores).all()
        assert np.isnan(rule.threshold(whole.tender)).all()


@pytest.mark.parametrize(
    "rule", [pytest.param(r, id=k) for k, r in RULES.items() if ranks(r) and not r.capabilities.in_turns]
)
def test_ranking_rules_hire_the_best_score_that_reaches_the_threshold(rule: Mechanism) -> None:
    whole = random_scene((2000,), 5)
    award = whole.award(rule)
    # Live rules compare scores rounded to six decimals of a credit, so nearer scores decide nothing here.
    slack = 2e-8
    able = np.where(whole.bids.active, rule.scores(whole.bids, whole.tender, whole.standing), -np.inf)
    best, least = able.max(axis=-1), rule.threshold(whole.tender)
    if rule.capabilities.hires_several:
        assert award.hired[able > least[:, None] + slack].all()
        assert not award.hired[able < least[:, None] - slack].any()
        return
    assert (award.hired.sum(axis=-1) <= 1).all()
    assert award.hired.any(axis=-1)[best > least + slack].all()
    assert not award.hired.any(axis=-1)[best < least - slack].any()
    assert (np.where(award.hired, able, np.inf).min(axis=-1) >= best - slack).all()


@every_rule
@pytest.mark.parametrize("factor", [2.0**-7, 2.0, 2.0**10])
def test_another_unit_of_money_rescales_payments_exactly(rule: Mechanism, factor: float) -> None:
    """Credits are a unit of money too: where a rule rounds to them, the credit keeps its worth."""
    whole = random_scene((300,), 5)
    t, s = whole.tender, whole.standing
    scaled = whole.with_bids(ask=whole.bids.ask * factor)._replace(
        tender=Tender(t.value * factor, t.reserve * factor, t.penalty * factor, t.posting),
        standing=Standing(s.reputation, s.expected_cost * factor, s.advice),
    )
    credit = getattr(rule, "credits_per_dollar", None)
    money = {name: getattr(rule, name) * factor for name in rule.dollars}
    other = replace(rule, **money, **({} if credit is None else {"credits_per_dollar": credit / factor}))  # type: ignore[type-var]
    base, award = whole.award(rule), scaled.award(other)
    np.testing.assert_array_equal(award.hired, base.hired)
    np.testing.assert_array_equal(award.pay_success, base.pay_success * factor)
    np.testing.assert_array_equal(award.pay_failure, base.pay_failure * factor)


@every_rule
def test_by_tie_is_false_where_no_two_scores_agree(rule: Mechanism) -> None:
    assert not random_scene((300,), 4).award(rule).by_tie.any()


def test_posted_price_does_not_look_at_which_qualifier_asks_less() -> None:
    asks = np.sort(chance("posted/ask", 200, 4, high=0.5))
    straight = scene(asks, 0.5, lottery=chance("posted/lottery", 200, 4))
    award = straight.award(lookup("posted_price")())
    np.testing.assert_array_equal(
        award.hired, straight.with_bids(ask=asks[:, ::-1]).award(lookup("posted_price")()).hired
    )
