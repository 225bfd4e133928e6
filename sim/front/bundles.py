"""`bidlab.verify`, and `bundle` of results: one file that others can play again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.bundling.bundle_folder import Bundled
from sim.bundling.bundle_folder import bundle as bundle_folder
from sim.bundling.bundle_verdict import Verified
from sim.bundling.play_again import Again, Bar
from sim.bundling.verify_bundle import verify_bundle
from sim.experiment.plan import Plan
from sim.experiment.run_folder import Run
from sim.experiment.workers import Crew
from sim.front.arguments import arguments
from sim.kit.errors import RunError

if TYPE_CHECKING:
    from sim.experiment.sweep import Analysis


@arguments("verify")
def verify(
    path: str | Path, *, jobs: int = 1, plugins: Sequence[str | Path] = (), allow_plugins: bool = False
) -> Verified:
    """Play the run or sweep in a bundle again and compare every number; `agrees` says whether all are the same.

    jobs: processes for a sweep. plugins: the files it ran with, in place of those in the bundle; allow_plugins: code
    that is in the bundle may be executed.

    Raises RunError in one line where the bundle was altered, or cannot be played.
    """
    how = again(_silent, _silent, jobs)
    return verify_bundle(Path(path), how, [Path(one) for one in plugins], allow_plugins)


def again(run_bar: Bar, sweep_bar: Bar, jobs: int) -> Again:
    """How a bundle is played again: with the tables and figures that the commands make."""
    from analysis.report import write_report
    from analysis.sweep_report import analysis_of, asking

    def report(run: Run, figures: bool) -> None:
        write_report(run, figures=figures)

    def analysis(plan: Plan, figures: bool) -> Analysis:
        return analysis_of(plan, figures=figures)

    return Again(report, analysis, asking, run_bar, sweep_bar, programs=False, crew=Crew(jobs))


def bundled(
    folder: Path | None, path: str | Path, plugins: Sequence[str | Path], answers: bool, force: bool
) -> Bundled:
    """The bundle of results in `folder`; raises RunError where they are in memory alone."""
    if folder is None:
        raise RunError("bundle: the results are in memory alone; give `out`, a folder, when you make them")
    return bundle_folder(folder, Path(path), plugins=[Path(one) for one in plugins], answers=answers, force=force)


@contextmanager
def _silent(plan: Plan) -> Iterator[Any]:
    yield lambda *done: None
