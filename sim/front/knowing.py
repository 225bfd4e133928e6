"""`bidlab.knowledge`: what it would be worth if agents knew themselves better, in dollars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.plan import plan
from sim.experiment.run_folder import Run
from sim.front.arguments import arguments
from sim.front.figure import inches
from sim.front.html import notebook
from sim.front.results import Results
from sim.kit.errors import RunError
from sim.scenario.given import Source, scenario_of
from sim.scenario.plugins import plugins as loaded

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.known_arms import KnownArms

_SHOWN = ("arm", "kind", "welfare_level", "welfare", "welfare_share")


class Knowledge:
    """What self-knowledge is worth. table: one row per (arm, kind); refused: arm -> why it has no meaning there."""

    def __init__(self, found: KnownArms) -> None:
        self.found, self.table, self.refused = found, found.table, found.refused

    @property
    def notes(self) -> list[str]:
        """What is to be said of the numbers, a line each."""
        return self.found.notes

    def figure(self, width: str | float = "text", style: str | Path = "paper") -> Figure:
        """The waterfall. width, style: as in `Results.figure`."""
        from analysis.figures import waterfall
        from analysis.figures.look import Look
        from analysis.figures.save import finished
        from analysis.figures.sheets import sheet
        from analysis.report import stamp

        about = stamp(self.found.info)
        look = Look(inches(width), sheet(style))
        return finished(self.table, waterfall.paint, lambda data, own: waterfall.words(data, own, about), look)

    def __repr__(self) -> str:
        """The table in short."""
        return str(self.table[list(_SHOWN)].to_string(index=False, float_format="{:.3f}".format))

    def _repr_html_(self) -> str:
        """The table in short, as a notebook shows it."""
        return notebook(self.table[list(_SHOWN)], float_format="{:.3f}")


@arguments("knowledge")
def knowledge(
    scenario: Source | Results,
    arm: str | Sequence[str] = (),
    *,
    seed: int | None = None,
    replications: int | None = None,
    settings: Mapping[str, Any] | None = None,
    plugins: Sequence[str | Path] = (),
) -> Knowledge:
    """What each kind of self-knowledge is worth in the arms of a scenario, of a run's results, or of its folder.

    arm: one or several by name; all that take claims where none is named. seed, replications, settings: instead of the
    scenario's; they have no meaning of a finished run. The order of the steps is that of the rows; `welfare_share` is
    the mean over orders (docs/knowledge.md).

    Raises ScenarioError, TableError or RunError, a line for each fault; also where no arm takes claims.

    >>> knowledge("marketbench_head_to_head", "second price").table["welfare_level"].round(3).iloc[[0, -1]].tolist()
    [0.691, 0.85]
    """
    from analysis.known_arms import of_plan, of_run

    names = [arm] if isinstance(arm, str) else list(arm)
    with loaded([Path(path) for path in plugins]) as digests:
        given = {"seed": seed, "replications": replications, "settings": settings}
        if isinstance(scenario, Results) or (isinstance(scenario, str | Path) and Path(scenario).is_dir()):
            _check_finished([name for name, value in given.items() if value is not None])
            run = scenario.run if isinstance(scenario, Results) else Run.open(Path(scenario))
            return Knowledge(of_run(run, names))
        chosen = scenario_of(scenario, seed=seed, replications=replications, settings=settings)
        return Knowledge(of_plan(plan(chosen, digests), names))


def _check_finished(given: Sequence[str]) -> None:
    if given:
        raise RunError(*(f"knowledge: {name}: has no meaning of a finished run, which has its own" for name in given))
