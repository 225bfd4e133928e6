"""An audit as one row of a table: plain numbers and words, so that a process can hand it back.

The letters of the promises are judged by the attacks of `sim.auditing.promises` and by the audit's own draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sim.auditing.audit import KINDS, Audit
from sim.auditing.choice import Choice
from sim.auditing.found import FALSIFIED, Found, first
from sim.auditing.promises import LETTERS, Attacked, declared
from sim.auditing.verdict import verdicts
from sim.mechanisms import Mechanism, Promises
from sim.scenario.scenario import label_of


@dataclass(frozen=True, eq=False)
class Row:
    """One rule for one agent. cells: what the table shows. choices: by kind, for the verdicts. most: greatest D by
    kind. declared: the kinds in which the rule promises that truth is dominant. attacked: what the attacks found.
    """

    cells: dict[str, Any]
    choices: dict[str, Choice]
    most: dict[str, float]
    declared: tuple[str, ...]
    unit: float
    promises: Promises
    attacked: Attacked


def row_of(found: Audit, attacked: Attacked, arm: str = "", without_error: Audit | None = None) -> Row:
    """The row of an audit. without_error: the same audit with a verifier that makes none, where `found` has one."""
    problem, joint = found.problem, found.kinds["joint"]
    types, worst = problem.types, int(joint.choice.per_type.argmax())
    cells: dict[str, Any] = {
        **_named(problem.rule, arm, problem.who),
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
        problem.rule.promises,
        attacked,
    )


def bare_row(rule: Mechanism, attacked: Attacked) -> Row:
    """The row of a rule without measured gains: its promises alone."""
    cells = {**_named(rule, "", ""), "ignores": ""}
    return Row(cells, {}, {}, (), float("nan"), rule.promises, attacked)


def _named(rule: Mechanism, arm: str, who: str) -> dict[str, Any]:
    return {
        "arm": arm,
        "rule": label_of(rule),
        "agent": who,
        "truth": truth_of(rule),
        "declared": promised_of(rule),
    }


def truth_of(rule: Mechanism) -> str:
    """What the truthful ask is: "price", the break-even one on success; "cost", of an attempt; "none" without bids."""
    if not rule.capabilities.solicits_bids:
        return "none"
    return "price" if rule.capabilities.asks_for == "price" else "cost"


def promised_of(rule: Mechanism) -> str:
    """The letters it declares.

    >>> from sim.mechanisms import lookup
    >>> promised_of(lookup("first_price")()), promised_of(lookup("second_score")())
    ('Q* IR D', 'A IR D')
    """
    return " ".join(word for word in declared(rule.promises).values() if word)


def declared_kinds(rule: Mechanism) -> tuple[str, ...]:
    """The kinds of lies that the rule promises not to reward."""
    kept = rule.promises
    both = ["joint"] if (kept.ask and kept.claim) or kept.equilibrium else []
    return (*(["ask"] if kept.ask else []), *(["claim"] if kept.claim else []), *both)


_LETTERS_OF = {"ask": "A", "claim": "Q"}


def judge(rows: Sequence[Row], tolerance: float) -> list[str]:
    """Adds the verdicts to the cells of all rows; returns what refutes a promise, one line each.

    tolerance: as a share of the scale. A promise falls by one posting in which it fails by more than 1e-9 dollars,
    among those drawn to attack it or, for lies, among the audit's own draws.
    """
    listed = [(row, kind) for row in rows for kind in row.choices]
    found = verdicts([row.choices[kind] for row, kind in listed], [tolerance * row.unit for row, _ in listed])
    for (row, kind), verdict in zip(listed, found, strict=True):
        row.cells[f"{kind}_verdict"] = verdict
    return list(dict.fromkeys(line for row in rows for line in _judge_promises(row)))


def _judge_promises(row: Row) -> list[str]:
    """Fills in the cells of the letters; returns a line for each that is declared and falls."""
    words, broken = declared(row.promises), []
    for letter in LETTERS:
        against = _against(row, letter)
        row.cells[letter] = "fails" if against.fails else "holds" if row.attacked.sizes else "not tried"
        row.cells[f"{letter}_gap"] = against.gap if row.attacked.sizes or against.fails else float("nan")
        if words[letter] and against.fails:
            broken.append(f"{words[letter]}: {against.example}")
    if row.cells["D"] == "fails" and not words["D"] and not row.attacked.expected.fails:
        row.cells["D"] = "in expectation"
    if not row.promises.equilibrium:
        row.cells["N"], row.cells["N_gap"] = "", float("nan")
    row.cells["promise"] = "refuted" if broken else "kept" if any(words.values()) else "none made"
    row.cells["counterexample"] = "; ".join(broken)
    who = f"{row.cells['arm']}: " if row.cells["arm"] else ""
    return [f"{who}{row.cells['rule']} breaks {line}" for line in broken]


def _against(row: Row, letter: str) -> Found:
    """What refutes a letter: an attack's posting first, else a lie in the audit's own draws."""
    attacked = row.attacked.against(letter, row.promises)
    if attacked.fails:
        return attacked
    falls = [kind for kind, most in row.most.items() if most > FALSIFIED and kind in row.declared]
    if falls == ["joint"]:  # neither alone: of A and Q together, or of N
        kinds = falls if letter in (("N",) if row.promises.equilibrium else ("A", "Q")) else []
    else:
        kinds = [kind for kind in falls if _LETTERS_OF.get(kind) == letter]
    return first([Found(row.most[kind], _in_a_draw(row, kind)) for kind in kinds])


def _in_a_draw(row: Row, kind: str) -> str:
    of = "ask and claim" if kind == "joint" else kind
    return f"{row.cells['agent']} gains ${row.most[kind]:.3g} by a lie about {of} in one draw of the audit"
