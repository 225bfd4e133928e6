"""A user's own parts of every kind by --plugin: listed, examined, played in every process, hashed, named where slow."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from sim.experiment import engine
from sim.front.contracts import added
from tests.cli.command import bidlab
from tests.front.test_extending import EXAMPLES, KINDS_SHOWN

HEAD = """\
from dataclasses import dataclass

import numpy as np

import bidlab as bl
from analysis.quantities import Mean, Quantity, Ratio
from bidlab.standing.advisors.advisor import Counting

"""


def policy(body: str, before: str = "") -> str:
    return (
        f'{HEAD}{before}\n\n@bl.register_policy("mine")\n@dataclass(frozen=True)\nclass Mine:\n'
        f"    def bid(self, ask, belief, notice):\n        {body}\n"
    )


def reputation(step: str, init: str = "(np.ones(n_agents),)", read: str = "state[0]") -> str:
    return (
        f'{HEAD}@bl.register_reputation("mine")\n@dataclass(frozen=True)\nclass Mine:\n'
        f"    def init(self, n_agents):\n        return {init}\n\n"
        f"    def step(self, state, outcome):\n        {step}\n\n"
        f"    def read(self, state):\n        return {read}\n"
    )


def advisor(body: str, base: str = "Counting") -> str:
    return (
        f'{HEAD}@bl.register_advisor("mine")\n@dataclass(frozen=True)\nclass Mine({base}):\n'
        f"    def read(self, state, posted):\n        {body}\n"
    )


def belief(body: str) -> str:
    return (
        f'{HEAD}@bl.register_belief_model("mine")\n@dataclass(frozen=True)\nclass Mine:\n'
        f"    def belief(self, seen):\n        {body}\n"
    )


def reserve(body: str) -> str:
    return (
        f'{HEAD}@bl.register_reserve_policy("mine")\n@dataclass(frozen=True)\nclass Mine:\n'
        f"    def opening(self, value, uniform):\n        {body}\n"
    )


def agent(body: str, before: str = "") -> str:
    return (
        f'{HEAD}@bl.register_agent("mine")\nclass Mine(bl.Agent):\n{before}    def bid(self, notice):\n        {body}\n'
    )


def quantity(how: str, level: str = "arm") -> str:
    return f'{HEAD}bl.register_quantity(Quantity("mine", "{level}", "", "what it is", {how}))\n'


def rule(first: str = "", more: str = "") -> str:
    """A mechanism that hires the lowest ask and pays it."""
    return (
        f'{HEAD}from bidlab.mechanisms import contract, select\n\n\n@bl.register_mechanism("mine")\n'
        '@dataclass(frozen=True)\nclass Mine(bl.Mechanism):\n    summary = "the lowest ask"\n'
        "    promises = bl.Promises(ask=False, claim=False, rational=True, efficient=False, no_deficit=True)\n\n"
        f"    def __call__(self, bids, tender, standing, lottery):\n        {first or 'pass'}\n"
        "        chosen = select(-bids.ask, bids.active & (bids.ask <= tender.reserve[..., None]), lottery)\n"
        f"        return contract(chosen.hired, bids.ask, -tender.penalty[..., None], chosen.by_tie)\n{more}"
    )


def figure(body: str) -> str:
    return (
        f"{HEAD}import pandas as pd\nfrom matplotlib.figure import Figure\n\nCOUNT = [0]\n\n\n"
        f'@bl.register_figure("mine")\ndef mine(arms):\n    figure = Figure(figsize=(3, 2))\n'
        f'    axes = figure.subplots()\n    data = pd.DataFrame({{"x": [1.0]}})\n    {body}\n    return figure, data\n'
    )


COUNTED = "SEEN = [0]\n"
BROKEN = {
    "policy, shape": (policy("return ask[..., :1], belief"), "bid: ask must have shape"),
    "policy, claim": (policy("return ask, belief + 0.3"), "bid: claim must lie in [0, 1]; got 1."),
    "policy, NaN": (policy("return ask * np.nan, belief"), "bid: ask must be a number, or inf where there is no bid"),
    "policy, no bid": (policy("return ask"), "bid: must return ask, claim; got ndarray"),
    "policy, writes": (policy("ask *= 2; return ask, belief"), "line 15: policy 'mine': ValueError: "),
    "policy, others": (policy("return ask, belief * belief.max(axis=-1, keepdims=True)"), "depends on other agents"),
    "policy, rows": (policy("return ask * belief.mean(), belief"), "other bids than its rows one by one"),
    "policy, memory": (
        policy("SEEN[0] += 1; return ask * SEEN[0], belief", COUNTED),
        "gives another bid when it is asked again",
    ),
    "policy, raises": (policy("return asq, belief"), "line 15: policy 'mine': NameError: name 'asq' is not defined"),
    "policy, parameter": (
        policy("return ask, belief").replace("class Mine:\n", "class Mine:\n    rate: float\n\n"),
        "give every parameter a default, or define examples()",
    ),
    "policy, not frozen": (
        policy("return ask, belief").replace("(frozen=True)", ""),
        "policy 'mine' must be a dataclass with frozen=True",
    ),
    "policy, no method": (
        policy("return ask, belief").replace("def bid", "def did"),
        "policy 'mine' must define bid(self, ask, belief, notice)",
    ),
    "reputation, idle": (reputation("return (state[0] * 0.9,)"), "an agent with the status NONE, which did nothing"),
    "reputation, state": (reputation("return state", init="np.ones(n_agents)"), "a state must be a tuple of arrays"),
    "reputation, wider": (reputation("return state", init="(np.ones((n_agents, 2)),)"), "must have shape (1,)"),
    "reputation, whole": (reputation("return state", init="(np.ones(n_agents, int),)"), "must be floats"),
    "reputation, length": (reputation("return state * 2"), "gives 2 arrays, and init 1"),
    "reputation, read": (reputation("return state", read="-state[0]"), "read: it must be finite and >= 0; got -1"),
    "reputation, order": (
        reputation("return (np.where(outcome.status == 1, np.arange(state[0].shape[-1]) + 1.0, state[0]),)"),
        "agents in another order do not get the same",
    ),
    "reputation, writes": (reputation("state[0][...] = 2; return state"), "line 16: reputation 'mine': ValueError: "),
    "advisor, flags": (
        advisor("return 0.5", base="object"),
        "advisor 'mine' must define init(self, n_agents), step(self, state, seen)",
    ),
    "advisor, claims": (advisor("return posted.claim * 0.5"), "say so with reads_claims = True"),
    "advisor, above 1": (advisor("return 2.0 + state[0]"), "read: advice must lie in [0, 1]; got "),
    "advisor, whole": (advisor("return state[0] > 1"), "read: advice must be floats"),
    "belief, outside": (belief("return seen.signal"), "belief: it must lie in [0, 1]; got -"),
    "belief, rows": (belief("return seen.fitted * 0 + seen.fitted.mean()"), "other beliefs than its rows"),
    "reserve, negative": (reserve("return value - 3.0"), "opening: it must be finite and >= 0; got -"),
    "reserve, others": (reserve("return value * 0 + value.mean()"), "many tasks other dollars than each alone"),
    "agent, no agent": (
        agent("return None").replace("(bl.Agent)", ""),
        "agent mine: must make an agent (bidlab.Agent); got Mine",
    ),
    "agent, memory": (
        agent("Mine.rise += 0.01; return bl.Bid(0.1 + Mine.rise, 0.5)", "    rise = 0.0\n\n"),
        "agent mine: under second_price a market played again is another",
    ),
    "agent, claim": (agent("return bl.Bid(0.1, 1.5)"), "under second_price it claims what is no probability"),
    "mechanism, no agents": (
        rule("np.where(bids.active, bids.ask, np.inf).min(axis=-1)"),
        "line 19: mechanism 'mine': ValueError: zero-size array to reduction operation minimum which has no identity; "
        "tried on a posting without agents",
    ),
    "mechanism, many": (
        rule("assert bids.ask.shape[0:2] != (2, 3) or bids.ask.shape[-1] < 2"),
        "line 19: mechanism 'mine': AssertionError; tried on 2 x 3 postings of 4 agents",
    ),
    "mechanism, paragraph": (
        rule(more='\n    def told_to_bidders(self):\n        return "Success pays reserve; failure pays -penalty."\n'),
        "mechanism 'mine': told_to_bidders says that success pays reserve, which is not what its awards pay",
    ),
    "policy, one agent": (
        policy("return ask[..., :] * (1 + 0 * belief[..., [1]]), belief"),
        "IndexError: index 1 is out of bounds for axis 0 with size 1; tried on a posting of 1 agent",
    ),
    "reputation, one agent": (
        reputation("return (state[0] + 0 * state[0][..., [1]],)"),
        "IndexError: index 1 is out of bounds for axis 1 with size 1; tried on 1 agent",
    ),
    "quantity, only in runs": (
        quantity("Mean(lambda arm: 1.0 * arm.success)"),
        "AttributeError: 'Cells' object has no attribute 'success'; tried on the example as a sweep counts it",
    ),
    "quantity, shape": (quantity("Mean(lambda arm: arm.wins[..., :2])"), "quantity mine: "),
    "quantity, order": (
        quantity("Mean(lambda arm: np.cumsum(arm.dollars(cost=1), axis=0))"),
        "with replications in another order it is not the same in that order",
    ),
    "quantity, sweep": (
        quantity("Mean(lambda arm: arm.dollars(cost=1) * (np.arange(arm.dollars(cost=1).shape[-1]) + 1.0))"),
        "a sweep counts something else than a run",
    ),
    "quantity, denominator": (
        quantity("Ratio(lambda a: (a.wins + 1, a.attempts))", "agent"),
        "its numerator must be 0 where its denominator is",
    ),
    "figure, cut": (figure('axes.text(0.5, 0.5, "a label " * 40)'), "is cut"),
    "figure, another": (figure("COUNT[0] += 1; axes.plot([0, COUNT[0] ** 2])"), "not the same when it is drawn again"),
    "figure, nothing": (figure("data = data[:0]"), "its data has no rows"),
    "figure, no data": (figure("data = 3"), "must return (figure, data)"),
    "figure, raises": (figure("axes.plott()"), "figure 'mine': AttributeError"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_every_fault_is_told(name: str, tmp_path: Path) -> None:
    code, told = BROKEN[name]
    path = tmp_path / "mine.py"
    path.write_text(code)
    said = bidlab("check", "--plugin", path)
    assert said.code == 2, said
    assert told in said.err
    assert "Traceback" not in said.err
    assert added() == []


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    one, other = policy("return ask[..., :1], belief"), belief("return seen.signal").replace(HEAD, "")
    (tmp_path / "mine.py").write_text(one + other)
    said = bidlab("check", "--plugin", tmp_path / "mine.py")
    assert said.code == 2
    assert "policy 'mine': bid: ask must have shape" in said.err
    assert "belief_model 'mine': belief: it must lie in [0, 1]" in said.err
    assert said.err.count("\n") == 2


def test_a_part_that_breaks_its_contract_is_not_played(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(policy("return ask, belief + 0.3"))
    said = bidlab("run", "marketbench_replay", "--plugin", tmp_path / "mine.py", "--out", tmp_path / "o")
    assert said.code == 2
    assert "policy 'mine': bid: claim must lie in [0, 1]" in said.err
    assert not (tmp_path / "o").exists()


UNSAFE = ("mechanism, no agents", "quantity, only in runs")


@pytest.mark.parametrize("command", ["run", "sweep", "audit"])
@pytest.mark.parametrize("name", UNSAFE)
def test_neither_is_a_rule_nor_a_quantity_that_breaks_its_contract(command: str, name: str, tmp_path: Path) -> None:
    if command == "audit" and name.startswith("quantity"):
        return  # which reads none
    (tmp_path / "mine.py").write_text(BROKEN[name][0])
    (tmp_path / "s.toml").write_text(SCENARIO.partition("[bidders]")[0].partition("beliefs")[0] + SHORT + SWEPT)
    what = "second_price" if command == "audit" else tmp_path / "s.toml"
    said = bidlab(command, what, "--plugin", tmp_path / "mine.py", "--out", tmp_path / "o")
    assert said.code == 2
    assert BROKEN[name][1] in said.err
    assert not (tmp_path / "o").exists()


def test_a_rule_without_a_paragraph_is_only_remarked_on(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(rule())
    said = bidlab("check", "--plugin", tmp_path / "mine.py")
    assert said.code == 0, said.err
    assert said.out == "mechanism mine: keeps its contract; it has no told_to_bidders, which live runs alone need\n"


def test_what_breaks_with_other_parameters_is_told_when_it_is_played(tmp_path: Path) -> None:
    code = policy("return ask, belief * self.share").replace("class Mine:\n", "class Mine:\n    share: float = 1.0\n\n")
    (tmp_path / "mine.py").write_text(code)
    assert bidlab("check", "--plugin", tmp_path / "mine.py").code == 0
    given = ("--mechanism", "first_price", "--set", "bidders.policy={mine={share=3.0}}", "--replications", "1")
    for how in ("market", "compiled"):
        said = bidlab(
            *("run", "marketbench_population", "--plugin", tmp_path / "mine.py", *given, "--engine", how),
            *("--out", tmp_path / how),
        )
        assert (said.code, said.err.count("\n")) == (2, 1), said
        assert f"--plugin {tmp_path / 'mine.py'}: policy 'mine': bid: claim must lie in [0, 1]; got " in said.err


def all_in_one(folder: Path) -> Path:
    """One file with every example of the documentation."""
    path = folder / "all_of_it.py"
    path.write_text("\n".join(example.code for example in EXAMPLES.values()))
    return path


SCENARIO = """\
question = "Do all parts of one's own play together?"
seed = 3
replications = 8

[world]
profile = "marketbench"
tasks = 12
parameters = "point"
arrivals = { every = 1 }
beliefs = { halfway = { weight = 0.25 } }

[tender]
value = 1.0
reserve = "steps"
penalty = 0.0
postings = 2
exclude = "failed"
escalation = { policy = { steps = { step = 0.2 } } }

[bidders]
policy = { sure = { least = 0.9 } }

[standing]
reputation = "streak"
advice = "recent"
expected_cost = { fixed = 0.2 }

[[arm]]
name = "half share"
mechanism = { half_share = { share = 0.25 } }

[[arm]]
name = "live"
mechanism = "agent_economy"

[[arm]]
name = "router"
mechanism = "route_by_advice"

[[arm]]
name = "sticky"
mechanism = "first_price"
bidders = { process = { gpt-5-mini = "sticky" } }

[sweep]
"bidders.policy" = ["truthful", "sure"]
quantities = ["overpaid"]
"""


def test_all_kinds_play_together_the_same_in_both_engines(tmp_path: Path) -> None:
    path, plugin = tmp_path / "s.toml", all_in_one(tmp_path)
    path.write_text(SCENARIO)
    for how in ("auto", "market"):
        said = bidlab("run", path, "--plugin", plugin, "--engine", how, "--out", tmp_path / how)
        assert said.code == 0, said.err
        assert "not compiled" not in said.err
    run = json.loads((tmp_path / "auto" / "run.json").read_text())
    assert run["engine"] == {"half share": "auto", "live": "auto", "router": "auto", "sticky": "market"}
    for table in ("attempts", "bids", "clearings"):
        one, other = (pd.read_parquet(tmp_path / how / f"{table}.parquet") for how in ("auto", "market"))
        pd.testing.assert_frame_equal(one, other)
    assert "overpaid" in pd.read_csv(tmp_path / "auto" / "summary.csv")
    told = bidlab("explain", tmp_path / "auto", "--task", "task 1", "--plugin", plugin)
    assert told.code == 0, told.err
    assert bidlab("audit", "half_share", "--types", "20", "--draws", "40", "--jobs", "1", "--plugin", plugin,
                  "--out", tmp_path / "a").code in (0, 1)  # fmt: skip


@pytest.mark.slow
def test_all_kinds_are_known_to_the_processes_of_a_sweep(tmp_path: Path) -> None:
    path, plugin = tmp_path / "s.toml", all_in_one(tmp_path)
    path.write_text(SCENARIO)
    for jobs in ("1", "2"):
        said = bidlab("sweep", path, "--plugin", plugin, "--jobs", jobs, "--out", tmp_path / jobs)
        assert said.code == 0, said.err
    assert (tmp_path / "1" / "sweep.csv").read_bytes() == (tmp_path / "2" / "sweep.csv").read_bytes()
    assert "overpaid" in set(pd.read_csv(tmp_path / "1" / "sweep.csv")["metric"])
    assert bidlab("cell", tmp_path / "1", "1", "--plugin", plugin, "--out", tmp_path / "c").code == 0


@pytest.mark.parametrize("file", sorted(KINDS_SHOWN))
def test_its_code_is_in_the_hash(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.report.write_report", lambda *_, **__: None)  # takes most of the time
    path, scenario = tmp_path / file, tmp_path / "s.toml"
    scenario.write_text(SCENARIO.partition("[bidders]")[0].partition("beliefs")[0] + SHORT)
    hashes = []
    for more in ("", "# more\n"):
        path.write_text(EXAMPLES[file].code + more)
        said = bidlab("run", scenario, "--plugin", path, "--out", tmp_path / f"o{len(more)}")
        assert said.code == 0, said.err
        hashes.append(json.loads((tmp_path / f"o{len(more)}" / "run.json").read_text())["hash"])
    assert hashes[0] != hashes[1]


SHORT = """

[tender]
value = 1.0
reserve = 0.8
penalty = 0.0

[[arm]]
name = "x"
mechanism = "second_price"
"""

SWEPT = """
[sweep]
"tender.penalty" = [0.0, 0.5]
"""

SLOW = {
    "policy mine": (policy("return np.sinh(ask), belief"), ("bidders.policy=mine",), "np.sinh"),
    "reputation mine": (
        reputation("return (np.where(outcome.status == 1, np.sinh(state[0]) % 2, state[0]),)"),
        ("standing.reputation=mine",),
        "np.sinh",
    ),
    "advisor mine": (
        advisor("return 1.0 / (1.0 + np.cosh(state[0]))"),
        ("standing.advice=mine",),
        "np.cosh",
    ),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_part_that_cannot_be_traced_is_played_by_processes_and_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "FEW", 0)  # so small a run would be left to the processes
    code, settings, line = SLOW[name]
    (tmp_path / "mine.py").write_text(code)
    (tmp_path / "s.toml").write_text(SCENARIO.partition("beliefs")[0] + SHORT.replace("second_price", "agent_economy"))
    given = [part for setting in ("standing.expected_cost.fixed=0.1", *settings) for part in ("--set", setting)]
    given += ["--mechanism", "route_by_advice" if name == "advisor mine" else "agent_economy"]
    for how in ("auto", "market"):
        said = bidlab(
            *("run", tmp_path / "s.toml", "--plugin", tmp_path / "mine.py", *given, "--engine", how),
            *("--out", tmp_path / how),
        )
        assert said.code == 0, said.err
        if how == "auto":
            assert f"bidlab: {name} is not compiled, so it runs slower, with the same numbers: " in said.err
            assert line in said.err
    for table in ("attempts", "bids"):
        one, other = (pd.read_parquet(tmp_path / how / f"{table}.parquet") for how in ("auto", "market"))
        pd.testing.assert_frame_equal(one, other)
    said = bidlab(
        *("run", tmp_path / "s.toml", "--plugin", tmp_path / "mine.py", *given, "--engine", "compiled"),
        *("--out", tmp_path / "c"),
    )
    assert said.code == 2
    assert f"--engine compiled: {name} cannot be compiled: " in said.err


LISTED = {
    "mechanisms": ("half_share", "plus a share of what is left", "share = 0.5"),
    "policies": ("sure", "Claims 1 wherever", "least = 0.8", "[Vickrey1961]"),
    "agents": ("sticky", "Asks what it was last paid"),
    "advisors": ("recent", "in which an attempt counts", "keep = 0.9", "[Thompson1933]"),
    "reputations": ("streak", "A tenth more", "most = 2.0", "[AE]"),
    "cost_learners": ("running_mean", "prior, weight = 1.0"),
    "belief_models": ("halfway", "recalibrated", "weight = 0.5"),
    "reserve_policies": ("steps", "A third of the value", "step = 0.1", "[Myerson1981]"),
    "quantities": ("overpaid (arm)", "twice what they cost", "welfare (arm)"),
    "figures": ("spending", "What each arm pays", "reliability"),
}


@pytest.mark.parametrize("what", LISTED)
def test_list_shows_every_kind_on_a_narrow_terminal(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = bidlab("list", what, "--plugin", all_in_one(tmp_path))
    assert said.code == 0, said.err
    assert max(map(len, said.out.splitlines())) <= 80
    plain = " ".join(said.out.split())
    for words in LISTED[what]:
        assert words in plain, words
    singular = what.removesuffix("ies") + "y" if what.endswith("ies") else what.removesuffix("s")
    assert bidlab("list", singular.replace("_", "-"), "--plugin", tmp_path / "all_of_it.py").out == said.out


def test_check_needs_something_to_check() -> None:
    said = bidlab("check")
    assert (said.code, said.err) == (2, "bidlab: check: name a scenario, or give --plugin FILE\n")
