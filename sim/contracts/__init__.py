"""Contract suites: what a part of each kind must do, told in sentences by a suite over one instance of it.

A plugin's mechanisms and the parts of EXAMINED go through their suites as they are loaded (`admit`), so that nothing
is played with one that breaks its contract. Suites that need a market or a run are in sim/front/contracts.py, which has
all of them; of those only that of quantities goes before each run and sweep (sim/front/own_quantities.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sim.contracts import mechanism_contract
from sim.contracts.advisor_contract import advisor_faults
from sim.contracts.belief_contract import belief_fault, belief_faults
from sim.contracts.blame import Checks, check_given, guard
from sim.contracts.importer_contract import importer_faults
from sim.contracts.learner_contract import learner_faults, read_fault
from sim.contracts.policy_contract import bid_fault, policy_faults
from sim.contracts.reserve_contract import dollars_fault, reserve_faults
from sim.contracts.trial import Suite, examples_of, told
from sim.contracts.verifier_contract import verdict_fault, verifier_faults
from sim.kit.errors import RunError
from sim.kit.kinds import KINDS


class Contract(NamedTuple):
    """suite: all faults of an instance. checks: of what each method gives back while it runs."""

    suite: Suite
    checks: Checks


EXAMINED: Mapping[str, Contract] = {
    "policy": Contract(policy_faults, {"bid": bid_fault}),
    "reputation": Contract(learner_faults, {"read": read_fault}),
    "cost_learner": Contract(learner_faults, {"read": read_fault}),
    "advisor": Contract(advisor_faults, {}),
    "belief_model": Contract(belief_faults, {"belief": belief_fault}),
    "reserve_policy": Contract(
        reserve_faults,
        {"opening": dollars_fault, "after_unfilled": dollars_fault, "after_failure": dollars_fault},
    ),
    "importer": Contract(importer_faults, {}),
    "verifier": Contract(verifier_faults, {"verify": lambda given, made: verdict_fault(made)}),
}


def admit(path: Path, kind: str, name: Any, *, tried: bool = False) -> list[str]:
    """Examine a plugin's part as it is loaded, and watch it from then on; its faults, a line each.

    tried: another process found that it keeps its contract. Raises RunError where it cannot be tried.
    """
    if kind == "mechanism":
        return mechanism_contract.admit(path, name, whole=not tried)
    if kind not in EXAMINED:
        return []
    part, contract, registry = KINDS[kind][name], EXAMINED[kind], KINDS[kind]
    what = f" {kind} {name!r}:"
    guard(path, what, part, registry.methods)
    try:
        found = [] if tried else [line for each in examples_of(part) for line in told(contract.suite, each)]
    except ValueError as error:
        raise RunError(*(f"--plugin {path}:{what} {line}" for line in str(error).split("\n"))) from None
    check_given(path, what, part, contract.checks)
    at = f"--plugin {path}:"
    return [line if line.startswith(at) else f"{at}{what} {line}" for line in dict.fromkeys(found)]
