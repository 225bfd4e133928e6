"""Audits many rules, on several processes, and gives back their rows in the order asked for."""

from __future__ import annotations

import concurrent.futures
import pickle
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from sim.auditing.audit import audit, refusal
from sim.auditing.coalitions import Coalitions, coalition_cells
from sim.auditing.compiled_deals import WORTH
from sim.auditing.known import AGENTS as E1_AGENTS
from sim.auditing.known import e1
from sim.auditing.lies import Grid
from sim.auditing.problem import EXACT, Problem, Verifier
from sim.auditing.promises import Attacked, attack
from sim.auditing.row import Row, bare_row, row_of
from sim.auditing.scenario_problems import scenario_problem
from sim.kit.errors import RunError
from sim.mechanisms import Mechanism
from sim.scenario.plugins import plugins
from sim.scenario.scenario import Arm, Scenario
from sim.world.origin import Origin

_PLUGINS = ExitStack()  # of a worker: its plugins stay loaded as long as it lives
_LOADED: list[str] = []
_ATTACKED: dict[tuple[type[Mechanism], str, tuple[str, ...], int], Attacked] = {}  # by rule, agents and seed


@dataclass(frozen=True)
class Sizes:
    """How much is drawn. screening: draws on which candidates are picked and ex post gains are taken."""

    types: int = 400
    draws: int = 4000
    screening: int = 200

    @property
    def compiled(self) -> bool:
        """So much that rules are worth compiling."""
        return self.types * self.draws >= WORTH


@dataclass(frozen=True)
class E1Job:
    """A rule in the test world. coalitions: to be tried too."""

    rule: Mechanism
    sizes: Sizes
    seed: int
    verifier: Verifier = EXACT
    coalitions: Coalitions | None = None

    arm = ""
    agents = E1_AGENTS

    def problem(self, verifier: Verifier) -> Problem:
        """What to audit."""
        sizes = self.sizes
        return e1(self.rule, sizes.types, sizes.draws, sizes.screening, self.seed, verifier)


@dataclass(frozen=True, eq=False)
class ScenarioJob:
    """An agent of a scenario under the rule of an arm. coalitions: to be tried too."""

    scenario: Scenario
    of: Arm
    origin: Origin
    agent: int
    sizes: Sizes
    verifier: Verifier = EXACT
    coalitions: Coalitions | None = None

    @property
    def arm(self) -> str:
        """Name of the arm."""
        return self.of.name

    @property
    def rule(self) -> Mechanism:
        """Its mechanism."""
        return self.of.mechanism

    @property
    def agents(self) -> tuple[str, ...]:
        """Everybody's name."""
        return tuple(self.origin.agents)

    @property
    def seed(self) -> int:
        """Of the scenario."""
        return self.scenario.seed

    def problem(self, verifier: Verifier) -> Problem:
        """What to audit."""
        sizes = self.sizes.types, self.sizes.draws, self.sizes.screening
        return scenario_problem(self.scenario, self.of, self.origin, self.agent, sizes, verifier)


Job = E1Job | ScenarioJob


def admit(rule: Mechanism) -> Mechanism:
    """The rule, where it can be audited; raises RunError naming it where not."""
    reason = refusal(rule)
    if reason:
        raise RunError(f"{rule.name}: {reason}; it is not audited")
    return rule


def run_job(job: Job, grid: Grid) -> Row:
    """One audit, its gains measured twice where the verifier errs, and not at all where they cannot be."""
    attacked = _attacked(job)
    if refusal(job.rule):
        return bare_row(job.rule, attacked)
    problem = job.problem(job.verifier)
    compiled = job.sizes.compiled
    found = audit(problem, grid, compiled=compiled)
    exact = audit(replace(problem, verifier=EXACT), grid, compiled=compiled) if job.verifier != EXACT else None
    row = row_of(found, attacked, job.arm, exact)
    if job.coalitions is not None:
        row.cells.update(coalition_cells(problem, job.coalitions, job.seed))
    return row


def _attacked(job: Job) -> Attacked:
    """The attacks on the job's rule, made once for all agents of an arm."""
    key = type(job.rule), repr(job.rule), job.agents, job.seed
    if key not in _ATTACKED:
        _ATTACKED[key] = attack(job.rule, job.agents, job.seed, compiled=job.sizes.compiled)
    return _ATTACKED[key]


def run_jobs(
    jobs: Sequence[Job], grid: Grid, processes: int, paths: Sequence[Path], progress: Callable[[int], None]
) -> list[Row]:
    """All rows; progress is called with 1 as each is done. paths: plugins that workers load."""
    if processes == 1 or len(jobs) == 1:
        rows = []
        for job in jobs:
            rows.append(run_job(job, grid))
            progress(1)
        return rows
    from sim.experiment.local_workers import Processes

    workers = Processes(min(processes, len(jobs)))
    files = [str(path.resolve()) for path in paths]
    given = [(place, pickle.dumps((job, grid)), files) for place, job in enumerate(jobs)]
    found: dict[int, Row] = {}
    try:
        for place, row in workers.each(_in_worker, given):
            found[place] = row
            progress(1)
    except concurrent.futures.BrokenExecutor as error:
        raise RunError(
            f"a worker process was killed, for want of memory most likely; try fewer --jobs ({type(error).__name__})"
        ) from None
    finally:
        workers.close()
    return [found[place] for place in range(len(jobs))]


def _in_worker(place: int, pickled: bytes, files: Sequence[str]) -> tuple[int, Row]:
    """One job in another process, which loads the plugins first: the job's rule may be of one of them."""
    if files and not _LOADED:
        _PLUGINS.enter_context(plugins([Path(file) for file in files], tried=True))
        _LOADED.extend(files)
    job, grid = pickle.loads(pickled)
    return place, run_job(job, grid)
