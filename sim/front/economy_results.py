"""`bidlab.run` of an economy: what it gave, as DataFrames and figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.economies.economy_file import EconomyScenario, resolve_economy
from sim.economies.economy_run import EconomyPlan, EconomyRun, execute_economy, in_memory_economy
from sim.front.figure import drawn
from sim.front.html import notebook
from sim.kit.errors import RunError, ScenarioError, closest
from sim.kit.invalid import written
from sim.scenario.given import Source, changed, check_settings
from sim.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class EconomyResults:
    """A finished run of an economy. Every table is a DataFrame.

    summary       one row per arm: each measure's mean over replications, with its 95% interval
    published     one row per published number: ours, the published one, the deviation
    steps         one row per (arm, step), where the economy has measures of steps
    replications, accounts      what was played, one row each
    """

    def __init__(self, run: EconomyRun) -> None:
        self.run = run

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per arm, with 95% intervals."""
        return self._made["summary"]()

    @cached_property
    def published(self) -> pd.DataFrame:
        """One row per published number."""
        return self._made["published"]()

    @cached_property
    def steps(self) -> pd.DataFrame:
        """One row per (arm, step)."""
        return self._made["steps"]()

    @property
    def replications(self) -> pd.DataFrame:
        """One row per (arm, replication)."""
        return self.run.table("replications")

    @property
    def accounts(self) -> pd.DataFrame:
        """One row per amount that went from one party to another."""
        return self.run.table("accounts")

    def differences(self, baseline: str | None = None) -> pd.DataFrame:
        """Each arm minus its baseline, paired by replication. baseline: name of an arm, for all."""
        from analysis.economy_tables import differences_table

        return differences_table(self.run, baseline)

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the figures."""
        from analysis.figures.economy_lines import economy_figures

        return tuple(economy_figures(self.run))

    def figure(
        self, name: str | None = None, width: str | float | None = None, style: str | Path | None = None
    ) -> Figure:
        """The figure of that name, the first where None; width and style: as `Results.figure` takes them."""
        from analysis.figures.economy_lines import economy_drawable, economy_figures, look_of_economy

        found = economy_figures(self.run)
        chosen = next(iter(found), "") if name is None else name
        if chosen not in found:
            allowed = ", ".join(found) or "none applies"
            raise RunError(f"figure {chosen!r}: unknown{closest(chosen, found)}; allowed: {allowed}")
        tables = {"summary": self.summary, "steps": self.steps}
        one = economy_drawable(self.run, tables, found[chosen])
        return drawn(one, look_of_economy(found[chosen]), width, style)

    def __repr__(self) -> str:
        """The summary in short."""
        return f"{self._head}\n{self._short.to_string(index=False, float_format='{:.3f}'.format)}"

    def _repr_html_(self) -> str:
        """The summary in short, as a notebook shows it."""
        return notebook(self._short, self._head, "{:.3f}")

    @property
    def _made(self) -> Mapping[str, Callable[[], pd.DataFrame]]:
        from analysis.economy_tables import economy_tables

        return economy_tables(self.run)

    @property
    def _short(self) -> pd.DataFrame:
        return self.summary[["arm", *(one.name for one in self.run.measures if not one.steps)]]

    @property
    def _head(self) -> str:
        scenario = self.run.info["scenario"]
        size = f"seed {scenario['seed']}, {scenario['replications']} replication(s), hash {self.run.info['hash'][:12]}"
        return f"{scenario['name']}: {scenario['question']} ({size})"


def economy_of(
    source: Source,
    seed: int | None,
    replications: int | None,
    settings: Mapping[str, Any] | None,
    refused: Mapping[str, Any],
) -> EconomyScenario | None:
    """The scenario of an economy that `source` means, with these changes; None where it is of a task market.

    refused: arguments of task markets -> what was given. Raises ScenarioError as `bidlab.run` does.
    """
    if isinstance(source, Scenario):
        return None
    path, raw = changed(source, seed, replications, settings)
    if "economy" not in raw:
        return None
    for name, given in refused.items():
        if given:
            raise ScenarioError(
                f"{name}: is for task markets; {path.stem} is a scenario of an economy: {written(given)}"
            )
    check_settings(raw, settings)
    return resolve_economy(path, raw)


def run_economy(
    scenario: EconomyScenario,
    digests: Mapping[str, str],
    files: Sequence[Path],
    out: str | Path | None,
    *,
    figures: bool,
    style: str | Path,
    force: bool,
) -> EconomyResults:
    """Play it, into the folder `out` where there is one."""
    plan = EconomyPlan(scenario, digests, files)
    if out is None:
        return EconomyResults(in_memory_economy(plan))
    from analysis.economy_tables import write_economy
    from analysis.figures.sheets import sheet

    finish = partial(write_economy, figures=figures, style=sheet(style))
    return EconomyResults(EconomyRun.open(execute_economy(plan, Path(out), force=force, finish=finish)))
