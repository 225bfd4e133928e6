"""`bidlab.audit`: attack what rules promise, and measure what an agent gains by misreporting."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.auditing.audit_plan import AuditPlan, plan_e1, plan_scenario
from sim.auditing.audits import Sizes, run_jobs
from sim.auditing.coalitions import Coalitions
from sim.auditing.lies import Grid
from sim.auditing.problem import Verifier
from sim.auditing.row import judge
from sim.front.arguments import arguments
from sim.kit.errors import RunError
from sim.mechanisms import Mechanism
from sim.scenario.given import Source, scenario_of
from sim.scenario.plugins import plugins as loaded

if TYPE_CHECKING:
    import pandas as pd


@arguments("audit")
def audit(
    mechanisms: Sequence[Any] = (),
    *,
    scenario: Source | None = None,
    types: int = 400,
    draws: int = 4000,
    seed: int | None = None,
    tolerance: float = 0.001,
    false_pass: float = 0.0,
    false_fail: float = 0.0,
    jobs: int = 1,
    plugins: Sequence[str | Path] = (),
    coalitions: bool = False,
    ring: int = 2,
    names: int = 2,
) -> pd.DataFrame:
    """The audit's table: one row per rule, or per (arm, agent) of a scenario; `bidlab show --columns` has the columns.

    mechanisms: names of rules; all where empty and no scenario is given. scenario: audit in its world. types, draws:
    of the agent, and of everything else. tolerance: a gain below this share of V is consistent. false_pass,
    false_fail: the verifier's error rates. coalitions: further columns say what rings of `ring` agents, one agent under
    `names` names and a shill of the principal gain. attrs: notes, and the promises `broken`, a line each.

    Raises ScenarioError for an unknown rule, RunError where a number is out of range or a rule cannot be audited.
    """
    from analysis.audit_table import audit_table

    paths, verifier = [Path(path) for path in plugins], Verifier(false_pass, false_fail)
    tried = Coalitions(ring, names) if coalitions else None
    with loaded(paths) as digests:
        plan = _plan(mechanisms, scenario, seed, Sizes(types, draws), tolerance, verifier, digests, tried)
        rows = run_jobs(plan.jobs, Grid(), jobs, paths, lambda _: None)
    broken = judge(rows, tolerance)
    table = audit_table([row.cells for row in rows])
    table.attrs.update({"notes": plan.info["audit"]["notes"], "hash": plan.info["hash"], "broken": broken})
    return table


def _plan(
    mechanisms: Sequence[Any],
    scenario: Source | None,
    seed: int | None,
    sizes: Sizes,
    tolerance: float,
    verifier: Verifier,
    digests: dict[str, str],
    coalitions: Coalitions | None,
) -> AuditPlan:
    if scenario is not None:
        found = scenario_of(scenario, seed=seed, mechanisms=mechanisms)
        return plan_scenario(found, sizes, tolerance, verifier, digests, coalitions)
    for rule in mechanisms:
        if not isinstance(rule, str):
            name = repr(rule.name) if isinstance(rule, Mechanism) else "a name"
            raise RunError(f"audit: the test world takes rules by name; give {name}, or a scenario")
    return plan_e1(list(mechanisms), seed, sizes, tolerance, verifier, digests, coalitions)
