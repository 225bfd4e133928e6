"""A run: a folder that holds everything a scenario produced, and enough to build its Worlds again.

run.json                                what was run: resolved scenario, hash, seed, versions
clock.json                              everything that depends on the clock, and nothing else does
inputs/                                 the recorded table, or the profile
attempts, bids, clearings .parquet      the ledger
events.jsonl                            the ledger as one stream of events, where asked for
agents.csv, summary.csv, figures/       what the analysis makes of it
SHA256SUMS                              of every file but the clock's
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from sim.experiment.stored import Stored
from sim.kit.errors import RunError
from sim.ledger.coded import coded
from sim.ledger.ledger import SCHEMAS, Ledger, categories
from sim.market.rules import Rules
from sim.scenario.scenario import Arm, Scenario, reopened
from sim.specs.world_spec import WorldSpec
from sim.world.history import Base, with_records
from sim.world.live_world import filled
from sim.world.origin import Origin, load_origin
from sim.world.world import World


@dataclass(frozen=True, eq=False)
class Worlds:
    """The Worlds of a scenario's arms, each drawn once, when it is first asked for; records are made from them.

    replications: how many from number 0 on; all the scenario's where None.
    """

    scenario: Scenario
    origin: Origin
    replications: int | None = None
    _bases: dict[str, Base] = field(default_factory=dict)
    _drawn: dict[WorldSpec, World] = field(default_factory=dict)

    def of(self, arm: Arm) -> World:
        """The World of one arm, the same object for arms that share it; raises ScenarioError where it cannot be."""
        spec = arm.settings.spec
        if spec not in self._drawn:
            self._drawn[spec] = with_records(*self._base(spec), spec)
        return self._drawn[spec]

    def _base(self, spec: WorldSpec) -> Base:
        if spec.base not in self._bases:
            count = self.scenario.replications if self.replications is None else self.replications
            self._bases[spec.base] = draw_base(spec, self.origin, self.scenario.seed, count)
        return self._bases[spec.base]


class Given(NamedTuple):
    """What of a run is in memory."""

    ledger: Ledger | None = None
    worlds: Worlds | None = None


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run. folder: what holds it; None: it is held in memory alone.

    given: its ledger and Worlds, as far as they are in memory; whatever else is asked for is read or drawn again.
    stored: its folder, where it is finished: what is read is compared with what was written.
    """

    folder: Path | None
    info: dict[str, Any]
    scenario: Scenario
    given: Given = field(default_factory=Given)
    stored: Stored | None = None
    _filled: dict[str, World] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> Run:
        """The run in `folder`; raises RunError where the folder holds none, or one that is not as it was written."""
        stored = Stored.open(folder)
        info = stored.info
        if info.get("kind") == "sweep":
            raise RunError(f"{folder}: holds a sweep; run one of its cells alone with `bidlab cell {folder} NUMBER`")
        if info.get("kind") == "audit":
            raise RunError(f"{folder}: holds an audit, not a run; `bidlab show {folder}` shows it")
        if info.get("kind") == "economy":
            raise RunError(
                f"{folder}: holds a run of an economy, not of a task market; `bidlab show {folder}` shows it"
            )
        stored.check_inputs()
        try:
            scenario = reopened(info["scenario"], folder / "inputs")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            made_by = info["versions"].get("bidlab", "unknown")
            raise RunError(f"{folder}: run.json, of bidlab {made_by}, cannot be read: {error}; run it again") from None
        if scenario.digest(info["plugins"]) != info["hash"]:
            raise RunError(f"{folder}: run.json and inputs/ have not the hash that run.json states; {stored.again}")
        return cls(folder, info, scenario, stored=stored)

    @cached_property
    def ledger(self) -> Ledger:
        """The whole ledger."""
        if self.given.ledger is not None:
            return self.given.ledger
        if self.folder is None:
            raise RunError(f"{self.scenario.name}: the run kept no ledger")
        if self.stored is not None:
            for name in SCHEMAS:
                self.stored.path(f"{name}.parquet")
        return Ledger.read(self.folder)

    @cached_property
    def origin(self) -> Origin:
        """Where its agents and tasks come from."""
        return scenario_origin(self.scenario) if self.given.worlds is None else self.given.worlds.origin

    def arm(self, name: str) -> Arm:
        """The arm of that name; raises RunError with the names there are."""
        for arm in self.scenario.arms:
            if arm.name == name:
                return arm
        raise RunError(f"no arm {name!r}; this run has {', '.join(repr(arm.name) for arm in self.scenario.arms)}")

    @cached_property
    def _worlds(self) -> Worlds:
        return self.given.worlds or Worlds(self.scenario, self.origin)

    def rows(self, arm: Arm, world: World) -> dict[str, dict[str, NDArray[Any]]]:
        """The arm's attempts and bids, names as places in the World."""
        names, own = categories((), world.agents, world.tasks, world.principals), self.ledger.arm(arm.name)
        return {"attempts": coded(own.attempts, names), "bids": coded(own.bids, names)}

    def unfilled(self, arm: Arm) -> World:
        """The World as it was before the arm was played; that of a live one knows nothing of its agents."""
        return self._worlds.of(arm)

    def world(self, arm: Arm) -> World:
        """The World the arm ran in; one for all arms that share it. Of a live arm, with what its attempts came to."""
        world = self.unfilled(arm)
        if not world.live:
            return world
        if arm.name not in self._filled:
            self._filled[arm.name] = filled(world, self.rows(arm, world)["attempts"])
        return self._filled[arm.name]


def scenario_origin(scenario: Scenario) -> Origin:
    """Where the scenario's agents and tasks come from."""
    advice = [arm.settings.standing.advice.router for arm in scenario.arms]
    routers = {router.respondent for router in advice if router is not None}
    return load_origin(scenario.arms[0].settings.world, scenario.folder, routers)


def arm_world(scenario: Scenario, arm: Arm, origin: Origin, replications: int | None = None, first: int = 0) -> World:
    """The World of one arm: the same luck for every arm, whatever their settings are.

    replications: how many from number `first` on; all the scenario's where absent.
    """
    count = scenario.replications if replications is None else replications
    return draw_world(arm.settings.spec, origin, scenario.seed, count, first)


def draw_world(spec: WorldSpec, origin: Origin, seed: int, count: int, first: int = 0) -> World:
    """The World of replications first, ..., first + count - 1 of this spec."""
    return with_records(*draw_base(spec, origin, seed, count, first), spec)


def draw_base(spec: WorldSpec, origin: Origin, seed: int, count: int, first: int = 0) -> Base:
    """As `draw_world`, before records are made."""
    return origin.base(spec, seed, count, first)


def arm_rules(arm: Arm, world: World) -> Rules:
    """The rules of one arm in its World."""
    return Rules.of(arm.mechanism, arm.settings.terms, world)
