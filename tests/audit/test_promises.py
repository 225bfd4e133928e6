"""Every letter falls to the rule that breaks it alone, by a posting that shows it; kept letters stand."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.stats import t as student

from sim.auditing.attacked import books
from sim.auditing.audit import audit
from sim.auditing.deficit import expected, money
from sim.auditing.efficiency import welfare
from sim.auditing.known import e1
from sim.auditing.lies import Grid
from sim.auditing.promises import LETTERS, attack, declared
from sim.auditing.rationality import refutes
from sim.auditing.row import bare_row, judge, row_of
from sim.kit.arrays import Award, Bids, FloatArray, Standing, Tender
from sim.kit.errors import ScenarioError
from sim.mechanisms import Capabilities, Mechanism, Promises, lookup
from sim.mechanisms.assignment import AssignmentVCG
from sim.mechanisms.cascade import Cascade
from sim.mechanisms.planner import Always
from sim.mechanisms.plans import ProductionPlans
from sim.mechanisms.price import FirstPrice, SecondPrice
from tests.audit.promising import BREAKERS, Admission, Generous, Worst
from tests.scenes import registered

pytestmark = pytest.mark.usefixtures("tables_attacked_once")
AGENTS = ("a0", "a1", "a2", "a3")


def falling(rule: Mechanism, size: int = 48, agents: tuple[str, ...] = AGENTS) -> list[str]:
    """Declared letters that an attack refutes."""
    found = attack(rule, agents, 20240, size)
    words = declared(rule.promises)
    return [letter for letter in LETTERS if words[letter] and found.against(letter, rule.promises).fails]


@pytest.mark.parametrize(("rule", "letter"), BREAKERS.values(), ids=BREAKERS.keys())
def test_a_rule_that_breaks_one_letter_is_refuted_in_it_alone(rule: Mechanism, letter: str) -> None:
    row = row_of(audit(e1(rule, 6, 20, 10, 20240), Grid(5, 4)), attack(rule, AGENTS, 20240, 48))
    lines = judge([row], 0.001)
    assert len(lines) == 1
    word = declared(rule.promises)[letter]
    assert lines[0].startswith(f"{row.cells['rule']} breaks {word}: ")
    for said in ("belief", "cost", "value", "reserve", "bids (ask, claim)"):
        assert said in lines[0]
    assert {name: row.cells[name] for name in ("A", "Q", "IR", "E", "D")} == {
        name: "fails" if name == letter else "holds" for name in ("A", "Q", "IR", "E", "D")
    }
    assert (row.cells["promise"], row.cells["N"]) == ("refuted", "")
    assert row.cells["counterexample"] in lines[0]
    assert row.cells[f"{letter}_gap"] > 1e-3


def test_the_worst_agent_at_ten_times_the_value_breaks_three() -> None:
    assert falling(Worst()) == ["IR", "E", "D"]


UNDECLARED_AND_UNREFUTED = {
    ("cascade/optimal/None/0.0", "E"): "the best order, as rivals are truthful",
    ("cascade/optimal/2/0.0", "E"): "the best two, as rivals are truthful",
}


@pytest.mark.slow
def test_letters_that_registered_rules_do_not_declare_fall_as_well() -> None:
    """So the attacks can tell, letter by letter; what no rule declares and none refutes is known by name."""
    left = set()
    for name, rule in registered().items():
        found = attack(rule, AGENTS, 20240)
        words = declared(rule.promises)
        left |= {(name, x) for x in LETTERS if not words[x] and x != "N" and not found.found[x].fails}
        if words["A"] == "A+":
            assert found.any_ask.fails, name
    first_scores = {(name, "Q") for name, rule in registered().items() if rule.name == "first_score"}
    assert left == UNDECLARED_AND_UNREFUTED.keys() | first_scores  # the truth earns nothing there, whatever the claim


@pytest.mark.parametrize(
    "rule", [SecondPrice(), Admission(), Generous(), Cascade()], ids=["one", "one, with fees", "at once", "in turn"]
)
def test_money_and_welfare_state_by_state(rule: Mechanism) -> None:
    """Whoever is hired tries, in turn until one succeeds; each state of successes has its chance."""
    drawn = books(3, 40, 20240, "any").honest(rule)
    award, value, n = drawn.award(rule), drawn.tender.value, 3
    left, worth = np.zeros(len(value)), np.zeros(len(value))
    for state in product((False, True), repeat=n):
        found = money(award, np.array(state), value)
        chance = np.where(state, drawn.belief, 1.0 - drawn.belief).prod(axis=1)
        for b in range(len(value)):
            order = [i for i in range(n) if award.hired[b, i]]
            if award.turn is not None:
                order.sort(key=lambda i: award.turn[b, i])
                order = order[: next((place + 1 for place, i in enumerate(order) if state[i]), n)]
            solved = any(state[i] for i in order)
            paid = sum(float((award.pay_success if state[i] else award.pay_failure)[b, i]) for i in order)
            fees = 0.0 if award.fee is None else float(award.fee[b].sum())
            assert found[b] == pytest.approx(value[b] * solved - paid + fees, abs=1e-12)
            left[b] += chance[b] * found[b]
            worth[b] += chance[b] * (value[b] * solved - sum(drawn.cost[b, i] for i in order))
    np.testing.assert_allclose(expected(award, drawn), left, rtol=0, atol=1e-12)
    np.testing.assert_allclose(welfare(award, drawn), worth, rtol=0, atol=1e-12)


def test_a_type_expects_to_lose_at_one_in_a_thousand_over_all_types() -> None:
    """Draws of mean m that lie one to either side of it have t = m sqrt(draws - 1)."""
    draws, sides = 200, np.tile([-1.0, 1.0], 100)

    def of(p: float) -> FloatArray:
        return np.asarray(sides + student.ppf(p, draws - 1) / np.sqrt(draws - 1))

    assert refutes(of(0.0009)[None]).tolist() == [True]
    assert refutes(of(0.0011)[None]).tolist() == [False]
    assert refutes(np.stack([of(0.00045), of(0.00055)])).tolist() == [True, False]


def test_gain_of_a_lie_about_the_ask_is_known() -> None:
    """Alone before the reserve r a first-price bidder gains p r - c, where that is above 0."""
    drawn = books(1, 48, 20240, "any", False)
    p, c = drawn.belief[:, 0], drawn.cost[:, 0]
    known = np.where(p > 0, np.maximum(0.0, p * drawn.tender.reserve - c), 0.0)
    assert attack(FirstPrice(), AGENTS, 20240, 48).found["A"].gap == pytest.approx(known.max(), abs=1e-6)


def test_an_ask_that_is_dominant_at_a_true_claim_is_no_a() -> None:
    plain = replace(BREAKERS["generous"][0].promises, ask_at_true_claim=False)

    class Plain(type(BREAKERS["generous"][0])):  # type: ignore[misc]
        promises = plain

    assert falling(Plain(), 24) == ["A", "D"]


@pytest.mark.slow
def test_best_reply_to_the_truth() -> None:
    class Boast(FirstPrice):
        promises = Promises(False, False, False, False, False, equilibrium=True)

    assert falling(Boast(), 24) == ["N"]
    assert falling(Cascade(), 24) == []


def test_a_loss_in_some_draws_is_no_loss_in_expectation() -> None:
    """A lottery that no bid moves takes 5 cents from all who bid, or gives them 25 (then 1).

    Half of the draws lose, and the expectation is above 0 (then below).
    """

    class Gamble(SecondPrice):
        swing: float

        def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
            award = super().__call__(bids, tender, standing, lottery)
            n = lottery.shape[-1]
            luck = np.where(lottery.sum(axis=-1, keepdims=True) > n / 2, 1.0, -self.swing)
            return Award.trusted(**{**vars(award), "fee": np.where(bids.active, 0.05 * luck, 0.0)})

    class Kind(Gamble):
        swing = 5.0

    assert "IR" not in falling(Kind(), 24)
    Kind.swing = 0.2
    assert "IR" in falling(Kind(), 24)


def test_rules_that_name_agents_are_attacked_with_all_of_them() -> None:
    assert attack(Always(agent="a3"), AGENTS, 1, 8).sizes == (5, 4)
    assert attack(Always(agent="a3"), AGENTS[::-1], 1, 8).sizes == (1, 2, 3, 5)
    many = tuple(f"a{place}" for place in range(9))
    row = bare_row(Always(agent="a8"), attack(Always(agent="a8"), many, 1, 8))
    assert judge([row], 0.001) == []
    assert {row.cells[letter] for letter in LETTERS if letter != "N"} == {"not tried"}


def test_rules_that_take_few_agents_or_no_penalty_are_attacked_without() -> None:
    class Two(SecondPrice):
        capabilities = Capabilities(most_agents=2)

        def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
            assert bids.ask.shape[-1] <= 2
            if np.any(tender.penalty):
                raise ScenarioError("tender.penalty: must be 0")
            return super().__call__(bids, tender, standing, lottery)

    assert attack(Two(), AGENTS, 1, 8).sizes == (1, 2)


def test_an_error_of_the_rule_itself_is_not_taken_for_a_refusal() -> None:
    class Broken(SecondPrice):
        def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
            raise ScenarioError("second_price: broken")

    with pytest.raises(ScenarioError, match="broken"):
        attack(Broken(), AGENTS, 1, 8)


MENUS, MENUS_BY_SCORE = ProductionPlans.examples()


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(AssignmentVCG(), id="tasks"),
        pytest.param(MENUS, id="menus"),
        pytest.param(MENUS_BY_SCORE, id="menus, score", marks=pytest.mark.slow),
    ],
)
def test_tables_of_bids(rule: Mechanism) -> None:
    found, kept = attack(rule, AGENTS, 20240), rule.promises
    assert [x for x in ("IR", "E", "D") if found.found[x].fails] == []
    assert (found.found["A"].fails, found.found["Q"].fails, found.both.fails) == (False, not kept.claim, not kept.claim)
    assert found.any_ask.fails  # another ask pays at a false claim
    said = found.any_ask.example.partition("(ask, claim) [")[2].partition("]")[0]
    assert max(len(digits) for digits in re.findall(r"\.(\d+)", said)) == 4


def test_tasks_taken_one_by_one_waste_and_reward_lies() -> None:
    class Greedy(AssignmentVCG):
        def assign(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
            active, made = np.array(bids.active), []
            for task in range(len(active)):
                row = [type(a).trusted(**{k: v[task] for k, v in vars(a).items()}) for a in (bids, tender, standing)]
                row[0] = Bids.trusted(ask=bids.ask[task], claim=bids.claim[task], active=active[task])
                made.append(self(*row, lottery[task]))
                active[:, made[-1].hired] = False
            fields = ("hired", "pay_success", "pay_failure", "by_tie")
            return Award.trusted(**{name: np.stack([getattr(one, name) for one in made]) for name in fields})

    assert falling(Greedy()) == ["A", "Q", "E"]


def test_what_is_drawn() -> None:
    drawn = books(3, 500, 7, "any", True)
    again = books(3, 500, 7, "any", True)
    np.testing.assert_array_equal(drawn.bids.ask, again.bids.ask)
    value, reserve, penalty = drawn.tender.value, drawn.tender.reserve, drawn.tender.penalty
    assert all(where.any() for where in (reserve == 0, reserve == value, reserve < value, reserve > value))
    assert (penalty == 0).any()
    assert (penalty > 0).any()
    active = drawn.bids.active
    assert (drawn.bids.ask[active] == 0).any()
    for column in (drawn.belief, drawn.bids.claim[active]):
        assert all((column == extreme).any() for extreme in (0, 1))
    tied = active[:, 0] & active[:, 1] & (drawn.bids.ask[:, 0] == drawn.bids.ask[:, 1])
    assert tied.mean() > 0.02
    assert (books(2, 200, 7, "within").tender.reserve <= books(2, 200, 7, "within").tender.value).all()
    assert (books(2, 200, 7, "value").tender.reserve == books(2, 200, 7, "value").tender.value).all()
    assert (books(2, 200, 7).tender.penalty == 0).all()
    assert set(drawn.me) == {0, 1, 2}


def test_declared_letters() -> None:
    assert declared(lookup("first_price")().promises) == {
        "A": "",
        "Q": "Q*",
        "N": "",
        "IR": "IR",
        "E": "",
        "D": "D",
    }
    assert declared(Promises(True, True, False, True, False, equilibrium=True, ask_at_true_claim=True)) == {
        "A": "A+",
        "Q": "Q",
        "N": "N",
        "IR": "",
        "E": "E",
        "D": "",
    }
