"""Each declared promise is put to lies; each truthfulness that is denied is shown a lie that pays.

Utility is p pay_success + (1 - p) pay_failure - c where hired: integrated over the agent's own outcome, so that no
outcome noise enters and a single draw with a gain falsifies. Rivals bid anything at all.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kit.arrays import BoolArray, FloatArray, Status, settle
from sim.mechanisms import Mechanism
from tests.scenes import Scene, award_bytes, chance, random_scene, registered_with_switches, scene, truthful, utility
from tests.tried import tried

RULES = registered_with_switches()
TOLERANCE = 1e-9
lies_of_hypothesis = tried(50)

# Claims that vanish without being 0 have their own test, in tests/theory/test_scores.py.
shares = st.one_of(st.just(0.0), st.floats(1e-6, 1.0))
money = st.floats(0.0, 2.0)
asks = st.floats(-0.5, 2.0)
types = st.tuples(st.one_of(st.just(0.0), st.floats(0.01, 1.0)), st.floats(0.0, 1.0))
lies = st.lists(st.tuples(asks, shares), min_size=1, max_size=8)


def which(promise: str, declared: bool = True) -> pytest.MarkDecorator:
    """Parametrise over the rules that declare (or deny) a promise."""
    chosen = {name: rule for name, rule in RULES.items() if getattr(rule.promises, promise) is declared}
    return pytest.mark.parametrize("rule", chosen.values(), ids=chosen.keys())


@st.composite
def postings(draw: st.DrawFn) -> Scene:
    """A posting with arbitrary lying bids; the first agent is the one whose truth is at stake."""
    n = draw(st.integers(1, 5))

    def column(values: st.SearchStrategy[float]) -> FloatArray:
        return np.array(draw(st.lists(values, min_size=n, max_size=n)))

    value = draw(st.floats(0.25, 2.0))
    reserve = draw(st.one_of(st.just(value), money))
    return scene(
        column(asks),
        column(shares),
        active=column(st.sampled_from([1.0, 1.0, 0.0])),
        value=value,
        reserve=reserve,
        penalty=draw(st.one_of(st.just(0.0), money)),
        reputation=column(st.floats(0.5, 1.25)),
        expected_cost=column(st.one_of(st.just(0.0), st.floats(0.0, 0.5))),
        advice=column(shares),
        lottery=column(st.floats(0.0, 1.0, exclude_max=True)),
    )


def me(rivals: Scene) -> BoolArray:
    return np.arange(rivals.bids.ask.shape[-1]) == 0


def worth(rule: Mechanism, bids: Scene, belief: float, cost: float) -> float:
    return float(utility(bids.award(rule), belief, cost)[0])


def assert_no_lie_pays(
    rule: Mechanism, rivals: Scene, kind: tuple[float, float], lies: list[tuple[float | None, float | None]]
) -> None:
    """A lie of None in ask or claim keeps the truth there."""
    honest = truthful(rule, rivals, *kind, me(rivals))
    truth = worth(rule, honest, *kind)
    for ask, claim in lies:
        first = me(rivals)
        lie = honest.with_bids(
            ask=honest.bids.ask if ask is None else np.where(first, ask, honest.bids.ask),
            claim=honest.bids.claim if claim is None else np.where(first, claim, honest.bids.claim),
            active=honest.bids.active | first,
        )
        gain = worth(rule, lie, *kind) - truth
        assert gain <= TOLERANCE, f"type (p, c) = {kind} gains {gain:.3g} by ({ask}, {claim}) in {rivals}"


@pytest.mark.parametrize(
    "rule", [pytest.param(r, id=k) for k, r in RULES.items() if r.promises.ask or r.promises.claim]
)
@lies_of_hypothesis
@given(rivals=postings(), kind=types, lies=lies)
def test_no_lie_pays_about_what_is_declared_truthful(rule, rivals, kind, lies) -> None:
    """About the ask, the claim, or both at once where truth is declared dominant in both."""
    told: list[tuple[float | None, float | None]] = []
    if rule.promises.ask:
        told += [(ask, None) for ask, _ in lies]
    if rule.promises.claim:
        told += [(None, claim) for _, claim in lies]
    assert_no_lie_pays(rule, rivals, kind, told + (lies if rule.promises.ask and rule.promises.claim else []))


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(rule, id=name)
        for name, rule in RULES.items()
        if rule.promises.ask and not rule.promises.ask_at_true_claim
    ],
)
@lies_of_hypothesis
@given(rivals=postings(), kind=types, claim=st.floats(0.01, 1.0), lies=lies)
def test_truthful_ask_is_dominant_whatever_is_claimed(rule, rivals, kind, claim, lies) -> None:
    honest = truthful(rule, rivals, *kind, me(rivals))
    truth = worth(rule, honest.with_bids(claim=np.where(me(rivals), claim, honest.bids.claim)), *kind)
    for ask, _ in lies:
        lie = honest.with_bids(
            ask=np.where(me(rivals), ask, honest.bids.ask),
            claim=np.where(me(rivals), claim, honest.bids.claim),
            active=honest.bids.active | me(rivals),
        )
        assert worth(rule, lie, *kind) - truth <= TOLERANCE


@which("ask_at_true_claim")
def test_another_ask_pays_at_some_false_claim(rule) -> None:
    honest, p, c = lying_scenes(rule, 200)
    gains = [
        utility(first_bids(honest, shade, np.full(200, claim)).award(rule), p, c)[:, 0]
        - utility(first_bids(honest, 0.0, np.full(200, claim)).award(rule), p, c)[:, 0]
        for shade in (-0.2, -0.1, 0.1, 0.2)
        for claim in (0.1, 0.5, 1.0)
    ]
    assert max(gain.max() for gain in gains) > 0.01


def test_an_ask_that_is_dominant_at_a_true_claim_is_dominant_there() -> None:
    assert all(rule.promises.ask for rule in RULES.values() if rule.promises.ask_at_true_claim)


@which("claim_ignored")
@lies_of_hypothesis
@given(rivals=postings(), others=st.lists(shares, min_size=5, max_size=5))
def test_ignored_claims_change_nothing(rule, rivals, others) -> None:
    n = rivals.bids.claim.shape[-1]
    assert award_bytes(rivals.with_bids(claim=others[:n]).award(rule)) == award_bytes(rivals.award(rule))


def test_claims_that_are_ignored_are_truthful_claims() -> None:
    assert all(rule.promises.claim for rule in RULES.values() if rule.promises.claim_ignored)


def lying_scenes(rule: Mechanism, size: int) -> tuple[Scene, FloatArray, FloatArray]:
    """Postings without penalty at a reserve equal to the value, all agents truthful, with their types."""
    p, c = chance("lies/p", size, 3, low=0.3, high=0.95), chance("lies/c", size, 3, high=0.4)
    rivals = scene(np.zeros((size, 3)), 0.5, lottery=chance("lies/lottery", size, 3))
    return truthful(rule, rivals, p, c, np.ones((size, 3), np.bool_)), p, c


def first_bids(honest: Scene, shade: float, claim: FloatArray) -> Scene:
    """Agent 0 asks `shade` above its truth and claims `claim`."""
    ask, claims = np.array(honest.bids.ask), np.array(honest.bids.claim)
    ask[:, 0] += shade
    claims[:, 0] = claim
    return honest.with_bids(ask=ask, claim=claims)


def liable_scenes(rule: Mechanism, size: int) -> tuple[Scene, FloatArray, FloatArray]:
    """Scenes in which a lie may pay: where the truth is a best reply to the truth, rivals do not tell it."""
    honest, p, c = lying_scenes(rule, size)
    if not rule.promises.equilibrium:
        return honest, p, c
    ask, claim = chance("lies/their ask", size, 3, high=0.4), chance("lies/their claim", size, 3)
    ask[:, 0], claim[:, 0] = honest.bids.ask[:, 0], honest.bids.claim[:, 0]
    return honest.with_bids(ask=ask, claim=claim), p, c


@which("ask", declared=False)
def test_some_lie_about_the_ask_pays(rule) -> None:
    honest, p, c = liable_scenes(rule, 200)
    truth = utility(honest.award(rule), p, c)[:, 0]
    shaded = [utility(first_bids(honest, d, p[:, 0]).award(rule), p, c)[:, 0] - truth for d in (-0.1, 0.1, 0.2)]
    assert max(gain.max() for gain in shaded) > 0.01


@which("claim", declared=False)
def test_some_lie_about_the_claim_pays_at_some_ask(rule) -> None:
    honest, p, c = liable_scenes(rule, 200)
    gains = [
        utility(first_bids(honest, shade, np.full(200, claim)).award(rule), p, c)[:, 0]
        - utility(first_bids(honest, shade, p[:, 0]).award(rule), p, c)[:, 0]
        for shade in (0.0, 0.1, 0.2)
        for claim in (0.1, 0.5, 1.0)
    ]
    assert max(gain.max() for gain in gains) > 0.01


@which("equilibrium")
@lies_of_hypothesis
@given(rivals=postings(), kind=types, lies=lies)
def test_no_lie_pays_where_rivals_are_truthful(rule, rivals, kind, lies) -> None:
    """Rivals' claims are their true chances of success."""
    n = rivals.bids.ask.shape[-1]
    p, c = np.array(rivals.bids.claim), np.array(rivals.bids.ask)
    p[0], c[0] = kind
    honest = truthful(rule, rivals, p, c, np.ones(n, np.bool_))
    honest = honest.with_bids(active=honest.bids.active & (rivals.bids.active | me(rivals)))
    truth = float(utility(honest.award(rule), p, c)[0])
    for ask, claim in lies:
        for told in ((ask, claim), (ask, None), (None, claim)):
            lie = honest.with_bids(
                ask=honest.bids.ask if told[0] is None else np.where(me(rivals), told[0], honest.bids.ask),
                claim=p if told[1] is None else np.where(me(rivals), told[1], p),
                active=honest.bids.active | me(rivals),
            )
            gain = float(utility(lie.award(rule), p, c)[0]) - truth
            assert gain <= TOLERANCE, f"type (p, c) = {kind} gains {gain:.3g} by {told} in {honest}"


@which("rational")
@pytest.mark.parametrize("everybody", [True, False], ids=["all truthful", "rivals lie"])
def test_truth_never_expects_a_loss(rule, everybody) -> None:
    size, n = 4000, 3
    p, c = np.sqrt(chance("rational/p", size, n)), chance("rational/c", size, n, high=1.5)
    who = np.broadcast_to(np.arange(n) == 0, (size, n)) | everybody
    rivals = random_scene((size,), n, "rational")
    free_of_usage_cost = np.where(np.arange(size) % 2, 0.0, rivals.standing.expected_cost.T).T
    rivals = rivals._replace(standing=replace(rivals.standing, expected_cost=free_of_usage_cost))
    honest = truthful(rule, rivals, p, c, who)
    gain = utility(honest.award(rule), p, c)[who]
    assert gain.min() >= -TOLERANCE


@which("efficient")
@pytest.mark.parametrize("penalised", [False, True], ids=["k = 0", "k > 0"])
def test_truth_hires_the_greatest_expected_surplus(rule, penalised) -> None:
    size, n = 4000, 4
    p, c = chance("efficient/p", size, n), chance("efficient/c", size, n, high=0.8)
    value = chance("efficient/value", size, low=0.5, high=1.5)
    penalty = chance("efficient/penalty", size, high=2.0) if penalised else 0.0
    posted = scene(np.zeros((size, n)), 0.5, value=value, reserve=value, penalty=penalty)
    award = truthful(rule, posted, p, c, np.ones((size, n), np.bool_)).award(rule)
    sizes = range(n + 1) if rule.capabilities.hires_several else (0, 1)
    most = getattr(rule, "at_most", None) or n
    sets = [np.isin(np.arange(n), who) for size in sizes if size <= most for who in combinations(range(n), size)]
    best = np.max([joint_surplus(who, p, c, value) for who in sets], axis=0)
    np.testing.assert_allclose(joint_surplus(award.hired, p, c, value), best, rtol=0, atol=TOLERANCE)


def joint_surplus(hired: BoolArray, p: FloatArray, c: FloatArray, value: FloatArray) -> FloatArray:
    """Expected welfare of letting everybody hired try at once, V (1 - prod (1 - p)) - sum c."""
    solved = 1.0 - np.where(hired, 1.0 - p, 1.0).prod(axis=-1)
    return np.asarray(solved * value - np.where(hired, c, 0.0).sum(axis=-1))


@which("no_deficit")
def test_principal_never_pays_more_than_the_task_is_worth(rule) -> None:
    """In any state of the outcomes, where the reserve does not exceed the value and there is no penalty."""
    size, n = 2000, 4
    whole = random_scene((size,), n, "deficit")
    tender = replace(whole.tender, reserve=np.minimum(whole.tender.reserve, whole.tender.value), penalty=np.zeros(size))
    award = whole._replace(tender=tender).award(rule)
    for outcome in product((Status.FAIL, Status.PASS), repeat=n):
        status = np.where(award.hired, np.array(outcome), Status.NONE)
        if award.turn is not None:  # nobody tries after a success
            passed = (status == Status.PASS)[..., None, :] & (award.turn[..., None, :] < award.turn[..., :, None])
            status = np.where(passed.any(axis=-1), Status.NONE, status)
        worth = np.where((status == Status.PASS).any(axis=-1), tender.value, 0.0)
        assert (settle(award, status).sum(axis=-1) <= worth + TOLERANCE).all()
