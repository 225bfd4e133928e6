"""The command `power`. Prints, as sim/cli/command.py does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.options import Plugins, dollars, free_folder, print_paths, printed, share, writing
from sim.kit.errors import RunError

if TYPE_CHECKING:
    from analysis.paired_outcomes import PairedOutcomes
    from analysis.power_analysis import PowerAnalysis
    from sim.front.results import Results

_COUNTS = "--discordant {text}: must be ONLY_FIRST/ONLY_SECOND/TASKS, and /BOTH where known, e.g. 11/6/50/18"


def add(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(power)


def power(
    run: Annotated[Path | None, typer.Argument(help="folder of a run of both arms")] = None,
    arms: Annotated[tuple[str, str] | None, typer.Option(help="the two arms [default: those of a run of two]")] = None,
    discordant: Annotated[
        str | None,
        typer.Option(help="counts instead of a run: tasks only the first and only the second solved, of how many"),
    ] = None,
    usd: Annotated[str | None, typer.Option(help="dollars a task of both arms, with --discordant")] = None,
    power: Annotated[str, typer.Option(help="chance to tell the arms apart")] = "0.8",
    alpha: Annotated[str, typer.Option(help="chance of a false alarm, two-sided")] = "0.05",
    quantity: Annotated[
        list[str] | None,
        typer.Option(help="what to tell them apart in; may be repeated [default: welfare, solve_rate, cost]"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="folder for power.tex, .md, .csv and the figure")] = None,
    plugin: Plugins = None,
    force: Annotated[bool, typer.Option("--force", help="replace the files of another such table")] = False,
) -> None:
    """Say how many tasks, and dollars, tell two arms apart: McNemar, looked at any time, paired t; not paired."""
    from analysis.power_analysis import FILES
    from sim.cli.progress import waiting
    from sim.scenario.plugins import plugins

    free_folder(out, FILES, force)
    asked = share("--power", power), share("--alpha", alpha)
    if (run is None) == (discordant is None):
        got = "neither" if run is None else f"{run} and {discordant}"
        raise RunError(f"power: name the folder of a run, or give --discordant, one of the two; got {got}")
    with plugins(plugin or []), waiting("power"):
        if run is not None:
            _refuse("--usd", usd)
            found = _of_run(run, arms, asked, quantity or [])
        else:
            _refuse("--arms", arms)
            _refuse("--quantity", quantity)
            found = _of_counts(str(discordant), usd, asked)
    printed(found.views())
    if out is not None:
        with writing(out):
            print_paths(found.write(out))


def _of_run(folder: Path, arms: tuple[str, str] | None, asked: tuple[float, float], names: list[str]) -> PowerAnalysis:
    from sim.experiment.run_folder import Run
    from sim.front.power import power as of_run
    from sim.front.results import Results

    results = Results(Run.open(folder))
    first, second = arms or _both(results)
    return of_run(results, first, second, power=asked[0], alpha=asked[1], quantities=names)


def _both(results: Results) -> tuple[str, str]:
    """The arms of a run of two, its baseline second."""
    scenario = results.run.scenario
    names = [arm.name for arm in scenario.arms]
    if len(names) != 2:
        raise RunError(f"power: name two arms by --arms; the run has {', '.join(map(repr, names))}")
    base = scenario.baseline_of(scenario.arms[0])
    return (names[1], names[0]) if base == names[0] else (names[0], names[1])


def _of_counts(text: str, usd: str | None, asked: tuple[float, float]) -> PowerAnalysis:
    from importlib.metadata import version

    from sim.front.power import of_pairs

    pair = _pair(text, None if usd is None else dollars("--usd", usd))
    return of_pairs(pair, ["solve_rate"], *asked, f"counts {text}; bidlab {version('bidlab')}")


def _pair(text: str, usd: float | None) -> PairedOutcomes:
    from dataclasses import replace

    from analysis.paired_outcomes import of_counts

    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})/([0-9]{1,9})(?:/([0-9]{1,9}))?", text.replace(" ", ""))
    if found is None:
        raise RunError(_COUNTS.format(text=text))
    first, second, tasks, both = (None if part is None else int(part) for part in found.groups())
    if not tasks or first + second + (both or 0) > tasks:  # type: ignore[operator]
        raise RunError(
            f"--discordant {text}: {first} + {second} + {both or 0} must be at most {tasks} tasks, 1 or more"
        )
    pair = of_counts(f"{first}/{second} of {tasks}", int(first), int(second), tasks, both)  # type: ignore[arg-type]
    return pair if usd is None else replace(pair, dollars=usd)


def _refuse(option: str, given: object) -> None:
    if given:
        other = "a run" if option == "--usd" else "--discordant"
        raise RunError(f"{option}: cannot be combined with {other}")
