"""Plays a World in blocks of replications, in lockstep or in waves, and joins the ledger's columns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.compiled.refusal import refusal
from sim.kit.arrays import BoolArray, IntArray, thin
from sim.kit.errors import MarketError
from sim.market.accounts import account_columns
from sim.market.rows import Columns
from sim.market.rules import Rules
from sim.replay.block import Block, Detail
from sim.replay.lane_accounts import Books
from sim.replay.lane_reads import Place
from sim.replay.learned import Learned
from sim.replay.pending import NEVER, KeyFormat, Pending
from sim.replay.record import Rows
from sim.replay.slots import Slots
from sim.standing.sources import family_codes
from sim.world.world import World

LANES = 2048  # replications played side by side
_STATE_BYTES = 2**25  # of what an advisor remembers of them
_FEW = 0.6  # share of the lanes still going below which the others are dropped

Tables = dict[str, Columns]


def replay(
    world: World, rules: Rules, *, detail: Detail = "all", progress: Callable[[int], None] | None = None
) -> Tables:
    """Play every replication of `world` under `rules`; the columns of each ledger table as `simulate` gives them.

    progress: called with the number of tasks done since the last call. Raises MarketError where `refusal` gives a
    reason, and where ticks run so high that a moment does not fit into 64 bits.
    """
    reason = refusal(rules.market, rules.card, rules.round, rules.processes)
    if reason is not None:
        raise MarketError(f"the batch engine cannot play this market: {reason}")
    _check_ticks(world, rules)
    blocks = []
    most = _lanes(world, rules)
    for first in range(0, world.n_replications, most):
        count = min(most, world.n_replications - first)
        blocks.append(_block(world.replication(first, count), rules, detail, progress))
        for columns in blocks[-1].values():
            columns["replication"] = columns["replication"] + first
    if len(blocks) == 1:
        return blocks[0]
    return {
        name: {column: np.concatenate([block[name][column] for block in blocks]) for column in blocks[0][name]}
        for name in blocks[0]
    }


def _lanes(world: World, rules: Rules) -> int:
    """Replications to play side by side: fewer where the advisor remembers much of each."""
    if rules.advisor is None:
        return LANES
    _, n_families = family_codes(world.family, by_family=rules.advisor.by_family)
    each = n_families * sum(array.nbytes for array in rules.advisor.init(world.n_agents))
    return max(1, min(LANES, _STATE_BYTES // max(1, each)))


def _check_ticks(world: World, rules: Rules) -> None:
    last, longest = (int(thin(array).max()) for array in (world.arrival, world.duration))
    longest *= world.n_agents if rules.mechanism.capabilities.in_turns else 1
    ticks = last + (longest + rules.window + rules.repost_delay + 1) * rules.postings
    if ticks >= _format(world, rules).most_ticks:
        raise MarketError(
            f"{world.n_tasks} tasks, {rules.postings} postings and {world.n_agents} agents over {ticks:,} ticks are "
            "too many for the batch engine; use the market engine"
        )


def _format(world: World, rules: Rules) -> KeyFormat:
    return KeyFormat.of(world.n_tasks, rules.postings, world.n_agents)


def _block(world: World, rules: Rules, detail: Detail, progress: Callable[[int], None] | None) -> Tables:
    block, keys = Block(world, rules, detail), _format(world, rules)
    books = Books.of(world, rules)
    learners = rules.reputation, rules.expected_cost.learner, rules.advisor
    learns = books is not None or any(learner is not None for learner in learners)
    shared = rules.capacity < world.n_tasks  # an agent works on a task once at a time
    if learns or shared:
        slots = Slots(int(rules.capacity), world.n_agents, world.n_replications) if shared else None
        _lockstep(block, keys, slots, Learned(world, rules, keys, books) if learns else None, progress)
    else:
        _waves(block, progress)
    return _tables(block, keys, detail)


def _waves(block: Block, progress: Callable[[int], None] | None) -> None:
    """Every first posting, task by task; then every second one, and so on."""
    lanes = np.arange(block.n_lanes)
    reposted = Rows()

    def clear(place: Place, posting: int, at: IntArray) -> None:
        closing = block.clear(place, np.broadcast_to(np.int64(posting), at.shape), at)
        again = np.flatnonzero(closing.reposted)
        reposted.add(lane=place.lane[again], task=place.tasks[again], tick=closing.tick[again])

    together = max(1, LANES // block.n_lanes)  # tasks at a time
    for first in range(0, block.n_tasks, together):
        task = np.arange(first, min(first + together, block.n_tasks))
        at = (block.world.arrival[:, task] + block.rules.window).T.reshape(-1)
        if together == 1:
            place = Place(lanes, first, block.n_agents)
        else:
            place = Place(np.tile(lanes, len(task)), np.repeat(task, block.n_lanes), block.n_agents)
        clear(place, 0, at)
        if progress is not None:
            progress(len(at))
    for posting in range(1, block.rules.postings):
        waiting, reposted = reposted.joined(), Rows()
        for start in range(0, len(waiting["lane"]), LANES):
            some = {name: values[start : start + LANES] for name, values in waiting.items()}
            clear(Place(some["lane"], some["task"], block.n_agents), posting, some["tick"])
        if len(waiting["lane"]) == 0:
            return


def _lockstep(
    block: Block,
    keys: KeyFormat,
    slots: Slots | None,
    learned: Learned | None,
    progress: Callable[[int], None] | None,
) -> None:
    """Every lane clears its least pending posting, all lanes at once, until all have ended."""
    lane = np.arange(block.n_lanes)
    arrivals, pending = _arrivals(block, keys), Pending(block.n_lanes)
    next_arrival = np.zeros(block.n_lanes, np.int64)
    again = block.rules.postings > 1
    while True:
        first = arrivals[next_arrival, lane if arrivals.shape[1] > 1 else 0]
        key = np.minimum(first, pending.least()) if again else first
        live = key != NEVER
        n_live = int(np.count_nonzero(live))
        if n_live == 0:
            return
        if n_live < _FEW * len(lane):
            lane, next_arrival = lane[live], next_arrival[live]
            for part in (pending, slots, learned):
                if part is not None:
                    part.keep(live)
            continue
        arrived = live & (key == first)
        next_arrival = next_arrival + arrived
        if progress is not None:
            progress(int(np.count_nonzero(arrived)))
        if again:
            pending.remove(key)
        key = key if n_live == len(lane) else np.where(live, key, 0)
        closing_of = None if n_live == len(lane) else live
        _together(block, keys, key, lane, closing_of, pending, slots, learned)


def _together(
    block: Block,
    keys: KeyFormat,
    key: IntArray,
    lane: IntArray,
    live: BoolArray | None,
    pending: Pending,
    slots: Slots | None,
    learned: Learned | None,
) -> None:
    """Clear the postings with these keys (B,), one of each lane."""
    tick, task, posting = keys.tick(key), keys.task_of(key), keys.posting_of(key)
    reputation = cost = advice = books = None
    if learned is not None:
        learned.until(tick, lane)
        reputation, cost, advice, books = learned.reputation, learned.cost, learned.advice(task), learned.books
    full = None if slots is None else slots.full(tick)
    place = Place(lane, task, block.n_agents)
    closing = block.clear(place, posting, tick, live, full, reputation, cost, advice, books)
    if slots is not None:
        gone = closing.let_go
        slots.take(gone.agent, gone.position, tick[gone.position], gone.tick)
    if learned is not None:
        learned.expect(closing.attempts, closing.claim, closing.let_go, lane, task, posting)
    if closing.reposted.any():
        pending.add(np.where(closing.reposted, keys.key(closing.tick, task, posting + 1), NEVER))


def _arrivals(block: Block, keys: KeyFormat) -> IntArray:
    """Keys of the first postings in each lane's order, NEVER at the end: (T + 1, B), or (T + 1, 1) if all are alike."""
    arrival = thin(block.world.arrival)
    ticks = np.broadcast_to(arrival, (arrival.shape[0], block.n_tasks)) + block.rules.window
    first = np.ascontiguousarray(keys.key(ticks, np.arange(block.n_tasks), 0).T)
    if not (first[1:] >= first[:-1]).all():
        first.sort(axis=0)
    return np.vstack([first, np.full((1, first.shape[1]), NEVER)])


def _tables(block: Block, keys: KeyFormat, detail: Detail) -> Tables:
    tables = {"attempts": block.attempts.joined(_order(block.attempts, keys, "cleared"))}
    del tables["attempts"]["cleared"]
    if detail == "all":
        order = _order(block.clearings, keys, "tick")
        tables["clearings"] = block.clearings.joined(order)
        bids = block.bids.joined(order)
        tables["bids"] = {name: values.T.reshape(-1) for name, values in bids.items()}
        hired = block.hires.joined() or None
        tables["accounts"] = account_columns(
            tables["attempts"], tables["bids"], tables["clearings"], hired, block.n_agents, in_rounds=False
        )
    if block.counts is not None:
        tables["auctions"] = block.counts.columns
    return tables


def _order(rows: Rows, keys: KeyFormat, tick: str) -> IntArray:
    """Order by replication and moment; what a clearing wrote together (agents) stays in its order."""
    moment = keys.key(rows.column(tick), rows.column("task"), rows.column("posting"))
    return np.lexsort((moment, rows.column("replication")))
