"""Promises and flags are those of the literal table, for every rule; what a rule denies, it does not keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import combinations

import numpy as np
import pytest

from sim.mechanisms import Capabilities, Mechanism, Promises, lookup, names
from tests.contract.declared import DECLARED, Declared, flags_of, promises_of
from tests.contract.test_promises import joint_surplus
from tests.scenes import chance, random_scene, registered_with_switches, scene, truthful, utility
from tests.worlds import examples

SEEN = 0.01  # dollars: what a promise that is denied is broken by, at least
every_declaration = pytest.mark.parametrize("own", DECLARED, ids=lambda own: str(own.rule))


def denied(letter: str) -> pytest.MarkDecorator:
    """Every rule of the table that does not promise this letter."""
    rules = [own.rule for own in DECLARED if letter not in own.promises]
    return pytest.mark.parametrize("rule", rules, ids=str)


@every_declaration
def test_rule_declares_what_the_table_says(own: Declared) -> None:
    assert promises_of(own.rule) == own.promises
    assert flags_of(own.rule) == own.flags


def test_table_names_every_rule_and_each_of_its_examples_once() -> None:
    rules = [own.rule for own in DECLARED]
    assert len(rules) == len(set(rules)) == 53
    assert {rule.name for rule in rules} == {name for name in names() if lookup(name).__module__.startswith("sim.")}
    assert len({rule.name for rule in rules}) == 23
    shipped = [*registered_with_switches().values(), *examples()]
    assert [rule for rule in shipped if rule not in rules] == []


def test_words_of_the_table_tell_every_promise_and_flag_apart() -> None:
    """Each field of `Promises` and each of `Capabilities` moves a word, so that none can change unseen."""
    none = Promises(ask=False, claim=False, rational=False, efficient=False, no_deficit=False)
    found = [promises_of(_Bare(replace(none, **{f.name: True}))) for f in fields(Promises)]
    assert all(len(words) == 1 for words in found)
    assert len(set().union(*found)) == len(found)
    assert set(Mechanism.__annotations__) == {"name", "summary", "source", "dollars"}
    assert {flag.name for flag in fields(Capabilities)} == set(OTHERWISE)
    bare = _Bare(none)
    for name, value in OTHERWISE.items():
        assert flags_of(_Bare(none, capabilities=Capabilities(**{name: value}))) != flags_of(bare), name  # type: ignore[arg-type]
    assert flags_of(_Bare(none, dollars=frozenset({"bond"}))) != flags_of(bare)


OTHERWISE = {
    "needs": frozenset({"advice"}),
    "announces_reserve": True,
    "solicits_bids": False,
    "asks_for": "cost",
    "couples_tasks": True,
    "takes_index": True,
    "in_turns": True,
    "takes_menu": True,
    "hires_several": True,
    "most_agents": 12,
    "scores_dollars": False,
    "takes_penalty": False,
}


class _Bare(Mechanism):
    """A rule with these attributes and nothing else."""

    capabilities = Capabilities()
    promises = Promises(ask=False, claim=False, rational=False, efficient=False, no_deficit=False)

    def __init__(self, promises: Promises, **attributes: object) -> None:
        for name, value in {"promises": promises, **attributes}.items():
            setattr(self, name, value)


def test_no_parametrised_set_may_be_empty(request: pytest.FixtureRequest) -> None:
    """pytest skips an empty set unless told otherwise, and a filter that finds nothing would pass as a test."""
    assert request.config.getini("empty_parameter_set_mark") == "fail_at_collect"


@denied("I")
def test_truth_loses_where_rationality_is_denied(rule: Mechanism) -> None:
    size, n = 2000, 3
    p, c = chance("denied/p", size, n), chance("denied/c", size, n, high=1.5)
    posted = truthful(rule, random_scene((size,), n, "denied"), p, c, np.ones((size, n), np.bool_))
    assert utility(posted.award(rule), p, c).min() < -SEEN


@denied("D")
def test_principal_loses_in_some_state_where_a_deficit_is_not_denied(rule: Mechanism) -> None:
    """Where all the hired fail, or all pass; asks on both sides of the value, which the reserve often reaches."""
    size, n = 2000, 3
    value = chance("denied/value", size, low=0.5, high=1.5)
    posted = scene(
        value[:, None] * chance("denied/ask", size, n, high=1.25),
        np.sqrt(chance("denied/claim", size, n)),
        value=value,
        reserve=value * np.minimum(1.0, chance("denied/reserve", size, low=0.5, high=1.5)),
        reputation=chance("denied/reputation", size, n, low=0.5, high=1.25),
        expected_cost=chance("denied/ec", size, n, high=0.3),
        advice=chance("denied/advice", size, n),
    )
    award = posted.award(rule)
    assert award.turn is None  # or no two of the hired would pass
    lost = np.maximum(award.pay_failure.sum(axis=-1), award.pay_success.sum(axis=-1) - value)
    assert lost.max() > SEEN


@denied("E")
def test_truth_hires_too_little_surplus_where_efficiency_is_denied(rule: Mechanism) -> None:
    size, n = 2000, 4
    p, c = chance("denied/p", size, n), chance("denied/c", size, n, high=0.8)
    value = chance("denied/value", size, low=0.5, high=1.5)
    posted = scene(
        np.zeros((size, n)),
        0.5,
        value=value,
        reserve=value,
        expected_cost=chance("denied/ec", size, n, high=0.8),
        advice=chance("denied/advice", size, n),
        reputation=chance("denied/reputation", size, n, low=0.5, high=1.25),
    )
    award = truthful(rule, posted, p, c, np.ones((size, n), np.bool_)).award(rule)
    best = np.max([joint_surplus(who, p, c, value) for who in _sets(rule, n)], axis=0)
    assert (best - joint_surplus(award.hired, p, c, value)).max() > SEEN


def _sets(rule: Mechanism, n: int) -> Iterator[np.ndarray]:
    for size in range(n + 1) if rule.capabilities.hires_several else (0, 1):
        yield from (np.isin(np.arange(n), who) for who in combinations(range(n), size))
