"""Rows: attempts, clearings with what was in hand, and counts."""

from sim.compiled.kernel.finish import paid
from sim.compiled.kernel.layout import (
    ASK,
    BELIEF,
    BUDGET,
    BY_TIE,
    CLAIM,
    COST_BELIEF,
    PAY_FAILURE,
    PAY_SUCCESS,
    TURN,
)
from sim.compiled.kernel.piece import piece


@piece
def write_attempts(r, t, p, row, hires, size, hand, now, to):
    """One row for each that worked, by agent; the next row, or -1 where there is no room."""
    w = size.width
    for place in range(hires):
        a = now.hired[place]
        if now.tried[a] == 0:
            continue
        if row >= size.attempts:
            return -1
        floats = hand.floats
        to.replication[row], to.task[row], to.posting[row], to.agent[row] = r, t, p, a
        to.nth[row], to.turn[row] = now.nth[a], hand.whole[TURN * w + a]
        to.start[row], to.finish[row], to.status[row] = now.start[a], now.finish[a], now.status[a]
        to.timed_out[row], to.success[row], to.score[row] = now.timed_out[a], now.success[a], now.score[a]
        to.ask[row], to.claim[row] = floats[ASK * w + a], floats[CLAIM * w + a]
        to.belief[row], to.cost_belief[row] = floats[BELIEF * w + a], floats[COST_BELIEF * w + a]
        success, failure = floats[PAY_SUCCESS * w + a], floats[PAY_FAILURE * w + a]
        to.pay_success[row], to.pay_failure[row], to.budget[row] = success, failure, floats[BUDGET * w + a]
        to.payment[row] = paid(now.status[a], now.score[a], success, failure)
        to.cost[row] = now.cost[a]
        row += 1
    return row


@piece
def write_clearing(r, t, p, tick, closed, withdrawn, row, size, hand, lane, now, market, kept, to):
    """One row, and what was in hand; the next row, or -1 where there is no room. Nothing where none is wanted."""
    if size.clearings == 0:
        return row
    if row >= size.clearings:
        return -1
    to.replication[row], to.task[row], to.posting[row], to.tick[row] = r, t, p, tick
    to.closed[row], to.withdrawn[row] = closed, withdrawn
    to.by_tie[row] = hand.truths[BY_TIE * size.width]
    for i in range(kept.n_numbers):
        to.numbers[row * kept.n_numbers + i] = hand.floats[kept.numbers[i] * size.width]
    keep(row, kept.floats, kept.n_floats, size, hand.floats, to.floats)
    keep(row, kept.whole, kept.n_whole, size, hand.whole, to.whole)
    keep(row, kept.truths, kept.n_truths, size, hand.truths, to.truths)
    n = size.agents
    for a in range(n):
        at = 4 * row * n + a
        to.barred[at], to.barred[at + n] = now.willing[a], now.excluded[a]
        to.barred[at + 2 * n] = market.bankrolls and lane.exited[a] != 0
        to.barred[at + 3 * n] = now.no_bond[a]
    return row + 1


@piece
def keep(row, places, count, size, hand, to):
    """Copy some rows of an array in hand."""
    for i in range(count):
        for a in range(size.agents):
            to[(row * count + i) * size.agents + a] = hand[places[i] * size.width + a]


@piece
def copy_hand(row, size, hand, to):
    """Keep all that is in hand."""
    n, w = size.agents, size.width
    for i in range(size.floats):
        for a in range(n):
            to.floats[(row * size.floats + i) * n + a] = hand.floats[i * w + a]
    for i in range(size.whole):
        for a in range(n):
            to.whole[(row * size.whole + i) * n + a] = hand.whole[i * w + a]
    for i in range(size.truths):
        for a in range(n):
            to.truths[(row * size.truths + i) * n + a] = hand.truths[i * w + a]


@piece
def count(r, t, bids, exits, hires, fees, size, hand, to):
    """Add a clearing to the counts of its auction, where they are wanted."""
    if not size.counted:
        return
    at = r * size.tasks + t
    to.clearings[at] += 1
    to.bids[at] += bids
    to.exits[at] += exits
    to.awards[at] += hires > 0
    to.ties[at] += hires > 0 and hand.truths[BY_TIE * size.width] != 0
    to.fees[at] += fees
