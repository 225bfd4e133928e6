"""What `compare` compares: the arms of a run and their baselines, or those that several runs have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from sim.experiment.run_folder import Run
from sim.kit.errors import RunError, closest
from sim.world.world import World

if TYPE_CHECKING:
    import pandas as pd

    from analysis.arm import ArmData
    from analysis.comparison import Comparison
    from analysis.comparison_table import How, Pair
    from analysis.quantities import Quantity

DEFAULT = ("welfare", "solve_rate", "cost")
_SHOWN = 12  # letters of a hash


class Finished(Protocol):
    """The results of a run, as far as they are read here."""

    run: Run

    def arms(self, baseline: str | None = None) -> list[ArmData]: ...
    def world(self, arm: str | None = None) -> World: ...


def comparison(
    run: Finished,
    others: Sequence[Finished] = (),
    *,
    baseline: str | None = None,
    quantities: Sequence[str] = (),
    arms: Sequence[str] = (),
) -> Comparison:
    """As `bidlab.compare`, which checks what it is given."""
    from analysis.comparison import Comparison
    from analysis.comparison_table import comparison_table

    if others and baseline is not None:
        raise RunError("compare: baseline: is of one run; of several the first is the baseline, arm by arm")
    chosen = chosen_quantities(quantities, "compare")
    pairs = list(_across(run, others, arms) if others else _within(run, baseline, arms))
    frame = comparison_table(pairs, chosen)
    against = f"the arm of that name in {_labels((run, *others))[0]}" if others else _one(pairs)
    kept, lines = _defined(frame, quantities)
    return Comparison(kept, against, origin_of((run, *others)), [*lines, *_notes(run, others, pairs)])


def _one(pairs: Sequence[Pair]) -> str:
    """The baseline of a run, in words."""
    names = list(dict.fromkeys(pair.base for pair in pairs))
    return names[0] if len(names) == 1 else f"{names[0].partition(' [')[0]} of the same panel"


def _within(run: Finished, baseline: str | None, arms: Sequence[str]) -> Iterator[Pair]:
    """Each arm of a run and its baseline."""
    from analysis.comparison_table import Pair
    from analysis.report import baselines_of

    bases = baselines_of(run.run, baseline)
    wanted = _chosen(arms, list(bases))
    found = {arm.name: arm for arm in run.arms(baseline)}
    others = [name for name in wanted if bases[name] != name]
    if not others:
        raise RunError(
            f"compare: there is no arm beside the baseline {', '.join(map(repr, dict.fromkeys(bases.values())))}"
        )
    for name in others:
        yield Pair(found[name], found[bases[name]], name, bases[name], "luck")


def _across(run: Finished, others: Sequence[Finished], arms: Sequence[str]) -> Iterator[Pair]:
    """The arms of other runs and those of the same name in the first."""
    from analysis.comparison_table import Pair, renamed

    first, *names = _labels([run, *others])
    mine = {arm.name: arm for arm in run.arms()}
    for other, label in zip(others, names, strict=True):
        how = _how(run, other, first, label)
        theirs = {arm.name: arm for arm in other.arms() if arm.name in mine}
        if not theirs:
            raise RunError(f"compare: no arm in common; {_named(run)} in {first}, and {_named(other)} in {label}")
        for name in _chosen(arms, list(theirs)):
            arm, base = renamed(theirs[name], label), renamed(mine[name], first)
            replayed = "none" in (arm.by, base.by)  # on tables redrawn by each run's own seed
            yield Pair(arm, base, arm.name, base.name, "none" if how == "tasks" and replayed else how)


def _how(run: Finished, others: Finished, first: str, label: str) -> How:
    """What two runs share; raises RunError where they hold other tasks, so that a difference would be theirs."""
    one, other, tables = run.run, others.run, [_of_table(run), _of_table(others)]
    if tables[0] != tables[1]:
        kinds = ["a recorded table" if table else "a synthetic world" for table in tables]
        raise RunError(f"compare: {first} plays {kinds[0]}, {label} {kinds[1]}: their tasks cannot be compared")
    if tables[0] and one.info["tasks"] != other.info["tasks"]:
        only = len(set(one.info["tasks"]) ^ set(other.info["tasks"]))
        raise RunError(
            f"compare: {first} and {label} play other tables of tasks: {only:,} tasks are in one of them only"
        )
    same = all(one.info[key] == other.info[key] for key in ("seed", "agents", "tasks"))
    if same and one.scenario.replications == other.scenario.replications:
        return "luck"
    return "tasks" if tables[0] else "none"


def _chosen(arms: Sequence[str], there: Sequence[str]) -> list[str]:
    for name in arms:
        if name not in there:
            raise RunError(f"compare: no arm {name!r}{closest(name, there)}; there is {', '.join(map(repr, there))}")
    return list(dict.fromkeys(arms)) if arms else list(there)


def chosen_quantities(names: Sequence[str], command: str) -> list[Quantity]:
    """Those that arms are compared in, by name; DEFAULT where none are named. Raises RunError where one is unknown."""
    from analysis.quantities import paired_of_arms

    known = {each.name: each for each in paired_of_arms()}
    for name in names:
        if name not in known:
            raise RunError(f"{command}: quantity {name!r}: unknown{closest(name, known)}; allowed: {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names or DEFAULT)]


def _defined(frame: pd.DataFrame, wanted: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """The rows of quantities that are defined, and a line on the others; raises RunError where one was asked for."""
    empty = [str(name) for name, own in frame.groupby("quantity", sort=False) if own["difference"].isna().all()]
    if any(name in wanted for name in empty) or len(empty) == frame["quantity"].nunique():
        raise RunError(f"compare: {', '.join(empty)}: undefined, in the baseline or in all arms compared to it")
    lines = [f"left out, undefined in these arms: {', '.join(empty)}"] if empty else []
    return frame[~frame["quantity"].isin(empty)].reset_index(drop=True), lines


def _labels(runs: Sequence[Finished]) -> list[str]:
    """A name for each run: that of its folder, else of its scenario; numbered where two have the same."""
    plain = [run.run.scenario.name if run.run.folder is None else run.run.folder.name for run in runs]
    return [f"{name} #{place + 1}" if plain.count(name) > 1 else name for place, name in enumerate(plain)]


def _of_table(run: Finished) -> bool:
    return bool(run.world().from_table)


def _named(run: Finished) -> str:
    return ", ".join(repr(arm.name) for arm in run.run.scenario.arms)


def _notes(run: Finished, others: Sequence[Finished], pairs: Sequence[Pair]) -> list[str]:
    """What is to be known of runs before their differences are read."""
    lines = []
    for label, other in zip(_labels([run, *others])[1:], others, strict=True):
        how = {pair.how for pair in pairs if pair.name.endswith(f"({label})")}
        if "tasks" in how:
            lines.append(
                f"{label}: other luck on the same recorded tasks: paired by task, replications averaged within"
            )
        if "none" in how:
            same = run.run.info["seed"] == other.run.info["seed"] or _of_table(run)
            wide = "; what they share makes the intervals wide rather than narrow" if same else ""
            lines.append(f"{label}: no pairs of auctions with the same luck: Welch's t over each run's clusters{wide}")
    return list(dict.fromkeys([*lines, *(r.run.scenario.note for r in (run, *others) if r.run.scenario.note)]))


def origin_of(runs: Sequence[Finished]) -> str:
    """Seeds, scenarios and version."""
    info = [run.run.info for run in runs]
    seeds = ", ".join(dict.fromkeys(str(one["seed"]) for one in info))
    names = ", ".join(dict.fromkeys(f"{one['scenario']['name']} {one['hash'][:_SHOWN]}" for one in info))
    versions = ", ".join(dict.fromkeys(str(one["versions"]["bidlab"]) for one in info))
    return f"seed {seeds}; scenario {names}; bidlab {versions}"
