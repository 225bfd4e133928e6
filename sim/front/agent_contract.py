"""What an agent with a process of its own must do, tried in small markets, alone among others and as everybody.

It is an `Agent`, one for each time it is asked for; it bids asks that are numbers and claims in [0, 1]; a market that
is played again comes out the same, so that all it remembers is on the instance and all its chance from `self.draw`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from sim.agents.agent import Agent
from sim.front.market import Market
from sim.front.worlds import World, drawn
from sim.kit.names import EVERYBODY
from sim.mechanisms import Mechanism, lookup

_RULES = ("second_price", "hire_all")


def agent_faults(factory: Any) -> Iterator[str]:
    """All that is wrong with a class of agents, or a function that makes one."""
    made = [factory(), factory()]
    if not all(isinstance(one, Agent) for one in made):
        yield f"must make an agent (bidlab.Agent); got {type(made[0]).__name__}"
        return
    if made[0] is made[1]:
        yield "must make an agent of its own each time: one plays one replication of one arm"
    for name in _RULES:
        for who in (_world().agents[0], EVERYBODY):
            yield from _of_market(lookup(name)(), who, factory)


def _of_market(rule: Mechanism, who: str, factory: Any) -> Iterator[str]:
    one, other = (
        Market(_world(), rule, agents={who: factory}, penalty=0.1, window=4, postings=2, exclude="failed").run()
        for _ in range(2)
    )
    if (one.bids["outcome"] == "malformed").any():
        yield f"under {rule.name} it claims what is no probability"
    for table in ("bids", "attempts", "clearings"):
        if not getattr(one, table).equals(getattr(other, table)):
            yield (
                f"under {rule.name} a market played again is another: memory belongs on the instance (self.x = ...), "
                "chance comes from self.draw"
            )
            return


@cache
def _world() -> World:
    return drawn("marketbench", 7, seed=20, replications=3, postings=2, exclude="failed", arrivals={"every": 2})
