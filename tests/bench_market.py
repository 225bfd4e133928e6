"""Auctions per second of the event market, beside a naive SimPy market, in one run: `make bench`.

The naive market is what one writes first: a process a task, an object a bid, scalar draws from `random`, a dict a row.
It does less: one posting, no latency, no capacity, no reputation, no named draws. Times are the best of three; all of
them are of this machine and this moment, so read the ratios.
"""

from __future__ import annotations

import cProfile
import pstats
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import simpy

from sim.bundled import find_scenario
from sim.experiment.run_folder import arm_rules, arm_world, scenario_origin
from sim.ledger.ledger import arrow_table, categories, write_table
from sim.market.simulate import simulate
from sim.scenario.scenario import Scenario, load_scenario

REPLICATIONS = 200
N_AGENTS = 6


@dataclass
class NaiveBid:
    agent: int
    claim: float
    ask: float
    outcome: str = "lost"


def naive_market(n_tasks: int, seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Second-price auctions, one SimPy process each; returns attempts, bids and clearings."""
    env, luck = simpy.Environment(), random.Random(seed)
    attempts: list[dict[str, Any]] = []
    bids_made: list[dict[str, Any]] = []
    clearings: list[dict[str, Any]] = []

    def auction(task: int) -> Any:
        yield env.timeout(task)
        bids = []
        for agent in range(N_AGENTS):
            claim, cost = luck.uniform(0.3, 0.95), luck.uniform(0.0, 0.4)
            bids.append(NaiveBid(agent, claim, cost / claim))
        yield env.timeout(0)
        ranked = sorted((bid for bid in bids if bid.ask <= 1.0), key=lambda bid: (bid.ask, luck.random()))
        clearings.append(
            {"task": task, "tick": env.now, "reserve": 1.0, "n_active": len(bids), "n_hired": len(ranked[:1])}
        )
        if ranked:
            winner, price = ranked[0], min(1.0, ranked[1].ask if len(ranked) > 1 else 1.0)
            winner.outcome = "won"
            start = env.now
            yield env.timeout(1)
            success = luck.random() < winner.claim
            paid = price if success else 0.0
            row = {"task": task, "agent": winner.agent, "start": start, "finish": env.now, "success": success}
            attempts.append({**row, "ask": winner.ask, "claim": winner.claim, "payment": paid, "cost": winner.ask})
        for bid in bids:
            bids_made.append(
                {"task": task, "agent": bid.agent, "ask": bid.ask, "claim": bid.claim, "outcome": bid.outcome}
            )

    for task in range(n_tasks):
        env.process(auction(task))
    env.run()
    return attempts, bids_made, clearings


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds, best of three."""
    times = []
    for _ in range(3):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


def market(overrides: list[str], mechanism: str = "second_price") -> tuple[Scenario, Any, Any]:
    """The head-to-head scenario with one rule: scenario, World, rules."""
    path = find_scenario("marketbench_head_to_head")
    scenario = load_scenario(path, overrides=overrides, mechanisms=[mechanism], replications=REPLICATIONS)
    world = arm_world(scenario, scenario.arms[0], scenario_origin(scenario))
    return scenario, world, arm_rules(scenario.arms[0], world)


def end_to_end(detail: str, overrides: list[str], mechanism: str = "second_price") -> Callable[[], object]:
    """Drawing the World, running the market, and the columns of the ledger."""

    def work() -> object:
        _, world, rules = market(overrides, mechanism)
        return simulate(world, rules, detail=detail)  # type: ignore[arg-type]

    return work


def with_parquet(folder: Path) -> Callable[[], object]:
    """As `end_to_end`, and written to disk."""

    def work() -> None:
        scenario, world, rules = market([])
        names = categories([arm.name for arm in scenario.arms], world.agents, world.tasks)
        for name, columns in simulate(world, rules).items():
            columns["arm"] = 0 * columns["task"]
            write_table(arrow_table(name, columns, names), folder / f"{name}.parquet")

    return work


def main() -> None:
    n_auctions = REPLICATIONS * 93
    naive = seconds(lambda: naive_market(n_auctions, 1)) / n_auctions
    print(f"{n_auctions:,} auctions of {N_AGENTS} agents, World drawn each time, best of three\n")
    print(f"{'':58s}{'auctions/s':>12s}{'x naive':>10s}")
    print(f"{'naive SimPy market':58s}{1 / naive:12,.0f}{1.0:10.1f}")
    with tempfile.TemporaryDirectory() as folder:
        cases = {
            "event market, attempts only": end_to_end("attempts", []),
            "event market, whole ledger": end_to_end("all", []),
            "event market, whole ledger, written to Parquet": with_parquet(Path(folder)),
            "event market, whole ledger, second_score q(V-a)": end_to_end(
                "all", [], '{second_score = {score = "q(V-a)"}}'
            ),
            "event market, whole ledger, reputation": end_to_end("all", ['standing.reputation="agent_economy"']),
            "event market, whole ledger, capacity 1, durations ~ 20": end_to_end(
                "all", ["market.capacity=1", "world.duration={exponential=20.0}"]
            ),
            "event market, whole ledger, 2 postings, exclude hired": end_to_end(
                "all", ["tender.postings=2", 'tender.exclude="hired"']
            ),
        }
        for name, work in cases.items():
            each = seconds(work) / n_auctions
            print(f"{name:58s}{1 / each:12,.0f}{naive / each:10.1f}")
    where_the_time_goes()


def where_the_time_goes() -> None:
    """Share of the profiled time by module, for the whole ledger."""
    work = end_to_end("all", [])
    profile = cProfile.Profile()
    profile.runcall(work)
    total: dict[str, float] = {}
    for (file, _, function), row in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        parts = Path(file).parts
        place = "/".join(parts[-2:]) if "sim" in parts or "simpy" in parts else f"builtins and libraries: {function}"
        total[place] = total.get(place, 0.0) + row[2]
    whole = sum(total.values())
    print("\nwhere the time goes (profiled, whole ledger):")
    for place, own in sorted(total.items(), key=lambda item: -item[1])[:10]:
        print(f"  {own / whole:6.1%}  {place}")


if __name__ == "__main__":
    main()
