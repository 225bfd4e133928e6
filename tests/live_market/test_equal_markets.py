"""A live market is the simulated one: one ledger, however many calls are open, from the answers, of drawn agents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.ledger.ledger import OUTCOME
from sim.live_market.from_source import play_from
from sim.live_market.held import Held
from sim.live_market.session import differing
from sim.market.simulate import Tables, simulate
from sim.mechanisms import Mechanism
from sim.mechanisms.assignment import AssignmentVCG
from sim.mechanisms.cascade import Cascade
from sim.mechanisms.contingent import Contingent
from sim.mechanisms.planner import RouteByAdvice
from sim.mechanisms.price import SecondPrice
from sim.mechanisms.score import SecondScore
from tests.live_market.live_scenes import AGENTS, drawn_world, live_world, rules, session, settings, written

TWICE = {"postings": 2, "exclude": "hired"}
LEARNED = {
    "advice": {"beta": {"prior": 1.0, "mean": 0.5}},
    "expected_cost": {"running_mean": {"prior": 0.1, "weight": 2}},
}
KINDS: dict[str, tuple[Mechanism, dict[str, Any]]] = {
    "reputation": (SecondScore(), {"standing": {"reputation": "agent_economy"}, "tender": TWICE}),
    "rounds, greedy": (SecondPrice(), {"market": {"round": 3, "assignment": "greedy"}, "tender": TWICE}),
    "cascade": (Cascade(), {"market": {"window": 1}}),
    "bond and bankroll": (Contingent(bond=0.25), {"bidders": {"bankroll": 1.5}}),
    "VCG in rounds": (AssignmentVCG(), {"market": {"round": 4, "capacity": 1}, "tender": TWICE}),
    "advisor": (RouteByAdvice(), {"standing": LEARNED}),
}
UNKNOWN = {"bids": ("belief", "cost_belief"), "attempts": ("belief", "cost_belief")}  # of a live agent
WITHOUT = [OUTCOME.index(word) for word in ("busy", "excluded", "exited", "bid limit", "no bond")]


def same(live: Tables, drawn: Tables, solicits: bool) -> None:
    """All columns but beliefs; asks and claims where they were asked for."""
    assert live.keys() == drawn.keys()
    for name, columns in live.items():
        for column, values in columns.items():
            if column in UNKNOWN.get(name, ()) or (column in ("ask", "claim") and not solicits):
                continue
            other = drawn[name][column]
            if name == "bids" and column in ("ask", "claim"):
                asked = ~np.isin(drawn["bids"]["outcome"], WITHOUT) | ~np.isnan(values)
                values, other = values[asked], other[asked]
            np.testing.assert_array_equal(values, other, err_msg=f"{name}.{column}")


LONG = ("reputation", "VCG in rounds")


@pytest.mark.parametrize("kind", [pytest.param(k, marks=[pytest.mark.slow] if k in LONG else []) for k in KINDS])
def test_one_market_whatever_its_source(kind: str, tmp_path: Path) -> None:
    mechanism, sections = KINDS[kind]
    respondents, tasks = written(tmp_path, AGENTS, 40)
    own = settings(**sections)
    world = live_world(own, tasks, respondents.names, 5)
    asked = rules(mechanism, own, world)
    with session(respondents, tasks, tmp_path / "a.jsonl") as many:
        tables = many.play(world, asked)  # it plays itself again from the answers
        drawn = drawn_world(world, many)
    with session(respondents, tasks, tmp_path / "b.jsonl", concurrency=1) as one:
        assert not differing(tables, one.play(world, asked))
    with session(respondents, tasks, tmp_path / "a.jsonl", offline=True) as offline:
        assert not differing(tables, offline.play(world, asked))
        assert all(offline.calls.meter.of(name).sends == 0 for name in respondents.names)
    assert len(tables["attempts"]["task"]) >= 20
    same(tables, simulate(drawn, rules(mechanism, own, drawn)), mechanism.capabilities.solicits_bids)
    held = play_from(Held.of(world, tables["bids"], tables["attempts"]), world, asked)
    assert not differing(tables, held)
