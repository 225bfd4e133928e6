"""Memory of rows goes to the next rows when the last view of it is gone, and never before."""

from __future__ import annotations

import gc

import numpy as np

from sim.compiled import reused
from sim.compiled.reused import LEAST, memory_of


def test_memory_is_handed_out_again_when_nobody_reads_it() -> None:
    reused._LEFT.clear()
    first = memory_of(2 * LEAST)
    view = first[LEAST:].view(np.float64)[3:7]
    view[:] = 0.25
    address = first.__array_interface__["data"][0]
    del first
    gc.collect()
    other = memory_of(2 * LEAST)
    assert other.__array_interface__["data"][0] != address
    other[:] = 1
    assert view.tolist() == [0.25] * 4
    del view
    gc.collect()
    assert memory_of(LEAST).__array_interface__["data"][0] == address


def test_memory_too_small_for_the_next_rows_is_given_back() -> None:
    reused._LEFT.clear()
    memory_of(LEAST)
    assert [memory.size for memory in reused._LEFT] == [LEAST]
    larger = memory_of(2 * LEAST)
    assert larger.size == 2 * LEAST
    assert reused._LEFT == []


def test_little_memory_is_the_allocators() -> None:
    reused._LEFT.clear()
    memory_of(LEAST - 1)
    assert reused._LEFT == []
