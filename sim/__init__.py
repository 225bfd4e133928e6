"""bidlab: a laboratory for task markets among AI agents.

    import bidlab as bl

    run = bl.run("marketbench_head_to_head", replications=20)
    run.summary                                         # a DataFrame
    run.differences(baseline="always gpt-5-mini")       # paired, with intervals
    run.figure("arms", width="column")                  # a matplotlib Figure

    world = bl.World.recorded("marketbench", seed=1)
    bl.Market(world, bl.SecondPrice(), agents={"gpt-5-mini": Patient()}).run().bids

`bidlab` and `sim` are one package by two names. Nothing is loaded before it is used.
"""

from __future__ import annotations

import importlib
import os
from importlib.machinery import PathFinder
from typing import Any

_FRONT = {
    "run": "sim.front.run",
    "sweep": "sim.front.sweep",
    "compare": "sim.front.compare",
    "power": "sim.front.power",
    "audit": "sim.front.audit",
    "fit": "sim.front.fit",
    "frontier": "sim.front.frontiers",
    "calibration": "sim.front.calibrating",
    "knowledge": "sim.front.knowing",
    "load": "sim.front.load",
    "verify": "sim.front.bundles",
    "import_table": "sim.front.import_table",
    "World": "sim.front.worlds",
    "Scenario": "sim.scenario.given",
    "Market": "sim.front.market",
    "Agent": "sim.agents.agent",
    "Bid": "sim.agents.agent",
    "Abstain": "sim.agents.agent",
    "Offer": "sim.agents.learning",
    "Importer": "sim.importing.importer",
    "register_importer": "sim.front.register",
    "faults_of": "sim.front.contracts",
    "register_advisor": "sim.front.register",
    "register_agent": "sim.agents.agent",
    "register_belief_model": "sim.front.register",
    "register_cost_learner": "sim.front.register",
    "register_economy": "sim.economies.economy",
    "register_figure": "sim.front.register_measures",
    "register_mechanism": "sim.front.register",
    "register_policy": "sim.front.register",
    "register_quantity": "sim.front.register_measures",
    "register_reputation": "sim.front.register",
    "register_reserve_policy": "sim.front.register",
    "register_verifier": "sim.live.verifiers",
    "Verdict": "sim.live.question",
    "SimError": "sim.kit.errors",
}
_TYPES = dict.fromkeys(("Award", "Bids", "Menu", "Notice", "Standing", "Status", "Tender", "settle"), "sim.kit.arrays")
_RULES = {
    "Mechanism": "sim.mechanisms.base",
    "Promises": "sim.mechanisms.base",
    "AgentEconomy": "sim.mechanisms.live",
    "AgentEconomyPhase2": "sim.mechanisms.live",
    "AgentEconomyPhase2SecondScore": "sim.mechanisms.live_second",
    "AgentEconomySecondScore": "sim.mechanisms.live_second",
    "Always": "sim.mechanisms.planner",
    "AssignmentVCG": "sim.mechanisms.assignment",
    "BestReserve": "sim.mechanisms.reserve",
    "BestReservePublic": "sim.mechanisms.reserve",
    "BudgetFeasible": "sim.mechanisms.budget",
    "Cascade": "sim.mechanisms.cascade",
    "Contingent": "sim.mechanisms.contingent",
    "CriticalScoreRule": "sim.mechanisms.critical",
    "FirstPrice": "sim.mechanisms.price",
    "FirstScore": "sim.mechanisms.score",
    "FixedPriceBonus": "sim.mechanisms.bonus",
    "HireAll": "sim.mechanisms.price",
    "Hybrid": "sim.mechanisms.hybrid",
    "KRedundant": "sim.mechanisms.redundant",
    "PostedPrice": "sim.mechanisms.price",
    "ProductionPlans": "sim.mechanisms.plans",
    "RouteByAdvice": "sim.mechanisms.planner",
    "SecondPrice": "sim.mechanisms.price",
    "SecondScore": "sim.mechanisms.score",
    "SecondScoreBonus": "sim.mechanisms.bonus",
}
_HOME = _FRONT | _TYPES | _RULES
__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    """A name of the front door, loaded when it is first used."""
    if name == "__version__":
        from importlib.metadata import version

        return version("bidlab")
    if name not in _HOME:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The names of the front door, and the modules that are loaded."""
    return sorted({*globals(), *__all__})


def _check_analysis() -> None:
    """Raise ImportError where a module of the user's own stands in the place of our package `analysis`."""
    found = PathFinder.find_spec("analysis")
    ours = os.path.join(os.path.dirname(os.path.dirname(__file__)), "analysis", "__init__.py")
    if found is None or (found.origin is not None and os.path.realpath(found.origin) == os.path.realpath(ours)):
        return
    where = found.origin or ", ".join(found.submodule_search_locations or [])
    raise ImportError(
        f"{where} stands in the place of bidlab's own package `analysis`; rename it, or start Python in another folder"
    )


_check_analysis()
