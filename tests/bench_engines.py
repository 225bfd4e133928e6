"""Tasks a second of all engines, a naive market and AuctionSI, in one run: `make bench`.

End to end: the World is drawn, the market is played, and the attempts are kept in memory; bids and clearings are not.
Tasks may be posted twice and exclude who was hired. Times are CPU seconds, the best of three; all of them are of this
machine and this moment, so read the ratios. AuctionSI 0.2.0 is installed into a throw-away environment, and left out
with a note where it cannot be had.
"""

from __future__ import annotations

import itertools
import resource
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sim.bundled import find_scenario
from sim.experiment.engine import play
from sim.experiment.run_folder import arm_world, scenario_origin
from sim.market.rules import Rules
from sim.market.simulate import Detail, Tables, simulate
from sim.mechanisms import Mechanism, lookup, names
from sim.population.profile import Profile
from sim.scenario.scenario import Scenario, label_of, load_scenario
from sim.world.origin import Origin, ProfileOrigin
from sim.world.synthetic import task_names
from sim.world.world import World
from tests.bench_market import naive_market, seconds

LANES = 2048
SIDE_BY_SIDE = (2048, 128, 8)
FRESH = itertools.count(0, LANES)  # first replications that nobody has drawn yet
MOST_CELLS = 6_000_000  # (replication, task, agent) in memory at a time
TWICE = ["tender.postings=2", 'tender.exclude="hired"']
CLOCK = ["world.duration={exponential=2.0}"]
CASES = {
    "nothing couples tasks": [],
    "reputation learned": ['standing.reputation="agent_economy"'],
    "durations, capacity 1": [*CLOCK, "market.capacity=1"],
    "durations, capacity 2": [*CLOCK, "market.capacity=2"],
    "durations, capacity 1, reputation": [*CLOCK, "market.capacity=1", 'standing.reputation="agent_economy"'],
}
LEARNERS = {
    "six by EXP3 over 3 mark-ups": "{exp3={low=-0.5,high=1.0,rounds=93,mark_ups=[-0.2,0.0,0.5]}}",
    "six by EXP3 over 3 x 3 bids": "{exp3={low=-0.5,high=1.0,rounds=93,mark_ups=[-0.2,0.0,0.5],shifts=[-1.0,0.0,1.0]}}",
    "six by their own record": "{recalibrate={rate=0.1}}",
}
AUCTIONSI = """
import time
from auctionsi import RecoveryPolicy, SecondPriceReverseAuction
from auctionsi.simulation.market import simulate_market
begun, n = time.process_time(), 4000
rule, again = SecondPriceReverseAuction(), RecoveryPolicy(next_best=1)
simulate_market(6, n, mechanism=rule, recovery=again, agent_options={"capability_distribution": "generalist"})
print(n / (time.process_time() - begun))
"""


@dataclass(frozen=True)
class Case:
    """One market: the work of drawing and playing it with either engine, and its number of tasks."""

    scenario: Scenario
    origin: Origin
    lanes: int

    @classmethod
    def of(cls, name: str, overrides: list[str], lanes: int = LANES, mechanism: str = "second_price") -> Case:
        chosen = [*TWICE, *overrides]
        scenario = load_scenario(find_scenario(name), overrides=chosen, mechanisms=[mechanism], replications=lanes)
        return cls(scenario, scenario_origin(scenario), lanes)

    def rate(self, engine: Callable[..., object], rule: Mechanism | None = None) -> float:
        """Tasks a second. rule: instead of the scenario's own. Other replications each time: nothing drawn is there."""
        arm = self.scenario.arms[0]

        def work() -> None:
            world = arm_world(self.scenario, arm, self.origin, first=next(FRESH))
            engine(world, Rules.of(rule or arm.mechanism, arm.settings.terms, world), detail="attempts")

        return self.lanes * len(self.origin.tasks) / seconds(work)


def crowd(n_agents: int, n_tasks: int, overrides: list[str]) -> Case:
    """The fitted population with so many agents, copies of the six under other names."""
    lanes = max(32, min(LANES, MOST_CELLS // (n_agents * n_tasks)))
    case = Case.of("marketbench_population", ["world.sigma_u=1.0", f"world.tasks={n_tasks}", *overrides], lanes)
    assert isinstance(case.origin, ProfileOrigin)
    fitted: Profile = case.origin.profile
    six = list(fitted.agents.values())
    names = tuple(f"agent {i}" for i in range(n_agents))
    profile = fitted.model_copy(update={"agents": {name: six[i % 6] for i, name in enumerate(names)}})
    return Case(case.scenario, ProfileOrigin(profile, [], names, task_names(n_tasks)), lanes)


def auctionsi() -> float | None:
    """Tasks a second of AuctionSI: six generalists, second price, a second attempt by the next best."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            venv.create(folder, with_pip=True)
            python = Path(folder) / "bin" / "python"
            install = [str(python), "-m", "pip", "install", "--quiet", "auctionsi==0.2.0"]
            subprocess.run(install, check=True, capture_output=True)
            return max(float(subprocess.check_output([str(python), "-c", AUCTIONSI])) for _ in range(3))
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"AuctionSI is left out: it could not be installed ({type(error).__name__})", file=sys.stderr)
            return None


def fast(world: World, rules: Rules, detail: Detail) -> Tables:
    """As most runs are played: compiled, but for what cannot be."""
    return play("auto", world, rules, detail=detail)


def headline() -> None:
    """The recorded table with six agents: all engines, the naive market, AuctionSI."""
    rival, naive = auctionsi(), 20_000 / seconds(lambda: naive_market(20_000, 1))
    print("six agents, two postings, replications of the 93 recorded tasks; tasks a second\n")
    print(f"{'compiled, of so many replications:':36s}" + "".join(f"{lanes:12,}" for lanes in SIDE_BY_SIDE), end="")
    print(f"{'event':>10s}{'/event':>8s}{'/naive':>8s}{'/AuctionSI':>12s}")
    for name, overrides in CASES.items():
        chosen = ['world.order="table"', *overrides]
        rates = [Case.of("marketbench_head_to_head", chosen, lanes).rate(fast) for lanes in SIDE_BY_SIDE]
        slow = Case.of("marketbench_head_to_head", chosen, 40).rate(simulate)
        beside = "" if rival is None else f"{rates[0] / rival:12.0f}"
        print(f"{name:36s}" + "".join(f"{rate:12,.0f}" for rate in rates), end="")
        print(f"{slow:10,.0f}{rates[0] / slow:8.0f}{rates[0] / naive:8.0f}{beside}")
    print(f"{'naive SimPy market, one posting':36s}{naive:12,.0f}")
    if rival is not None:
        print(f"{'AuctionSI 0.2.0':36s}{rival:12,.0f}")


def learning() -> None:
    """The recorded table with six agents that learn what to bid."""
    print(f"\n{'second price, six that learn:':36s}" + "".join(f"{lanes:12,}" for lanes in SIDE_BY_SIDE))
    for name, policy in LEARNERS.items():
        chosen = ['world.order="table"', f"bidders.policy={policy}"]
        rates = [Case.of("marketbench_head_to_head", chosen, lanes).rate(fast) for lanes in SIDE_BY_SIDE]
        print(f"{name:36s}" + "".join(f"{rate:12,.0f}" for rate in rates))


def every_rule() -> None:
    """Every rule of the library, compiled where it can be, on the recorded table with advice of the record."""
    print("\nevery rule, as the first table where nothing couples tasks; tasks a second\n")
    case = Case.of("marketbench_head_to_head", ['standing.advice={record="redrawn",tasks=92}'])
    menus = Case.of("marketbench_head_to_head", ["bidders.plans={budgets=[0.1, 0.4, inf], cost_sd=1.0}"])
    for name in names():
        for rule in lookup(name).examples():
            if rule.capabilities.couples_tasks:
                print(f"{label_of(rule):60s}{'left out: it clears tasks in rounds':>36s}")
                continue
            played = menus if rule.capabilities.takes_menu else case
            print(f"{label_of(rule):60s}{played.rate(fast, rule):12,.0f}")


def scaling() -> None:
    """The fitted population: more agents, more tasks."""
    print("\nthe fitted population (sigma_u 1), compiled; tasks a second, of which drawn: the World alone\n")
    print(f"{'agents':>7s}{'tasks':>7s}{'lanes':>7s}{'drawn':>12s}" + "".join(f"{name[:24]:>26s}" for name in CASES))
    for n_agents, n_tasks in ((6, 50), (6, 200), (6, 1000), (20, 200), (100, 100), (1000, 50)):
        cases = {name: crowd(n_agents, n_tasks, overrides) for name, overrides in CASES.items()}
        drawn = next(iter(cases.values())).rate(lambda *_, **__: None)
        rates = "".join(f"{case.rate(fast):26,.0f}" for case in cases.values())
        print(f"{n_agents:7d}{n_tasks:7d}{next(iter(cases.values())).lanes:7d}{drawn:12,.0f}{rates}")


def main() -> None:
    headline()
    learning()
    every_rule()
    scaling()
    print(f"\npeak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
