"""What `run`, `check` and `show` do with a scenario of an economy. Prints, as sim/cli/command.py does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.cli.options import printed, sheet_of, warn, whole
from sim.kit.errors import RunError, kept

if TYPE_CHECKING:
    import pandas as pd

    from sim.economies.economy_file import EconomyScenario
    from sim.economies.economy_run import EconomyRun


def is_economy(name: str) -> bool:
    """Whether the scenario that the command names is of an economy; raises ScenarioError where there is none."""
    from sim.bundled import find_scenario
    from sim.kit.toml_file import read_toml

    return "economy" in read_toml(find_scenario(name))


class Changes(NamedTuple):
    """What the command changes of a scenario. refused: options of task markets -> what was given."""

    seed: str | None
    replications: str | None
    overrides: Sequence[str]
    refused: Mapping[str, Any]


class How(NamedTuple):
    """Options of `run`."""

    out: Path | None
    jobs: str | None
    figures: bool
    style: str
    force: bool


def named_economy(name: str, changes: Changes) -> EconomyScenario:
    """The scenario, changed by the options of the command; raises ScenarioError, or RunError for what is refused."""
    from sim.bundled import find_scenario
    from sim.economies.economy_file import resolve_economy
    from sim.scenario.file import read_raw

    for option, given in changes.refused.items():
        if given:
            raise RunError(f"{option}: is for task markets; {name} is a scenario of an economy")
    path = find_scenario(name)
    raw = read_raw(path, overrides=changes.overrides)
    for key in ("seed", "replications"):
        if (text := getattr(changes, key)) is not None:
            raw[key] = whole(f"--{key}", text)
    return resolve_economy(path, raw)


def run_economy(name: str, changes: Changes, files: Sequence[Path], how: How) -> None:
    """Play it into a folder, and print what it found."""
    from analysis.economy_tables import write_economy
    from analysis.economy_view import economy_found, economy_place
    from sim.cli.progress import replications
    from sim.economies.economy_run import EconomyPlan, execute_economy
    from sim.scenario.plugins import plugins

    look, count = sheet_of(how.style), 1 if how.jobs is None else whole("--jobs", how.jobs)
    if count < 1:
        raise RunError(f"--jobs {count}: must be >= 1")
    with plugins(files) as digests:
        plan = EconomyPlan(named_economy(name, changes), digests, files)
        scenario, folder = plan.scenario, how.out or Path("out") / plan.scenario.name
        with replications(scenario.name, len(scenario.arms) * scenario.replications) as (progress, phase, hidden):

            def finish(made: EconomyRun) -> None:
                def show(tables: dict[str, pd.DataFrame]) -> None:
                    with hidden():
                        printed(economy_found(made.info, tables))

                write_economy(made, figures=how.figures, phase=phase, tabled=show, style=look)

            with kept("jobs"):
                execute_economy(plan, folder, force=how.force, jobs=count, progress=progress, finish=finish, say=warn)
    printed(economy_place(folder))


def described_economy(name: str, changes: Changes, digests: dict[str, str]) -> str:
    """What `check` says of it."""
    from sim.economies.economy_run import EconomyPlan

    plan = EconomyPlan(named_economy(name, changes), digests)
    scenario = plan.scenario
    return (
        f"{scenario.name}: economy {scenario.resolved['economy']}, {len(scenario.arms)} arm(s), "
        f"{scenario.replications:,} replication(s), {len(plan.jobs):,} job(s); hash {plan.digest[:12]}"
    )


def show_economy(folder: Path, info: Mapping[str, Any]) -> None:
    """Print the tables of a run's folder."""
    from analysis.economy_tables import read_economy_tables
    from analysis.economy_view import economy_found, economy_place

    printed([*economy_found(info, read_economy_tables(folder)), *economy_place(folder)])
