"""Attempts that end: accounts are settled, and who learns from outcomes does."""

import numpy as np

from sim.compiled.kernel.heap import drop
from sim.compiled.kernel.layout import CLAIMED, COST, FAIL, KNOWN, NONE, PASS, STATUS
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
            for row in range(KNOWN, KNOWN + size.states):
                for b in range(size.agents):
                    hand.floats[row * w + b] = hand.floats[(row + size.states) * w + b]
