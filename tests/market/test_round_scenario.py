"""A scenario whose arms clear in rounds: it runs and is explained; what makes no sense is refused."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest

from analysis.report import write_report
from sim.experiment.execute import execute
from sim.experiment.plan import plan
from sim.experiment.run_folder import Run, arm_rules, arm_world, scenario_origin
from sim.explain.explain import explain
from sim.kit.errors import RunError, ScenarioError
from sim.ledger.events import events
from sim.ledger.ledger import Ledger
from sim.scenario.plugins import plugins
from sim.scenario.scenario import load_scenario

TABLE = """\
agent,task,claim,success,cost,belief
ada,dig,1.0,1,0.4,0.4
ada,fly,1.0,0,0.34,0.34
bob,dig,1.0,0,0.3,0.3
bob,fly,1.0,1,0.74,0.74
cyd,dig,1.0,1,0.6,0.6
cyd,fly,1.0,1,0.52,0.52
"""
WORLD = """\
question = "Who gets which task?"
seed = 1
replications = 1

[world]
table = "t.csv"
columns = {agent = "agent", task = "task", claim = "claim", success = "success", cost = "cost", cost_belief = "belief"}
beyond_tries = "repeat"

[tender]
value = 1.0
reserve = "value"
penalty = 0.0
postings = 2
exclude = "none"

[bidders]
on_retry = "same"
"""
ROUNDS = """
[market]
round = 4
"""
ARMS = """
[[arm]]
name = "vcg"
mechanism = "assignment_vcg"

[[arm]]
name = "greedy"
mechanism = "first_score"
market = {assignment = "greedy"}

[[arm]]
name = "one at a time"
mechanism = "first_price"
market = {assignment = "greedy", concurrency = 1, bid_cost_per = "round"}
world = {bid_cost = 0.01}

[[arm]]
name = "in order"
mechanism = "posted_price"
"""


def lay_out(folder: Path, text: str) -> Path:
    (folder / "t.csv").write_text(TABLE)
    path = folder / "rounds.toml"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("rounds")
    made = plan(load_scenario(lay_out(folder, WORLD + ROUNDS + ARMS)))
    assert set(made.engines.values()) == {"market"}
    with mock.patch("analysis.figures.draw_all"):
        return Run.open(execute(made, folder / "out", finish=lambda made: write_report(made, events=True)))


def hired(run: Run, arm: str) -> list[tuple[str, str, int, float]]:
    rows = run.ledger.arm(arm).attempts
    return list(rows[["task", "agent", "start", "pay_success"]].itertuples(index=False, name=None))


def test_arms_assign_the_tasks_of_a_round_as_they_say(run: Run) -> None:
    """Worth at dig: .6, .7, .4; at fly: .66, .26, .48. Best: bob digs, ada flies, 1.36.

    Without bob ada digs and cyd flies, 1.08: bob costs the others 1.08 - .66. Without ada 1.18: she costs .48.
    """
    vcg = hired(run, "vcg")
    assert vcg[:2] == [("dig", "bob", 0, pytest.approx(0.58)), ("fly", "ada", 0, pytest.approx(0.52))]
    assert hired(run, "greedy")[:2] == [("dig", "bob", 0, 0.3), ("fly", "ada", 0, 0.34)]
    assert [row[:3] for row in hired(run, "one at a time")] == [("dig", "bob", 0), ("dig", "bob", 4)]


def test_bids_of_a_round_are_charged_once(run: Run) -> None:
    bids = run.ledger.arm("one at a time").bids
    assert bids["bid_cost"].gt(0).groupby(bids["agent"], observed=True).sum().tolist() == [2, 2, 2]


@pytest.mark.parametrize("arm", ["vcg", "greedy", "one at a time", "in order"])
def test_round_is_explained_as_the_ledger_tells_it(run: Run, arm: str) -> None:
    bids = run.ledger.arm(arm).bids
    stored = {tuple(row) for row in bids[["task", "posting", "agent", "outcome"]].itertuples(index=False, name=None)}
    told = set()
    for task in ("dig", "fly"):
        for posting in explain(run, task, 0, arm).postings:
            told |= {(task, posting.posting, bid.agent, bid.outcome) for bid in posting.bids}
            won = [bid.agent for bid in posting.bids if bid.outcome == "won"]
            assert [line.split(" is promised")[0] for line in posting.decision if "is promised" in line] == won
    assert told == stored


def reasons(run: Run, arm: str, task: str) -> dict[str, str]:
    return {bid.agent: bid.reason for bid in explain(run, task, 0, arm).postings[0].bids}


def test_reasons_say_what_only_a_round_can_do_to_a_bid(run: Run) -> None:
    assert reasons(run, "vcg", "fly") == {
        "ada": "best score, by 0.1800",
        "bob": "took dig in this round",
        "cyd": "beaten by ada, by 0.1800",
    }
    assert reasons(run, "one at a time", "fly") == {
        "ada": "the task was put off: as many tasks as may be are being worked on",
        "bob": "took dig in this round",
        "cyd": "the task was put off: as many tasks as may be are being worked on",
    }
    assert explain(run, "fly", 0, "one at a time").postings[0].decision == [
        "nobody is hired",
        "the task is put off to the next round",
    ]
    assert explain(run, "dig", 0, "vcg").postings[0].decision[0] == (
        "bob is promised $0.5800 on success (set by the bid of ada and cyd) and -$0.4200 on failure"
    )


def test_all_is_posted_before_the_round_is_held(run: Run) -> None:
    stream = [(e["event"], e["task"], e["tick"]) for e in events(run.ledger.arm("vcg"), rounds=True)]
    kinds = [kind for kind, _, tick in stream if tick == 0 and kind in ("posted", "cleared")]
    assert kinds == ["posted", "posted", "cleared", "cleared"]
    written = (run.folder / "events.jsonl").read_text()
    assert written.index('"event": "cleared"') > written.index('"task": "fly"')


def test_run_is_the_same_again(run: Run, tmp_path: Path) -> None:
    again = execute(plan(load_scenario(lay_out(tmp_path, WORLD + ROUNDS + ARMS))), tmp_path / "out")
    for name in ("attempts", "bids", "clearings"):
        assert getattr(Ledger.read(again), name).equals(getattr(run.ledger, name))


def arm(mechanism: str, more: str = "") -> str:
    return f'\n[[arm]]\nname = "x"\nmechanism = "{mechanism}"\n{more}\n'


REFUSED = {
    "couples tasks without rounds": (
        arm("assignment_vcg"),
        r"arm 'x': market\.round: must be stated \(ticks, >= 1\) where the rule assigns several tasks at once",
    ),
    "assignment told how": (
        ROUNDS + 'assignment = "greedy"' + arm("assignment_vcg"),
        r"market\.assignment: has no meaning with assignment_vcg",
    ),
    "concurrency where all must start": (
        ROUNDS + "concurrency = 1" + arm("assignment_vcg"),
        r"market\.concurrency: has no meaning with assignment_vcg: its contracts hold where all it assigns starts",
    ),
    "greedy without a score": (
        ROUNDS + 'assignment = "greedy"' + arm("posted_price"),
        r'market\.assignment: "greedy" takes the best score first, and posted_price ranks nobody; allowed: "in_order"',
    ),
    "turns": (
        ROUNDS + arm("cascade"),
        r"market\.round: has no meaning with cascade: its awards name turns or budgets",
    ),
    "alone": (ROUNDS + "alone = true" + arm("first_price"), r"market: round has no meaning where agents are alone"),
    "deadline before the round": (
        ROUNDS + arm("first_price", 'tender = {deadline = 3, timeout = "FAIL"}'),
        r"tender\.deadline: must exceed market\.window \+ market\.round - 1 \(3\).*; got 3",
    ),
    "bankroll": (
        ROUNDS + arm("first_price", "bidders = {bankroll = 1.0}\nworld = {arrivals = {every = 1}}"),
        r"market\.round: has no meaning with bidders\.bankroll, which is read posting by posting",
    ),
    "budget": (
        ROUNDS + arm("first_price", "tender = {budget = 1.0}"),
        r"market\.round: has no meaning with tender\.budget, which is read posting by posting",
    ),
    "round 0": ("[market]\nround = 0" + arm("first_price"), r"market\.round: .*1.*got 0"),
    "concurrency 0": (ROUNDS + "concurrency = 0" + arm("first_price"), r"market\.concurrency: .*1.*got 0"),
    "misspelt": (ROUNDS + 'assignment = "greed"' + arm("first_price"), r"market\.assignment: .*greed"),
    **{
        f"{key} without rounds": (
            f"[market]\n{key} = {value}" + arm("first_price"),
            rf"market: {key} has no meaning without market\.round",
        )
        for key, value in {
            "assignment": '"greedy"',
            "concurrency": 1,
            "max_bids_per_worker": 2,
            "bid_cost_per": '"round"',
        }.items()
    },
}


@pytest.mark.parametrize(("text", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_what_makes_no_sense_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        plan(load_scenario(lay_out(tmp_path, WORLD + text)))


def test_batch_engine_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"--engine compiled: cannot play this market: market\.round"):
        plan(load_scenario(lay_out(tmp_path, WORLD + ROUNDS + ARMS)), engine="compiled")


PLUGIN = """
from dataclasses import dataclass
from sim.mechanisms import register
from sim.mechanisms.assignment import AssignmentVCG

@register("own_assignment")
@dataclass(frozen=True)
class Own(AssignmentVCG):
    summary = "as assignment_vcg"

    def assign(self, bids, tender, standing, lottery):
        return RESULT
"""


def played_with(folder: Path, result: str) -> Path:
    (folder / "own.py").write_text(PLUGIN.replace("RESULT", result))
    scenario = lay_out(folder, WORLD + ROUNDS + arm("own_assignment"))
    with plugins([folder / "own.py"]) as digests:
        return execute(plan(load_scenario(scenario), digests), folder / "out")


def test_assignment_of_a_plugin_is_used(tmp_path: Path) -> None:
    out = played_with(tmp_path, "super().assign(bids, tender, standing, lottery)")
    assert Ledger.read(out).attempts["agent"].tolist()[:2] == ["bob", "ada"]


def test_assignment_of_a_plugin_is_checked(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"mechanism 'own_assignment': hired must have shape \(2, 3\).*got \(1, 3\)"):
        played_with(tmp_path, "self(bids, tender, standing, lottery).trusted(hired=bids.active[:1])")


def test_a_scenario_limits_bids_names_starts_and_lifts_the_limit_on_the_reserve(tmp_path: Path) -> None:
    """Two tasks a round, one bid each: all bid on dig, so nobody does on fly, whose reserve rises above its value."""
    arm = """
[[arm]]
name = "few"
mechanism = "first_score"
market = {assignment = "greedy", max_bids_per_worker = 1}
tender = {escalation = {unfilled_factor = 1.25, above_value = true}}
standing = {reputation = {exponential = {weight = 0.5, start = {bob = 0.25, "*" = 1.0}}}}
world = {arrivals = {every = 1}}
"""
    run = Run.open(execute(plan(load_scenario(lay_out(tmp_path, WORLD + ROUNDS + arm))), tmp_path / "out"))
    arm_of_run = run.scenario.arms[0]
    rules = arm_rules(arm_of_run, arm_world(run.scenario, arm_of_run, scenario_origin(run.scenario)))
    assert rules.reputation is not None
    assert rules.reputation.read(rules.reputation.init(3)).tolist() == [1.0, 0.25, 1.0]
    rows = run.ledger.clearings[["task", "tick", "reserve", "n_active"]].itertuples(index=False, name=None)
    assert list(rows) == [("dig", 0, 1.0, 3), ("dig", 4, 1.0, 3), ("fly", 4, 1.0, 0), ("fly", 8, 1.25, 3)]
    bids = explain(run, "fly").postings[0].bids
    assert {bid.reason for bid in bids} == {"made no bid: it had bid on as many tasks of this round as it may"}


@pytest.mark.parametrize(("rule", "above"), [("first_price", False), ("agent_economy", True)])
def test_only_an_announced_bounty_rises_above_the_value_where_nothing_is_said(
    tmp_path: Path, rule: str, above: bool
) -> None:
    arm = f"""
[[arm]]
name = "x"
mechanism = "{rule}"
tender = {{escalation = {{unfilled_factor = 1.25}}}}
standing = {{expected_cost = {{fixed = 0.0}}}}
"""
    scenario = load_scenario(lay_out(tmp_path, WORLD + arm))
    rules = arm_rules(scenario.arms[0], arm_world(scenario, scenario.arms[0], scenario_origin(scenario)))
    assert rules.escalation is not None
    assert rules.escalation.above_value is above
