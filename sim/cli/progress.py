"""Progress of a run on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from sim.experiment.plan import Plan

Hidden = Callable[[], AbstractContextManager[None]]
Bar = tuple[Callable[[str, int], None], Callable[[str], None], Hidden]


def auctions(plan: Plan) -> AbstractContextManager[Bar]:
    """`counted` over all auctions of the plan."""
    total = sum(plan.n_auctions(arm) for arm in plan.scenario.arms)
    return counted(plan.scenario.name, total, "auctions")


def replications(name: str, total: int) -> AbstractContextManager[Bar]:
    """`counted` over the replications of all arms of an economy."""
    return counted(name, total, "replications")


@contextmanager
def counted(name: str, total: int, what: str) -> Iterator[Bar]:
    """A bar on stderr over so many of `what`; yields `progress(arm, done)`, `phase(what)` and `hidden()`.

    hidden: a context without the bar, in which something is printed.
    """
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(what),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(name, total=total)
        yield (
            lambda arm, done: bar.update(task, advance=done, description=f"{name}: {arm}"),
            lambda said: bar.update(task, description=f"{name}: {said}"),
            lambda: _hidden(bar),
        )


@contextmanager
def _hidden(bar: Progress) -> Iterator[None]:
    bar.stop()
    try:
        yield
    finally:
        bar.start()


@contextmanager
def steps(what: str, total: int) -> Iterator[Callable[[float], None]]:
    """A bar on stderr over `total` steps; yields `progress(done)`."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, advance=done)


@contextmanager
def phases(what: str) -> Iterator[Callable[[str], None]]:
    """A line on stderr that says what is being done, of how many steps nobody knows; yields `phase(what)`."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda said: bar.update(task, description=f"{what}: {said}")


@contextmanager
def cells(plan: Plan) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr over the cells of all jobs of a sweep; yields `progress(cells done, jobs known of)`."""
    console, n_cells = Console(stderr=True), len(plan.cells)
    per_cell = plan.auctions(plan.block) / n_cells
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("cells, {task.fields[rate]} auctions/s"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        total = n_cells * plan.jobs_for(plan.scenario.replications)
        task = bar.add_task(f"{plan.scenario.name} sweep", total=total, rate="-")

        def progress(done: int, jobs: int) -> None:
            speed = bar.tasks[task].speed
            rate = "-" if speed is None else f"{speed * per_cell:,.0f}"
            bar.update(task, advance=done, total=n_cells * jobs, rate=rate)

        yield progress


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A moving bar on stderr while something goes on of which nobody knows how long it takes."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        bar.add_task(what, total=None)
        yield
