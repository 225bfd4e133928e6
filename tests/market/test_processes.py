"""Agents with processes of their own: what they can do, and that those who do nothing of it change nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.agents.agent import AGENTS, Abstain, Agent, Bid, News, Posting, register_agent
from sim.compiled.lanes import play_compiled
from sim.experiment.execute import execute
from sim.experiment.plan import plan
from sim.kit.errors import MarketError, RunError, ScenarioError
from sim.ledger.ledger import read_frame
from sim.market.rules import Rules
from sim.market.simulate import simulate
from sim.mechanisms import Mechanism
from sim.scenario.plugins import plugins
from sim.scenario.scenario import load_scenario
from sim.world.world import World
from tests.cli.command import bidlab
from tests.market.compare import assert_same_rows, rows
from tests.market.play import Play
from tests.tried import tried_on_each
from tests.worlds import CANCELS, accounted, each_example, make_rules, make_world, rules, worlds

PLUGIN = Path(__file__).parent / "plugins" / "three_agents.py"


def everybody(rule: Rules, world: World, factory: Any = Agent) -> Rules:
    return replace(rule, processes=dict.fromkeys(range(world.n_agents), factory))


@pytest.mark.parametrize("mechanism", each_example())
@tried_on_each(12)
@given(data=st.data())
def test_the_base_agent_for_everybody_gives_the_ledger_of_none(mechanism: Mechanism, data: st.DataObject) -> None:
    world = data.draw(worlds())
    rule = data.draw(accounted(data.draw(rules(mechanism)), world))
    assert_same_rows(rows(simulate(world, everybody(rule, world))), rows(simulate(world, rule)))


class Waits(Agent):
    ticks = 2

    def bid(self, notice: Posting) -> Any:
        yield self.wait(self.ticks)
        return self.honest()


@pytest.mark.parametrize(("window", "outcome"), [(1, "late"), (2, "won"), (3, "won")])
def test_an_agent_that_waits_is_late_where_the_window_is_shorter(window: int, outcome: str) -> None:
    world = make_world(1, 2, latency=[[0, 0]], cost_belief=[[0.125, 0.25]])
    play = Play(world, make_rules(window=window, bid_cost=0.0625, processes={0: Waits}))
    assert play.outcomes(0) == [outcome, "won" if outcome == "late" else "lost"]
    assert [row["bid_cost"] for row in play.bids] == [0.0625, 0.0625]
    assert math.isnan(play.bids[0]["ask"]) == (outcome == "late")


class Shades(Agent):
    """Asks half a dollar more than it would, a quarter less of it after each loss."""

    extra = 0.5

    def bid(self, notice: Posting) -> Bid | Abstain:
        honest = self.honest()
        return honest if isinstance(honest, Abstain) else Bid(honest.ask + self.extra, honest.claim)

    def heard(self, news: News) -> None:
        if news.status is None and not news.hired:
            self.extra *= 0.75


def test_an_agent_learns_from_its_losses_and_forgets_with_the_replication() -> None:
    world = make_world(4, 2, replications=2, arrival=[0, 2, 4, 6], cost_belief=[[0.125, 0.25]] * 4)
    play = Play(world, make_rules(processes={0: Shades}))
    asks = [row["ask"] for row in play.bids if row["agent"] == 0]
    assert asks == [0.75, 0.625, 0.25 + 0.5 * 0.75**2, 0.25 + 0.5 * 0.75**3] * 2
    assert play.outcomes(0)[:2] == ["lost", "won"]
    assert play.outcomes(3)[:2] == ["won", "lost"]


class Leaves(Agent):
    failures = 0

    def bid(self, notice: Posting) -> Bid | Abstain:
        return Abstain("exited") if self.failures == 2 else self.honest()

    def heard(self, news: News) -> None:
        self.failures += news.status is not None and news.payment <= 0


def test_an_agent_leaves_after_two_failures() -> None:
    world = make_world(4, 1, arrival=[0, 2, 4, 6], success=False)
    play = Play(world, make_rules(processes={0: Leaves}))
    assert [row["outcome"] for row in play.bids] == ["won", "won", "exited", "exited"]


class Colludes(Agent):
    """The ring's first member to be asked bids; the others stay away."""

    def bid(self, notice: Posting) -> Bid | Abstain:
        if self.shared.setdefault(notice.task, self.name) != self.name:
            return Abstain()
        return Bid(0.875, 0.5)


def test_agents_collude_through_what_they_share() -> None:
    world = make_world(2, 3, replications=2, arrival=[0, 2])
    play = Play(world, everybody(make_rules("second_price"), world, Colludes))
    assert [row["outcome"] for row in play.bids] == ["won", "abstained", "abstained"] * 4


class Walks(Agent):
    """Takes the award, waits, and never begins."""

    def work(self, attempt: Any) -> Any:
        yield self.wait(3)


def test_an_agent_may_walk_away_from_its_award() -> None:
    world = make_world(1, 1, tries=2)
    play = Play(world, make_rules(postings=2, bankroll=(1.0,), processes={0: Walks}))
    assert play.worked() == [(0, 0, 3, 3, "CANCELLED"), (0, 0, 6, 6, "CANCELLED")]
    assert [row["payment"] for row in play.attempts] == [0.0, 0.0]
    assert [row["cost"] for row in play.attempts] == [0.0, 0.0]


class Wrong(Agent):
    claim = 1.5

    def bid(self, notice: Posting) -> Bid:
        return Bid(0.25, self.claim)


def test_a_claim_that_is_none_is_malformed_and_costs_what_a_bid_costs() -> None:
    world = make_world(1, 2)
    play = Play(world, make_rules(bid_cost=0.125, processes={0: Wrong}))
    assert play.outcomes(0) == ["malformed", "won"]
    assert [row["bid_cost"] for row in play.bids] == [0.125, 0.125]
    assert math.isnan(play.bids[0]["claim"])


def test_an_answer_of_another_kind_is_refused() -> None:
    class Mute(Agent):
        def bid(self, notice: Posting) -> Any:
            return 0.25

    with pytest.raises(MarketError, match=r"agent a0: bid must return a Bid or Abstain; got 0\.25"):
        simulate(make_world(1, 1), make_rules(processes={0: Mute}))


def test_what_an_agent_raises_names_it_in_one_line() -> None:
    class Broken(Agent):
        def heard(self, news: News) -> None:
            raise KeyError("price")

    class Lazy(Agent):
        def work(self, attempt: Any) -> Any:
            yield self.wait(1)
            raise ValueError("not today")

    for agent, message in ((Broken, "KeyError: 'price'"), (Lazy, "ValueError: not today")):
        with pytest.raises(MarketError, match=f"agent a0: {message}"):
            simulate(make_world(1, 1), make_rules(processes={0: agent}))


def test_draws_are_named_by_agent_task_posting_and_purpose() -> None:
    drawn: dict[str, list[float]] = {}

    class Draws(Agent):
        def bid(self, notice: Posting) -> Bid | Abstain:
            drawn.setdefault(self.name, []).extend([self.draw("a"), self.draw("a"), self.draw("b")])
            return self.honest()

    world = make_world(2, 2, replications=2)
    simulate(world, everybody(make_rules(), world, Draws))
    first = {name: list(values) for name, values in drawn.items()}
    drawn.clear()
    simulate(world, replace(make_rules(), processes={1: Draws}))
    assert drawn["a1"] == first["a1"]
    assert len({*first["a0"], *first["a1"]}) == 12  # replications differ by their lottery, which is one here
    assert all(0 < value < 1 for value in first["a0"])


def test_the_compiled_engine_refuses_processes_and_cancelling_by_name() -> None:
    world = make_world(1, 2)
    with pytest.raises(MarketError, match=r"bidders\.process"):
        play_compiled(world, make_rules(processes={0: Agent}))
    with pytest.raises(MarketError, match=r"market\.first_success_cancels"):
        play_compiled(world, make_rules(market=CANCELS))


SCENARIO = """\
question = "Does waiting pay?"
seed = 3
replications = 2
[world]
profile = "marketbench"
parameters = "point"
tasks = 12
arrivals = { every = 2 }
[tender]
value = 1.0
reserve = 1.0
penalty = 0.1
[market]
window = 1
[bidders]
process = { "*" = "honest", gpt-5-mini = "patient" }
[[arm]]
name = "first price"
mechanism = "first_price"
"""


def scenario(folder: Path, process: str = '{ gpt-5-mini = "patient" }') -> Path:
    path = folder / "s.toml"
    path.write_text(SCENARIO.replace('{ "*" = "honest", gpt-5-mini = "patient" }', process))
    return path


@pytest.mark.parametrize("name", ["patient", "learner", "leaver"])
def test_a_plugin_agent_runs_from_python(tmp_path: Path, name: str) -> None:
    with plugins([PLUGIN]) as digests:
        made = plan(load_scenario(scenario(tmp_path, f'{{ gpt-5-mini = "{name}" }}')), digests)
        assert set(made.engines.values()) == {"market"}
        bids = read_frame(execute(made, tmp_path / "o") / "bids.parquet")
    assert name not in AGENTS
    if name == "patient":
        assert set(bids[bids["agent"] == "gpt-5-mini"]["outcome"]) == {"late"}


def test_a_plugin_agent_runs_from_the_command_line(tmp_path: Path) -> None:
    done = bidlab("run", scenario(tmp_path), "--plugin", PLUGIN, "--out", tmp_path / "o")
    assert done.code == 0, done.err
    assert "late" in set(read_frame(tmp_path / "o" / "bids.parquet")["outcome"])


@pytest.mark.parametrize(
    "name", ["learner", *(pytest.param(name, marks=pytest.mark.slow) for name in ("patient", "leaver"))]
)
def test_the_agents_of_their_page_run_as_it_says(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.report.can_be_replayed", lambda *_: False)  # for errors: not looked at here
    page = (Path(__file__).parents[2] / "docs" / "agents.md").read_text(encoding="utf-8")
    block = page.split("```python\n")[1].split("```")[0]
    for part in block.split("@register_agent")[1:]:
        assert len(part.strip().splitlines()) <= 15
    path = tmp_path / "my_agents.py"
    path.write_text(block)
    done = bidlab(
        *("run", "marketbench_head_to_head", "--plugin", path, "--mechanism", "second_price"),
        *("--set", f'bidders.process={{gpt-5-mini="{name}"}}', "--engine", "market", "--replications", "1"),
        *("--out", tmp_path / "o"),
    )
    assert done.code == 0, done.err
    bids = read_frame(tmp_path / "o" / "bids.parquet")
    outcomes = set(bids.loc[bids["agent"] == "gpt-5-mini", "outcome"])
    assert outcomes == {"patient": {"late"}, "learner": {"won", "lost"}, "leaver": {"won", "lost", "exited"}}[name]


def test_names_in_the_scenario_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"unknown agent 'honst' \(did you mean 'honest'\?\)"):
        load_scenario(scenario(tmp_path, '"honst"'))
    with pytest.raises(ScenarioError, match=r"bidders\.process: no agent 'gpt'"):
        plan(load_scenario(scenario(tmp_path, '{ gpt = "honest" }')))
    with pytest.raises(RunError, match=r"cannot play this market: bidders\.process"):
        plan(load_scenario(scenario(tmp_path, '"honest"')), engine="compiled")
    with pytest.raises(ValueError, match=r"agent 'honest' is registered already"):
        register_agent("honest")(Agent)
