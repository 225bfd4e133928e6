"""How a piece of the loop is compiled, and how it has a traced part run."""

from numba import njit

from sim.compiled.packed import call

piece = njit(error_model="numpy", forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)


@piece
def run(part, size, hand):
    """Have a part work on what is in hand; 0 unless it refuses that."""
    return call(part.code, part.numbers, hand.words, hand.floats, hand.whole, hand.truths, size.agents, size.width)
