"""`bidlab.compare`: arms of two runs, paired under the same luck."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sim.front.results import Results
from sim.kit.errors import RunError

if TYPE_CHECKING:
    import pandas as pd


def compare(run: Results, other: Results) -> pd.DataFrame:
    """The arms that both runs have by name, `run` minus `other`: one row each, with intervals and p values.

    Raises RunError where the two are not of the same seed, replications, agents and tasks, so that luck is not
    common to them, or have no arm in common.
    """
    from analysis.differences import differences_table

    for name, given in (("run", run), ("other", other)):
        if not isinstance(given, Results):
            raise RunError(f"compare: {name}: must be the results of a run; got {type(given).__name__}")
    _check_paired(run, other)
    theirs = {arm.name: replace(arm, name=f"{arm.name} (other)") for arm in other.arms()}
    mine = [arm for arm in run.arms() if arm.name in theirs]
    if not mine:
        raise RunError(f"compare: no arm in common; {_names(run)} and {_names(other)}")
    pairs = {arm.name: theirs[arm.name].name for arm in mine}
    itself = {arm.name: arm.name for arm in theirs.values()}
    whole = differences_table([*mine, *theirs.values()], pairs | itself)
    return whole[whole["arm"].isin(pairs)].reset_index(drop=True)


def _names(run: Results) -> str:
    return ", ".join(repr(arm.name) for arm in run.run.scenario.arms)


def _check_paired(run: Results, other: Results) -> None:
    one, two = run.run, other.run
    for what, a, b in (
        ("seed", one.info["seed"], two.info["seed"]),
        ("replications", one.scenario.replications, two.scenario.replications),
        ("agents", one.info["agents"], two.info["agents"]),
        ("tasks", one.info["tasks"], two.info["tasks"]),
    ):
        if a != b:
            shown = f": {a} and {b}" if isinstance(a, int) else ""
            raise RunError(f"compare: the runs must have the same {what}, so that luck is common to both{shown}")
