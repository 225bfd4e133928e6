"""What an agent gets by one bid after another against the same postings: a loop around a rule that clears blocks.

Read as text by sim/compiled/abreast.py, which has it compiled once for all rules. Arrays are pointers to floats; R
is size, B is bids:

    front (7, n, R), single (4, R)   what is given, as sim/compiled/trace/blocks.py orders it
    fails (n, R)                     chance that an agent's attempt fails and the next one's turn comes
    me (R,)                          the agent, where own is -1; else it is agent number own in all postings
    ask (B, R), claim, advice        its bids, infinite asks abstain; claim (B, R) where claims is 1, else (B,)
    passes, cost                     (B,) for SHARED, (R,) for EACH
    out                              (3, B, R) for FIELDS, (1, B, R) for SHARED, (2, B, R) for EACH

at: where in the hand stand asks, claims, active, advice, hired, both payments, turns, fees and what is single.
"""

import numpy as np
from numba import njit

from sim.compiled.abreast import EACH, SHARED


@njit(inline="always")
def put_in(hand, to, a, wide, count, rows, first):
    """Rows (a, size) from posting `first` on, a block of them."""
    for j in range(count):
        hand[to + a * wide + j] = rows[first + j]


@njit(error_model="numpy", cache=True)
def deal(
    part, numbers, hand, at, n, size, bids, wide, room, front, single, fails, own, me,
    ask, claim, claims, advice, advised, turns, fees, how, passes, cost, chances, out,
):  # fmt: skip
    """Fill `out`; returns -1, or the number b size + r of the first bid that the rule refuses."""
    for first in range(0, size, wide):
        count = min(wide, size - first)
        for v in range(7):
            for a in range(n):
                put_in(hand, v * room * wide, a, wide, count, front, (v * n + a) * size + first)
        for v in range(4):
            put_in(hand, at[9], v, wide, count, single, v * size + first)
        for b in range(bids):
            here = b * size + first
            for j in range(count):
                o = (own if own >= 0 else np.int64(me[first + j])) * wide + j
                said = ask[here + j]
                able = np.isfinite(said)
                hand[at[0] + o] = said if able else np.nan
                hand[at[1] + o] = claim[here + j] if claims else claim[b]
                hand[at[2] + o] = 1.0 if able else 0.0
                if advised:
                    hand[at[3] + o] = advice[b]
            refused = part(numbers, hand, n, count)
            if refused >= 0:
                return here + refused
            for j in range(count):
                o = (own if own >= 0 else np.int64(me[first + j])) * wide + j
                chances[j] = hand[at[4] + o]
            if turns:
                for rival in range(n):
                    for j in range(count):
                        o = (own if own >= 0 else np.int64(me[first + j])) * wide + j
                        other = rival * wide + j
                        before = (hand[at[4] + other] != 0.0) & (hand[at[7] + other] < hand[at[7] + o])
                        chances[j] = chances[j] * (fails[rival * size + first + j] if before else 1.0)
            for j in range(count):
                o = (own if own >= 0 else np.int64(me[first + j])) * wide + j
                chance, success, failure = chances[j], hand[at[5] + o], hand[at[6] + o]
                fee = hand[at[8] + o] if fees else 0.0
                if how == EACH:
                    p = passes[first + j]
                    out[here + j] = chance * (p * success + (1.0 - p) * failure - cost[first + j]) - fee
                    out[bids * size + here + j] = hand[at[4] + o]
                    continue
                success, failure = success * chance - fee, failure * chance - fee
                if how == SHARED:
                    p = passes[b]
                    out[here + j] = p * success + (1.0 - p) * failure - cost[b] * chance
                else:
                    out[here + j] = chance
                    out[bids * size + here + j] = success
                    out[2 * bids * size + here + j] = failure
    return -1
