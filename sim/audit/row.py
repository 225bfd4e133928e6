"""An audit as one row of a table: plain numbers and words, so that a process can hand it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sim.audit.audit import FALSIFIED, KINDS, Audit
from sim.audit.choice import Choice
from sim.audit.verdict import verdicts
from sim.mechanisms import Mechanism
from sim.scenario import label_of


@dataclass(frozen=True, eq=False)
class Row:
    """One rule for one agent. cells: what the table shows. choices: by kind, for the verdicts. most: greatest D by
    kind. declared: the kinds in which the rule promises that truth is dominant.
    """

    cells: dict[str, Any]
    choices: dict[str, Choice]
    most: dict[str, float]
    declared: tuple[str, ...]
    unit: float


def row_of(found: Audit, arm: str = "", without_error: Audit | None = None) -> Row:
    """The row of an audit. without_error: the same audit with a verifier that makes none, where `found` has one."""
    problem, joint = found.problem, found.kinds["joint"]
    types, worst = problem.types, int(joint.choice.per_type.argmax())
    cells: dict[str, Any] = {
        "arm": arm,
        "rule": label_of(problem.rule),
        "agent": problem.who,
        "truth": truth_of(problem.rule),
        "declared": declared_of(problem.rule),
        "unit": problem.unit,
        "u_truth": found.truth.belief,
        "u_truth_ability": found.truth.ability,
    }
    for kind in KINDS:
        choice = found.kinds[kind].choice
        low, high = choice.interval
        cells |= {f"{kind}_gain": choice.gain, f"{kind}_low": low, f"{kind}_high": high}
        cells[f"{kind}_se"] = choice.high.se
        cells[f"{kind}_most"] = found.kinds[kind].most
    cells |= {
        "ex_post": joint.ex_post.mean,
        "ex_post_se": joint.ex_post.se,
        "ex_post_grid": joint.ex_post_grid,
        "ex_post_max": joint.ex_post_max,
        "worst_gain": float(joint.choice.per_type[worst]),
        "worst_belief": float(types.belief[worst]),
        "worst_cost": float(types.cost[worst]),
        "types_gaining": found.effect.share,
        "ask_change": found.effect.d_ask,
        "claim_change": found.effect.d_claim,
        "own_change_ability": found.effect.own,
        "principal_change": found.effect.principal,
        "welfare_change": found.effect.welfare,
        "binding": found.truth.binding,
        "ignores": found.ignores,
        "types": len(types),
        "draws": len(problem.draws),
        "screening_draws": len(problem.screening),
    }
    if without_error is not None:
        cells["joint_gain_without_error"] = without_error.kinds["joint"].choice.gain
    judged = found if without_error is None else without_error  # promises are about verification without error
    return Row(
        cells,
        {kind: found.kinds[kind].choice for kind in KINDS},
        {kind: judged.kinds[kind].most for kind in KINDS},
        declared_kinds(problem.rule),
        problem.unit,
    )


def truth_of(rule: Mechanism) -> str:
    """What the truthful ask is: "price", the break-even one on success; "cost", of an attempt; "none" without bids."""
    if not rule.solicits_bids:
        return "none"
    return "price" if rule.asks_for == "price" else "cost"


def declared_of(rule: Mechanism) -> str:
    """The promises about truth: A ask, Q claim, Q* claims change nothing.

    >>> from sim.mechanisms import lookup
    >>> declared_of(lookup("first_price")()), declared_of(lookup("second_score")())
    ('Q*', 'A')
    """
    kept = rule.promises
    return " ".join([*(["A"] if kept.ask else []), *(["Q*" if kept.claim_ignored else "Q"] if kept.claim else [])])


def declared_kinds(rule: Mechanism) -> tuple[str, ...]:
    """The kinds of lies that the rule promises not to reward."""
    kept = rule.promises
    both = ["joint"] if kept.ask and kept.claim else []
    return (*(["ask"] if kept.ask else []), *(["claim"] if kept.claim else []), *both)


def judge(rows: Sequence[Row], tolerance: float) -> list[str]:
    """Adds the verdicts to the cells of all rows; returns what refutes a promise, one line each.

    tolerance: as a share of the scale. A promise falls by a verdict, or by a single draw that gains more than 1e-9.
    """
    listed = [(row, kind) for row in rows for kind in KINDS]
    found = verdicts([row.choices[kind] for row, kind in listed], [tolerance * row.unit for row, _ in listed])
    broken = []
    for (row, kind), verdict in zip(listed, found, strict=True):
        row.cells[f"{kind}_verdict"] = verdict
        if kind in row.declared and row.most[kind] > FALSIFIED:
            of = "ask and claim" if kind == "joint" else kind
            who = f"{row.cells['arm']}: " if row.cells["arm"] else ""
            broken.append(
                f"{who}{row.cells['rule']} declares truth dominant in {of}, and {row.cells['agent']} gains "
                f"${row.most[kind]:.3g} by a lie in one draw"
            )
    for row in rows:
        refuted = [kind for kind in KINDS if kind in row.declared and row.most[kind] > FALSIFIED]
        row.cells["promise"] = "refuted" if refuted else "kept" if row.declared else "none made"
    return broken
