"""The audit's desk against the same postings worked through one at a time, outcome by outcome."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.auditing.audit import audit
from sim.auditing.choice import Choice, Estimate
from sim.auditing.deviations import Desk
from sim.auditing.lies import Grid, Lies
from sim.auditing.money import effect, truth
from sim.auditing.problem import EXACT, Problem, Types, Verifier
from sim.kit.arrays import Award, Bids, Standing, Tender
from sim.kit.errors import RunError
from sim.mechanisms import Mechanism
from sim.mechanisms.live import AgentEconomyPhase2
from sim.mechanisms.price import HireAll, SecondPrice
from sim.mechanisms.score import SecondScore
from tests.audit.cases import ByAdvice, Cascade, Together, played, small

ERRING = Verifier(false_pass=0.2, false_fail=0.3)
rules = pytest.mark.parametrize(
    "rule",
    [SecondPrice(), SecondScore(score="q(V-a)"), AgentEconomyPhase2(), HireAll(), Cascade(), Together(), ByAdvice()],
    ids=lambda rule: rule.name,
)
verifiers = pytest.mark.parametrize(
    "verifier",
    [EXACT, ERRING, Verifier(false_pass=0.2), Verifier(false_fail=0.3)],
    ids=["exact", "errs", "passes failures", "fails successes"],
)


def one(problem: Problem, draw: int, ask: float, claim: float, kind: int | None = None) -> Award:
    """The award of one draw when the audited agent, of this type, bids this and nobody else lies."""
    d, me = problem.draws, problem.agent
    asks, claims = np.array(d.ask[draw]), np.array(d.claim[draw])
    asks[me], claims[me] = ask, claim
    tender = Tender(**{name: array[draw] for name, array in vars(d.tender).items()})
    known = {name: np.array(array[draw]) for name, array in vars(d.standing).items()}
    if kind is not None and problem.types.advice is not None:
        known["advice"][me] = problem.types.advice[kind]
    standing = Standing(**known)
    return problem.rule(Bids(asks, claims, d.active[draw]), tender, standing, d.lottery[draw])


def own(problem: Problem, draw: int, kind: int) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """Abilities and costs (n,) with those of a type in the audited agent's place."""
    ability, cost = np.array(problem.draws.ability[draw]), np.array(problem.draws.cost[draw])
    ability[problem.agent], cost[problem.agent] = problem.types.ability[kind], problem.types.cost[kind]
    return ability, cost


@rules
@verifiers
def test_utility_of_every_type_and_lie(rule: Mechanism, verifier: Verifier) -> None:
    problem = small(rule, verifier=verifier)
    desk = Desk(problem, problem.draws)
    lies = [(0.0, 1.0), (0.3, 0.5), (0.9, 0.0), (0.3, np.nan), (np.nan, 0.7), (np.nan, np.nan)]
    kinds = np.arange(len(problem.types))
    honest = desk.truth(kinds)
    for share, claim in lies:
        made = desk.utility(kinds, np.full(len(kinds), share), np.full(len(kinds), claim))
        for kind, draw in np.ndindex(made.shape):
            ask = honest[kind, draw] if np.isnan(share) else share
            stated = problem.types.belief[kind] if np.isnan(claim) else claim
            award = one(problem, draw, float(ask), float(stated), kind)
            expected = played(award, *own(problem, draw, kind), 1.0, verifier)["utility"][problem.agent]
            assert made[kind, draw] == pytest.approx(expected, abs=1e-12)


@rules
@verifiers
def test_what_a_lie_changes_for_everybody(rule: Mechanism, verifier: Verifier) -> None:
    problem = small(rule, draws=8, verifier=verifier)
    desk = Desk(problem, problem.draws)
    n = len(problem.types)
    told = Lies(np.full(n, 0.35), np.full(n, 1.0))
    found = effect(desk, Choice(Estimate(0, 0), Estimate(0, 0), np.full(n, 0.5), told, 0.0))
    honest, expected = desk.truth(np.arange(n)), np.zeros(3)
    for kind, draw in np.ndindex(n, len(desk)):
        for sign, ask, claim in ((1, 0.35, 1.0), (-1, honest[kind, draw], problem.types.belief[kind])):
            got = played(one(problem, draw, float(ask), float(claim), kind), *own(problem, draw, kind), 1.0, verifier)
            expected += sign * np.array([got["utility"][problem.agent], got["principal"], got["welfare"]])
    np.testing.assert_allclose([found.own, found.principal, found.welfare], expected / (n * len(desk)), atol=1e-12)
    assert found.share == 1.0
    assert found.d_ask == pytest.approx(float((0.35 - honest).mean()))
    assert found.d_claim == pytest.approx(float((1.0 - problem.types.belief).mean()))


@rules
def test_truth_when_nobody_lies(rule: Mechanism) -> None:
    problem = small(rule)
    d, me = problem.draws, problem.agent
    expected = [
        played(one(problem, draw, d.ask[draw, me], d.claim[draw, me]), d.ability[draw], d.cost[draw], 1.0, EXACT)
        for draw in range(len(d))
    ]
    found = truth(Desk(problem, d))
    assert found.belief == pytest.approx(float(np.mean([got["utility"][me] for got in expected])), abs=1e-12)
    assert found.ability == found.belief
    assert found.binding == (1.0 if isinstance(rule, ByAdvice) else 0.0)


def test_verifier_moves_what_agents_are_paid_by() -> None:
    assert ERRING.passes(np.array([0.0, 0.5, 1.0])) == pytest.approx([0.2, 0.45, 0.7])


def test_budgets_are_refused_by_name() -> None:
    class Stopped(Together):
        name = "stopped"

        def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: np.ndarray) -> Award:  # type: ignore[type-arg]
            award = super().__call__(bids, tender, standing, lottery)
            return Award(**{**vars(award), "budget": np.ones(award.hired.shape)})

    problem = small(Stopped())
    with pytest.raises(RunError, match="stopped: stops attempts at a budget"):
        truth(Desk(problem, problem.draws))


def test_types_that_would_rather_abstain() -> None:
    """An agent that never succeeds has no truthful ask: truth is worth 0, and lies are measured from there."""
    problem = small(SecondScore())
    hopeless = replace(problem, types=Types(np.zeros(2), np.full(2, 0.1), np.zeros(2)))
    desk, kinds = Desk(hopeless, hopeless.draws), np.arange(2)
    at_the_truth = np.full(2, np.nan)
    assert np.isinf(desk.truth(kinds)).all()
    assert (desk.utility(kinds, at_the_truth, at_the_truth) == 0).all()
    assert (desk.utility(kinds, at_the_truth, np.ones(2)) == 0).all()
    assert (desk.utility(kinds, np.zeros(2), np.ones(2)) == -0.1).any()  # hired, and it fails
    found = audit(hopeless, Grid(5, 4))
    assert all(kind.choice.interval == (0.0, 0.0) for kind in found.kinds.values())
    assert np.isnan(found.effect.d_ask)
