"""What an agent gets by one bid after another against the same postings: a loop around a rule that clears blocks.

Read as text by sim/compiled/abreast.py, which has it compiled once for all rules. Arrays are pointers to floats; R
is size, B is bids:

    front (7, n, R), single (4, R)   what is given, as sim/compiled/trace/blocks.py orders it
    fails (n, R)                     chance that an agent's attempt fails and the next one's turn comes
    me (R,)                          the agent, where own is -1; else it is agent number own in all postings
    ask, claim                       its bids, infinite asks abstain; (B, R) where asks, claims are 1, else (B,)
    advice (B,)                      what is thought of its ability, where advised is 1
    passes, cost                     (B,) for SHARED and TRIED, (R,) for EACH
    out                              (3, B, R) for FIELDS, (1, B, R) for SHARED, (2, B, R) for EACH and TRIED,
                                     (3, B, 2) for SUMS

at: where in the hand stand asks, claims, active, advice, hired, both payments, turns, fees and what is single. lanes:
rows of zeros for what is told of the agent: chance, hired, both payments, fee, and what it asks and whether it bids. Me
is as long as whole blocks.
"""

import numpy as np
from numba import njit

from sim.compiled.abreast import EACH, SHARED, SUMS, TRIED
from sim.compiled.choose import choose
from sim.compiled.trace.block_rows import WIDE


@njit(inline="always")
def put_in(hand, to, rows, first, count):
    """So many numbers of a row, from place `first` on."""
    for j in range(count):
        hand[to + j] = rows[first + j]


@njit(inline="always")
def say(hand, to, own, me, first, said, at, each):
    """The agent's entries of a column: a block of said from `at` on, or one number for all postings."""
    for j in range(WIDE):
        place = own if own >= 0 else np.int64(me[first + j])
        hand[to + place * WIDE + j] = said[at + j] if each else said[at]


@njit(inline="always")
def look(lanes, to, hand, at, own, me, first):
    """The agent's entries of a column, as a row of lanes."""
    for j in range(WIDE):
        place = own if own >= 0 else np.int64(me[first + j])
        lanes[to + j] = hand[at + place * WIDE + j]


@njit(inline="always")
def add_up(out, to, count, first, lanes, row):
    """Adds a row of lanes to the sum over even draws and to that over odd ones, one after the other."""
    for half in range(min(2, count)):
        begin = half
        total = out[to + half]
        if first == 0:
            total = lanes[row + half]
            begin += 2
        for j in range(begin, count, 2):
            total += lanes[row + j]
        out[to + half] = total


@njit(error_model="numpy", cache=True)
def write_down(how, b, bids, here, first, count, size, passes, cost, lanes, out):
    """Put what the audited agent gets for bid b at `count` postings from `first` on into `out`; how: as in `deal`."""
    hired, success, failure, fee, asked = WIDE, 2 * WIDE, 3 * WIDE, 4 * WIDE, 5 * WIDE
    if how == EACH:
        for j in range(count):
            p = passes[first + j]
            worth = p * lanes[success + j] + (1.0 - p) * lanes[failure + j] - cost[first + j]
            out[here + j] = lanes[j] * worth - lanes[fee + j]
        put_in(out, bids * size + here, lanes, hired, count)
        return
    for j in range(WIDE):
        lanes[success + j] = lanes[success + j] * lanes[j] - lanes[fee + j]
        lanes[failure + j] = lanes[failure + j] * lanes[j] - lanes[fee + j]
    if how == SUMS:
        add_up(out, 2 * b, count, first, lanes, 0)
        add_up(out, 2 * (bids + b), count, first, lanes, success)
        add_up(out, 2 * (2 * bids + b), count, first, lanes, failure)
    elif how in (SHARED, TRIED):
        p, c = passes[b], cost[b]
        for j in range(WIDE):
            lanes[asked + j] = p * lanes[success + j] + (1.0 - p) * lanes[failure + j] - c * lanes[j]
        put_in(out, here, lanes, asked, count)
        if how == TRIED:
            put_in(out, bids * size + here, lanes, 0, count)
    else:
        put_in(out, here, lanes, 0, count)
        put_in(out, bids * size + here, lanes, success, count)
        put_in(out, 2 * bids * size + here, lanes, failure, count)


@njit(error_model="numpy", cache=True)
def deal(
    part, numbers, hand, at, n, size, bids, room, front, single, fails, own, me,
    ask, asks, claim, claims, advice, advised, turns, fees, how, passes, cost, lanes, out,
):  # fmt: skip
    """Fill `out`; returns -1, or the number b size + r of the first bid that the rule refuses."""
    hired, success, failure, fee, asked, able = WIDE, 2 * WIDE, 3 * WIDE, 4 * WIDE, 5 * WIDE, 6 * WIDE
    for first in range(0, size, WIDE):
        count = min(WIDE, size - first)
        for v in range(7):
            for a in range(n):
                put_in(hand, (v * room + a) * WIDE, front, (v * n + a) * size + first, count)
        for v in range(4):
            put_in(hand, at[9] + v * WIDE, single, v * size + first, count)
        for b in range(bids):
            here = b * size + first
            if asks:
                put_in(lanes, asked, ask, here, count)
            else:
                for j in range(WIDE):
                    lanes[asked + j] = ask[b]
            for j in range(WIDE):
                said = lanes[asked + j]
                lanes[asked + j] = choose(np.isfinite(said), said, np.nan)
                lanes[able + j] = choose(np.isfinite(said), 1.0, 0.0)
            say(hand, at[0], own, me, first, lanes, asked, True)
            say(hand, at[2], own, me, first, lanes, able, True)
            if claims:
                put_in(lanes, asked, claim, here, count)
                say(hand, at[1], own, me, first, lanes, asked, True)
            else:
                say(hand, at[1], own, me, first, claim, b, False)
            if advised:
                say(hand, at[3], own, me, first, advice, b, False)
            refused = part(numbers, hand, n, count)
            if refused >= 0:
                return here + refused
            look(lanes, hired, hand, at[4], own, me, first)
            put_in(lanes, 0, lanes, hired, WIDE)
            if turns:
                look(lanes, success, hand, at[7], own, me, first)
                for rival in range(n):
                    put_in(lanes, failure, fails, rival * size + first, count)
                    for j in range(WIDE):
                        other = rival * WIDE + j
                        before = (hand[at[4] + other] != 0.0) & (hand[at[7] + other] < lanes[success + j])
                        lanes[j] = lanes[j] * choose(before, lanes[failure + j], 1.0)
            look(lanes, success, hand, at[5], own, me, first)
            look(lanes, failure, hand, at[6], own, me, first)
            if fees:
                look(lanes, fee, hand, at[8], own, me, first)
            write_down(how, b, bids, here, first, count, size, passes, cost, lanes, out)
    return -1


@njit(error_model="numpy", cache=True)
def weigh(chance, success, failure, at, passes, cost, bids, size, out):
    """Utilities (B, R) of types that get what row at (B,) of the fields says, by weights passes, cost (B,)."""
    for b in range(bids):
        row, here, p, c = np.int64(at[b]) * size, b * size, passes[b], cost[b]
        for r in range(size):
            out[here + r] = p * success[row + r] + (1.0 - p) * failure[row + r] - c * chance[row + r]
