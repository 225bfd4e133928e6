"""`bidlab.compare`: the arms of a run against a baseline, or against those of another run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.front.comparing import comparison
from sim.front.results import Results
from sim.kit.errors import RunError

if TYPE_CHECKING:
    from analysis.comparison import Comparison


def compare(
    run: Results,
    *others: Results,
    baseline: str | None = None,
    quantities: Sequence[str] = (),
    arms: Sequence[str] = (),
) -> Comparison:
    """Arms against baselines: `.frame`, `.sentences`, `.latex()`, `.markdown()`, `.write(folder)`.

    One run: each arm against `baseline`, or the scenario's where None. Several: the arms that another run has in common
    with the first by name, against the first's. Runs of the same seed, replications, agents and tasks share their luck
    and are paired auction by auction; runs of one recorded table are paired by task; others are not paired, and
    compared by Welch's t.

    quantities: names, see `bidlab list quantities`; welfare, solve_rate and cost where none are given, as far as the
    runs have them. arms: those to compare; all where none are given.

    Raises RunError where runs cannot be compared, and where there is no such arm or quantity.
    """
    for place, given in enumerate((run, *others)):
        if not isinstance(given, Results):
            name = "other" if place else "run"
            raise RunError(f"compare: {name}: must be the results of a run; got {type(given).__name__}")
    return comparison(run, others, baseline=baseline, quantities=quantities, arms=arms)
