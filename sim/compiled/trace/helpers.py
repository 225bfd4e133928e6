"""Functions that the text of every graph may call, as numba compiles them with it."""

HELPERS = '''\
import numpy as np
from numba import njit

from sim.compiled.stack import own
from sim.kit.compiled_functions import exp as special_exp
from sim.kit.compiled_functions import expit as special_expit
from sim.kit.compiled_functions import log as special_log
from sim.kit.compiled_functions import logit as special_logit
from sim.kit.compiled_functions import middle as special_middle
from sim.kit.compiled_functions import mix
from sim.kit.compiled_functions import ndtri as special_ndtri
from sim.kit.compiled_functions import near_tail as special_near_tail
from sim.kit.compiled_functions import uniform

PIECE = 512  # numbers that are looked at together


@njit(error_model="numpy")
def larger(x, y):
    return x if (x >= y or x != x) else y


@njit(error_model="numpy")
def smaller(x, y):
    return x if (x <= y or x != x) else y


@njit(error_model="numpy")
def before(x, y):
    """x stands before y in an ascending order, in which NaN is last."""
    return x < y or (y != y and x == x)


@njit(error_model="numpy")
def on_grid(claim, numbers, first, count):
    """The value of an ascending grid that the claim is nearest to; where there is none, the claim.

    numbers: from `first` on `count` values, then the borders between them.
    """
    if count == 0:
        return claim
    place = 0
    for at in range(first + count, first + 2 * count - 1):
        place += claim >= numbers[at]
    return numbers[first + place]


@njit(error_model="numpy")
def on_grid_of(claims, to, count, scratch, numbers, first, length):
    """As on_grid, of `count` claims from place `claims` on, put down from place `to` on.

    One border after the other, so that the processor compares several claims at a time.
    """
    if length == 0:
        for i in range(count):
            scratch[to + i] = scratch[claims + i]
        return
    for i in range(count):
        scratch[to + i] = 0.0
    for at in range(first + length, first + 2 * length - 1):
        border = numbers[at]
        for i in range(count):
            scratch[to + i] += 1.0 if scratch[claims + i] >= border else 0.0
    for i in range(count):
        scratch[to + i] = numbers[first + np.int64(scratch[to + i])]


@njit(error_model="numpy")
def ndtri_of(first, to, count, scratch):
    """The normal quantile of `count` numbers from place `first` on, put down from place `to` on.

    The middle, where most numbers lie, of all of them at once; then those of the tails together, but for a few.
    """
    for i in range(count):
        scratch[to + i] = special_middle(scratch[first + i])
    place, outer, found = own(PIECE), own(PIECE), own(PIECE)
    for start in range(0, count, PIECE):
        some = 0
        for i in range(start, min(start + PIECE, count)):
            place[some] = i
            some += not abs(scratch[first + i] - 0.5) <= 0.425
        for j in range(some):
            outer[j] = scratch[first + np.int64(place[j])]
        for j in range(some):
            found[j] = special_near_tail(outer[j])
        for j in range(some):
            p = outer[j]
            beyond = not (2e-11 < p and p < 1.0 - 2e-11)
            scratch[to + np.int64(place[j])] = special_ndtri(p) if beyond else found[j]
'''
