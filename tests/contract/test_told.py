"""What bidders are told of a rule is what it does, in examples and on any bids; a false paragraph is found out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from analysis.example_run import scenario_of
from sim.contracts.mechanism_contract import mechanism_faults
from sim.contracts.payment_text_contract import definitions, evaluated, formulas, known, payment_text_faults
from sim.contracts.trial import told
from sim.kit.arrays import Status, settle
from sim.kit.errors import ScenarioError
from sim.live_market.from_source import check_live
from sim.mechanisms.bonus import SecondScoreBonus
from sim.mechanisms.budget import BudgetFeasible
from sim.mechanisms.cascade import Cascade
from sim.mechanisms.contingent import Contingent
from sim.mechanisms.live import AgentEconomy
from sim.mechanisms.price import FirstPrice, SecondPrice
from sim.mechanisms.reserve import BestReserve, BestReservePublic
from tests.contract.told_examples import EXAMPLES, POSTINGS
from tests.scenes import registered, registered_with_switches, scene

RULES = registered()


def test_every_rule_has_three_examples_at_least() -> None:
    assert set(EXAMPLES) == set(RULES)
    for name, paid in EXAMPLES.items():
        assert len(paid) == len(POSTINGS)
        assert sum(bool(hired) for hired in paid) >= 3, name


@pytest.mark.parametrize("name", RULES)
def test_the_paragraph_and_the_award_give_the_worked_examples(name: str) -> None:
    rule = RULES[name]
    success, failure = formulas(rule.told_to_bidders())
    for posting, expected in zip(POSTINGS, EXAMPLES[name], strict=True):
        played = scene(**posting).played(rule)
        award = rule(*played)
        assert set(np.flatnonzero(award.hired).tolist()) == set(expected)
        numbers = known(rule, tuple(played), award)
        for defined, formula in definitions(rule.told_to_bidders()).items():
            numbers[defined] = numbers[defined] if defined == "score" else evaluated(formula, numbers)
        for status, formula, place in ((Status.PASS, success, 0), (Status.FAIL, failure, 1)):
            settled = settle(award, np.where(award.hired, status, Status.NONE).astype(np.int8))
            stated = np.broadcast_to(evaluated(formula, numbers), settled.shape)
            for who, paid in expected.items():
                assert stated[who] == pytest.approx(paid[place], abs=1e-9)
                assert settled[who] == pytest.approx(paid[place], abs=1e-9)
            assert settled[~award.hired].tolist() == [0.0] * (~award.hired).sum()


OTHERS: list[Any] = [
    Contingent(bond=0.125, settlement="compensated"),
    SecondScoreBonus(kappa=0.3, m0=0.1),
    Cascade(at_most=1, verification=0.03),
    Cascade(order=(2, 0)),
    BestReserve(low=0.1, high=0.4, shape=0.5),
    BestReservePublic(low=0.05, high=0.5, shape=3.0, ability="advice"),
    BudgetFeasible(values="equal"),
    AgentEconomy(credits_per_dollar=1000.0),
]


@pytest.mark.parametrize("rule", [*registered_with_switches().values(), *OTHERS], ids=str)
def test_on_any_bids(rule: Any) -> None:
    assert list(payment_text_faults(rule)) == []


@pytest.mark.parametrize("rule", [*RULES.values(), *OTHERS], ids=str)
def test_it_is_one_plain_paragraph(rule: Any) -> None:
    text = rule.told_to_bidders()
    assert text == " ".join(text.split())
    assert text.endswith(".")
    assert len(text) < 1200
    assert ("claim changes nothing" in text) or not rule.promises.claim_ignored or not rule.capabilities.solicits_bids
    assert ("penalty" in text) == (-1.0 * _paid_on_failure(rule, 0.2) > -1.0 * _paid_on_failure(rule, 0.0) + 1e-12)


def _paid_on_failure(rule: Any, penalty: float) -> float:
    """What a failure pays in one posting with that penalty; without one where the rule refuses it."""
    return float(scene(**{**POSTINGS[2], "penalty": penalty}).award(rule).pay_failure.sum())


def test_numbers_of_the_parameters_are_told() -> None:
    assert "-min(bar, 0.25)" in Contingent(bond=0.25).told_to_bidders()
    assert "0.3 * (0.1 - claim**2)" in SecondScoreBonus(kappa=0.3, m0=0.1).told_to_bidders()
    assert "At most 2 are tried" in Cascade(at_most=2).told_to_bidders()


@dataclass(frozen=True)
class _Told(FirstPrice):
    """First price that says what it is given to say."""

    says: Any = ""

    def told_to_bidders(self) -> str:
        return self.says  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("says", "fault"),
    [
        (None, "must give one paragraph"),
        ("", "must give one paragraph"),
        ("Success pays ask; failure pays -penalty.\nMore.", "must give one paragraph"),
        ("The lowest ask wins.", "it says so 0 times"),
        ("Success pays ask; failure pays 0. Success pays ask; failure pays 0.", "it says so 2 times"),
        ("Success pays ask; failure pays 0.", "says that failure pays 0, which is not what its awards pay"),
        ("Success pays reserve; failure pays -penalty.", "says that success pays reserve, which is not"),
        ("Success pays its ask; failure pays -penalty.", "'its ask' is no formula"),
        ("Success pays asks; failure pays -penalty.", "asks names asks; known: advice, ask"),
        ("Success pays ask.real; failure pays -penalty.", "'ask.real' is no formula"),
        ("Success pays open(1); failure pays -penalty.", "'open(1)' is no formula"),
        ("Here score is ask. Success pays ask; failure pays -penalty.", "says that score is ask, which its scores are"),
        ("Here due is ask + x. Success pays due; failure pays -penalty.", "ask + x names x"),
    ],
)
def test_a_false_paragraph_is_found_out(says: Any, fault: str) -> None:
    found = list(payment_text_faults(_Told(says=says)))
    assert any(fault in line for line in found), found


def test_what_is_right_in_other_words_is_accepted() -> None:
    assert (
        list(payment_text_faults(_Told(says="Here due is 1 * ask. Success pays due; failure pays -penalty. So be it.")))
        == []
    )


def test_a_rule_without_a_paragraph_keeps_its_contract_and_is_refused_live() -> None:
    class Mute(SecondPrice):
        told_to_bidders = SecondPrice.__mro__[-2].told_to_bidders  # that of the base

    with pytest.raises(ScenarioError, match="has nothing to tell bidders, which a live run needs"):
        Mute().told_to_bidders()
    assert told(mechanism_faults, Mute()) == []
    settings = scenario_of("several").arms[0].settings
    with pytest.raises(ScenarioError, match=r"second_price has nothing to tell bidders.*define told_to_bidders"):
        check_live(Mute(), settings)
    assert told(mechanism_faults, replace(SecondPrice())) == []


def test_a_name_that_is_not_known_is_said_with_what_defines_one() -> None:
    (found,) = payment_text_faults(_Told(says="Success pays ask + x; failure pays -penalty."))
    assert "any other name must be defined, as in 'Here cap is 0.8 * value.'" in found
    assert "told_names of the rule returns" in found
