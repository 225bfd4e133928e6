"""The loop: a replication after the other, and in it the least moment that is to come."""

from __future__ import annotations

from sim.compiled.hand import FIRST_KEY
from sim.compiled.kernel.award import award
from sim.compiled.kernel.clearing import collect, exits, per_task
from sim.compiled.kernel.finish import ENDING, FAMILY, end_until, inform_of_clearing
from sim.compiled.kernel.heap import drop, put
from sim.compiled.kernel.layout import DONE, FULL, KNOWN, NEVER, REFUSED, TOO_LATE, UNKNOWN_TRY
from sim.compiled.kernel.piece import piece
from sim.compiled.kernel.starting import closes, escalate, let_go, note_hired, posting_end, start_attempts
from sim.compiled.kernel.writing import count, write_attempts, write_clearing
from sim.compiled.packed import call, shifted

WAITING = 0  # place in `Lane.marks`


@piece
def begin(r, size, market, world, hand, lane, counts):
    """Put everything back to the start of a replication."""
    for i in range(size.floats * size.width):
        hand.floats[i] = hand.initial[i]
    for i in range(size.whole * size.width):
        hand.whole[i] = 0
    for family in range(size.families):
        for row in range(size.states):
            for a in range(size.agents):
                known = hand.initial[(KNOWN + row) * size.width + a]
                hand.others[(family * size.states + row) * size.agents + a] = known
    for c in range(size.tasks * size.agents):
        lane.tries[c], lane.failures[c] = 0, 0
    if market.escalates:
        for t in range(size.tasks):
            lane.reserve[t], lane.task_failures[t] = per_task(world.reserve, r, t), 0
    if market.shares_slots:
        for slot in range(size.agents * size.capacity):
            lane.until[slot] = 0
        for a in range(size.agents):
            lane.free[a] = 0
    for j in range(size.keys):
        hand.words[FIRST_KEY + j] = world.keys[r * size.keys + j]
    lane.marks[WAITING], lane.marks[ENDING], lane.marks[FAMILY] = 0, 0, 0
    if market.bankrolls:
        for a in range(size.agents):
            lane.balance[a], lane.held[a], lane.running[a], lane.exited[a] = world.bankroll[a], 0.0, 0, 0
    if market.budgets:
        for one in range(size.principals):
            lane.purse[one], lane.pledged[one], lane.contracts[one] = world.budgets[one], 0.0, 0
    if size.counted:
        for at in range(r * size.tasks, (r + 1) * size.tasks):
            counts.clearings[at], counts.bids[at], counts.awards[at] = 0, 0, 0
            counts.ties[at], counts.exits[at], counts.fees[at] = 0, 0, 0.0


@piece
def draw_all(r, part, size, world, hand, lane):
    """What is drawn of all tasks of the replication at once, unless an earlier market of this World drew it."""
    bulk = world.bulk
    if bulk.step == 0 or bulk.made[r] == 0:
        to = shifted(bulk.at, r * bulk.step)
        call(part.code, part.numbers, hand.words, world.tasks, lane.scratch, to, size.agents, size.tasks)
    if bulk.step > 0:
        bulk.made[r] = 1


@piece
def next_moment(r, nxt, world, lane):
    """The least moment at which a posting clears, NEVER after the last, and how many first postings came by then."""
    key = per_task(world.first, r, nxt)
    if lane.marks[WAITING] > 0 and lane.waiting[0] < key:
        key = lane.waiting[0]
        drop(lane.waiting, lane.marks[WAITING])
        lane.marks[WAITING] -= 1
        return key, nxt
    return key, nxt + 1


def play(start, stop, of):
    """Play replications start, ..., stop - 1 with what is `Given`; returns how it ended.

    Compiled where it is kept by the text of all of these files (sim/compiled/kept.py).
    """
    parts, size, market, world, hand, lane = of.parts, of.size, of.market, of.world, of.hand, of.lane
    now, done = of.now, of.done
    below = size.posting_bits + size.agent_bits
    for r in range(start, stop):
        rows, cleared, nxt = done[1], done[2], 0
        done[0] = r
        begin(r, size, market, world, hand, lane, of.counts)
        if market.bulk:
            draw_all(r, parts.draw_lane, size, world, hand, lane)
        while True:
            key, nxt = next_moment(r, nxt, world, lane)
            if key == NEVER:
                break
            tick = key >> (size.task_bits + below)
            t = (key >> below) & ((1 << size.task_bits) - 1)
            p = (key >> size.agent_bits) & ((1 << size.posting_bits) - 1)
            owner = per_task(world.owner, r, t)
            end_until(tick, r, parts, size, market, world, hand, lane)
            gone = exits(market, size, lane)
            stands, withdrawn, bids = award(
                r, t, p, tick, owner, parts, size, market, world, hand, lane, now, of.seen, done
            )
            if not stands:
                return REFUSED
            fees = collect(owner, size, market, hand, lane)
            hires = note_hired(size, hand, now)
            if not start_attempts(r, t, tick, hires, parts, size, market, world, hand, lane, now):
                done[4] = t
                return UNKNOWN_TRY
            end, passed, closed = posting_end(tick, withdrawn, hires, now)
            if end + market.delay + market.window >= size.most_ticks:
                return TOO_LATE
            reposted, again, closed = closes(r, t, p, end, passed, withdrawn, closed, size, market, world)
            rows = write_attempts(r, t, p, rows, hires, size, hand, now, of.attempts)
            cleared = write_clearing(
                r, t, p, tick, closed, withdrawn, cleared, size, hand, lane, now, market, of.kept, of.clearings
            )
            if rows < 0 or cleared < 0:
                return FULL
            count(r, t, bids, gone, hires, fees, size, hand, of.counts)
            if market.escalates:
                escalate(t, per_task(world.reserve, r, t), hires, parts, size, hand, lane, now)
            if market.adapts:
                inform_of_clearing(parts, size, market, hand)
            let_go(t, p, tick, end, owner, hires, size, market, hand, lane, now)
            if reposted:
                put(
                    lane.waiting,
                    lane.marks[WAITING],
                    ((again << size.task_bits) + t << below) + (p + 1 << size.agent_bits),
                )
                lane.marks[WAITING] += 1
        done[1], done[2] = rows, cleared
    done[0] = stop
    return DONE
