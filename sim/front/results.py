"""What a run gave: its tables as DataFrames, its figures, its ledger."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.run_folder import Run
from sim.front.comparing import comparison
from sim.front.figure import drawn
from sim.front.html import notebook
from sim.kit.errors import RunError, closest
from sim.scenario.figure_spec import figures_of, restyled
from sim.world.world import World

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from analysis.arm import ArmData
    from analysis.comparison import Comparison
    from sim.bundling.bundle_folder import Bundled

_SHOWN = ("solve_rate", "cost", "payment", "surplus", "utility", "welfare")


class Results:
    """A finished run. Every table is a DataFrame; `bidlab show --columns` says what each column means.

    summary       one row per arm
    agents        one row per (arm, agent); claims: one per arm, over all of its claims
    differences   one row per arm, paired with its baseline; compare: with effect sizes, sentences and LaTeX
    attempts, bids, clearings       the ledger
    table(name)   any of them, and those that apply to some runs only; `tables` names what there is
    """

    def __init__(self, run: Run) -> None:
        self.run = run

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per arm, per auction, with 95% intervals."""
        return self.table("summary")

    @cached_property
    def agents(self) -> pd.DataFrame:
        """One row per (arm, agent)."""
        return self.table("agents")

    @property
    def attempts(self) -> pd.DataFrame:
        """The ledger's attempts, one row each."""
        return self.run.ledger.attempts

    @property
    def bids(self) -> pd.DataFrame:
        """The ledger's bids, one row each, whatever became of them."""
        return self.run.ledger.bids

    @property
    def clearings(self) -> pd.DataFrame:
        """The ledger's clearings, one row each."""
        return self.run.ledger.clearings

    def differences(self, baseline: str | None = None) -> pd.DataFrame:
        """Each arm minus its baseline, paired under the same luck, with intervals and p values.

        baseline: name of an arm; the scenario's where None. Raises RunError where there is no such arm.
        """
        return self.table("differences", baseline)

    def compare(
        self, baseline: str | None = None, quantities: Sequence[str] = (), arms: Sequence[str] = ()
    ) -> Comparison:
        """Each arm against its baseline, as a table, in sentences, for a paper; see `bidlab.compare`.

        baseline: as in `differences`. quantities: welfare, solve_rate and cost where none are given. arms: all where
        none are given. Raises RunError where there is no such arm or quantity.
        """
        return comparison(self, baseline=baseline, quantities=quantities, arms=arms)

    @property
    def tables(self) -> tuple[str, ...]:
        """Names that `table` takes."""
        from analysis.report import TABLES

        return TABLES

    def table(self, name: str, baseline: str | None = None) -> pd.DataFrame:
        """The table of that name; without rows where it does not apply. baseline: as in `differences`."""
        from analysis.report import baselines_of, tables_of

        if name not in self.tables:
            allowed = ", ".join(self.tables)
            raise RunError(f"table {name!r}: unknown{closest(name, self.tables)}; allowed: {allowed}")
        return tables_of(self.run, self.arms(baseline), baselines_of(self.run, baseline))[name]()

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the figures that apply to this run."""
        return tuple(self._drawables(None))

    def figure(
        self,
        name: str,
        width: str | float | None = None,
        baseline: str | None = None,
        style: str | Path | None = None,
        **settings: Any,
    ) -> Figure:
        """The figure of that name, drawn for that width.

        width: "column" (3.4 inches), "text" (7 inches), or inches; what a [[figure]] states where None, else "text".
        style: "paper", "talk" or a .mplstyle file. settings: those of a [[figure]], e.g. title, label, order, footer;
        they stand above the scenario's.

        Raises RunError where it does not apply to this run, ScenarioError where a setting is none.
        """
        from analysis.figures import looks
        from analysis.figures.restyled import check_restyled

        found = self._drawables(baseline)
        if name not in found:
            allowed = ", ".join(found) or "none applies"
            raise RunError(f"figure {name!r}: does not apply to this run{closest(name, found)}; allowed: {allowed}")
        stated = figures_of(self.run.info)
        if settings:
            made = restyled(stated, name, settings)
            check_restyled(made, *self._names, f"figure {name!r}")
            stated = [*(figure for figure in stated if figure.kind != name), made]
        look = looks(self.arms(baseline), stated)(name)
        return drawn(found[name], look, width, style)

    def report(self, path: str | Path, *, force: bool = False) -> Path:
        """Write one HTML page of the run, to be read in a browser: tables, figures, and every auction explained.

        force: replace a file that is no such page. Raises RunError where there is one, or it cannot be written.
        """
        from analysis.page.page_file import check_place, write_page
        from analysis.page.run_page import run_page
        from analysis.report import silent

        place = Path(path)
        check_place(place, force)
        tables = {name: self.table(name) for name in self.tables}
        write_page(place, run_page(self.run, tables, self.arms(), silent))
        return place

    def world(self, arm: str | None = None) -> World:
        """The World that an arm ran in; the first arm's where None."""
        return self.run.world(self.run.scenario.arms[0] if arm is None else self.run.arm(arm))

    def arms(self, baseline: str | None = None) -> list[ArmData]:
        """Every arm as dense arrays, from which tables and figures are made; made once for each baseline."""
        from analysis.report import arms_of, baselines_of

        pairs = tuple(baselines_of(self.run, baseline).items())
        if pairs not in self._arms:
            self._arms[pairs] = arms_of(self.run, baseline=baseline)
        return self._arms[pairs]

    @cached_property
    def _arms(self) -> dict[tuple[tuple[str, str], ...], list[ArmData]]:
        return {}

    def bundle(
        self, path: str | Path, plugins: Sequence[str | Path] = (), answers: bool = False, force: bool = False
    ) -> Bundled:
        """Write the run to one file, .zip, that `bidlab.verify` plays again; it needs a folder, so `out`.

        plugins: the files it ran with. answers: put in those of a live run. Raises RunError in one line.
        """
        from sim.front.bundles import bundled

        return bundled(self.run.folder, path, plugins, answers, force)

    def _drawables(self, baseline: str | None) -> dict[str, Any]:
        from analysis.figures import Shown, drawables
        from analysis.report import baselines_of, stamp

        named = baselines_of(self.run, baseline)
        return drawables(Shown(self.arms(baseline), stamp(self.run.info), named, self.run.ledger.arm))

    @property
    def _names(self) -> tuple[list[str], list[str]]:
        """The arms, without their worlds, and the agents."""
        return [arm.name.removesuffix(arm.panel) for arm in self.run.scenario.arms], list(self.run.info["agents"])

    def __repr__(self) -> str:
        """The summary in short."""
        frame = self.summary[self._columns].to_string(index=False, float_format="{:.3f}".format)
        return f"{self._head}\n{frame}"

    def _repr_html_(self) -> str:
        """The summary in short, as a notebook shows it."""
        return notebook(self.summary[self._columns], self._head, "{:.3f}")

    @property
    def _columns(self) -> list[str]:
        return ["arm", *(name for name in _SHOWN if self.summary[name].notna().any())]

    @property
    def _head(self) -> str:
        scenario = self.run.scenario
        size = f"seed {scenario.seed}, {scenario.replications} replication(s), hash {self.run.info['hash'][:12]}"
        return f"{scenario.name}: {scenario.question} ({size})"
