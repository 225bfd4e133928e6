"""All contract suites, by kind: what a part must do, in sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sim.economies.economy
import sim.live.verifiers  # noqa: F401 -- each adds a kind
from sim.contracts import EXAMINED
from sim.contracts.mechanism_contract import mechanism_faults
from sim.contracts.trial import Suite, examples_of, told
from sim.front.agent_contract import agent_faults
from sim.front.economy_contract import economy_faults
from sim.kit.errors import ScenarioError, closest
from sim.kit.kinds import KINDS
from sim.mechanisms.base import NothingToldError


def suites() -> dict[str, tuple[Suite, Callable[[Any], list[Any]]]]:
    """Kind -> its suite, and what makes instances of a part to try."""
    from analysis.figures.figure_contract import figure_faults
    from analysis.quantity_contract import quantity_faults

    found: dict[str, tuple[Suite, Callable[[Any], list[Any]]]] = {
        "mechanism": (mechanism_faults, examples_of),
        "agent": (agent_faults, _itself),
        "economy": (economy_faults, _itself),
        "quantity": (quantity_faults, _itself),
        "figure": (figure_faults, _itself),
    }
    return found | {kind: (contract.suite, examples_of) for kind, contract in EXAMINED.items()}


def faults_of(kind: str, name: Any) -> list[str]:
    """All that is wrong with a registered part, a sentence each; none where it keeps the contract of its kind.

    name: as it is registered; of a quantity (level, name). Raises ScenarioError where there is no such part.

    >>> faults_of("policy", "truthful")
    []
    """
    known = suites()
    if kind not in known:
        raise ScenarioError(f"unknown kind {kind!r}{closest(kind, known)}; allowed: {', '.join(known)}")
    suite, instances = known[kind]
    part = KINDS[kind].lookup(name)
    try:
        return [line for instance in instances(part) for line in told(suite, instance)]
    except ValueError as error:
        return str(error).split("\n")


def remark_on(kind: str, name: Any) -> str:
    """What is worth knowing of a part that keeps its contract, or ""."""
    if kind != "mechanism":
        return ""
    for rule in examples_of(KINDS[kind].lookup(name)):
        try:
            rule.told_to_bidders()
        except NothingToldError:
            return "it has no told_to_bidders, which live runs alone need"
    return ""


def added() -> list[tuple[str, Any]]:
    """(kind, name) of every part that is not the package's own, kind by kind."""
    return [(kind, name) for kind, registry in KINDS.items() for name in registry.added()]


def _itself(part: Any) -> list[Any]:
    return [part]
