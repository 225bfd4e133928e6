"""What the commands that ask live agents share: sessions, and what is shown while and after they ask."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.bundled import is_bundled
from sim.cli.inquiry import Inquiry, estimates, prompts
from sim.cli.live_options import How, budget
from sim.cli.live_tables import meter_table, survey_tables
from sim.cli.options import printed, warn, writing
from sim.cli.progress import steps
from sim.kit.at_once import write_at_once
from sim.kit.errors import RunError, StoppedError, capped
from sim.kit.parameters import build, split
from sim.live.answers import Answers
from sim.live.calls import Calls, Unknown
from sim.live.check import check
from sim.live.endpoint import Endpoint
from sim.live.respondents import Respondents
from sim.live_market.questioner import LivePanel
from sim.live_market.reached import check_judges, faults_reached
from sim.live_market.session import LiveOptions, Session
from sim.live_market.survey import Survey, check_claims, survey
from sim.live_market.transcripts import ANSWERS
from sim.mechanisms import Mechanism, lookup
from sim.scenario.file import mechanism_option

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.run_folder import Run


def answers_file(how: How, respondents: Respondents) -> Path:
    """The journal: the one named, else beside the respondents; of bundled ones in the folder one is in."""
    return how.answers or (Path() if is_bundled(respondents.path) else respondents.path.parent) / ANSWERS


@contextmanager
def session(how: How, inquiry: Inquiry) -> Iterator[Session]:
    """The session that the options describe, once all is there that it needs; closed at the end, soon on Ctrl-C.

    Raises RunError where the journal lacks what nobody may be asked for, with all that it lacks.
    """
    options = _options(how, inquiry)
    check_judges(inquiry.respondents, inquiry.tasks)
    panel = LivePanel(inquiry.respondents, inquiry.agents, tuple(inquiry.tasks), inquiry.real)
    _ = panel.templates
    if not (how.offline or how.check) and inquiry.misfit:
        warn(inquiry.misfit)
    try:
        with Session(inquiry.respondents, inquiry.agents, panel.tasks, inquiry.seed, options) as made:
            yield made
    except Unknown:
        if not how.offline:
            raise
        raise RunError(*inquiry.lacking) from None
    except KeyboardInterrupt:
        kept = f"{inquiry.journal} keeps every answer"
        raise StoppedError(f"interrupted; {kept}, the same command goes on from there") from None


def _options(how: How, inquiry: Inquiry) -> LiveOptions:
    """Raises RunError with all that is wrong with them, and with what must be there to ask anybody."""
    from sim.cli.options import whole

    concurrency = whole("--concurrency", how.concurrency)
    if not 1 <= concurrency <= 1000:
        raise RunError(f"--concurrency {how.concurrency}: must be from 1 to 1000")
    path = inquiry.journal
    if how.offline and not path.exists():
        raise RunError(f"--answers {path}: there is no such file, and nobody is asked offline")
    faults: list[str] = []
    dollars = 0.0
    try:
        dollars = budget(how)
    except RunError as error:
        faults += error.args
    if not how.offline:
        faults += faults_reached(inquiry.real)
    if faults:
        raise RunError(*capped(faults))
    return LiveOptions(path, dollars, concurrency, how.offline)


def rehearsed(how: How, inquiry: Inquiry) -> bool:
    """Whether prompts or an estimate were all that was wanted; they are printed then, and nothing was sent."""
    if not (how.dry_run or how.show_prompts):
        return False
    check_judges(inquiry.respondents, inquiry.tasks)
    printed([*(prompts(inquiry) if how.show_prompts else []), *(estimates(inquiry) if how.dry_run else [])])
    return True


def checked(asked: Session) -> list[Any]:
    """A line for each endpoint, once it was found to count its tokens and to keep a cap.

    Raises RunError with what is wrong with any of them.
    """
    lines, faults = [], list[str]()
    for name, one in asked.panel.reached.items():
        if not isinstance(one, Endpoint):
            lines.append(f"{name}: no endpoint, nothing to check")
            continue
        with Calls({name: one}, asked.answers, budget_usd=asked.options.budget_usd) as calls:
            try:
                found = check(one, calls)
                lines.append(f"{name}: answers, counts its tokens, keeps {found.cap}; ${found.answer.usd:.6f}")
            except RunError as error:
                faults += error.args
    if faults:
        raise RunError(*capped(faults))
    return lines


def surveyed(asked: Session, trials: int) -> Survey:
    """Everybody's answers, with a bar while they come."""
    count = len(asked.panel.agents) * len(asked.panel.tasks) * (1 + trials)
    with steps("answers", count) as tick:
        found = survey(asked.asking, asked.panel, trials, tick)
    check_claims(found)
    return found


def of_survey(found: Survey, asked: Session) -> list[Any]:
    """What a survey found."""
    return [*survey_tables(found), "", *meter_table(asked)]


def write_table(found: Survey, out: Path) -> None:
    """Write the recorded table."""
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        write_at_once(out, found.table.to_csv(index=False).encode())


@contextmanager
def shown(asked: Session, arms: Sequence[str], baseline: str) -> Iterator[None]:
    """A table on stderr while agents answer, with the evidence so far. arms: names, in the order in which they play."""
    from rich.console import Console
    from rich.live import Live as Shown

    from analysis.e_process import lines_of
    from sim.live_market.from_source import solved_on

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return

    class Table:
        def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
            yield from meter_table(asked)
            yield from lines_of(
                {name: solved_on(tape) for name, tape in zip(arms, asked.tapes, strict=False)}, baseline
            )

    with Shown(Table(), console=console, transient=True, refresh_per_second=2):
        yield


def keep_answers(asked: Session, run: Run) -> None:
    """Keep the journal with the run, so that it can be played again wherever its folder is."""
    if run.folder is not None and asked.options.answers is not None:
        shutil.copyfile(asked.options.answers, run.folder / "inputs" / ANSWERS)


def found(run: Run, tables: dict[str, pd.DataFrame], asked: Session) -> list[Any]:
    """The tables of a live run, and what it cost."""
    from analysis.e_process import lines_of_ledger
    from sim.cli.listing import found as of_run

    solved = {arm.name: run.ledger.arm(arm.name).clearings for arm in run.scenario.arms}
    again = "replayed from the answers: identical"
    return [*of_run(run.info, tables), "", *meter_table(asked), *lines_of_ledger(solved, run.scenario.baseline), again]


def verified_again(folder: Path, tasks: Path | None, verify: str | None) -> list[Any]:
    """What verifiers say now of the work kept in a run's folder or a journal, and what changed."""
    from sim.cli.live_tables import again_table
    from sim.experiment.run_folder import Run
    from sim.live.task_file import read_tasks
    from sim.live_market.verify_again import verify_again
    from sim.world.origin import LiveOrigin

    if folder.is_dir():
        run = Run.open(folder)
        if not isinstance(run.origin, LiveOrigin):
            raise RunError(f"{folder}: holds no live run")
        about = run.origin.live_tasks if tasks is None else read_tasks(tasks, verify)
        answers = Answers.read(folder / "inputs" / ANSWERS)  # a finished run stays as it is
    elif tasks is None:
        raise RunError("--tasks is missing: a journal of answers does not hold the tasks")
    else:
        about, answers = read_tasks(tasks, verify), Answers.open(folder)
    with answers:
        return again_table(verify_again(answers, about), kept=answers.writable)


def of_other_rules(folder: Path, mechanisms: list[str], name: str | None) -> list[Any]:
    """Ranges of what other rules would have done with the bids of a live run."""
    from sim.cli.live_tables import ranges_table
    from sim.experiment.run_folder import Run
    from sim.live_market.other_rules import other_rules
    from sim.world.origin import LiveOrigin

    run = Run.open(folder)
    if not isinstance(run.origin, LiveOrigin):
        raise RunError(f"{folder}: holds no live run; give the scenario's name or file")
    if not mechanisms:
        raise RunError("--mechanism is missing: name the rules that the bids of the run are put to")
    arm = run.scenario.arms[0] if name is None else run.arm(name)
    rules = [_rule(text) for text in mechanisms]
    world = run.unfilled(arm)
    return ranges_table(list(other_rules(world, run.rows(arm, world), arm.settings.terms, rules)), arm.name)


def _rule(text: str) -> Mechanism:
    """The rule that an option names."""
    name, parameters = split(mechanism_option(text))
    try:
        return build(lookup(name), parameters)
    except ValueError as error:
        raise RunError(f"--mechanism {text}: {error}") from None
