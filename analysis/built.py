"""An arm of a scenario as `ArmData`: from the ledger of a run, or from what a job of a sweep played."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from analysis.arm import ArmData
from analysis.ledger_rows import Rows
from sim.agents.bankroll import bankrolls
from sim.experiment.engine import choose, for_run
from sim.experiment.job import Played, play
from sim.experiment.run_folder import arm_rules
from sim.ledger.ledger import Ledger
from sim.market.rules import Rules
from sim.mechanisms import Mechanism
from sim.scenario.scenario import Arm
from sim.specs.settings import Terms
from sim.specs.tender import TenderSpec
from sim.world.principals import budgets_of, tenders
from sim.world.world import World


def built(arm: Arm, world: World, ledger: Ledger | Rows) -> ArmData:
    """The arrays of the arm; ledger: its rows, and no others."""
    rules, terms = arm_rules(arm, world), arm.settings.terms
    return arm_data(arm.name, arm.label, arm.mechanism, terms, world, ledger, rules, partial(played_in, arm))


def played_in(arm: Arm, world: World) -> ArmData:
    """The arm played in `world`."""
    engine = for_run(choose("auto", arm.settings.terms), world)
    return built_of(play(world, arm, engine, whole=True))


def arm_data(
    name: str,
    label: str,
    mechanism: Mechanism,
    settings: Terms,
    world: World,
    ledger: Ledger | Rows,
    rules: Rules,
    in_world: Callable[[World], ArmData] | None = None,
) -> ArmData:
    """What happened in one market of `world`, as dense arrays. ledger: its rows and no others.

    in_world: plays the same market in another World.
    """
    found = ArmData.build(
        name,
        label,
        world,
        ledger,
        settings.market.alone,
        _bounds(settings.tender),
        bankrolls(settings.bidders.bankroll, world.agents, body=None if settings.market.alone else world.body),
        budgets_of(settings.tender),
        mechanism.capabilities.asks_for == "price",
        rules,
    )
    return replace(found, in_world=in_world)


def built_of(played: Played) -> ArmData:
    """The same of an arm of which a job has kept the whole ledger."""
    return built(played.arm, played.world, Rows(*(played.tables[name] for name in ("attempts", "bids", "clearings"))))


def _bounds(tender: TenderSpec) -> tuple[float, float] | None:
    """Ends of the uniform distribution that every reserve is drawn from; None where there is no such."""
    if len({repr(own.reserve) for own in tenders(tender)}) > 1:
        return None
    drawn = tenders(tender)[0].reserve.distribution
    return (drawn.a, drawn.b) if drawn is not None and drawn.kind == "uniform" else None
