"""Plays what is in a bundle again, in a folder made for it, from nothing but its scenario and its inputs."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from sim.bundling.bundle_format import ABOUT, RESULTS
from sim.bundling.open_bundle import Opened
from sim.experiment.execute import execute
from sim.experiment.plan import Options, Plan, plan, plan_sweep
from sim.experiment.run_folder import Run
from sim.experiment.sweep import Analysis, execute_sweep
from sim.experiment.versions import differing
from sim.experiment.workers import Crew
from sim.experiment.written_scenario import WRITTEN
from sim.kit.errors import RunError, SimError
from sim.live.program import Program
from sim.live_market.session import LiveOptions, Session
from sim.live_market.transcripts import ANSWERS
from sim.population.profile_draws import draws_beside
from sim.scenario.figure_spec import figures_of
from sim.scenario.scenario import Scenario, reopened, resolve
from sim.world.origin import LiveOrigin

_UNDRAWN = b"none were asked for"
Bar = Callable[[Plan], AbstractContextManager[Callable[..., None]]]


@dataclass(frozen=True)
class Again:
    """How it is played. report: adds tables, and figures where True, to a run. analysis: of a sweep, likewise.

    asking: the plan with what its figures ask for. run_bar, sweep_bar: show progress. programs: those that verify work
    may be executed. crew: who plays the jobs of a sweep.
    """

    report: Callable[[Run, bool], None]
    analysis: Callable[[Plan, bool], Analysis]
    asking: Callable[[Plan], Plan]
    run_bar: Bar
    sweep_bar: Bar
    programs: bool
    crew: Crew


def play_again(bundle: Opened, folder: Path, plugins: Mapping[str, str], how: Again) -> Path:
    """Play it below `folder`; returns the folder of results. plugins: name -> SHA-256 of those loaded.

    Raises RunError where the bundle does not hold what its hash was made of.
    """
    if bundle.about.get("answers") is False:
        raise RunError(f"{bundle.path}: is of a live run without its answers; bundle it with --answers")
    info, inputs = bundle.json("run.json"), folder / "inputs"
    inputs.mkdir(parents=True)
    for name, content in bundle.inputs.items():
        (inputs / name).write_bytes(content)
    play = _sweep if bundle.about["kind"] == "sweep" else _run
    try:
        return play(bundle, info, folder, plugins, how)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, SimError):
            raise
        raise RunError(f"{bundle.path}: cannot be played: {type(error).__name__}: {error}") from None


def _check_hash(bundle: Opened, info: Mapping[str, Any], made: Plan) -> None:
    if info["versions"] != bundle.about["versions"]:
        one, other = differing(bundle.about["versions"], info["versions"])
        raise RunError(f"{bundle.path}: {ABOUT} names other versions than {RESULTS}run.json: {one}, there {other}")
    if not made.digest == info["hash"] == bundle.about["hash"]:
        raise RunError(
            f"{bundle.path}: its scenario, inputs and plugins have not the hash that it states, under bidlab "
            f"{info['versions'].get('bidlab', 'unknown')}; a bundled profile may be another in this version"
        )


def _check_written(bundle: Opened, folder: Path, made: Plan, plugins: Mapping[str, str], engine: str) -> None:
    """Raise RunError where the scenario as it was given is another than the one that is played.

    A live scenario, and one of imported results, reads files that a bundle holds in another form: its seed alone.
    """
    if WRITTEN not in bundle.results:
        return
    written = bundle.json(WRITTEN)["written"]
    if isinstance(made.origin, LiveOrigin) or isinstance(written["world"].get("table"), dict):
        same = written["seed"] == made.scenario.seed
    else:
        same = plan(_staged(bundle, folder), plugins, engine).digest == made.digest
    if not same:
        raise RunError(f"{bundle.path}: {RESULTS}{WRITTEN} states another scenario than the one that was played")


def _run(bundle: Opened, info: dict[str, Any], folder: Path, plugins: Mapping[str, str], how: Again) -> Path:
    scenario = replace(reopened(info["scenario"], folder / "inputs"), figures=tuple(figures_of(info)))
    engine = "market" if set(info["engine"].values()) == {"market"} else "auto"
    made = plan(scenario, plugins, engine)
    _check_hash(bundle, info, made)
    _check_written(bundle, folder, made, plugins, engine)
    drawn, out = _drawn(bundle), folder / "again"
    if isinstance(made.origin, LiveOrigin):
        return _live(bundle, made, made.origin, out, how, drawn)
    with how.run_bar(made) as progress:
        return execute(made, out, progress=progress, finish=lambda run: how.report(run, drawn))


def _drawn(bundle: Opened) -> bool:
    """Its results were drawn."""
    return _UNDRAWN not in bundle.results.get("figures/left_out.csv", b"")


def _live(bundle: Opened, made: Plan, origin: LiveOrigin, out: Path, how: Again, drawn: bool) -> Path:
    """Play a live run from its answers; nobody is asked."""
    checks = (task.verify.verifier for task in origin.live_tasks if task.verify is not None)
    programs = {" ".join(one.command) for one in checks if isinstance(one, Program)}
    if programs and not how.programs:
        named = "; ".join(sorted(programs))
        raise RunError(f"{bundle.path}: work is verified by programs ({named}); read them, then give --allow-plugins")
    answers = out.parent / "inputs" / ANSWERS
    options = LiveOptions(answers, 0.0, offline=True)
    with Session(origin.respondents, origin.agents, origin.live_tasks, made.scenario.seed, options) as asked:
        return execute(made, out, finish=lambda run: how.report(run, drawn), asked=asked.play)


def _sweep(bundle: Opened, info: dict[str, Any], folder: Path, plugins: Mapping[str, str], how: Again) -> Path:
    stated = info["options"]
    precision = stated["precision"]
    options = Options(precision, None if precision is None else stated["most"], bool(stated["ledger"]))
    made = plan_sweep(_staged(bundle, folder), options, plugins)
    made = made if made.digest == info["hash"] else how.asking(made)
    _check_hash(bundle, info, made)
    analysis = how.analysis(made, _drawn(bundle))
    with how.sweep_bar(made) as progress:
        return execute_sweep(made, folder / "again", analysis, crew=how.crew, progress=progress)


def _staged(bundle: Opened, folder: Path) -> Scenario:
    """The scenario as it was given, with its inputs where it names them; nothing is written outside `folder`."""
    given = bundle.json(WRITTEN)
    written, file = dict(given["written"]), PurePosixPath(str(given["file"])).name
    world = written["world"]
    named = next((name for name in (world.get("table"), world.get("profile")) if _is_path(name)), None)
    depth = 0 if named is None else PurePosixPath(posixpath.normpath(named)).parts.count("..")
    place = folder.joinpath("scenario", *(f"level{n}" for n in range(depth)))
    place.mkdir(parents=True)
    if named is not None:
        _lay_out(bundle, folder, place / str(named))
    return resolve(place / file, written)


def _lay_out(bundle: Opened, folder: Path, target: Path) -> None:
    if not target.resolve().is_relative_to(folder.resolve()) or target.name not in bundle.inputs:
        raise RunError(f"{bundle.path}: does not hold {target.name} where its scenario reads it")
    target.parent.mkdir(parents=True, exist_ok=True)
    for name in (target.name, draws_beside(target).name):
        if name in bundle.inputs:
            (target.parent / name).write_bytes(bundle.inputs[name])


def _is_path(name: Any) -> bool:
    return isinstance(name, str) and "." in name
