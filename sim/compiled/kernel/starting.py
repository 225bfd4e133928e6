"""Attempts that an award starts, all that will become of them, and how the posting ends."""

import numpy as np

from sim.compiled.kernel.clearing import bond_of, per_place, per_task
from sim.compiled.kernel.finish import ENDING, paid
from sim.compiled.kernel.heap import put
from sim.compiled.kernel.layout import (
    BUDGET,
    CLAIM,
    DEADLINE,
    FAIL,
    FAILED,
    FEE,
    FIRST_RESERVE,
    HIRED,
    INFRA,
    KNOWN,
    NO_BUDGET,
    NONE,
    PASS,
    PAY_FAILURE,
    PAY_SUCCESS,
    RAISED,
    REPOSTED,
    RESERVE,
    SOLVED,
    TASK_FAILURES,
    TRY_COST,
    TRY_INFRA,
    TRY_SUCCESS,
    TRY_TICKS,
    TRY_VERIFIED,
    TURN,
    UNFILLED,
)
from sim.compiled.kernel.piece import piece, run
from sim.compiled.packed import call


@piece
def attempt(r, t, a, tick, parts, size, market, world, hand, lane, now):
    """One attempt from this tick on; False where nobody knows what its try brings."""
    c = t * size.agents + a
    nth = np.int64(lane.tries[c])
    if nth >= size.tries and not market.repeats:
        return False
    known = min(nth, size.tries - 1)
    w = size.width
    if market.draws_tries:
        hand.words[0], hand.words[2], hand.words[3] = world.tasks[t], world.tries[known], world.tasks[size.tasks + t]
        part = parts.draw_try
        call(part.code, part.numbers, hand.words, hand.floats, hand.whole, hand.truths, a, w)
    cost = hand.floats[TRY_COST * w + a] if market.draws_cost else per_place(world.cost, r, t, a, known)
    ticks = hand.whole[TRY_TICKS * w + a] if market.draws_ticks else per_place(world.duration, r, t, a, known)
    passed = hand.truths[TRY_VERIFIED * w + a] != 0
    if not market.draws_verified:
        passed = per_place(world.verified, r, t, a, known) != 0
    success = passed
    if market.draws_success:
        success = hand.truths[TRY_SUCCESS * w + a] != 0
    elif market.own_success:
        success = per_place(world.success, r, t, a, known) != 0
    stopped = False
    if market.limits:
        limit = hand.floats[BUDGET * size.width + a]
        if cost > limit:
            ticks = np.int64(np.ceil(ticks * (limit / cost)))
            passed = success = False
            cost, stopped = limit, True
    status = PASS if passed else FAIL
    score = 1.0 if passed else 0.0
    if market.graded and not stopped:
        score = per_place(world.score, r, t, a, known)
    if market.draws_infra:
        lost = hand.truths[TRY_INFRA * w + a] != 0
    else:
        lost = market.losses and per_place(world.infra, r, t, a, known) != 0
    if lost:
        status, success, score = INFRA, False, 0.0
    finish, late = tick + ticks, False
    if market.has_deadline:
        limit = per_task(world.arrival, r, t) + market.deadline
        if finish > limit:
            finish, late, success, status, score = limit, True, False, market.timeout, 0.0
    lane.tries[c] = nth + 1
    if status == FAIL:
        lane.failures[c] += 1
    now.tried[a], now.nth[a], now.start[a], now.finish[a] = True, nth, tick, finish
    now.status[a], now.timed_out[a], now.success[a], now.cost[a] = status, late, success, cost
    now.score[a] = score
    return True


@piece
def note_hired(size, hand, now):
    """Note the hired in order; how many they are."""
    count = 0
    for a in range(size.agents):
        now.hired[count] = a
        count += hand.truths[HIRED * size.width + a] != 0
    return count


@piece
def least_turn(after, hires, size, hand, now):
    """The least turn of the hired beyond this one, -1 if there is none."""
    found = -1
    for place in range(hires):
        turn = hand.whole[TURN * size.width + now.hired[place]]
        if turn > after and (found < 0 or turn < found):
            found = turn
    return found


@piece
def start_attempts(r, t, awarded, hires, parts, size, market, world, hand, lane, now):
    """Have those hired at this tick work: all at once, or turn after turn until one passes.

    False where a try is not known.
    """
    tick, known, rank = awarded + market.approval, True, 0
    if not market.turns:
        for place in range(hires):
            a = now.hired[place]
            known = attempt(r, t, a, tick, parts, size, market, world, hand, lane, now) and known
            now.rank[a] = a
        return known
    for place in range(hires):
        now.tried[now.hired[place]] = False
    going, begin = True, tick
    deadline = per_task(world.arrival, r, t) + market.deadline
    turn = least_turn(-1, hires, size, hand, now)
    while turn >= 0:
        end, passed = begin, False
        for place in range(hires):
            a = now.hired[place]
            if hand.whole[TURN * size.width + a] == turn:
                now.rank[a] = rank
                rank += 1
                if going:
                    known = attempt(r, t, a, begin, parts, size, market, world, hand, lane, now) and known
                    end = max(end, now.finish[a])
                    passed = passed or now.status[a] == PASS
        begin = end
        going = going and not passed and not (market.has_deadline and begin >= deadline)
        turn = least_turn(turn, hires, size, hand, now)
    return known


@piece
def posting_end(tick, withdrawn, hires, now):
    """Tick at which the posting ends, whether it was solved, and why it would close."""
    end, passed, late = tick, False, False
    for place in range(hires):
        a = now.hired[place]
        if now.tried[a] != 0:
            end = max(end, now.finish[a])
            passed = passed or now.status[a] == PASS
            late = late or now.timed_out[a] != 0
    closed = SOLVED if passed else DEADLINE if late else FAILED
    if hires == 0:
        closed = NO_BUDGET if withdrawn else UNFILLED
    return end, passed, closed


@piece
def escalate(t, first, hires, parts, size, hand, lane, now):
    """Raise the task's reserve: once where nobody was hired, and at failures as they are verified."""
    hand.floats[FIRST_RESERVE * size.width] = first
    if hires == 0:
        run(parts.unfilled, size, hand)
        hand.floats[RESERVE * size.width] = hand.floats[RAISED * size.width]
    for place in range(hires):
        a = now.hired[place]
        if now.tried[a] != 0 and now.status[a] == FAIL:
            lane.task_failures[t] += 1
            hand.whole[TASK_FAILURES * size.width] = lane.task_failures[t]
            run(parts.failed, size, hand)
            hand.floats[RESERVE * size.width] = hand.floats[RAISED * size.width]
    lane.reserve[t] = hand.floats[RESERVE * size.width]


@piece
def closes(r, t, p, end, passed, withdrawn, closed, size, market, world):
    """Whether the task is posted again, when it clears then, and how the posting closed."""
    again = end + market.delay + market.window
    if passed or withdrawn or p + 1 >= size.postings:
        return False, again, closed
    if market.has_deadline and again + market.approval >= per_task(world.arrival, r, t) + market.deadline:
        return False, again, DEADLINE
    return True, again, REPOSTED


@piece
def take_slot(a, tick, until, size, lane):
    """Take an agent's first slot that is free until a later tick, and note when one is free again."""
    first = until
    found = False
    for slot in range(a * size.capacity, (a + 1) * size.capacity):
        if not found and lane.until[slot] <= tick:
            lane.until[slot], found = until, True
        first = min(first, lane.until[slot])
    lane.free[a] = first


@piece
def let_go(t, p, tick, end, owner, hires, size, market, hand, lane, now):
    """Take the slots of the hired, set money aside, and note when each is let go."""
    waits = market.learns or market.adapts or market.bankrolls or market.budgets
    for place in range(hires):
        a = now.hired[place]
        until = now.finish[a] if now.tried[a] != 0 else end
        if market.shares_slots:
            take_slot(a, tick, until, size, lane)
        if waits:
            hold(t * size.agents + a, a, owner, size, market, hand, lane, now)
            lane.ranked[t * size.agents + now.rank[a]] = a
            key = (((until << size.task_bits) + t << size.posting_bits) + p << size.agent_bits) + now.rank[a]
            put(lane.ending, lane.marks[ENDING], key)
            lane.marks[ENDING] += 1


@piece
def hold(c, a, owner, size, market, hand, lane, now):
    """Set aside what the contract may take, and keep what will come of it."""
    success, failure = hand.floats[PAY_SUCCESS * size.width + a], hand.floats[PAY_FAILURE * size.width + a]
    lane.status[c], lane.payment[c], lane.cost[c] = NONE, 0.0, 0.0
    lane.claim[c] = hand.floats[CLAIM * size.width + a]
    if now.tried[a] != 0:
        lane.status[c], lane.cost[c] = now.status[a], now.cost[a]
        lane.payment[c] = paid(now.status[a], now.score[a], success, failure)
    if market.adapts:
        for row in range(size.memos):
            kept = hand.floats[(KNOWN + 2 * size.states + row) * size.width + a]
            lane.memo[c * (size.memos + 1) + row] = kept
        lane.memo[c * (size.memos + 1) + size.memos] = hand.floats[FEE * size.width + a] if market.fees else 0.0
    lane.bond[c], lane.most[c] = bond_of(success, failure), max(0.0, max(success, failure))
    if market.bankrolls:
        lane.held[a] += lane.bond[c]
        lane.running[a] += 1
    if market.budgets:
        lane.pledged[owner] += lane.most[c]
        lane.contracts[owner] += 1
