"""A posting is cleared: bids are formed, the rule is asked, and asked again without who cannot post a bond."""

import numpy as np

from sim.compiled.kernel.layout import (
    ACTIVE,
    ADVICE,
    ASK,
    BELIEF,
    CHOICE,
    CLAIM,
    COST_BELIEF,
    EXPECTED_COST,
    EXPLORATION,
    FAILURES,
    FEE,
    HIRED,
    LOTTERY,
    PAY_FAILURE,
    PAY_SUCCESS,
    PENALTY,
    POSTING,
    RESERVE,
    SILENT,
    TRIES,
    VALUE,
)
from sim.compiled.kernel.piece import piece, run
from sim.kit.arrays import MOST_PAID


@piece
def per_task(field, r, t):
    """An element of an array (R, T)."""
    return field.at[r * field.r + t * field.t]


@piece
def per_agent(field, r, t, a):
    """An element of an array (R, T, n)."""
    return field.at[r * field.r + t * field.t + a * field.one]


@piece
def per_place(field, r, t, one, other):
    """An element of an array with four axes."""
    return field.at[r * field.r + t * field.t + one * field.one + other * field.other]


@piece
def believe(r, t, p, parts, size, market, world, hand, lane):
    """What agents believe of the task, from where it is known."""
    floats, w = hand.floats, size.width
    if market.bulk_belief < 0 and not market.draws_belief:
        for a in range(size.agents):
            floats[BELIEF * w + a] = per_agent(world.belief, r, t, a)
    if market.bulk_cost_belief < 0 and not market.draws_cost_belief:
        for a in range(size.agents):
            floats[COST_BELIEF * w + a] = per_agent(world.cost_belief, r, t, a)
    if market.silences:
        for a in range(size.agents):
            hand.truths[SILENT * w + a] = per_agent(world.silent, r, t, a)
    if market.draws:
        run(parts.draw, size, hand)
    if market.bulk:
        from_bulk(r, t, market.bulk_belief, BELIEF, size, world, hand)
        from_bulk(r, t, market.bulk_cost_belief, COST_BELIEF, size, world, hand)
        from_bulk(r, t, market.bulk_advice, ADVICE, size, world, hand)
        if market.bulk_silent >= 0:
            at = r * world.bulk.step + market.bulk_silent * size.agents * size.tasks + t
            for a in range(size.agents):
                hand.truths[SILENT * w + a] = world.bulk.at[at + a * size.tasks] != 0.0
    if market.retries:
        for a in range(size.agents):
            failures = np.int64(lane.failures[t * size.agents + a])
            if failures > 0:
                floats[BELIEF * w + a] = per_place(world.retry_belief, r, t, a, min(failures, size.failures) - 1)
    if market.absences:
        for a in range(size.agents):
            if per_agent(world.present, r, t, a) == 0:
                floats[BELIEF * w + a], floats[COST_BELIEF * w + a] = np.nan, np.nan


@piece
def from_bulk(r, t, row, name, size, world, hand):
    """Have in hand what was drawn of all tasks at once, where it was."""
    if row >= 0:
        at = r * world.bulk.step + row * size.agents * size.tasks + t
        for a in range(size.agents):
            hand.floats[name * size.width + a] = world.bulk.at[at + a * size.tasks]


@piece
def form_bids(r, t, p, parts, size, market, world, hand, lane):
    """What is believed and bid; not 0 where the policies refuse that."""
    floats, whole, w = hand.floats, hand.whole, size.width
    hand.words[0], hand.words[1], hand.words[3] = world.tasks[t], world.postings[p], world.tasks[size.tasks + t]
    floats[VALUE * w], floats[PENALTY * w] = per_task(world.value, r, t), per_task(world.penalty, r, t)
    floats[RESERVE * w] = lane.reserve[t] if market.escalates else per_task(world.reserve, r, t)
    whole[POSTING * w] = p
    believe(r, t, p, parts, size, market, world, hand, lane)
    if market.tells_tries:
        for a in range(size.agents):
            c = t * size.agents + a
            whole[TRIES * w + a], whole[FAILURES * w + a] = lane.tries[c], lane.failures[c]
    return run(parts.bid, size, hand)


@piece
def bar(tick, r, t, withdrawn, size, market, world, hand, lane, now):
    """Who bids, NaN for who does not, and who can win: willing, in time, with a slot, and kept out by nothing."""
    floats, w = hand.floats, size.width
    for a in range(size.agents):
        c = t * size.agents + a
        present = not market.absences or per_agent(world.present, r, t, a) != 0
        willing = present and np.isfinite(floats[ASK * w + a])
        if not willing:
            floats[ASK * w + a], floats[CLAIM * w + a] = np.nan, np.nan
        excluded = (market.exclude_hired and lane.tries[c] > 0) or (market.exclude_failed and lane.failures[c] > 0)
        able = willing and not excluded and not withdrawn
        if market.shares_slots:
            able = able & (lane.free[a] <= tick)
        if market.lateness:
            able = able and per_agent(world.late, r, t, a) == 0
        if market.bankrolls:
            able = able and lane.exited[a] == 0
        now.willing[a], now.excluded[a], now.no_bond[a] = willing, excluded, False
        hand.truths[ACTIVE * w + a] = able


@piece
def look_up(r, t, p, size, market, world, hand, lane):
    """The lottery, and what the allocator knows, but for what is learned."""
    floats, w = hand.floats, size.width
    if market.looks_at_lottery:
        for a in range(size.agents):
            floats[LOTTERY * w + a] = per_place(world.lottery, r, t, p, a)
    if market.explores:
        for a in range(size.agents):
            floats[EXPLORATION * w + a] = per_place(world.exploration, r, t, p, a)
    if market.chooses:
        for a in range(size.agents):
            floats[CHOICE * w + a] = per_place(world.choice, r, t, p, a)
    if market.actual_cost:
        for a in range(size.agents):
            floats[EXPECTED_COST * w + a] = per_place(world.cost, r, t, a, next_try(t, a, size, lane))
    elif market.looks_at_cost:
        for a in range(size.agents):
            floats[EXPECTED_COST * w + a] = per_agent(world.expected_cost, r, t, a)
    if market.outcome_advice:
        for a in range(size.agents):
            delivered = per_place(world.delivered, r, t, a, next_try(t, a, size, lane)) != 0
            floats[ADVICE * w + a] = 1.0 if delivered else 0.0
    elif market.looks_at_advice:
        for a in range(size.agents):
            floats[ADVICE * w + a] = per_agent(world.advice, r, t, a)


@piece
def next_try(t, a, size, lane):
    """Which of its tries at the task an agent would make now."""
    return min(np.int64(lane.tries[t * size.agents + a]), size.tries - 1)


@piece
def exits(market, size, lane):
    """Note who has nothing left; how many are new among them."""
    found = 0
    if market.bankrolls:
        for a in range(size.agents):
            if lane.exited[a] == 0 and lane.balance[a] <= 0.0:
                lane.exited[a] = True
                found += 1
    return found


@piece
def charge(withdrawn, size, market, lane, now):
    """Take the cost of the bids that were made; how many there are, where anybody asks."""
    count = 0
    if not size.counted and not market.bankrolls:
        return count
    for a in range(size.agents):
        made = now.willing[a] != 0 and now.excluded[a] == 0 and not withdrawn
        if market.bankrolls:
            made = made and lane.exited[a] == 0
            if made and market.bid_cost != 0.0:
                lane.balance[a] -= market.bid_cost
        count += made
    return count


@piece
def bond_of(success, failure):
    """As sim/market/wealth.py has it."""
    return max(0.0, 0.0 - min(success, failure))


@piece
def bar_bondless(size, market, hand, lane, now):
    """Bar who owes more than it has free; whether there is one."""
    found, w = False, size.width
    for a in range(size.agents):
        owed = 0.0
        if hand.truths[HIRED * w + a] != 0:
            owed = bond_of(hand.floats[PAY_SUCCESS * w + a], hand.floats[PAY_FAILURE * w + a])
        if market.fees:
            owed += hand.floats[FEE * w + a]
        if owed > 0.0 and owed > lane.balance[a] - lane.held[a]:
            now.no_bond[a], hand.truths[ACTIVE * w + a], found = True, False, True
    return found


@piece
def promises_stand(size, hand):
    """All payments are amounts that can be owed, and whoever is hired made a bid that counts."""
    w, wrong = size.width, False
    for a in range(size.agents):
        success, failure = hand.floats[PAY_SUCCESS * w + a], hand.floats[PAY_FAILURE * w + a]
        owed = (abs(success) <= MOST_PAID) & (abs(failure) <= MOST_PAID)
        wrong |= (not owed) | ((hand.truths[HIRED * w + a] != 0) & (hand.truths[ACTIVE * w + a] == 0))
    return not wrong


@piece
def fees_stand(size, market, hand):
    """Every fee is an amount that can be owed, and for a bid that counts."""
    if market.fees:
        for a in range(size.agents):
            fee = hand.floats[FEE * size.width + a]
            if not 0.0 <= fee <= MOST_PAID or (fee > 0.0 and hand.truths[ACTIVE * size.width + a] == 0):
                return False
    return True


@piece
def collect(owner, size, market, hand, lane):
    """Move fees from agents to the principal; their sum."""
    total = 0.0
    if market.fees:
        for a in range(size.agents):
            fee = hand.floats[FEE * size.width + a]
            if market.bankrolls:
                lane.balance[a] -= fee
            if market.budgets:
                lane.purse[owner] += fee
            total += fee
    return total
