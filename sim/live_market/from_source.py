"""Plays a market from any source, and says what a live market cannot have."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sim.kit.errors import ScenarioError
from sim.kit.section import NOT_LIVE
from sim.ledger.ledger import REASON
from sim.market.allocator import Allocator
from sim.market.processes import Market
from sim.market.rules import Rules
from sim.market.simulate import Tables
from sim.market.source import Source
from sim.market.tape import Tape, whole_tables
from sim.market.tasks import Known, Tasks
from sim.mechanisms import Mechanism
from sim.mechanisms.base import NothingToldError
from sim.specs.settings import Settings
from sim.world.world import World

_SOLVED = REASON.index("solved")
_OPEN = (-1, REASON.index("reposted"))  # a posting that has not closed, or one that another follows


def play_from(
    source: Source,
    world: World,
    rules: Rules,
    progress: Callable[[int], None] | None = None,
    tape: Tape | None = None,
) -> Tables:
    """The columns of each ledger table, as `sim.market.simulate.simulate` gives them, of answers that `source` gives.

    progress: is called with the tasks done since the last call. tape: an empty one, to be read as the market goes.
    """
    tape = Tape() if tape is None else tape
    allocator = Allocator(Tasks.of(world, rules), Known.of(world, rules), rules)
    for number in range(world.n_replications):
        Market(allocator, source, number, tape, rules.processes).run()
        if progress is not None:
            progress(world.n_tasks)
    return whole_tables(tape, allocator)


def solved_on(tape: Tape) -> dict[tuple[int, int], bool]:
    """Of each (replication, task) that is closed for good, as far as the market has gone: whether it was solved."""
    rows = list(zip(list(tape.clearings), list(tape.closed), strict=False))  # both may grow meanwhile
    final = [(note, closed) for note, closed in rows if closed not in _OPEN]
    return {(note.replication, note.task): closed == _SOLVED for note, closed in final}


def check_live(mechanism: Mechanism, settings: Settings) -> None:
    """Raise ScenarioError with all that has no meaning where agents are asked and not drawn."""
    if faults := list(_faults(mechanism, settings)):
        raise ScenarioError(*faults)


def _faults(mechanism: Mechanism, settings: Settings) -> Iterator[str]:
    bidders, standing, market = settings.bidders, settings.standing, settings.market
    why = "has no meaning live: "
    if mechanism.capabilities.solicits_bids:
        try:
            mechanism.told_to_bidders()
        except NothingToldError as error:
            yield str(error)
    if bidders.stated("policy") != "truthful" or bidders.agents:
        yield f"bidders.policy, bidders.agents: {why}an agent bids what it answers"
    if bidders.card is not None:
        yield f"bidders.card: {why}say card = true in the respondents' file, and prompts tell the past"
    if bidders.stated("on_retry") == "update" or isinstance(bidders.stated("on_retry"), dict):
        yield f'bidders.on_retry: {why}an agent answers anew; state "same"'
    if bidders.plans is not None:
        yield f"bidders.plans: {why}an attempt cannot be stopped at a number of dollars"
    if bidders.process is not None:
        yield f"bidders.process: {why}an agent is whoever answers"
    if market.alone:
        yield "market.alone: every agent would be asked about every task; `bidlab panel` does that"
    for key, reason in market.notes(NOT_LIVE):
        yield f"market.{key}: {why}{reason}"
    advice = standing.advice
    if advice.record is not None or advice.planner is not None or advice.kind in ("outcome", "ability"):
        yield f"standing.advice: {why}no record, pilot or oracle is there beforehand; take one that learns"
    if standing.expected_cost.kind in ("actual", "record"):
        yield f"standing.expected_cost: {why}take {{fixed = dollars}} or {{running_mean = {{prior, weight}}}}"
    for key in ("world.claim", "world.cost_belief"):
        if key in settings.records:
            yield f"{key}: {why}claims are asked for"
    needed = mechanism.capabilities.needs & {"advice"}
    if needed and advice.advisor is None and advice.router is None:
        yield f"mechanism: {mechanism.name} needs advice that is learned, or a router's: state standing.advice"
