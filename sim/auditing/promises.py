"""Attacks every promise of a rule, declared or not, on postings drawn for it.

    letter   promise                                    attack
    A, A+    truthful ask dominant; at a true claim     sim.auditing.dominance
    Q, Q*    truthful claim dominant; claims ignored    sim.auditing.dominance
    N        truth a best reply to truthful rivals      sim.auditing.dominance, where declared
    IR       truth never expects a loss                 sim.auditing.rationality
    E        greatest expected welfare at r = V         sim.auditing.efficiency
    D        no deficit in any state                    sim.auditing.deficit

Rules that clear several tasks together or take menus are attacked by sim.auditing.several. Postings hold 1, 2, 3 and 5
agents; a rule that names agents is attacked with all agents too. A rule that refuses penalties is attacked without. An
attack refutes; what it does not refute is not proved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from sim.auditing.attacked import books
from sim.auditing.compiled_deals import Dealer, dealer
from sim.auditing.deficit import expects_to, pays_too_much
from sim.auditing.dominance import Lied, lied
from sim.auditing.efficiency import wastes
from sim.auditing.found import NOTHING, Found, first
from sim.auditing.rationality import loses
from sim.auditing.several import attack_tables, sizes
from sim.kit.errors import SimError
from sim.mechanisms import Mechanism, Promises

T = TypeVar("T")

LETTERS = ("A", "Q", "N", "IR", "E", "D")
MOST = 8  # agents in a posting under attack
POSTINGS = 256
_SIZES = (1, 2, 3, 5)


@dataclass(frozen=True)
class Attacked:
    """What was found against each letter. any_ask: against A where the claim is false; both: against A and Q together;
    expected: a deficit in expectation. sizes: numbers of agents tried, none where the rule names too many.
    """

    found: dict[str, Found]
    any_ask: Found
    both: Found
    expected: Found
    sizes: tuple[int, ...]

    def against(self, letter: str, promises: Promises) -> Found:
        """What refutes the letter as the rule declares it, or as it might have."""
        tried = [self.found[letter]]
        if letter == "A" and promises.ask and not promises.ask_at_true_claim:
            tried.append(self.any_ask)
        if letter in ("A", "Q") and promises.ask and promises.claim and not self._alone:
            tried.append(self.both)
        return first(tried)

    @property
    def _alone(self) -> bool:
        """A or Q falls by itself, which is then what a lie about both shows as well."""
        return self.found["A"].fails or self.found["Q"].fails or self.any_ask.fails


def declared(promises: Promises) -> dict[str, str]:
    """Letter -> how it is declared, empty where it is not.

    >>> from sim.mechanisms import lookup
    >>> declared(lookup("second_price")().promises)
    {'A': 'A', 'Q': 'Q*', 'N': '', 'IR': 'IR', 'E': '', 'D': 'D'}
    """
    ask = "A+" if promises.ask_at_true_claim else "A"
    claim = "Q*" if promises.claim_ignored else "Q"
    words = (ask, claim, "N", "IR", "E", "D")
    kept = (promises.ask, promises.claim, promises.equilibrium, promises.rational, promises.efficient)
    return {
        letter: word if held else ""
        for letter, word, held in zip(LETTERS, words, (*kept, promises.no_deficit), strict=True)
    }


def attack(
    rule: Mechanism, agents: Sequence[str], seed: int, size: int = POSTINGS, *, compiled: bool = False
) -> Attacked:
    """Attack every letter. agents: names, for rules that name some. size: postings for each number of agents.

    compiled: the rule is compiled where it can be.
    """
    if rule.capabilities.couples_tasks or rule.capabilities.takes_menu:
        tried = attack_tables(rule, seed)
        found = {"A": tried["ask"], "Q": tried["claim"], "N": NOTHING, **{k: tried[k] for k in ("IR", "E", "D")}}
        return Attacked(found, tried["any_ask"], tried["both"], tried["expected"], sizes())
    cases = _cases(rule, agents)
    with np.errstate(over="ignore"):
        dealers = {n: dealer(one, n) if compiled and n > 1 else None for one, n in cases}
        lies = _each(cases, lambda one, n, k: lied(one, books(n, size, seed, "any", k), dealers[n]))
        found = {letter: first([getattr(lie, name) for lie in lies]) for letter, name in (("A", "ask"), ("Q", "claim"))}
        found["N"] = _best_reply(cases, seed, size, dealers) if rule.promises.equilibrium else NOTHING
        found["IR"] = first(_each(cases, lambda one, n, k: loses(one, n, seed, k)))
        found["E"] = first(_each(cases, lambda one, n, k: wastes(one, books(n, size, seed, "value", k))))
        within = [(one, books(n, size, seed, "within")) for one, n in cases]
        found["D"] = first([pays_too_much(*case) for case in within])
        expected = first([expects_to(*case) for case in within])
    any_ask, both = (first([getattr(lie, name) for lie in lies]) for name in ("any_ask", "both"))
    return Attacked(found, any_ask, both, expected, tuple(n for _, n in cases))


def _best_reply(
    cases: list[tuple[Mechanism, int]], seed: int, size: int, dealers: Mapping[int, Dealer | None]
) -> Found:
    def lies(one: Mechanism, n: int, penalised: bool) -> Lied:
        return lied(one, books(n, size, seed, "any", penalised), dealers[n], truthful_rivals=True)

    return first([lie.both for lie in _each(cases, lies)])


def _cases(rule: Mechanism, agents: Sequence[str]) -> list[tuple[Mechanism, int]]:
    """The rule for each number of agents it is attacked with."""
    names = [*agents, *(f"agent {place}" for place in range(len(agents), max(_SIZES)))]
    few = [n for n in _SIZES if rule.capabilities.most_agents is None or n <= rule.capabilities.most_agents]
    named = [(n, _resolved(rule, names[:n])) for n in few]
    if any(one is None for _, one in named) and len(agents) <= MOST:
        named.append((len(agents), rule.for_agents(agents)))
    return [(one, n) for n, one in named if one is not None]


def _resolved(rule: Mechanism, agents: Sequence[str]) -> Mechanism | None:
    """The rule for these agents; None where it names one that is not among them."""
    try:
        return rule.for_agents(agents)
    except SimError:
        return None


def _each(cases: list[tuple[Mechanism, int]], attack_one: Callable[[Mechanism, int, bool], T]) -> list[T]:
    """The attack on each case, without penalties and, where the rule takes them, with."""
    made = []
    for rule, n in cases:
        made.append(attack_one(rule, n, False))
        try:
            made.append(attack_one(rule, n, True))
        except SimError:
            continue
    return made
