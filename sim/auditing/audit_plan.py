"""What an audit is to do, and what identifies it: jobs, the notes above its table, and what run.json says."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sim.auditing.audit import refusal
from sim.auditing.audits import E1Job, Job, ScenarioJob, Sizes, admit
from sim.auditing.coalitions import Coalitions
from sim.auditing.known import AGENTS, E1
from sim.auditing.lies import Grid
from sim.auditing.problem import EXACT, Verifier
from sim.auditing.search import KEPT
from sim.experiment.format import FORMAT
from sim.experiment.plan import plan
from sim.experiment.run_folder import arm_rules, arm_world
from sim.experiment.versions import versions
from sim.mechanisms import lookup, names
from sim.scenario.scenario import Scenario

SEED = 20240  # of the test world
ATTACKS = (
    "promises are attacked on postings of 1, 2, 3 and 5 agents with extremes and ties: any bids, r up to 2 V, k up to "
    "V (E: r = V; D: r <= V, k = 0)"
)


class AuditPlan(NamedTuple):
    """jobs: one for each row of the table. info: what run.json says, the notes and the hash included."""

    jobs: list[Job]
    info: dict[str, Any]


def plan_e1(
    chosen: Sequence[str],
    seed: int | None,
    sizes: Sizes,
    tolerance: float,
    verifier: Verifier,
    plugins: Mapping[str, str],
    coalitions: Coalitions | None = None,
) -> AuditPlan:
    """Every example of the rules chosen, or of all, in the test world.

    Rules with gains that cannot be measured have their promises attacked alone; a note names them. Raises ScenarioError
    for an unknown name.
    """
    seed = SEED if seed is None else seed
    if coalitions is not None:
        coalitions.admit(AGENTS)
    rules = [rule for name in chosen or names() for rule in lookup(name).examples()]
    bare = {rule.name: refusal(rule) for rule in rules if refusal(rule)}
    jobs: list[Job] = [E1Job(rule, sizes, seed, verifier, coalitions) for rule in rules]
    notes = [E1, *(f"gains not measured: {name} {reason}" for name, reason in bare.items())]
    info = {"seed": seed, "versions": versions(), "agents": list(AGENTS), "tasks": []}
    return _plan(jobs, {**info, "scenario": {"name": "E1"}}, notes, sizes, tolerance, verifier, plugins)


def plan_scenario(
    scenario: Scenario,
    sizes: Sizes,
    tolerance: float,
    verifier: Verifier,
    plugins: Mapping[str, str],
    coalitions: Coalitions | None = None,
) -> AuditPlan:
    """Every agent in every arm of the scenario, but for a principal's own, who bid for nobody.

    Raises as `sim.experiment.execute.plan` and `admit` do.
    """
    for arm in scenario.arms:
        admit(arm.mechanism)
    planned = plan(scenario, plugins)
    if coalitions is not None:
        coalitions.admit(planned.origin.agents)
    jobs: list[Job] = []
    for arm in scenario.arms:
        staff = arm_rules(arm, arm_world(scenario, arm, planned.origin, replications=1)).staff
        sellers = [agent for agent in range(len(planned.origin.agents)) if agent not in staff]
        jobs += [ScenarioJob(scenario, arm, planned.origin, one, sizes, verifier, coalitions) for one in sellers]
    notes = [
        f"{scenario.name} (hash {planned.digest[:12]}): each agent in its own place, rivals truthful at their beliefs, "
        "first postings; types and draws are taken from different cells (replication, task)"
    ]
    return _plan(jobs, planned.info, notes, sizes, tolerance, verifier, plugins)


def _plan(
    jobs: list[Job],
    info: dict[str, Any],
    notes: Sequence[str],
    sizes: Sizes,
    tolerance: float,
    verifier: Verifier,
    plugins: Mapping[str, str],
) -> AuditPlan:
    printed = [*notes, *_notes(sizes, info["seed"], tolerance, verifier)]
    printed += [str(each) for each in dict.fromkeys(job.coalitions for job in jobs) if each is not None]
    whole = {"format": FORMAT, "kind": "audit", **info, "plugins": dict(plugins)}
    whole["audit"] = {"notes": printed, "rules": [_written(job) for job in jobs]}
    whole["hash"] = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
    return AuditPlan(jobs, whole)


def _notes(sizes: Sizes, seed: int, tolerance: float, verifier: Verifier) -> list[str]:
    lines = [
        f"at most {sizes.types} types, {sizes.draws} draws and {sizes.screening} screening draws; seed {seed}; "
        f"tolerance {tolerance:g} V",
        f"lies: {Grid()}; joint lies over the whole grid on all draws, lies about one of the two by the best {KEPT} of "
        "each type on the screening draws and one ask more",
        ATTACKS,
    ]
    if verifier != EXACT:
        lines.append(
            f"the verifier passes {verifier.false_pass:g} of failures and fails {verifier.false_fail:g} of successes; "
            "agents know it, the rule's truthful ask does not; promises are judged by a verifier that makes no error"
        )
    return lines


def _written(job: Job) -> dict[str, Any]:
    parameters = {name: str(value) for name, value in job.rule.parameters.items()}
    sizes, verifier = dataclasses.asdict(job.sizes), dataclasses.asdict(job.verifier)
    coalitions = {} if job.coalitions is None else dataclasses.asdict(job.coalitions)
    return {"arm": job.arm, "mechanism": job.rule.name, "parameters": parameters, **sizes, **verifier, **coalitions}
