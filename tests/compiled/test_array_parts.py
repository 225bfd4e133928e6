"""Arrays over sets of agents, and arrays that are put together part by part, are compiled as they are called."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kit.arrays import Award, Bids, FloatArray, Standing, Tender
from sim.mechanisms import Mechanism, lookup
from sim.mechanisms.base import contract
from tests.compiled.one_by_one import as_machine_code, one_by_one
from tests.compiled.test_trace import Front, cleared, fronts, interpreted, same
from tests.tried import tried


def check(rule: Mechanism, front: Front) -> None:
    """One by one, and a block side by side."""
    found, expected = cleared(rule, front), rule(*front)
    assert found is not None
    assert same(found, expected)
    assert same(one_by_one(rule, front, interpreted), expected)


@pytest.mark.parametrize("n", [2, 3, 5])
@pytest.mark.parametrize("at_most", [None, 2, 3])
def test_sets_of_agents(n: int, at_most: int | None) -> None:
    check(lookup("k_redundant")(at_most=at_most), fronts(n, 100, penalised=False))


def test_sets_of_many_agents_are_not_cleared_in_blocks() -> None:
    assert cleared(lookup("k_redundant")(), fronts(7, 10, penalised=False)) is None


@pytest.mark.slow
@pytest.mark.parametrize("n", [2, 4, 8, 10, 12])
@pytest.mark.parametrize("at_most", [None, 1, 3])
def test_sets_of_agents_as_machine_code(n: int, at_most: int | None) -> None:
    pytest.importorskip("numba")
    rule, front = lookup("k_redundant")(at_most=at_most), fronts(n, 3000 if n < 9 else 400, penalised=False)
    assert same(one_by_one(rule, front, as_machine_code), rule(*front))


@dataclass(frozen=True)
class Grows(Mechanism):
    """Pays by an array that is put together part by part; some parts are read again later."""

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        room = np.zeros((*bids.ask.shape[:-1], 7))
        room[..., :4] = bids.claim
        before = room[..., :3] + room[..., 2:5]
        room[..., 3:6] = before * 2.0
        kept = room[..., 1:5].copy()
        room[..., 1:5] = room[..., :4] - kept
        room[..., 5:] = 0.5
        pay = room[..., 3:] + before.max(axis=-1, keepdims=True) + kept
        return contract(bids.active, pay, -room[..., :4], np.zeros(bids.active.shape[:-1], np.bool_))


def test_parts_of_an_array_are_assigned() -> None:
    check(Grows(), fronts(4, 100, penalised=False))


Step = tuple[int, int, int, int]


@dataclass(frozen=True)
class Assigns(Mechanism):
    """Assigns parts of an array, some of which are read again. steps: first, length, from where, when it is read."""

    steps: tuple[Step, ...]

    name = "assigns"

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        room = np.zeros((*bids.ask.shape[:-1], 8))
        room[..., :4] = bids.claim
        later = [room.copy()]
        for first, length, begin, old in self.steps:
            source = later[old % len(later)]
            part = source[..., begin : begin + length] - 0.5 * room[..., :length].copy()
            part = bids.claim[..., :length] * 2.0 if old == 7 else part
            room[..., first : first + length] = part
            if old == 6:
                room[..., :length] = part
            later.append(room.copy() if old % 2 else room + 1.0)
        whole = room - later[len(later) // 2] - later[0]
        pay = whole[..., :4] + later[-1][..., 4:] - later[-2][..., 2:6]
        return contract(bids.active, pay, -room[..., 3:7], np.zeros(bids.active.shape[:-1], np.bool_))


@tried(60)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(1, 4), st.integers(0, 4), st.integers(0, 7)), min_size=1, max_size=6
    )
)
def test_parts_are_assigned_in_any_order(steps: list[Step]) -> None:
    check(Assigns(tuple(steps)), fronts(4, 20, penalised=False))
