"""Attempts that end: accounts are settled, and who learns from outcomes does."""

import numpy as np

from sim.compiled.kernel.heap import drop
from sim.compiled.kernel.layout import (
    ACTIVE,
    CLAIMED,
    COST,
    FAIL,
    FEE,
    HIRED,
    INFORMED,
    KNOWN,
    NONE,
    PASS,
    PAYMENT,
    STATUS,
)  # fmt: skip
from sim.compiled.kernel.piece import piece, run

ENDING, FAMILY = 1, 2  # places in `Lane.marks`


@piece
def have_in_hand(family, size, hand, lane):
    """Have what is known of this family of tasks in hand, and put back what is known of the one before."""
    held = lane.marks[FAMILY]
    if held != family:
        for row in range(size.common, size.states):
            for a in range(size.agents):
                here = (KNOWN + row) * size.width + a
                hand.others[(held * size.states + row) * size.agents + a] = hand.floats[here]
                hand.floats[here] = hand.others[(family * size.states + row) * size.agents + a]
        lane.marks[FAMILY] = family


@piece
def settle_with(c, a, market, owner, lane):
    """Pay what is owed, take the attempt's cost, and set free what was set aside."""
    if market.bankrolls:
        lane.balance[a] += lane.payment[c] - lane.cost[c]
        lane.running[a] -= 1
        lane.held[a] = 0.0 if lane.running[a] == 0 else lane.held[a] - lane.bond[c]
    if market.budgets:
        lane.purse[owner] += -lane.payment[c]
        lane.contracts[owner] -= 1
        lane.pledged[owner] = 0.0 if lane.contracts[owner] == 0 else lane.pledged[owner] - lane.most[c]


@piece
def take_over(first, stop, size, hand):
    """Have what is known next be what is known, of these rows of knowledge."""
    for row in range(KNOWN + first, KNOWN + stop):
        for b in range(size.agents):
            hand.floats[row * size.width + b] = hand.floats[(row + size.states) * size.width + b]


@piece
def inform_of_end(c, a, parts, size, hand, lane):
    """Give an agent that learns feedback on its attempt, which has ended."""
    w = size.width
    for b in range(size.agents):
        hand.truths[INFORMED * w + b], hand.truths[HIRED * w + b] = b == a, b == a
        hand.whole[STATUS * w + b], hand.floats[PAYMENT * w + b], hand.floats[COST * w + b] = NONE, 0.0, 0.0
        for row in range(size.memos):
            hand.floats[(KNOWN + 2 * size.states + row) * w + b] = 0.0
    for row in range(size.memos):
        hand.floats[(KNOWN + 2 * size.states + row) * w + a] = lane.memo[c * (size.memos + 1) + row]
    hand.whole[STATUS * w + a], hand.floats[COST * w + a] = lane.status[c], lane.cost[c]
    hand.floats[PAYMENT * w + a] = lane.payment[c] - lane.memo[c * (size.memos + 1) + size.memos]
    run(parts.adapt, size, hand)
    take_over(0, size.adapted, size, hand)


@piece
def inform_of_clearing(parts, size, market, hand):
    """Give agents that learn feedback on their bids that counted: hired or not."""
    w = size.width
    for b in range(size.agents):
        hand.truths[INFORMED * w + b], hand.whole[STATUS * w + b] = hand.truths[ACTIVE * w + b], NONE
        hand.floats[COST * w + b], hand.floats[PAYMENT * w + b] = 0.0, 0.0
        if market.fees and hand.truths[HIRED * w + b] == 0:
            hand.floats[PAYMENT * w + b] = 0.0 - hand.floats[FEE * w + b]
    run(parts.adapt, size, hand)
    take_over(0, size.adapted, size, hand)


@piece
def paid(status, score, success, failure):
    """What a contract pays, as `sim.kit.arrays.settle` has it."""
    if status != PASS and status != FAIL:
        return 0.0
    if 0.0 < score < 1.0:
        return failure + score * (success - failure)
    return success if status == PASS else failure


@piece
def end_until(tick, r, parts, size, market, world, hand, lane):
    """End what ends at this tick or earlier, one attempt after the other."""
    below = size.task_bits + size.posting_bits + size.agent_bits
    while lane.marks[ENDING] > 0 and lane.ending[0] >> below <= tick:
        key = lane.ending[0]
        drop(lane.ending, lane.marks[ENDING])
        lane.marks[ENDING] -= 1
        t = (key >> (size.posting_bits + size.agent_bits)) & ((1 << size.task_bits) - 1)
        a = np.int64(lane.ranked[t * size.agents + (key & ((1 << size.agent_bits) - 1))])
        c = t * size.agents + a
        owner = world.owner.at[r * world.owner.r + t * world.owner.t]
        settle_with(c, a, market, owner, lane)
        if market.learns and lane.status[c] != NONE:
            have_in_hand(world.family[t], size, hand, lane)
            w = size.width
            for b in range(size.agents):
                hand.whole[STATUS * w + b], hand.floats[COST * w + b], hand.floats[CLAIMED * w + b] = NONE, 0.0, np.nan
            hand.whole[STATUS * w + a] = lane.status[c]
            hand.floats[COST * w + a], hand.floats[CLAIMED * w + a] = lane.cost[c], lane.claim[c]
            run(parts.learn, size, hand)
            take_over(size.adapted, size.states, size, hand)
        if market.adapts and lane.status[c] != NONE:
            inform_of_end(c, a, parts, size, hand, lane)
