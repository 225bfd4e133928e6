"""Rings, Sybils and shills against the same postings worked through one at a time, outcome by outcome."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from sim.auditing.coalitions import GRID, Coalitions, coalition_cells
from sim.auditing.crowd import Gain, Means, chosen, gain, with_names
from sim.auditing.deviations import Desk
from sim.auditing.known import e1
from sim.auditing.lies import Grid, Lies
from sim.auditing.problem import EXACT, Draws, Problem, Verifier
from sim.auditing.rings import ring
from sim.auditing.shills import shill
from sim.auditing.sybils import bids_of, sybil
from sim.kit.arrays import Award, Bids, FloatArray, Standing, Tender
from sim.kit.errors import RunError
from sim.mechanisms import Mechanism
from sim.mechanisms.cascade import Cascade as Sequential
from sim.mechanisms.contingent import Contingent
from sim.mechanisms.hybrid import Hybrid
from sim.mechanisms.planner import RouteByAdvice
from sim.mechanisms.price import FirstPrice, HireAll, PostedPrice, SecondPrice
from sim.mechanisms.redundant import KRedundant
from sim.mechanisms.score import SecondScore
from tests.audit.cases import Cascade as ByAsk
from tests.audit.cases import Together, played, small

ERRING = Verifier(false_pass=0.2, false_fail=0.3)
MENU = Lies(np.array([0.15, 0.45, 0.8]), np.array([0.7, 1.0, 0.35]))
rules = pytest.mark.parametrize(
    "rule",
    [SecondPrice(), SecondScore(), PostedPrice(), HireAll(), KRedundant(), Sequential(), ByAsk(), Together(), Hybrid()],
    ids=lambda rule: rule.name,
)
verifiers = pytest.mark.parametrize(
    "verifier", [pytest.param(EXACT, id="exact", marks=pytest.mark.slow), pytest.param(ERRING, id="errs")]
)


def posting(
    problem: Problem, draws: Draws, draw: int, bids: dict[int, tuple[float, float] | None], advice: float | None = None
) -> Award:
    """The award of one draw when the agents at these places bid (ask, claim), or nothing, and the others the truth."""
    ask, claim, active = (np.array(getattr(draws, name)[draw]) for name in ("ask", "claim", "active"))
    known = {name: np.array(array[draw]) for name, array in vars(draws.standing).items()}
    for place, bid in bids.items():
        active[place] = bid is not None and np.isfinite(bid[0])
        ask[place], claim[place] = bid if bid is not None else (np.nan, 0.5)
        if advice is not None:
            known["advice"][place] = advice
    ask[~active] = np.nan
    tender = Tender(**{name: array[draw] for name, array in vars(draws.tender).items()})
    return problem.rule(Bids(ask, claim, active), tender, Standing(**known), draws.lottery[draw])


def lotteries(size: int, count: int) -> FloatArray:
    return np.random.default_rng(5).random((size, count))


def unlike(rule: Mechanism, verifier: Verifier, draws: int = 9) -> Problem:
    """A problem in which the audited agent is the second of four, types believe what is not true, and V is 2."""
    found = small(rule, types=4, draws=draws, verifier=verifier)
    types, whole = found.types, found.draws
    tender = Tender.trusted(**{**vars(whole.tender), "value": 2.0 * whole.tender.value})
    return replace(
        found, agent=1, types=replace(types, ability=0.5 * types.ability), draws=replace(whole, tender=tender)
    )


@rules
@verifiers
@pytest.mark.parametrize("k", [2, 3])
def test_ring_posting_by_posting(rule: Mechanism, verifier: Verifier, k: int) -> None:
    problem = unlike(rule, verifier)
    d, members = problem.draws, [(1 + j) % 4 for j in range(k)]
    sums = np.zeros((3, len(d)))
    for draw in range(len(d)):
        tender = Tender(**{name: array[draw] for name, array in vars(d.tender).items()})
        standing = Standing(**{name: array[draw] for name, array in vars(d.standing).items()})
        score = rule.scores(Bids(d.ask[draw], d.claim[draw], d.active[draw]), tender, standing)
        if np.isnan(score).all():
            score = d.belief[draw] * d.scale[draw] - d.cost[draw]
        best = max(members, key=lambda i: float(score[i]) if d.active[draw, i] else -np.inf)
        for case, stays in enumerate((members, [best], members[:1])):
            award = posting(problem, d, draw, {i: None for i in members if i not in stays})
            got = played(award, d.ability[draw], d.cost[draw], 2.0, verifier)["utility"]
            sums[case, draw] = got[members].sum()
    found = ring(problem, k)
    assert found.members == tuple(members)
    assert found.gain.base == pytest.approx(sums[0].mean(), abs=1e-12)
    assert found.gain.mean == pytest.approx((sums[1] - sums[0]).mean(), abs=1e-12)
    assert found.fixed.mean == pytest.approx((sums[2] - sums[0]).mean(), abs=1e-12)
    assert found.gain.low.se == pytest.approx((sums[1] - sums[0]).std(ddof=1) / 3, abs=1e-12)


def worth(problem: Problem, draws: Draws, draw: int, kind: int, bids: dict[int, tuple[float, float] | None]) -> float:
    """What the type expects of the names in `bids`, at its belief."""
    types = problem.types
    advice = None if types.advice is None else float(types.advice[kind])
    award = posting(problem, draws, draw, bids, advice)
    ability, cost = np.array(draws.ability[draw]), np.array(draws.cost[draw])
    ability[list(bids)], cost[list(bids)] = types.belief[kind], types.cost[kind]
    return float(played(award, ability, cost, 2.0, problem.verifier)["utility"][list(bids)].sum())


@rules
@verifiers
@pytest.mark.parametrize("m", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_sybils_posting_by_posting(rule: Mechanism, verifier: Verifier, m: int) -> None:
    problem = unlike(rule, verifier, draws=6)
    lottery, types = lotteries(len(problem.draws), m - 1), problem.types
    d, places = with_names(problem.draws, 1, lottery), [1, *range(4, 3 + m)]
    tuples = bids_of(4, m)
    honest = Desk(problem, problem.draws).truth(np.arange(4))[:, 0]
    u = np.empty((len(types), len(tuples), len(d)))
    for kind, row, draw in np.ndindex(u.shape):
        said: dict[int, tuple[float, float] | None] = {}
        for place, choice in zip(places, tuples[row], strict=True):
            truth, lie = (float(honest[kind]), float(types.belief[kind])), max(0, choice - 1)
            lied = float(MENU.share[lie] * d.scale[draw]), float(MENU.claim[lie])
            said[place] = None if choice < 0 else truth if choice == 0 else lied
        u[kind, row, draw] = worth(problem, d, draw, kind, said)
    found = sybil(problem, lottery, MENU)
    half = [np.arange(len(d)) % 2 == side for side in (0, 1)]
    interim, low, ex_post, base = [], [], [], []
    for each in u:
        ones = each[:4]
        pick = [[int(rows[:, at].mean(1).round(12).argmax()) for rows in (each, ones)] for at in (*half, slice(None))]
        base.append(ones[pick[2][1]].mean())
        interim.append(each[pick[2][0]].mean() - base[-1])
        gains = [each[more] - ones[one] for more, one in pick]
        low.append(np.where(half[1], gains[0], gains[1]).mean())
        ex_post.append((each.max(0) - ones.max(0)).mean())
    assert found.bids.interim.base == pytest.approx(np.mean(base), abs=1e-12)
    assert found.bids.interim.high.mean == pytest.approx(np.mean(interim), abs=1e-11)
    assert found.bids.interim.low.mean == pytest.approx(np.mean(low), abs=1e-11)
    assert found.bids.ex_post.mean == pytest.approx(np.mean(ex_post), abs=1e-11)
    honest_rows = [row for row, bids in enumerate(tuples) if set(bids) <= {0, -1}]
    copies = u[:, honest_rows]
    assert len(honest_rows) == m  # under one name, two, ...
    assert found.always.mean == pytest.approx((copies[:, -1] - copies[:, 0]).mean(), abs=1e-12)
    for copied in (found.always, found.copies.interim, found.copies.ex_post):
        assert copied.base == pytest.approx(u[:, 0].mean(), abs=1e-12)
    by_type = copies.mean(axis=2).max(axis=1) - copies[:, 0].mean(axis=1)
    assert found.copies.interim.high.mean == pytest.approx(by_type.mean(), abs=1e-11)
    assert found.copies.ex_post.mean == pytest.approx((copies.max(axis=1) - copies[:, 0]).mean(), abs=1e-11)


def test_a_member_without_a_bid_has_no_utility() -> None:
    """Where a table holds nothing of an agent its belief and cost are NaN."""
    problem = unlike(SecondPrice(), EXACT)
    out = np.zeros(problem.draws.active.shape, np.bool_)
    out[:4, 1] = True
    some = replace(problem.draws, active=problem.draws.active & ~out)
    blank = replace(some, **{name: np.where(out, np.nan, getattr(some, name)) for name in ("belief", "cost")})
    assert ring(replace(problem, draws=blank), 2).gain == ring(replace(problem, draws=some), 2).gain


@rules
@verifiers
def test_shills_posting_by_posting(rule: Mechanism, verifier: Verifier) -> None:
    problem, grid = unlike(rule, verifier), Grid(5, 2)
    lottery = lotteries(len(problem.draws), 1)
    d = with_names(problem.draws, 1, lottery)
    menu = [None, *product(grid.asks, grid.claims)]
    money = np.empty((len(menu), len(d)))
    for row, draw in np.ndindex(money.shape):
        bid = menu[row]
        said = None if bid is None else (float(bid[0] * d.scale[draw]), float(bid[1]))
        award = posting(problem, d, draw, {4: said})
        real = Award(
            award.hired[:4],
            award.pay_success[:4],
            award.pay_failure[:4],
            award.by_tie,
            turn=None if award.turn is None else award.turn[:4],
        )
        got = played(real, d.ability[draw, :4], d.cost[draw, :4], 2.0, verifier)
        money[row, draw] = got["principal"]
    found = shill(problem, lottery[:, 0], grid)
    assert found is not None
    assert found.blind.base == pytest.approx(money[0].mean(), abs=1e-12)
    assert found.blind.high.mean == pytest.approx(max(0.0, (money.mean(1) - money[0].mean()).max()), abs=1e-12)
    assert found.seen.mean >= (money.max(0) - money[0]).mean() - 1e-12


def test_a_shill_that_sees_the_bids_leaves_the_winner_its_own_price() -> None:
    problem = e1(SecondPrice(), 2, 300, 2, 11)
    d = problem.draws
    asks = np.sort(np.where(d.ask <= 1.0, d.ask, np.inf), axis=1)
    who = np.where(d.ask <= 1.0, d.ask, np.inf).argmin(axis=1)
    sold = np.isfinite(asks[:, 0])
    saved = np.where(sold, d.ability[np.arange(300), who] * (np.minimum(asks[:, 1], 1.0) - asks[:, 0]), 0.0)
    found = shill(problem, lotteries(300, 1)[:, 0], GRID)
    assert found is not None
    assert found.seen.mean == pytest.approx(saved[np.isfinite(saved)].mean(), abs=1e-7)


@pytest.mark.parametrize("rule", [FirstPrice(), Contingent(bond=0.25), Hybrid()], ids=lambda rule: rule.name)
def test_shares_have_the_error_of_a_ratio(rule: Mechanism) -> None:
    """Against the jackknife over draws."""
    problem = e1(rule, 2, 400, 2, 3)
    found = ring(problem, 2).gain
    if found.base <= 1e-12:
        assert np.isnan(found.share)
        return
    left_out = []
    for draw in range(400):
        kept = np.arange(400) != draw
        part = replace(
            problem, draws=Draws(**{name: _kept(whole, kept) for name, whole in vars(problem.draws).items()})
        )
        left_out.append(ring(part, 2).gain.share)
    jackknife = np.sqrt(399 / 400 * ((np.array(left_out) - np.mean(left_out)) ** 2).sum())
    assert found.share_se == pytest.approx(jackknife, rel=0.02)


def _kept(whole, kept):  # type: ignore[no-untyped-def]
    if hasattr(whole, "dtype"):
        return whole[kept]
    return type(whole).trusted(**{name: array[kept] for name, array in vars(whole).items()})


def test_tuples_name_every_bid_once() -> None:
    tuples = [tuple(row) for row in bids_of(3, 3)]
    assert len(set(tuples)) == len(tuples) == 3 + 6 + 9
    assert all(row.count(-1) == 3 - len([x for x in row if x >= 0]) for row in tuples)
    assert [row for row in tuples if row[1] == -1] == tuples[:3]


def test_choices_are_made_on_one_half_and_taken_on_the_other() -> None:
    u = np.array([[0.0, 0.0, 0.0, 0.0], [3.0, -1.0, 3.0, -1.0]])
    found = chosen(u, 1)
    assert found.low.tolist() == [0.0, -1.0, 0.0, -1.0]
    assert found.high.tolist() == [3.0, -1.0, 3.0, -1.0]
    assert found.ex_post.tolist() == [3.0, 0.0, 3.0, 0.0]
    assert found.base.tolist() == [0.0] * 4


def test_a_gain_over_nothing_is_no_share() -> None:
    nothing, some = Means.of_draws(np.zeros(4)), Means.of_draws(np.array([1.0, 2.0, 3.0, 4.0]))
    found: Gain = gain(some, some, nothing)
    assert (found.mean, np.isnan(found.share), np.isnan(found.share_se)) == (2.5, True, True)
    low, high = found.interval
    assert low < 2.5 < high


def test_cells_are_empty_where_nothing_can_be_tried() -> None:
    assert coalition_cells(small(RouteByAdvice()), Coalitions(), 1) == {}
    problem = small(KRedundant())
    twelve = replace(problem, draws=with_names(problem.draws, 0, lotteries(12, 8)))
    cells = coalition_cells(twelve, Coalitions(), 1)
    assert "ring_gain" in cells
    assert "names_interim_gain" not in cells
    assert "shill_gain" not in cells
    unstated = small(SecondPrice())
    tender = Tender.trusted(**{**vars(unstated.draws.tender), "value": np.full(12, np.nan)})
    assert "shill_gain" not in coalition_cells(
        replace(unstated, draws=replace(unstated.draws, tender=tender)), Coalitions(), 1
    )


@pytest.mark.parametrize(("count", "message"), [({"ring": 1}, "ring 1: must be >= 2"), ({"names": 0}, "names 0")])
def test_numbers_that_are_no_coalition(count: dict[str, int], message: str) -> None:
    with pytest.raises(RunError, match=message):
        Coalitions(**count)


def test_rings_have_members() -> None:
    with pytest.raises(RunError, match="ring 5: must be from 2 to the 4 agents"):
        ring(small(SecondPrice()), 5)
    with pytest.raises(RunError, match="ring 5: must be from 2 to the 4 agents"):
        Coalitions(ring=5).admit(["a", "b", "c", "d"])
