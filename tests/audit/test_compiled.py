"""Audits with compiled rules find what audits find that call them, number for number."""

from __future__ import annotations

import dataclasses
import pickle
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from sim.auditing import compiled_deals
from sim.auditing.audit import audit
from sim.auditing.compiled_deals import dealer
from sim.auditing.deviations import Desk
from sim.auditing.lies import Grid, Lies
from sim.auditing.problem import Verifier
from sim.auditing.promises import attack
from sim.compiled.abreast import abreast, postings
from sim.kit.arrays import Award, Bids, FloatArray, Standing, Tender
from sim.kit.errors import MarketError
from sim.mechanisms import Mechanism, Promises, contract, lookup, names
from tests.audit.cases import ByAdvice, small
from tests.compiled.test_trace import fronts, named

pytest.importorskip("numba")
RULES = [rule for name in names() for rule in lookup(name).examples()]


@dataclass(frozen=True)
class InTurns(Mechanism):
    """Everybody within the reserve tries, in the order of places, and pays a fee of a hundredth of the reserve."""

    name: ClassVar[str] = "in_turns_of_the_tests"
    summary: ClassVar[str] = "in the order of places"
    promises: ClassVar[Promises] = Promises(False, False, False, False, False)

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        reserve = np.asarray(tender.reserve)[..., None]
        award = contract(bids.active & (bids.ask <= reserve), bids.ask, -0.1, np.zeros(bids.ask.shape[:-1], np.bool_))
        turn = np.where(award.hired, np.cumsum(award.hired, axis=-1), -1)
        return Award.trusted(**vars(award), turn=turn, fee=np.broadcast_to(0.01 * reserve, bids.ask.shape))


FEW = [lookup("second_score").examples()[0], InTurns(), ByAdvice()]


def found(rule: Mechanism, compiled: bool, draws: int = 300, verifier: Verifier | None = None) -> bytes:
    """Everything that an audit finds."""
    problem = small(rule, 6, draws, verifier or Verifier(false_pass=0.1, false_fail=0.2))
    made = audit(problem, Grid(9, 5), compiled=compiled)
    parts: list[Any] = [made.kinds, made.truth, made.effect, made.ignores]
    return pickle.dumps(
        [dataclasses.asdict(part) if dataclasses.is_dataclass(part) else part for part in _plain(parts)]
    )


def _plain(thing: Any) -> Any:
    """Without the identities that pickle tells of."""
    if isinstance(thing, dict):
        return {key: _plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_plain(value) for value in thing]
    if isinstance(thing, np.ndarray):
        return thing.tobytes()
    return _plain(vars(thing)) if dataclasses.is_dataclass(thing) else repr(thing)


@pytest.mark.slow
@pytest.mark.parametrize("rule", FEW, ids=named)
def test_gains(rule: Mechanism) -> None:
    assert dealer(rule, 4) is not None
    assert found(rule, compiled=True) == found(rule, compiled=False)


@pytest.mark.parametrize("count", [1, 3])
def test_sums_over_every_other_draw(count: int) -> None:
    problem, deals = small(FEW[1], 6, 101), dealer(FEW[1], 4)
    bids = Lies(np.linspace(0.2, 0.9, count), np.linspace(0.3, 0.8, count))
    compiled, called = (Desk(problem, problem.draws, how) for how in (deals, None))
    made = compiled.sums(compiled.shared(*bids))
    np.testing.assert_array_equal(made, called.sums(called.shared(*bids)))
    fields = called.deal(called.shared(*bids))
    np.testing.assert_allclose(made[..., 1], [field[:, 1::2].sum(axis=1) for field in fields], rtol=1e-12)


@pytest.mark.slow
def test_attacks() -> None:
    rule, agents = FEW[0], ("a0", "a1", "a2", "a3")
    compiled, called = (attack(rule, agents, 3, size=24, compiled=how) for how in (True, False))
    assert compiled == called


@pytest.mark.parametrize("order", ["C", "F"])
def test_postings_in_any_order_of_memory(order: Any) -> None:
    """The first agent's bid, as the rule itself clears it."""
    rule, (bids, tender, standing, lottery) = FEW[0], fronts(4, 100, penalised=False)
    given = {**vars(bids), **vars(tender), **vars(standing), "lottery": lottery}
    given = {name: None if array is None else np.asarray(array, order=order) for name, array in given.items()}
    compiled = abreast(rule, 4, whole=False)
    assert compiled is not None
    made = compiled.deals(postings(given, np.zeros((100, 4)), 0), np.full((1, 100), 0.25), np.full((1, 1), 0.75))
    own = {name: getattr(bids, name).copy() for name in ("ask", "claim", "active")}
    for name, value in (("ask", 0.25), ("claim", 0.75), ("active", True)):
        own[name][:, 0] = value
    award = rule(Bids.trusted(**own, menu=None), tender, standing, lottery)
    assert made is not None
    np.testing.assert_array_equal(made[0, 0], award.hired[:, 0])
    np.testing.assert_array_equal(made[1, 0], np.where(award.hired, award.pay_success, 0.0)[:, 0])


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES, ids=named)
def test_every_rule(rule: Mechanism) -> None:
    agents = ("a0", "a1", "a2", "a3")
    compiled, called = (attack(rule, agents, 3, size=64, compiled=how) for how in (True, False))
    assert compiled == called
    if not (rule.capabilities.couples_tasks or rule.capabilities.takes_menu):
        assert found(rule, compiled=True) == found(rule, compiled=False)


def test_a_compiled_rule_that_differs_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    price, score = lookup("first_price").examples()[0], lookup("second_price").examples()[0]
    wrong = abreast(price, 4, whole=False)
    assert wrong is not None
    wrong.rule = score
    monkeypatch.setattr(compiled_deals, "abreast", lambda rule, n, whole: wrong)
    with pytest.raises(MarketError, match="second_price: deals of the compiled rule are not what the rule gives"):
        found(score, compiled=True)
