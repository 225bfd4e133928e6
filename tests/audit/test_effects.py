"""What the audit says of other units, other verifiers and everybody else, against brute force."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.auditing.audit import KINDS, Audit, audit
from sim.auditing.deviations import Desk
from sim.auditing.known import e1, independent
from sim.auditing.lies import Grid
from sim.auditing.problem import EXACT, Draws, Problem, Verifier
from sim.auditing.promises import attack
from sim.auditing.row import judge, row_of
from sim.auditing.scenario_problems import scenario_problem
from sim.experiment.plan import plan as plan_of
from sim.kit.arrays import Award, Bids, FloatArray, Notice, Standing, Tender
from sim.mechanisms import Mechanism
from sim.mechanisms.contingent import Contingent
from sim.mechanisms.price import FirstPrice
from sim.mechanisms.score import FirstScore
from tests.audit.cases import ByAdvice, played, small
from tests.audit.test_desk import one, own
from tests.audit.test_worlds import RESERVE, loaded

GRID = Grid(9, 4)


@pytest.mark.parametrize("rule", [FirstPrice(), ByAdvice()], ids=lambda rule: rule.name)
def test_lies_about_the_ask_alone_change_things_for_the_others(rule: Mechanism) -> None:
    """The best lies of a rule that ignores claims keep the true claim; their effect, posting by posting."""
    problem = small(rule, types=29, draws=11)
    found, honest = audit(problem, Grid(33, 4)), Desk(problem, problem.draws).truth(np.arange(29))
    lies, expected = found.kinds["joint"].choice.lies, np.zeros(3)
    assert np.isfinite(lies.share).any()
    assert np.isnan(lies.claim).all()
    for kind, draw in np.ndindex(honest.shape):
        if np.isnan(lies.share[kind]):
            continue
        claim = float(problem.types.belief[kind])
        for sign, ask in ((1, lies.share[kind]), (-1, honest[kind, draw])):
            got = played(one(problem, draw, float(ask), claim, kind), *own(problem, draw, kind), 1.0, EXACT)
            expected += sign * np.array([got["utility"][0], got["principal"], got["welfare"]])
    effect = found.effect
    np.testing.assert_allclose([effect.own, effect.principal, effect.welfare], expected / honest.size, atol=1e-12)
    assert np.abs(expected).min() > 0


def times(problem: Problem, rule: Mechanism, factor: float) -> Problem:
    """The problem with all dollars multiplied."""

    def money(whole: Any, *names: str) -> Any:
        changed = {name: factor * getattr(whole, name) for name in names}
        return type(whole).trusted(**{**vars(whole), **changed})

    def scaled(d: Draws) -> Draws:
        changed = {name: factor * getattr(d, name) for name in ("ask", "cost", "scale")}
        tender: Tender = money(d.tender, "value", "reserve", "penalty")
        notice: Notice = money(d.notice, "value", "reserve", "penalty")
        return replace(d, **changed, tender=tender, notice=notice, standing=money(d.standing, "expected_cost"))

    types = replace(problem.types, cost=factor * problem.types.cost)
    return replace(problem, rule=rule, types=types, draws=scaled(problem.draws), screening=scaled(problem.screening))


DOLLARS = ("gain", "low", "high", "se", "most")


@pytest.mark.parametrize(
    ("rule", "dearer"),
    [
        (FirstScore(), FirstScore()),
        (FirstPrice(), FirstPrice()),
        (Contingent(bond=0.25), Contingent(bond=2.0)),
    ],
    ids=["first_score", "first_price", "contingent"],
)
def test_all_dollars_times_eight(tmp_path: Path, rule: Mechanism, dearer: Mechanism) -> None:
    """Of a scenario with a value of $2 and random reserves: gains are eight times as much, verdicts the same."""
    scenario = loaded(tmp_path, RESERVE.replace("penalty = 0.0", "penalty = 0.25"))
    problem = scenario_problem(scenario, scenario.arms[0], plan_of(scenario).origin, 1, (2, 40, 10))
    problem = replace(problem, rule=rule)
    assert set(problem.draws.scale) == {2.0}
    plain, much = (audit(case, GRID) for case in (problem, times(problem, dearer, 8.0)))
    nothing = attack(FirstPrice(), ("a",), 1, 2)
    rows = [row_of(found, nothing) for found in (plain, much)]
    judge(rows[:1], 0.001)
    judge(rows[1:], 0.001)
    cells, eightfold = (row.cells for row in rows)
    money = [f"{kind}_{what}" for kind in KINDS for what in DOLLARS]
    money += ["unit", "u_truth", "u_truth_ability", "ex_post", "ex_post_max", "worst_gain", "principal_change"]
    assert {name: 8 * cells[name] for name in money} == {name: eightfold[name] for name in money}
    same = [f"{kind}_verdict" for kind in KINDS] + ["types_gaining", "claim_change", "worst_belief"]
    np.testing.assert_equal([cells[name] for name in same], [eightfold[name] for name in same])
    assert cells["joint_gain"] > 0.01


@pytest.mark.parametrize(
    ("verifier", "passes"),
    [
        (Verifier(false_pass=0.2), [0.2, 0.6, 1.0]),
        (Verifier(false_fail=0.3), [0.0, 0.35, 0.7]),
        (Verifier(), [0.0, 0.5, 1.0]),
    ],
    ids=["passes failures", "fails successes", "exact"],
)
def test_errors_on_one_side(verifier: Verifier, passes: list[float]) -> None:
    np.testing.assert_allclose(verifier.passes(np.array([0.0, 0.5, 1.0])), passes, atol=1e-15)


def first_price_of_two(size: int) -> tuple[Problem, Audit]:
    """One rival with a truthful ask x from U[0, 1], the agent's cost b from the same, success certain."""
    problem = independent(
        FirstPrice(), 2, np.ones_like, lambda u: u, n_types=size, n_draws=size + 3, n_screening=size - 4, seed=77
    )
    return problem, audit(problem, Grid(8, 1))


def test_ex_post_gain_of_first_price_is_known() -> None:
    """Seeing x the agent asks just less, off any grid: it gains (x - b)+, 1/6 on average, more than any ask of the grid
    that is below x.
    """
    problem, found = first_price_of_two(90)
    b, x = problem.types.cost[:, None], problem.screening.ask[:, 1]
    joint = found.kinds["joint"]
    assert joint.ex_post.mean == pytest.approx(np.maximum(0.0, x - b).mean(), abs=1e-8)
    assert joint.ex_post_max == pytest.approx((x - b).max(), abs=1e-8)
    assert abs(joint.ex_post.mean - 1 / 6) <= 4 * joint.ex_post.se
    asks = Grid(8, 1).asks
    on_grid = np.array([[max([0.0, *(a - k for a in asks if a < r)]) for r in x] for k in b[:, 0]])
    assert joint.ex_post_grid == pytest.approx(on_grid.mean(), abs=1e-8)
    assert joint.ex_post_grid < joint.ex_post.mean - 0.02


def test_interim_best_reply_lies_off_the_grid() -> None:
    """(1 + b) / 2 against a uniform rival, for (1 - b)^2 / 4: with steps of 1/7 some find it a tenth of a step away."""
    problem, found = first_price_of_two(90)
    b, x = problem.types.cost, problem.draws.ask[:, 1]
    on_grid = np.array([max([0.0, *((t - k) * np.mean(x > t) for t in Grid(8, 1).asks)]) for k in b])
    joint = found.kinds["joint"].choice
    assert (joint.per_type >= on_grid - 1e-12).all()
    finer = joint.per_type > on_grid + 1e-6
    assert finer.mean() > 0.1
    tenths = 70 * joint.lies.share[finer]
    np.testing.assert_allclose(tenths, np.rint(tenths), atol=1e-9)
    assert (np.rint(tenths) % 10 != 0).all()
    assert abs(joint.gain - ((1 - b) ** 2 / 4).mean()) <= 4 * joint.high.se


class Noise(FirstPrice):
    """The first agent is always hired and paid noise that its bid moves and that is 0 on average, so that no lie pays.

    sin(F u) with a frequency F in the tens of thousands that differs from bid to bid, u its lottery.
    """

    name = "noise"
    promises = Contingent(bond=0.25).promises  # claims are not ignored

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        hired = bids.active & (np.arange(bids.ask.shape[-1]) == 0)
        ask = np.where(bids.active, bids.ask, 0.0)
        frequency = 2e4 + 3e4 * np.modf(97.13 * (ask + 1.0) * (bids.claim + 2.0))[0]
        pay = np.where(hired, np.sin(frequency * lottery), 0.0)
        return Award(hired, pay, pay, np.zeros(hired.shape[:-1], np.bool_))


@pytest.mark.slow
def test_hold_out_finds_nothing_in_noise() -> None:
    """The lower end's mean is at most 0 but for chance, over problems drawn apart; the upper end's is far above."""
    joint = [audit(e1(Noise(), 3, 60, 4, seed), GRID).kinds["joint"].choice for seed in range(40)]
    low, high = (np.array([getattr(choice, end).mean for choice in joint]) for end in ("low", "high"))
    assert low.mean() <= 3 * low.std(ddof=1) / np.sqrt(len(low))
    assert high.mean() > 0.1


def test_fees_are_part_of_what_everybody_gets() -> None:
    """An entry fee of $.125 from all who bid is subtracted from the agent and added to the principal, hired or not."""

    class Entry(FirstPrice):
        def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
            award = super().__call__(bids, tender, standing, lottery)
            return Award.trusted(**{**vars(award), "fee": np.where(bids.active, 0.125, 0.0)})

    free, charged = (small(rule, types=6, draws=13) for rule in (FirstPrice(), Entry()))
    kinds, truth = np.arange(6), np.full(6, np.nan)
    u, less = (Desk(problem, problem.draws).utility(kinds, truth, truth) for problem in (free, charged))
    np.testing.assert_allclose(less, u - 0.125, atol=1e-15)
    found, after = (audit(problem, GRID) for problem in (free, charged))
    assert after.truth.belief == pytest.approx(found.truth.belief - 0.125)
    assert after.kinds["joint"].choice.gain == pytest.approx(found.kinds["joint"].choice.gain)
    assert after.effect.principal == pytest.approx(found.effect.principal)
