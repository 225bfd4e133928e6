"""`bidlab.power`: how many tasks and dollars a live run needs to tell two arms apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.front.comparing import chosen_quantities, origin_of
from sim.front.results import Results
from sim.kit.errors import RunError

if TYPE_CHECKING:
    from analysis.paired_outcomes import PairedOutcomes
    from analysis.power_analysis import PowerAnalysis


def power(
    run: Results,
    first: str,
    second: str,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    quantities: Sequence[str] = (),
) -> PowerAnalysis:
    """Tasks that tell the arms `first` and `second` of a run apart with that power, two-sided at `alpha`.

    `.frame`, `.sentences`, `.figure()`, `.latex()`, `.markdown()`, `.write(folder)`. From what both arms do at the same
    tasks of the run; published pairs stand beside. quantities: welfare, solve_rate and cost where none are given.

    Raises RunError where there is no such arm or quantity, or the arms did not play the same auctions.
    """
    if not isinstance(run, Results):
        raise RunError(f"power: run: must be the results of a run; got {type(run).__name__}")
    names = [each.name for each in chosen_quantities(quantities, "power")]
    pair, notes = _pair(run, first, second, quantities)
    return of_pairs(pair, names, power, alpha, origin_of([run]), notes)


def of_pairs(
    pair: PairedOutcomes, quantities: Sequence[str], power: float, alpha: float, origin: str, notes: Sequence[str] = ()
) -> PowerAnalysis:
    """That of a pair, from a run or from counts; raises RunError where power and alpha are none."""
    from analysis.power_analysis import PowerAnalysis
    from analysis.power_table import PUBLISHED, power_table

    for name, share in (("power", power), ("alpha", alpha)):
        if not 0 < share < 1:
            raise RunError(f"power: {name}: must be above 0 and below 1; got {share:g}")
    if power <= alpha:
        raise RunError(f"power: must be above alpha; got {power:g} and {alpha:g}")
    pairs = [pair, *PUBLISHED]
    return PowerAnalysis(power_table(pairs, quantities, power, alpha), pairs, origin, notes)


def _pair(run: Results, first: str, second: str, quantities: Sequence[str]) -> tuple[PairedOutcomes, list[str]]:
    """What the two arms do, and what is to be known of it."""
    from analysis.clusters import coupling_of, joint
    from analysis.paired_outcomes import of_arms

    arms = {arm.name: arm for arm in run.arms()}
    one, other = (arms[run.run.arm(name).name] for name in (first, second))
    if first == second:
        raise RunError(f"power: two arms are compared; got {first!r} twice")
    if one.n_markets > 1 or other.n_markets > 1:
        raise RunError("power: needs arms in which the agents bid against each other; here each is alone")
    if one.value.shape != other.value.shape:
        raise RunError(f"power: {first!r} and {second!r} did not play the same auctions")
    continuous = [each for each in chosen_quantities(quantities, "power") if each.name != "solve_rate"]
    rows = [run.run.ledger.arm(name).attempts for name in (first, second)]
    pair = of_arms(one, other, rows, continuous, run.run.scenario.seed)
    by = joint(one, other)
    coupled = coupling_of(one, other) if by in ("replication", "none") else []
    notes = [run.run.scenario.note] if run.run.scenario.note else []
    if coupled:
        words = f"tasks of a replication are coupled ({', '.join(coupled)})"
        notes.append(f"{words}: the number of tasks takes them as independent, and may be too small")
    return pair, notes
