"""The arms of a scenario or of a finished run in which the value of self-knowledge is asked for, and what it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analysis.arm import ArmData
from analysis.built import built, played_in
from analysis.knowledge_table import knowledge_table, notes
from analysis.knowledge_value import Knowledge, value_of_knowledge, why_no_knowledge
from sim.experiment.plan import Plan
from sim.experiment.run_folder import Run, Worlds
from sim.kit.errors import RunError, closest
from sim.scenario.scenario import Arm, Scenario

Progress = Callable[[int], None]


@dataclass(frozen=True, eq=False)
class KnownArms:
    """What was found. refused: arm -> why it has no meaning there. info: of the run, as in run.json."""

    found: Sequence[Knowledge]
    refused: dict[str, str]
    info: dict[str, Any]

    @property
    def table(self) -> pd.DataFrame:
        """knowledge.csv."""
        return knowledge_table(self.found)

    @property
    def notes(self) -> list[str]:
        """What is to be said of the numbers, a line each."""
        return notes(self.found)


def of_plan(plan: Plan, names: Sequence[str] = (), progress: Progress | None = None) -> KnownArms:
    """The arms of a scenario, all or those named, played in their own Worlds; raises RunError as `of_run`."""
    scenario = plan.scenario
    if plan.live:
        raise RunError(f"{scenario.name}: is live; what better informed agents would have bid, nobody knows")
    worlds = Worlds(scenario, plan.origin)
    return _valued(scenario, plan.info, names, lambda arm: played_in(arm, worlds.of(arm)), progress)


def of_run(run: Run, names: Sequence[str] = (), progress: Progress | None = None) -> KnownArms:
    """The arms of a finished run, all or those named. progress: called with 1 after each arm.

    Raises RunError where there is no such arm, or none of those asked for takes claims.
    """

    def kept(arm: Arm) -> ArmData:
        return built(arm, run.world(arm), run.ledger.arm(arm.name))

    return _valued(run.scenario, run.info, names, kept, progress)


def asked_for(scenario: Scenario, names: Sequence[str]) -> list[Arm]:
    """The arms of these names, all where none is; raises RunError where one is unknown."""
    there = {arm.name: arm for arm in scenario.arms}
    unknown = [f"arm {name!r}: unknown{closest(name, there)}" for name in names if name not in there]
    if unknown:
        raise RunError(*(f"{line}; allowed: {', '.join(there)}" for line in unknown))
    return [there[name] for name in dict.fromkeys(names)] or list(scenario.arms)


def _valued(
    scenario: Scenario,
    info: dict[str, Any],
    names: Sequence[str],
    data_of: Callable[[Arm], ArmData],
    progress: Progress | None,
) -> KnownArms:
    asked, found, refused = asked_for(scenario, names), [], {}
    for arm in asked:
        data = replace(data_of(arm), seed=scenario.seed)
        if why := why_no_knowledge(data):
            refused[arm.name] = why
        else:
            found.append(value_of_knowledge(data))
        if progress is not None:
            progress(1)
    if not found:
        raise RunError(*(f"arm {name!r}: {why}" for name, why in refused.items()))
    return KnownArms(found, refused, info)
