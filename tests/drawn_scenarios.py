"""Small scenarios of random combinations of settings, most of which agree; the others are refused, each in a line."""

from __future__ import annotations

import math
import random
from typing import Any

AGENTS = ("own", "one", "two", "three")
RULES: tuple[Any, ...] = (
    *("second_price", "first_price", "hire_all", "agent_economy", "agent_economy_phase2", "cascade", "k_redundant"),
    {"contingent": {"bond": math.inf}},
    {"second_score": {"score": "qV-a"}},
    {"first_score": {"score": "qV/(a+ec)"}},
    {"agent_economy": {"pay": "bounty"}},
    {"always": {"agent": "one", "pay": "reserve"}},
    "hybrid",
)
POLICIES: tuple[Any, ...] = (
    *("truthful", {"mark_up": {"rate": 0.25}}, {"enters": {"bid_cost": 0.05, "chance": 0.25}}),
    {"whitewash": {"agent": "two", "below": 0.9, "mark_up": 0.5}},
    {"whitewash": {"agent": "two", "below": 2.0}},
    {"hand_over": {"agent": "one", "to": "two", "attempts": 1}},
    {"sybil": {"agent": "two", "uses": "next"}},
    {"ring": {"members": ["one", "two"], "share": "equal"}},
    {"exp3": {"low": -1.5, "high": 1.0, "rounds": 20, "mark_ups": [0.0, 0.5], "shifts": [0.0, 1.0]}},
)
ORGANISATIONS: dict[str, Any] = {
    "cut": {"scaffold": {"agent": "own", "limit": 2, "late": "INFRA", "cost_factor": 2.0}},
    "twice": {"solo": {"agent": "one", "tries": 2, "verified": True}, "knows": True},
}
# key -> (chance that it is stated, what it may hold)
OPTIONS: dict[str, tuple[float, tuple[Any, ...]]] = {
    "world.names": (0.4, ({"two": 2}, {"two": 3, "one": 2})),
    "world.shill": (0.1, ("one", "own")),
    "world.organisations": (0.2, (ORGANISATIONS,)),
    "world.difficulty": (0.1, (1.0, {"p": 1.0})),
    "world.latency": (0.2, (1, {"uniform": [0, 3]})),
    "world.duration": (0.4, (2, {"uniform": [0, 6]})),
    "world.infra": (0.2, (0.2,)),
    "world.verifier": (0.2, ({"false_pass": 0.2, "false_fail": 0.1},)),
    "world.nonresponse": (0.2, (0.3,)),
    "world.bid_cost": (0.2, (0.01,)),
    "tender.reserve": (0.5, (0.8, {"uniform": [0.0, 1.0]})),
    "tender.penalty": (0.2, (0.25,)),
    "tender.budget": (0.1, (2.0,)),
    "tender.principals": (0.15, ([{"name": "p"}, {"name": "q", "reserve": 0.5}],)),
    "tender.postings": (0.5, (2, 3)),
    "tender.escalation": (0.2, ({}, {"cap": 1.5, "every": 1})),
    "tender.deadline": (0.2, (6, 10)),
    "tender.own": (0.25, ("own", "own", "cut")),
    "market.window": (0.3, (1, 2)),
    "market.capacity": (0.3, (1, 2)),
    "market.repost_delay": (0.2, (1,)),
    "market.overhead": (0.2, (0.02,)),
    "market.inspection": (0.1, ({"rate": 0.5, "cost": 0.05, "harm": 0.4},)),
    "market.first_success_cancels": (0.05, (True,)),
    "market.alone": (0.05, (True,)),
    "market.round": (0.05, (1, 2)),
    "market.escrow": (0.3, ({"fee": 0.05}, {"fee": 0.03, "holdback": 0.25}, {"holdback": 1.0})),
    "market.entry": (0.3, ({"fee": 0.1}, {"fee": 0.05, "bond": 0.3, "least": 0.9}, {"bond": 0.5, "least": 2.0})),
    "market.approval_delay": (0.3, (1, 3)),
    "market.attention": (0.3, (1, 2, 9)),
    "market.bid_price": (0.3, (0.01, 0.05)),
    "bidders.policy": (0.6, POLICIES),
    "bidders.most_bids": (0.2, (1, 3)),
    "bidders.fallback": (0.1, ({"ask": 0.4, "claim": 0.6},)),
    "bidders.bankroll": (0.1, (2.0, {"two": 0.5, "*": 2.0})),
    "standing.reputation": (0.6, ("agent_economy", {"agent_economy": {"start": {"two": 0.7, "*": 1.0}}})),
    "standing.least_reputation": (0.3, (0.8, 1.0)),
    "standing.advice": (0.3, ("ability", {"beta": {"prior": 2.0}})),
    "standing.expected_cost": (0.2, ({"running_mean": {"prior": 0.25, "weight": 1.0}}, "actual")),
}


def drawn_scenario(seed: int) -> dict[str, Any]:
    """The scenario of this number."""
    dice = random.Random(seed)
    raw: dict[str, Any] = {
        "question": "?",
        "source": "MB",
        "seed": seed,
        "replications": dice.choice([1, 2]),
        "world": {"profile": "alike", "parameters": "point", "tasks": dice.choice([1, 3, 6]), "arrivals": {"every": 1}},
        "tender": {"value": 1.0, "reserve": "value", "penalty": 0.0},
        "market": {},
        "bidders": {},
        "standing": {"expected_cost": {"fixed": 0.125}},
        "arm": [{"name": "x", "mechanism": dice.choice(RULES)}],
    }
    for key, (chance, values) in OPTIONS.items():
        if dice.random() < chance:
            section, name = key.split(".")
            raw[section][name] = dice.choice(values)
    _agree(raw, dice)
    return raw


def _agree(raw: dict[str, Any], dice: random.Random) -> None:
    """State what must be stated with what was drawn, and take away most of what never goes with it."""
    world, tender, bidders = raw["world"], raw["tender"], raw["bidders"]
    if tender.get("postings", 1) > 1:
        tender["exclude"] = dice.choice(["none", "failed", "hired"])
        bidders |= {"on_retry": "same"} if tender["exclude"] == "none" else {}
    if "deadline" in tender:
        tender["timeout"] = dice.choice(["FAIL", "INFRA"])
    if world.get("names"):
        world.pop("organisations", None)
    if "reputation" not in raw["standing"]:
        raw["standing"].pop("least_reputation", None)
    if tender.get("own") == "cut":
        world["organisations"] = ORGANISATIONS
        world.pop("names", None)
    if "own" in tender and dice.random() < 0.9:
        tender |= {"autarky": dice.choice([0.0, 0.5]), "posting_cost": dice.choice([0.0, 0.0625])}
        for section, name in (
            *(("world", "bid_cost"), ("tender", "budget"), ("tender", "principals"), ("market", "alone")),
            *(("market", "round"), ("market", "escrow"), ("market", "entry"), ("bidders", "bankroll")),
            ("bidders", "fallback"),
        ):
            raw[section].pop(name, None)
    if "entry" in raw["market"]:
        tender.pop("budget", None)
        bidders.pop("bankroll", None)
