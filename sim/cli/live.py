"""The commands that ask live agents: elicit, panel, live and verify-again. Prints, as sim/cli/command.py does."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.live_options import How
from sim.cli.options import Figures, Named, Overrides, Plugins, Rules, Seed, named, printed, warn, whole, writing
from sim.kit.errors import RunError

if TYPE_CHECKING:
    from sim.experiment.run_folder import Run

Tasks = Annotated[Path, typer.Argument(help="file of tasks: .jsonl, .json, .yaml or .csv (docs/live.md)")]
Who = Annotated[Path, typer.Option("--respondents", help="respondents.toml: who is asked, and at what price")]
Table = Annotated[Path | None, typer.Option("--out", help="table to write, .csv [default: printed alone]")]
AnswersFile = Annotated[
    Path | None,
    typer.Option("--answers", help="journal of answers [default: answers.jsonl beside the respondents; bundled: here]"),
]
Budget = Annotated[
    str | None, typer.Option("--budget-usd", help="ceiling, in dollars, of all that the journal has cost; obligatory")
]
Concurrency = Annotated[str, typer.Option(help="questions under way at a time")]
Offline = Annotated[bool, typer.Option("--offline", help="ask nobody: everything must be in the journal")]
ShowPrompts = Annotated[bool, typer.Option("--show-prompts", help="print what is asked about the first task; no send")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="calls and dollars by a rehearsal; no key, no send")]
Check = Annotated[bool, typer.Option("--check", help="one call of 16 tokens to each endpoint, and no more")]
Force = Annotated[bool, typer.Option("--force", help="replace what another command left there")]


def add(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(elicit)
    app.command()(panel)
    app.command()(live)
    app.command("verify-again")(verify_again)


def elicit(
    tasks: Tasks,
    respondents: Who,
    out: Table = None,
    answers: AnswersFile = None,
    budget_usd: Budget = None,
    concurrency: Concurrency = "16",
    offline: Offline = False,
    show_prompts: ShowPrompts = False,
    dry_run: DryRun = False,
    check: Check = False,
    seed: Seed = None,
    force: Force = False,
) -> None:
    """Ask every agent how likely it is to do each task, and nothing else."""
    how = How(answers, budget_usd, concurrency, offline, show_prompts, dry_run, check)
    _survey(tasks, respondents, 0, out, how, seed, force)


def panel(
    tasks: Tasks,
    respondents: Who,
    out: Table = None,
    trials: Annotated[str, typer.Option(help="attempts of each agent at each task")] = "1",
    answers: AnswersFile = None,
    budget_usd: Budget = None,
    concurrency: Concurrency = "16",
    offline: Offline = False,
    show_prompts: ShowPrompts = False,
    dry_run: DryRun = False,
    check: Check = False,
    seed: Seed = None,
    force: Force = False,
) -> None:
    """Ask for every claim and have every agent try every task: a recorded table that every scenario reads."""
    count = whole("--trials", trials)
    if not 1 <= count <= 1000:
        raise RunError(f"--trials {trials}: must be from 1 to 1000")
    how = How(answers, budget_usd, concurrency, offline, show_prompts, dry_run, check)
    _survey(tasks, respondents, count, out, how, seed, force)


def live(
    scenario: Named,
    out: Annotated[Path | None, typer.Option(help="folder for the results [default: out/<scenario>]")] = None,
    answers: AnswersFile = None,
    budget_usd: Budget = None,
    concurrency: Concurrency = "16",
    offline: Offline = False,
    show_prompts: ShowPrompts = False,
    dry_run: DryRun = False,
    check: Check = False,
    seed: Seed = None,
    override: Overrides = None,
    mechanism: Rules = None,
    plugin: Plugins = None,
    figures: Figures = True,
    force: Force = False,
) -> None:
    """Play a scenario with live agents ([world] live = "respondents.toml")."""
    from sim.cli import live_session as asking
    from sim.cli.inquiry import Inquiry
    from sim.cli.listing import place
    from sim.experiment.execute import execute
    from sim.experiment.plan import plan
    from sim.scenario.plugins import plugins
    from sim.world.origin import LiveOrigin

    how = How(answers, budget_usd, concurrency, offline, show_prompts, dry_run, check)
    with plugins(plugin or []) as digests:
        made = plan(named(scenario, seed, None, override, mechanism), digests)
        if not isinstance(made.origin, LiveOrigin):
            raise RunError(
                f'{made.scenario.name}: is not live: say [world] live = "respondents.toml", or use `bidlab run`'
            )
        origin, number = made.origin, made.scenario.seed
        journal = asking.answers_file(how, origin.respondents)
        inquiry = Inquiry(origin.respondents, origin.agents, origin.live_tasks, number, journal, plan=made)
        if asking.rehearsed(how, inquiry):
            return
        folder = out or Path("out") / made.scenario.name
        with asking.session(how, inquiry) as asked:
            if how.check:
                printed(asking.checked(asked))
                return

            def finish(run: Run) -> None:
                from analysis.report import write_report

                asking.keep_answers(asked, run)
                write_report(run, figures=figures, tabled=lambda tables: printed(asking.found(run, tables, asked)))

            with asking.shown(asked, [arm.name for arm in made.scenario.arms], made.scenario.baseline):
                execute(made, folder, force=force, finish=finish, say=warn, asked=asked.play)
        printed(place(folder))


def verify_again(
    folder: Annotated[Path, typer.Argument(help="folder of a live run, or a journal of answers")],
    tasks: Annotated[Path | None, typer.Option(help="file of tasks with other verifiers [default: the run's]")] = None,
    verify: Annotated[str | None, typer.Option(help="verifier of tasks that name none, e.g. number")] = None,
) -> None:
    """Have verifiers look again at the work that is kept; nobody is asked. The journal keeps the new verdicts."""
    from sim.cli import live_session as asking

    printed(asking.verified_again(folder, tasks, verify))


def held_fixed(folder: Path, mechanisms: list[str], arm: str | None = None) -> None:
    """What other rules would have made of the bids of a live run."""
    from sim.cli import live_session as asking

    printed(asking.of_other_rules(folder, mechanisms, arm))


def _survey(
    tasks: Path, respondents: Path, trials: int, out: Path | None, how: How, seed: str | None, force: bool
) -> None:
    from sim.cli import live_session as asking
    from sim.cli.inquiry import Inquiry
    from sim.live.respondents import read_respondents
    from sim.live.task_file import read_tasks
    from sim.live.who_bids import bidders

    _check_table(out, force)
    who = read_respondents(respondents)
    about = read_tasks(tasks, who.file.verify, verified=trials > 0)
    number = 0 if seed is None else whole("--seed", seed)
    inquiry = Inquiry(who, bidders(who, about), about, number, asking.answers_file(how, who), trials)
    if asking.rehearsed(how, inquiry):
        return
    with asking.session(how, inquiry) as asked:
        if how.check:
            printed(asking.checked(asked))
            return
        found = asking.surveyed(asked, trials)
        if out is not None:
            asking.write_table(found, out)
        printed(asking.of_survey(found, asked))
        if out is not None:
            printed(["", f"written: {out}"])


def _check_table(out: Path | None, force: bool) -> None:
    """Raise RunError where the table cannot be written there."""
    if out is None:
        return
    if out.suffix != ".csv":
        raise RunError(f"--out {out}: must end in .csv")
    if out.exists() and not force:
        raise RunError(f"--out {out}: is there; choose another file, or give --force to replace it")
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out.parent):
            pass
