"""A run: a folder that holds everything a scenario produced, and enough to build its Worlds again.

run.json                                what was run: resolved scenario, hash, seed, versions
clock.json                              everything that depends on the clock, and nothing else does
inputs/                                 the recorded table, or the profile
attempts, bids, clearings .parquet      the ledger
events.jsonl                            the ledger as one stream of events, where asked for
agents.csv, summary.csv, figures/       what the analysis makes of it
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from sim.experiment.format import check_format
from sim.kit.errors import RunError
from sim.ledger.ledger import Ledger
from sim.market.rules import Rules
from sim.scenario.scenario import Arm, Scenario, reopened
from sim.specs.world_spec import WorldSpec
from sim.world.history import Base, with_records
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
    """

    folder: Path | None
    info: dict[str, Any]
    scenario: Scenario
    given: Given = field(default_factory=Given)

    @classmethod
    def open(cls, folder: Path) -> Run:
        """The run in `folder`; raises RunError where the folder holds none."""
        info = run_info(folder)
        if info is None:
            raise RunError(f"{folder}: holds no run (no run.json)")
        if info.get("kind") == "sweep":
            raise RunError(f"{folder}: holds a sweep; run one of its cells alone with `bidlab cell {folder} NUMBER`")
        if info.get("kind") == "audit":
            raise RunError(f"{folder}: holds an audit, not a run; `bidlab show {folder}` shows it")
        try:
            scenario = reopened(info["scenario"], folder / "inputs")
        except (KeyError, TypeError, ValueError) as error:
            made_by = info.get("versions", {}).get("bidlab", "unknown")
            raise RunError(f"{folder}: run.json, of bidlab {made_by}, cannot be read: {error}; run it again") from None
        return cls(folder, info, scenario)

    @cached_property
    def ledger(self) -> Ledger:
        """The whole ledger."""
        if self.given.ledger is not None:
            return self.given.ledger
        if self.folder is None:
            raise RunError(f"{self.scenario.name}: the run kept no ledger")
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

    def world(self, arm: Arm) -> World:
        """The World the arm ran in; one for all arms that share it."""
        return self._worlds.of(arm)


def run_info(folder: Path) -> dict[str, Any] | None:
    """What run.json in `folder` says; None where there is none or it is no run's.

    Raises RunError where it is of another format.
    """
    try:
        info = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(info, dict) or not isinstance(info.get("scenario"), dict) or "name" not in info["scenario"]:
        return None
    if not {"hash", "seed", "plugins", "agents", "tasks"} <= set(info):
        return None
    check_format(folder, info)
    return info


def scenario_origin(scenario: Scenario) -> Origin:
    """Where the scenario's agents and tasks come from."""
    return load_origin(scenario.arms[0].settings.world, scenario.folder)


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
