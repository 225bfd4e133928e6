"""Steps and shares against permutations, and Shapley's own examples."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.orders import in_order, known_at, orders, path, shares, states, steps

CHAINS = (("a", "b", "c"), ("x", "y"))


def value_of(chains, seed=4):
    stream = np.random.default_rng(seed)
    found = {state: stream.normal(size=(3, 2)) for state in states(chains)}
    return found.__getitem__


def by_permutations(chains, value):
    """Mean marginal contributions over all permutations that keep every chain's order."""
    kinds = [kind for chain in chains for kind in chain]
    total, count = dict.fromkeys(kinds, 0.0), 0
    for order in itertools.permutations(kinds):
        if any([kind for kind in order if kind in chain] != list(chain) for chain in chains):
            continue
        known, count = set(), count + 1
        for kind in order:
            before = tuple(len(known & set(chain)) for chain in chains)
            known.add(kind)
            after = tuple(len(known & set(chain)) for chain in chains)
            total[kind] = total[kind] + value(after) - value(before)
    return {kind: each / count for kind, each in total.items()}


@pytest.mark.parametrize("chains", [CHAINS, (("a", "b"), ()), (("a",), ("x",), ("p", "q"))])
def test_shares_are_means_over_permutations(chains):
    value = value_of(chains)
    found, expected = shares(chains, value), by_permutations(chains, value)
    assert list(found) == list(expected)
    for kind, share in found.items():
        np.testing.assert_allclose(share, expected[kind], atol=1e-12)


@given(st.integers(0, 10**6))
def test_both_add_up_to_the_total(seed):
    value, order = value_of(CHAINS, seed), ("x", "a", "b", "y", "c")
    total = value((3, 2)) - value((0, 0))
    for found in (steps(CHAINS, order, value), shares(CHAINS, value)):
        np.testing.assert_allclose(sum(found.values()), total, atol=1e-12)


def test_shapley_of_the_glove_game():
    """One left glove, two right ones, a pair is worth 1: 2/3, 1/6, 1/6 [Shapley1953]."""
    chains = (("left",), ("right",), ("other",))
    found = shares(chains, lambda at: np.asarray(float(at[0] and (at[1] or at[2]))))
    assert [float(found[kind]) for kind in ("left", "right", "other")] == pytest.approx([2 / 3, 1 / 6, 1 / 6])


def test_nothing_interacts():
    worth = {"a": 1.0, "b": 2.0, "c": 4.0, "x": 8.0, "y": 16.0}
    found = shares(CHAINS, lambda at: np.asarray(sum(worth[k] for c, n in zip(CHAINS, at, strict=True) for k in c[:n])))
    assert {kind: float(x) for kind, x in found.items()} == pytest.approx(worth)


def test_orders_and_states():
    assert len(list(orders(CHAINS))) == 10
    assert len(states(CHAINS)) == 12
    assert in_order(CHAINS, ("y", "c", "nothing", "a")) == ("y", "c", "a")
    assert known_at(CHAINS, (2, 0)) == {0: "b", 1: None}
    assert path(CHAINS, ("a", "x", "b"))["b"] == ((1, 1), (2, 1))


@pytest.mark.parametrize("order", [("b", "a"), ("a", "a"), ("q",)])
def test_an_order_that_breaks_a_chain(order):
    with pytest.raises(ValueError, match="is not the next of any chain"):
        steps(CHAINS, order, value_of(CHAINS))
