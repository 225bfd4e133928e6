"""Bad input: one clear line on stderr that says where and what is allowed, exit code 2, nothing written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.command import ARM, HEADER, ROWS, SCENARIO, TENDER, TOP, WORLD, Said, bidlab, files, lay_out


class Case(NamedTuple):
    """A scenario, a table and options of `bidlab run` that must be refused with these fragments in the line."""

    name: str
    fragments: tuple[str, ...]
    scenario: str = SCENARIO
    table: str | bytes = HEADER + ROWS
    options: tuple[str, ...] = ()


def edit(old: str, new: str, *fragments: str) -> Case:
    assert old in SCENARIO
    return Case(new.strip().replace("\n", " ")[:50] or f"no {old[:20]}", fragments, SCENARIO.replace(old, new))


def section(text: str, *fragments: str) -> Case:
    return Case(text.replace("\n", " ")[:60], fragments, TOP + WORLD + TENDER + text + ARM)


def world(line: str, *fragments: str) -> Case:
    return Case(line[:60], ("s.toml", "world.", *fragments), TOP + WORLD + line + TENDER + ARM)


def tender(line: str, *fragments: str) -> Case:
    return Case(line[:60], ("s.toml", "tender", *fragments), TOP + WORLD + TENDER + line + ARM)


def wealth(bankroll: str, *fragments: str) -> Case:
    text = TOP + WORLD + "arrivals = { every = 1 }\n" + TENDER + f"[bidders]\nbankroll = {bankroll}\n" + ARM
    return Case(bankroll, fragments, text)


def arm(text: str, *fragments: str) -> Case:
    return Case(text.strip().replace("\n", " ")[-60:], fragments, TOP + WORLD + TENDER + text)


def rule(mechanism: str, *fragments: str) -> Case:
    return Case(mechanism[:60] or "empty", fragments, SCENARIO.replace('"second_price"', mechanism))


def row(text: str, *fragments: str) -> Case:
    return Case(text[:40], ("t.csv", *fragments), table=HEADER + "a,t1,0.9,1,0.3,0.3\n\n" + text + "\n")


def trial(rows: str, *fragments: str) -> Case:
    """Repeated trials of one cell: their costs and ids."""
    lines = "".join(f"a,t1,0.9,1,{text.replace(',', ',0.3,')}\n" for text in rows.split("\n"))
    scenario = SCENARIO.replace('cost_belief = "belief"', 'cost_belief = "belief", trial = "trial"')
    return Case(f"trials {rows!r}", ("t.csv", *fragments), scenario, HEADER.replace("belief", "belief,trial") + lines)


def table(name: str, text: str | bytes, *fragments: str) -> Case:
    return Case(name, ("t.csv", *fragments), table=text)


def options(*given: str, says: tuple[str, ...]) -> Case:
    return Case(" ".join(given)[:60], says, options=given)


ONE_TASK = HEADER + "a,t1,0.9,1,0.3,0.3\nb,t1,0.6,0,0.05,0.05\n"
AGAIN = 'postings = 2\nexclude = "none"\n[bidders]\n'
SPLIT = '[standing]\nadvice = { record = "split" }\nexpected_cost = "actual"\n'
CARD = "[bidders]\ncard = { weight = 1, cost_weight = 0, "
INSTEAD = 'write record = "redrawn", tasks = h'
COSTS = 'cost_belief = "belief"'
FORMS = "{uniform = [low, high]}"

TOP_LEVEL = [
    edit("seed = 1", 'seed = "abc"', "s.toml", "seed", "whole number", '"abc"'),
    edit("seed = 1", "seed = -1", "seed", ">= 0", "-1"),
    edit("seed = 1", "seed = 18446744073709551616", "seed", "18446744073709551616"),
    edit("seed = 1", "seed = 1.0", "seed", "whole number"),
    edit("seed = 1", "seed = true", "seed", "whole number", "true"),
    edit("seed = 1", "seed = nan", "seed", "whole number"),
    edit("seed = 1", "", "seed", "missing"),
    edit("seed = 1", "seed = 1\nseed = 2", "s.toml", "TOML", "line 3"),
    edit("seed = 1", f"seed = {'9' * 5000}", "s.toml", "TOML"),
    edit("seed = 1", "sede = 1", "sede", "did you mean 'seed'", "allowed"),
    edit("replications = 2", "replications = 0", "replications", ">= 1", "0"),
    edit("replications = 2", "replications = -1", "replications", ">= 1", "-1"),
    edit("replications = 2", "replications = inf", "replications", "whole number"),
    edit("replications = 2", "replications = 1000000000000", "replications", "GiB of memory", "this machine has"),
    edit("replications = 2", f"replications = {'9' * 400}", "replications", "1e15"),
    edit('question = "Which?"', 'question = ""', "question", "not empty"),
    edit('question = "Which?"', 'question = "a"\nmarket = 3', "market", "table", "3"),
    Case("empty file", ("s.toml", "empty"), ""),
    Case("only a comment", ("s.toml", "empty"), "# nothing\n"),
    Case("no TOML", ("s.toml", "TOML"), "nonsense"),
    Case("nested too deeply", ("s.toml", "TOML"), "a = " + "[" * 5000),
    Case("no tender", ("tender", "missing"), TOP + WORLD + ARM),
    Case("no world", ("world", "missing"), TOP + TENDER + ARM),
]
WORLDS = [
    edit('table = "t.csv"', 'table = "no.csv"', "no.csv", "no such file"),
    edit('table = "t.csv"', 'table = "."', ".csv, .parquet or .jsonl"),
    edit('table = "t.csv"', 'table = "s.toml"', ".csv, .parquet or .jsonl"),
    edit('table = "t.csv"', "table = 3", "world.table", "text"),
    edit('table = "t.csv"', "", "world", "either table", "or profile"),
    edit(COSTS, 'cost_belief = "beleif"', "t.csv", "beleif", "did you mean 'belief'", "world.columns.cost_belief"),
    edit(COSTS, COSTS + ', claims = "claim"', "s.toml", "world.columns", "claims", "did you mean 'claim'"),
    edit(COSTS, COSTS + ', tokens = "belief"', "s.toml", "world.columns", "either"),
    edit(COSTS, 'tokens = "belief"', "world.columns", "usd_per_token"),
    edit('task = "task"', 'task = "agent"', "world.columns", "two columns"),
    edit('claim = "claim", ', "", "mechanism: second_price reads claims", "map columns.claim"),
    edit(COSTS, COSTS + ', agent = "agent"', "s.toml", "TOML", "uplicate"),
    world('order = "random"', "order", '"table" or "shuffled"', '"random"'),
    world("arrivals = { poisson = inf }", "arrivals", "tasks per tick", "inf"),
    world("arrivals = { poisson = 0 }", "arrivals"),
    world("arrivals = { poisson = 1e-300 }", "arrivals"),
    world("arrivals = { every = 1.5 }", "arrivals", "whole ticks"),
    world("arrivals = { every = 99999999999999999999 }", "arrivals", "1e9"),
    world("arrivals = 3", "arrivals", '"together"'),
    world("latency = 0.5", "latency", "whole number of ticks", "0.5"),
    world("latency = -1", "latency", "-1"),
    world("latency = { uniform = [0, 1e30] }", "latency", "1e9"),
    world("duration = inf", "duration", "inf"),
    world("infra = 1.5", "infra", "<= 1", "1.5"),
    world("infra = nan", "infra", "finite"),
    world("infra = true", "infra", "number", "true"),
    world("verifier = { false_pas = 0.1 }", "verifier.false_pas", "did you mean 'false_pass'"),
    world("verifier = 3", "verifier", "table"),
    world("bid_cost = -1", "bid_cost", ">= 0", "-1"),
    world("bid_cost = inf", "bid_cost", "finite", "inf"),
    world('beyond_tries = "loop"', "beyond_tries", '"refuse" or "repeat"'),
    world('trials = "shuffled"', "trials", '"exchangeable" or "in_order"'),
    world("agents = []", "agents", "empty"),
    world("agents = [3]", "agents", "text", "3"),
    world("lateny = 3", "lateny", "did you mean 'latency'"),
    world("[world.extra]\nx = 1", "extra", "unknown key"),
    Case("agent twice", ("world.agents", "twice"), TOP + WORLD + 'agents = ["a", "a"]\n' + TENDER + ARM),
    Case("no such agent", ("world.agents", "'aa'", "'a'"), TOP + WORLD + 'agents = ["aa"]\n' + TENDER + ARM),
]
TENDERS = [
    edit("reserve = 0.8", "reserve = -1", "tender.reserve", FORMS, "-1"),
    edit("reserve = 0.8", "reserve = nan", "tender.reserve", "nan"),
    edit("reserve = 0.8", "reserve = true", "tender.reserve", "true"),
    edit("reserve = 0.8", 'reserve = "valu"', "tender.reserve", '"value"'),
    edit("reserve = 0.8", "reserve = { uniform = [1, 0] }", "tender.reserve", "[1, 0]"),
    edit("reserve = 0.8", "reserve = { uniform = [0, inf] }", "tender.reserve", "inf"),
    edit("reserve = 0.8", "reserve = { unifrom = [0, 1] }", "tender.reserve", "unifrom", FORMS),
    edit("reserve = 0.8", "reserve = { uniform = [0, 1], share_of_value = 1 }", "tender.reserve"),
    edit("reserve = 0.8", "reserve = { best_reserve = 3 }", "tender.reserve", "best_reserve", "exponential", "3"),
    edit("reserve = 0.8", "reserve = { best_reserve = { uniform = [1, 1] } }", "tender.reserve", "low < high"),
    edit("reserve = 0.8", "reserve = { best_reserve = { power = { shap = 2 } } }", "power.shap", "shape"),
    edit("reserve = 0.8", "reserve = { best_reserve = { power = { low = 2.0 } } }", "power.low", "below high"),
    edit("reserve = 0.8", "reserve = { best_reserve = { exponential = 0 } }", "tender.reserve", "mean > 0"),
    edit("reserve = 0.8", "reserve = { lognormal = { mean = 1, cv = 1e200 } }", "tender.reserve"),
    edit("reserve = 0.8", "reserve = { exponential = 1e308 }", "tender.reserve", "1e12"),
    edit("reserve = 0.8", f"reserve = {'1' * 400}", "tender.reserve", "1e12"),
    edit("reserve = 0.8", "reserve = 1e400", "tender.reserve", "inf"),
    edit("reserve = 0.8", "", "tender.reserve", "missing"),
    edit("penalty = 0.0", "penalty = -1", "tender.penalty", ">= 0", "-1"),
    edit("penalty = 0.0", "penalty = nan", "tender.penalty", "finite"),
    edit("penalty = 0.0", 'penalty = "1"', "tender.penalty", "number", '"1"'),
    edit("penalty = 0.0", "penalty = [1]", "tender.penalty", "number", "[1]"),
    edit("penalty = 0.0", "penalty = 1e308", "tender.penalty", "1e12"),
    edit("penalty = 0.0", "penatly = 0.0", "tender.penatly", "did you mean 'penalty'"),
    edit("value = 1.0", "value = -1", "tender.value", "-1"),
    edit("value = 1.0", "value = inf", "tender.value", "inf"),
    edit("value = 1.0\nreserve = 0.8", 'reserve = "value"', "tender.value", "missing", "tender.reserve"),
    edit("value = 1.0\nreserve = 0.8", "reserve = { share_of_value = 2 }", "tender.value", "missing"),
    edit("value = 1.0\nreserve = 0.8", "reserve = { best_reserve = { uniform = [0, 1] } }", "tender.value", "missing"),
    tender("postings = 0", "postings", ">= 1"),
    tender("postings = 1001", "postings", "<= 1000"),
    tender("postings = 2", "exclude", '"none", "failed" or "hired"'),
    tender('postings = 2\nexclude = "nobody"', "exclude", "nobody"),
    tender("deadline = 5", "timeout", '"FAIL" or "INFRA"'),
    tender('deadline = 0\ntimeout = "FAIL"', "deadline", ">= 1"),
    tender('public = ["value"]', "public", "penalty"),
    tender('public = ["values", "penalty"]', "public", "values"),
    tender("escalation = { unfiled_factor = 1.2 }", "escalation.unfiled_factor", "did you mean 'unfilled_factor'"),
    tender("escalation = { unfilled_factor = 0.5 }", "escalation.unfilled_factor", ">= 1"),
    tender("escalation = { cap = inf }", "escalation.cap", "finite"),
    tender("escalation = 3", "escalation", "table"),
    tender("budget = -1", "tender.budget", "dollars from 0 to 1e12, or inf", "-1"),
    tender("budget = nan", "tender.budget", "or inf", "nan"),
    tender("principals = []", "principals", "must not be empty"),
    tender("principals = 3", "tender.principals", "list"),
    tender("principals = [{ share = 2.0 }]", "tender.principals.name", "missing"),
    tender('principals = [{ name = "" }]', "tender.principals.name", "one line"),
    tender('principals = [{ name = "p" }, { name = "p" }]', "principals", "two are named", '"p"'),
    tender('principals = [{ name = "p", shares = 2.0 }]', "shares", "did you mean 'share'"),
    tender('principals = [{ name = "p", share = 0.0 }]', "tender.principals.share", "> 0"),
    tender('principals = [{ name = "p", reserve = "price" }]', "tender.principals.reserve", '"value"', "price"),
    tender('principals = [{ name = "p", value = "high" }]', "tender.principals.value", "a number", "high"),
    tender('principals = [{ name = "p", penalty = inf }]', "tender.principals.penalty", "finite"),
    tender('principals = [{ name = "p", budget = "all" }]', "tender.principals.budget", "or inf", "all"),
    section(AGAIN + 'on_retry = "same"', "tender.postings", "2 times", "world.beyond_tries"),
    section('deadline = 3\ntimeout = "FAIL"\n[market]\nwindow = 3', "tender.deadline", "market.window"),
]
SECTIONS = [
    section("[market]\nwindow = -1", "s.toml", "market.window", ">= 0", "-1"),
    section("[market]\nwindow = 1.5", "market.window", "whole number"),
    section("[market]\nwindow = 1000000000000000000000", "market.window", "1e9"),
    section("[market]\ncapacity = 0", "market.capacity", "whole number >= 1, or inf", "0"),
    section("[market]\ncapacity = true", "market.capacity", "true"),
    section("[market]\ncapacity = nan", "market.capacity", "nan"),
    section("[market]\nalone = 1", "market.alone", "true or false"),
    section("[market]\noverhead = -1", "market.overhead", ">= 0"),
    section("[market]\nwindows = 3", "market.windows", "did you mean 'window'"),
    section("[market]\nwindow = 1\n[market]\ncapacity = 2", "s.toml", "TOML"),
    section('[bidders]\npolicy = "shade"', "bidders.policy", "did you mean 'shaded'", "truthful"),
    section(AGAIN, "bidders.on_retry must be stated", '"same" or "update"'),
    section(AGAIN + 'on_retry = "updated"', "bidders.on_retry", "did you mean 'update'"),
    section(AGAIN + "on_retry = 3", "bidders.on_retry", "name"),
    section(AGAIN + 'on_retry = "update"', "s.toml", "bidders.on_retry", "{update = {spread = logits}}"),
    section(AGAIN + "on_retry = { update = { spread = 0 } }", "bidders.on_retry", "update.spread", "> 0", "0"),
    section(AGAIN + "on_retry = { update = { spread = 21 } }", "bidders.on_retry", "update.spread", "<= 20"),
    section(AGAIN + "on_retry = { update = { spred = 1 } }", "spred", "did you mean 'spread'"),
    section(AGAIN + "on_retry = { same = { spread = 1 } }", "spread", "allowed: none"),
    section("[bidders]\ncard = { weight = 1, cost_weight = 0 }", "bidders.card.record", "missing"),
    section(CARD + 'record = "own" }', "bidders.card.record", '"redrawn", "split", "past" or "published"', '"own"'),
    section(CARD + 'record = "others" }', "bidders.card.record", '"others" is gone', INSTEAD, '"published"'),
    section(CARD + 'record = "redrawn" }', "bidders.card", "tasks must be stated"),
    section(CARD + 'record = "redrawn", tasks = 0 }', "bidders.card.tasks", ">= 1", "0"),
    section(CARD + 'record = "redrawn", tasks = 1000001 }', "bidders.card", "from 1 to 1e6", "1000001"),
    section(CARD + 'record = "split", tasks = 3 }', "bidders.card", 'tasks has a meaning with record = "redrawn" only'),
    section(CARD + 'record = "published", tasks = 3 }', "bidders.card", "tasks has a meaning", '"published"'),
    section(CARD + 'record = "past", tasks = 3 }', "bidders.card", "tasks has a meaning", '"past"'),
    section(
        CARD + 'record = "split", history = 3 }', "bidders.card", 'history has a meaning with record = "past" only'
    ),
    section(CARD + 'record = "split" }', "bidders.card", "at least 20 replications", "replications = 2"),
    section('[bidders]\ncard = { record = "past", weight = 1, cost_weight = 0 }', "world.arrivals", '"past"'),
    section("[bidder]\n", "bidder", "did you mean 'bidders'"),
    section("[bidders]\nbankroll = 1.0", "bidders.bankroll", "world.arrivals must be stated"),
    section("[bidders]\nbankroll = -1", "bidders.bankroll", "dollars from 0 to 1e12, or inf", "-1"),
    section("[bidders]\nbankroll = true", "bidders.bankroll", "true"),
    section("[bidders]\nbankroll = {}", "bidders.bankroll", "empty table"),
    section('[bidders]\nbankroll = { a = 1.0, "*" = "rich" }', "bidders.bankroll", "*: ", "rich"),
    wealth("{ a = 1.0 }", "bidders.bankroll", "'b' has none", '"*"'),
    wealth('{ aa = 1.0, "*" = 2.0 }', "bidders.bankroll", "no agent 'aa'", "did you mean 'a'", "allowed: a, b"),
    section('[standing]\nreputation = "agent_econ"', "standing.reputation", "did you mean 'agent_economy'"),
    section("[standing]\nreputation = { agent_economy = { start = -1 } }", "standing.reputation", "start", ">= 0"),
    section("[standing]\nreputation = { agent_economy = { strat = 1 } }", "strat", "did you mean 'start'"),
    section("[standing]\nreputation = { agent_economy = { low = 2 } }", "low <= start <= high"),
    section('[standing]\nreputation = "exponential"', "standing.reputation", "exponential.weight", "missing"),
    section("[standing]\nreputation = { exponential = { weight = 0 } }", "exponential.weight", "> 0", "0"),
    section("[standing]\nreputation = { beta = { decay = 1.5 } }", "standing.reputation", "beta.decay", "<= 1"),
    section('[standing]\nreputation = "beta"', "world.arrivals must be stated", "{every = 1}"),
    section('[standing]\nadvice = "abilty"', "standing.advice", "did you mean 'ability'", "thompson"),
    section("[standing]\nadvice = { ability = { eps = 1 } }", "standing.advice", "ability has no parameters"),
    section('[standing]\nadvice = "platt_online"', "standing.advice", "platt_online.eta", "missing"),
    section("[standing]\nadvice = { platt_online = { eta = 0.1, eps = 0 } }", "platt_online.eps", ">= 1e-9", "0"),
    section(
        "[standing]\nadvice = { platt_batch = { eps = 1e-18, memory = 9 } }", "platt_batch.eps", ">= 1e-9", "1e-18"
    ),
    section("[standing]\nadvice = { platt_batch = { eps = 0.01, memory = 0 } }", "platt_batch.memory", ">= 1"),
    section("[standing]\nadvice = { beta = { prior = 0 } }", "standing.advice", "beta.prior", "> 0"),
    section("[standing]\nadvice = { base_rate = { prior = 1.0 } }", "base_rate.mean", "missing"),
    section("[standing]\nadvice = { beta = { prior = 1.0, by_famly = true } }", "did you mean 'by_family'"),
    section('[standing]\nadvice = "thompson"', "world.arrivals must be stated", "{every = 1}"),
    section("[standing]\nadvice = { planner = { budget = 1.5, prior = 1.0 } }", "planner.budget", "whole number"),
    section("[standing]\nadvice = { planner = { budget = 5, prior = 1.0 } }", "planner needs a profile"),
    section("[standing]\nreputation = 3", "standing.reputation", "name"),
    section('[standing]\nexpected_cost = "mean"', "standing.expected_cost", '{record = "redrawn", tasks = number}'),
    section('[standing]\nexpected_cost = "leave_one_task_out"', "standing.expected_cost", "is gone", INSTEAD),
    section('[standing]\nexpected_cost = { record = "redrawn" }', "standing.expected_cost", "tasks must be stated"),
    section('[standing]\nexpected_cost = { record = "split" }', "standing.expected_cost", "at least 20 replications"),
    section("[standing]\nexpected_cost = { fixed = inf }", "standing.expected_cost", "inf"),
    section("[standing]\nexpected_cost = { fixed = true }", "standing.expected_cost", "true"),
    section("[standing]\nexpected_cost = { running_mean = {} }", "standing.expected_cost", "prior", "missing"),
    section("[standing]\nexpected_cost = { running_mean = { prior = 1e308 } }", "standing.expected_cost", "1e12"),
    section('[standing]\nadvice = "oracle"', "standing.advice", "outcome, ability, {record = ...}, planner"),
    section('[standing]\nadvice = "leave_one_task_out"', "standing.advice", '"leave_one_task_out" is gone', INSTEAD),
    section("[standing]\nadvice = { leave_one_task_out = {} }", "standing.advice", "is gone", INSTEAD),
    section('[standing]\nadvice = { record = "leave_one_task_out" }', "standing.advice", "is gone", INSTEAD),
    section('[standing]\nadvice = { record = "spilt" }', "standing.advice", "did you mean 'split'", '"spilt"'),
    section('[standing]\nadvice = { record = "published" }', "standing.advice", '"redrawn" or "split"', "of a card"),
    section('[standing]\nadvice = { record = "past" }', "standing.advice", '"redrawn" or "split"', "of a card"),
    section('[standing]\nadvice = { record = "split", tasks = 3 }', "standing.advice", "tasks has a meaning"),
    section('[standing]\nadvice = { record = "redrawn", task = 3 }', "standing.advice", "did you mean 'tasks'"),
    section('[standing]\nadvice = { record = "redrawn", tasks = true }', "standing.advice", "whole number", "true"),
    section('[standing]\nadvice = { record = "redrawn", tasks = 0 }', "standing.advice", "from 1 to 1e6", "0"),
    section('[standing]\nadvice = { record = "split" }', "standing.advice", "at least 20 replications", "got replic"),
    section('[standing]\nadvice = "ability"', "standing.advice", "ability"),
    Case(
        "halves of one task",
        ("standing.advice", 'record = "split" needs at least two tasks', "there is 1"),
        TOP.replace("replications = 2", "replications = 20")
        + WORLD
        + TENDER
        + SPLIT
        + ARM.replace("second_price", "route_by_advice"),
        ONE_TASK,
    ),
]
ARMS = [
    arm("", "arm", "missing"),
    Case("arm = 3", ("arm", "[[arm]]"), "arm = 3\n" + TOP + WORLD + TENDER),
    Case("arm = [3]", ("arm number 1", "table"), "arm = [3]\n" + TOP + WORLD + TENDER),
    Case("arm = []", ("arm", "empty"), "arm = []\n" + TOP + WORLD + TENDER),
    arm('[arm]\nname = "x"\nmechanism = "second_price"\n', "[[arm]]"),
    arm(ARM.replace('"x"', '""'), "arm number 1", "name", "not empty"),
    arm(ARM.replace('"x"', '"  "'), "name", "not empty"),
    arm(ARM.replace('"x"', '"a\\nb"'), "name", "one line"),
    arm(ARM.replace('"x"', "3"), "name", "text"),
    arm('[[arm]]\nmechanism = "second_price"\n', "arm number 1", "name", "missing"),
    arm(ARM + '[[arm]]\nname = "y"\n', "arm number 2", "mechanism", "missing"),
    arm(ARM + ARM, "two arms are named 'x'"),
    arm(ARM + "market = 3\n", "arm number 1", "market", "table"),
    arm(ARM + "tender = [1]\n", "tender", "table"),
    arm(ARM + "seed = 3\n", "seed", "unknown key"),
    arm(ARM + "market = { windw = 3 }\n", "arm 'x'", "market.windw", "did you mean 'window'"),
    arm(ARM + "market = { window = -3 }\n", "arm 'x'", "market.window", ">= 0"),
    arm(ARM + "tender = { reserve = -1 }\n", "arm 'x'", "tender.reserve", "-1"),
    arm(ARM + "tender = { deadline = 3 }\n", "arm 'x'", "timeout"),
    arm(ARM + 'world = { table = "o.csv" }\n', "arm 'x'", "world.table", "[world]"),
    rule('"secnd_price"', "arm 'x'", "unknown mechanism", "did you mean 'second_price'", "hire_all"),
    rule('""', "unknown mechanism", "hire_all"),
    rule("3", "mechanism", "name", "3"),
    rule("{}", "mechanism", "{name = {parameter = value}}"),
    rule("{ second_price = 3 }", "mechanism", "{name = {parameter = value}}"),
    rule("{ second_price = {}, first_price = {} }", "mechanism", "{name = {parameter = value}}"),
    rule("{ second_price = { x = 1 } }", "mechanism.second_price.x", "unknown key", "allowed: none"),
    rule(
        '{ first_score = { score = "qV" } }', "mechanism.first_score.score", '"qV-a", "q(V-a)" or "qV/(a+ec)"', '"qV"'
    ),
    rule("{ first_score = { score = [] } }", "mechanism.first_score.score", "empty list"),
    rule('{ first_score = { score = ["qV-a", 3] } }', "mechanism.first_score.score", "3"),
    rule('{ first_score = { score = [["qV-a"]] } }', "mechanism.first_score.score"),
    rule('{ first_score = { score = ["qV-a", "qV-a"] } }', "two arms are named"),
    rule('{ first_score = { scroe = "qV-a" } }', "scroe", "did you mean 'score'"),
    rule("{ always = { agent = true } }", "mechanism.always.agent", "true"),
    rule("{ agent_economy = { credits_per_dollar = inf } }", "credits_per_dollar", "finite"),
    rule("{ agent_economy = { credits_per_dollar = 0 } }", "credits_per_dollar", "> 0"),
    rule("{ agent_economy = { rounded = 1 } }", "rounded", "true or false"),
    rule('"always"', "mechanism.always.agent", "missing"),
    rule('"route_by_advice"', "arm 'x'", "route_by_advice needs standing.advice"),
    rule('"agent_economy"', "needs standing.expected_cost"),
    Case(
        "penalty on q(V-a)",
        ("arm 'x'", "tender.penalty: must be 0 with second_score(score=q(V-a))", "claiming failure", "got 0.5"),
        SCENARIO.replace("penalty = 0.0", "penalty = 0.5").replace(
            '"second_price"', '{second_score = {score = "q(V-a)"}}'
        ),
    ),
    Case(
        "penalty of one principal on the hybrid",
        ("tender.principals.penalty of 'dear': must be 0 with hybrid", "got 0.25"),
        SCENARIO.replace(ARM, "")
        + '[[tender.principals]]\nname = "mild"\n[[tender.principals]]\nname = "dear"\npenalty = 0.25\n'
        + '[standing]\nadvice = "outcome"\n'
        + ARM.replace('"second_price"', '"hybrid"'),
    ),
    Case(
        "score rule, no value",
        ("first_score needs tender.value",),
        SCENARIO.replace("value = 1.0", "").replace("second_price", "first_score"),
    ),
]
ROW = "row 2 (line 4)"
TABLES = [
    row("b,t1,1.3,1,.3,.3", ROW, "claim", "[0, 1]", "'1.3'"),
    row("b,t1,-.1,1,.3,.3", ROW, "claim"),
    row("b,t1,nan,1,.3,.3", ROW, "claim", "nan"),
    row("b,t1,inf,1,.3,.3", ROW, "claim", "inf"),
    row("b,t1,,1,.3,.3", ROW, "claim", "nothing"),
    row('b,t1,"0,5",1,.3,.3', ROW, "claim", "'0,5'"),
    row("b,t1,.5,2,.3,.3", ROW, "success", "0 or 1"),
    row("b,t1,.5,yes,.3,.3", ROW, "success", "'yes'"),
    row("b,t1,.5,1,-.3,.3", ROW, "cost", "'-.3'"),
    row("b,t1,.5,1,inf,.3", ROW, "cost", "inf"),
    row("b,t1,.5,1,nan,.3", ROW, "cost", "nan"),
    row("b,t1,.5,1,1e400,.3", ROW, "cost", "1e400"),
    row("b,t1,.5,1,1e308,.3", ROW, "cost", "1e12"),
    row("b,t1,.5,1,1_000,.3", ROW, "cost", "1_000"),
    row("b,t1,.5,1,0x10,.3", ROW, "cost", "0x10"),
    row("b,t1,.5,1,\u0661,.3", ROW, "cost"),
    row("b,t1,.5,1,true,.3", ROW, "cost", "true"),
    row("b,t1,.5,1,.3,-.3", ROW, "belief", "-.3"),
    row("a,t1,.5,1,.3,.3", ROW, "duplicate of row 1", "agent 'a', task 't1'", "world.columns.trial"),
    row("a ,t1,.5,1,.3,.3", ROW, "duplicate of row 1"),
    trial("1,x\n2,a\n3,x", "row 3 (line 4)", "duplicate of row 1", "agent 'a', task 't1', trial x"),
    trial("1,7\n2,07.0\n3,8", "row 2 (line 3)", "duplicate of row 1", "trial 07.0"),
    trial("1,9007199254740993\n2,9007199254740993\n3,8", "row 2 (line 3)", "trial 9007199254740993"),
    trial("1,7\n2, \n3,8", "row 2 (line 3)", "trial is empty"),
    row(",t1,.5,1,.3,.3", ROW, "agent is empty"),
    row("b,,.5,1,.3,.3", ROW, "task is empty"),
    row('"b\nc",t1,.5,1,.3,.3', ROW, "agent", "one line"),
    row("b\0,t1,.5,1,.3,.3", ROW, "agent", "control"),
    row("b,t1,.5,1,.3", "line 4", "5 fields", "6"),
    row("b,t1,.5,1,.3,.3,9", "line 4", "7 fields", "6"),
    row('"b,t1,.5,1,.3,.3', "line 4", "CSV"),
    table("empty", "", "empty"),
    table("blank lines", "\n\n", "no rows"),
    table("header only", HEADER, "no rows"),
    table("missing column", "agent,task\na,t1\n", "no column 'claim'", "agent, task"),
    table("column twice", HEADER.strip() + ",claim\na,t1,.5,1,.3,.3,.7\n", "'claim'", "twice"),
    table("semicolons", (HEADER + ROWS).replace(",", ";"), "no column 'agent'", "commas"),
    table("trailing commas", HEADER + ROWS.replace("\n", ",\n"), "line 2", "7 fields"),
    table("Latin-1", (HEADER + ROWS.replace("b,", "é,")).encode("latin-1"), "UTF-8"),
    table("UTF-16", (HEADER + ROWS).encode("utf-16"), "UTF-8"),
    table("too many cells", HEADER + "".join(f"a{i},t{i},1,1,1,1\n" for i in range(100_000)), "GiB of memory"),
]
OPTIONS = [
    options("--seed", "abc", says=("--seed abc", "whole number")),
    options("--seed", "-1", says=("seed", ">= 0", "-1")),
    options("--seed", "1.5", says=("--seed 1.5", "whole number")),
    options("--seed", "", says=("--seed", "whole number")),
    options("--replications", "0", says=("replications", ">= 1", "0")),
    options("--replications", "-1", says=("replications", ">= 1", "-1")),
    options("--replications", "1e3", says=("--replications 1e3", "whole number")),
    options("--replications", "1000000000000", says=("1,000,000,000,000 replications", "GiB", "this machine has")),
    options("--set", "tender.penalty", says=("--set tender.penalty", "key=value")),
    options("--set", "=3", says=("--set =3", "key=value")),
    options("--set", "tender..penalty=3", says=("--set tender..penalty=3", "key=value")),
    options("--set", "tender.penalty=-1", says=("tender.penalty", ">= 0", "-1")),
    options("--set", "tender.penalty=1\nseed=3", says=("tender.penalty", "number")),
    options("--set", "tender.penatly=1", says=("tender.penatly", "did you mean 'penalty'")),
    options("--set", "tender.reserve.uniform=[1,0]", says=("--set", "tender.reserve holds 0.8", "no table")),
    options("--set", "tender.reserve={uniform=[1,0]}", says=("tender.reserve", "[1, 0]")),
    options("--set", "tender.value=", says=("tender.value", '""')),
    options("--set", f"tender.escalation.every={10**30}", says=("tender.escalation.every", "<= 1e9")),
    options("--set", "arm.0.name=x", says=("--set arm.0.name=x", "arms are set in the file")),
    options("--set", "world.agents=a", says=("world.agents", "list")),
    options(
        "--set",
        "tender.postings=1000",
        "--set",
        "tender.exclude=hired",
        "--replications",
        "1000000000",
        says=("up to 1,000 postings", "GiB", "tender.postings"),
    ),
    options("--mechanism", "secnd_price", says=("secnd_price", "did you mean 'second_price'")),
    options("--mechanism", "always", says=("always.agent", "missing")),
    options("--mechanism", "", says=("--mechanism", "name")),
    options("--mechanism", "{always=", says=("--mechanism {always=", "{name = {parameter = value}}")),
    options("--mechanism", "second_price", "--mechanism", "second_price", says=("two arms are named",)),
    options("--plugin", "no.py", says=("--plugin no.py", "cannot be read")),
    options("--plugin", ".", says=("--plugin .", "cannot be read")),
]


def assert_refused(said: Said, *fragments: str) -> None:
    assert said.code == 2, said
    assert said.err.endswith("\n")
    lines = said.err.splitlines()
    assert 1 <= len(lines) <= 21, said.err
    for line in lines:
        assert line.startswith("bidlab: "), said.err
        assert len(line) < 700
    assert "Traceback" not in said.err
    for fragment in fragments:
        assert fragment in said.err


@pytest.mark.parametrize(
    "case",
    [*TOP_LEVEL, *WORLDS, *TENDERS, *SECTIONS, *ARMS, *TABLES, *OPTIONS],
    ids=lambda case: case.name.encode("ascii", "replace").decode(),
)
def test_is_refused_in_one_line_and_nothing_is_written(case: Case, tmp_path: Path) -> None:
    scenario = lay_out(tmp_path, case.scenario, case.table)
    before = files(tmp_path)
    assert_refused(bidlab("run", scenario, "--out", tmp_path / "o", *case.options), *case.fragments)
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "fragments"),
    [
        ("nope", ("no scenario 'nope'", "marketbench_replay")),
        ("marketbench_repla", ("did you mean 'marketbench_replay'",)),
        ("", ("no scenario", "bundled")),
        ("/tmp", ("no scenario '/tmp'",)),
        ("../scenarios/marketbench_replay", ("no scenario",)),
        ("nope.toml", ("nope.toml", "No such file")),
        ("a\0.toml", ("cannot be read",)),
    ],
)
def test_scenario_that_is_none(name: str, fragments: tuple[str, ...]) -> None:
    assert_refused(bidlab("check", name), *fragments)


@pytest.mark.parametrize(("encoding", "fragment"), [("utf-16", "UTF-8"), ("latin-1", "UTF-8")])
def test_scenario_in_another_encoding(tmp_path: Path, encoding: str, fragment: str) -> None:
    path = lay_out(tmp_path)
    path.write_bytes(SCENARIO.replace("Which?", "Wé?").encode(encoding))
    assert_refused(bidlab("check", path), "s.toml", fragment)


def test_scenario_that_is_a_directory(tmp_path: Path) -> None:
    (tmp_path / "d.toml").mkdir()
    assert_refused(bidlab("check", tmp_path / "d.toml"), "d.toml", "directory")


def test_seed_and_replications_in_another_interpreter(tmp_path: Path) -> None:
    """The same through a real process: exit code, streams and all."""
    scenario = lay_out(tmp_path)
    command = [sys.executable, "-m", "bidlab", "run", str(scenario), "--out", str(tmp_path / "o")]
    done = subprocess.run([*command, "--seed", "abc"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "bidlab: --seed abc: must be a whole number\n"
    assert files(tmp_path) == {"s.toml", "t.csv"}


OBJECT = '{"agent": "a", "task": "t1", "claim": 0.9, "success": 1, "cost": 0.3, "belief": 0.3}'


@pytest.mark.parametrize(
    ("text", "fragments"),
    [
        ("{broken\n", ("line 1", "JSON")),
        (OBJECT + "\n\n{broken\n", ("line 3", "JSON")),
        (OBJECT.replace('"claim": 0.9, ', "") + "\n" + OBJECT, ("row 1 (line 1)", "claim", "nothing")),
        (OBJECT.replace("0.9", "NaN"), ("claim", "nan")),
        (OBJECT.replace("0.9", "null"), ("claim", "nothing")),
        (OBJECT.replace("0.9", "true"), ("claim", "True")),
        (OBJECT.replace("0.9", "[1]"), ("claim", "[1]")),
        (OBJECT.replace("0.9", "1" + "0" * 400), ("claim", "[0, 1]")),
        (OBJECT.replace('"a"', "null"), ("agent is empty",)),
        (OBJECT.replace('"a"', '["a"]'), ("agent must be text",)),
        (OBJECT.replace('"a"', '"\\ud800"'), ("agent", "control")),
        (OBJECT.replace('"claim": 0.9', '"claim": 0.9, "claim": 0.5'), ("line 1", "'claim' occurs twice")),
        (f"[{OBJECT}]\n", ("line 1", "JSON object")),
        ("3\n", ("line 1", "JSON object")),
        ("[" * 100_000, ("line 1", "JSON")),
        ("\n", ("no rows",)),
    ],
)
def test_bad_json_lines(tmp_path: Path, text: str, fragments: tuple[str, ...]) -> None:
    path = lay_out(tmp_path, SCENARIO.replace("t.csv", "t.jsonl"))
    (tmp_path / "t.jsonl").write_text(text, encoding="utf-8")
    assert_refused(bidlab("check", path), "t.jsonl", *fragments)


@pytest.mark.parametrize(
    ("changes", "fragments"),
    [
        ({"claim": [0.5, None]}, ("row 2", "claim", "nothing")),
        ({"claim": [0.5, float("nan")]}, ("row 2", "claim", "nan")),
        ({"claim": [True, False]}, ("row 1", "claim", "True")),
        ({"cost": [True, False]}, ("row 1", "cost", "True")),
        ({"cost": [[1.0], [2.0]]}, ("row 1", "cost")),
        ({"agent": ["a", None]}, ("row 2", "agent is empty")),
        ({"agent": [1.0, float("nan")]}, ("row 2", "agent is empty")),
        ({"agent": ["a", "a"], "task": ["t", "t"]}, ("row 2", "duplicate of row 1")),
        ({"success": [1, 2]}, ("row 2", "success")),
    ],
)
def test_bad_parquet(tmp_path: Path, changes: dict[str, list[object]], fragments: tuple[str, ...]) -> None:
    columns = {"agent": ["a", "b"], "task": ["t", "t"], "claim": [0.5, 0.6], "success": [1, 0]}
    columns |= {"cost": [0.1, 0.2], "belief": [0.1, 0.2]}
    path = lay_out(tmp_path, SCENARIO.replace("t.csv", "t.parquet"))
    pq.write_table(pa.table(columns | changes), tmp_path / "t.parquet")
    assert_refused(bidlab("check", path), "t.parquet", *fragments)


def test_file_that_is_no_parquet(tmp_path: Path) -> None:
    path = lay_out(tmp_path, SCENARIO.replace("t.csv", "t.parquet"))
    (tmp_path / "t.parquet").write_bytes(b"PAR1 and nothing else")
    assert_refused(bidlab("check", path), "t.parquet", "cannot be read as parquet")


def test_out_that_cannot_be_used(tmp_path: Path) -> None:
    """A file, a folder with something else in it, a place under a file, a place nothing can be written to."""
    scenario = lay_out(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    before = files(tmp_path)
    for out, fragment in (
        (tmp_path / "t.csv", "is a file"),
        (tmp_path / "full", "holds no run"),
        (tmp_path, "holds no run"),
        (tmp_path / "t.csv" / "o", "cannot be written"),
        (tmp_path / "t.csv" / "deeper" / "o", "cannot be written"),
        (Path("/proc/bidlab"), "cannot be written"),
    ):
        assert_refused(bidlab("run", scenario, "--out", out), f"--out {out}", fragment)
        assert files(tmp_path) == before


PLUGIN = """
from dataclasses import dataclass
import numpy as np
from sim.kit.arrays import Award
from sim.mechanisms import Capabilities, Mechanism, Promises, contract, register, select

@register("mine")
@dataclass(frozen=True)
class Mine(Mechanism):
    summary = "mine"
    promises = Promises(ask=False, claim=False, rational=True, efficient=False, no_deficit=False)

    def __call__(self, bids, tender, standing, lottery):
        chosen = select(-bids.ask, bids.active, lottery)
        return contract(chosen.hired, bids.ask, 0.0, chosen.by_tie)
"""
RETURN = "return contract(chosen.hired, bids.ask, 0.0, chosen.by_tie)"


@pytest.mark.parametrize(
    ("old", "new", "fragments"),
    [
        (PLUGIN, "def x(:\n", ("line 1", "SyntaxError")),
        (PLUGIN, "\n1 / 0\n", ("line 2", "ZeroDivisionError")),
        (PLUGIN, 'raise ValueError("two\\nlines")\n', ("line 1", "two lines")),
        (PLUGIN, "raise SystemExit(0)\n", ("line 1", "SystemExit")),
        (PLUGIN, "x = 1\n", ("registers nothing",)),
        (PLUGIN, "", ("registers nothing",)),
        ('"mine"', '"second_price"', ("line 7", "registered already")),
        ('"mine"', '""', ("name",)),
        ("(frozen=True)", "", ("line 7", "frozen")),
        ("(Mechanism)", "", ("subclass",)),
        ('summary = "mine"', "pass", ("summary",)),
        ("def __call__", "def clear", ("__call__",)),
        ('summary = "mine"', 'summary = "mine"\n    k: float', ("default",)),
        ('summary = "mine"', 'summary = "mine"\n    k: np.ndarray = None', ("annotated",)),
        ('summary = "mine"', 'summary = "mine"\n    capabilities = Capabilities(needs={"moon"})', ("needs", "moon")),
        (
            'summary = "mine"',
            'summary = "mine"\n    capabilities = Capabilities(couples_tasks=True)',
            ("couples tasks", "must define assign"),
        ),
        ('summary = "mine"', 'summary = "mine"\n    in_turns = True', ("in_turns", "Capabilities(in_turns=...)")),
        ('summary = "mine"', 'summary = "mine"\n    capabilities = {"in_turns"}', ("must be a Capabilities",)),
        ("    promises = Promises", "    other = Promises", ("must define", "promises")),
        (RETURN, 'raise RuntimeError("boom")', ("line 15", "mechanism 'mine'", "boom")),
        (RETURN, "return None", ("must return an Award", "NoneType")),
        (RETURN, "return contract(np.ones(7, bool), 1.0, 0.0, np.False_)", ("hired must have shape", "(7,)")),
        (RETURN, "return contract(chosen.hired, np.nan * bids.ask, 0.0, chosen.by_tie)", ("pay_success", "finite")),
        (RETURN, "return contract(~bids.active, 1.0, 0.0, chosen.by_tie)", ("bids.active",)),
        (
            RETURN,
            f"award = {RETURN[7:]}; return Award.trusted(**vars(award), turn=award.hired * 1)",
            ("in_turns=True",),
        ),
        (
            RETURN,
            f"award = {RETURN[7:]}; return Award.trusted(**vars(award), budget=award.hired * 1.0)",
            ("takes_menu=True",),
        ),
        (
            RETURN,
            f"award = {RETURN[7:]}; return Award.trusted(**vars(award), turn=award.hired * 1.0)",
            ("turn must be whole",),
        ),
        (RETURN, "bids.ask[...] = 0", ("line 15", "read-only")),
        ("select(-bids.ask", "select(bids.ask.max() - bids.ask * bids.ask.ndim", ("one by one",)),
        (RETURN, RETURN + "\n    def terms(self, bids, tender, standing): return 3", ("terms",)),
        (RETURN, RETURN + "\n    def truthful_ask(self, belief, cost, notice): return None", ("truthful_ask",)),
    ],
)
def test_bad_plugin(tmp_path: Path, old: str, new: str, fragments: tuple[str, ...]) -> None:
    scenario, plugin = lay_out(tmp_path), tmp_path / "p.py"
    plugin.write_text(PLUGIN.replace(old, new))
    before = files(tmp_path)
    said = bidlab("run", scenario, "--out", tmp_path / "o", "--plugin", plugin, "--mechanism", "mine")
    assert_refused(said, f"--plugin {plugin}", *fragments)
    assert files(tmp_path) == before


def test_plugin_that_mixes_postings(tmp_path: Path) -> None:
    """A rule that reduces over every axis clears one posting right and a batch wrong; it must not run."""
    scenario, plugin = lay_out(tmp_path), tmp_path / "p.py"
    plugin.write_text(
        PLUGIN.replace(
            RETURN,
            "hired = bids.active & (bids.ask == np.where(bids.active, bids.ask, 9.0).min())\n"
            + 8 * " "
            + "return contract(hired, bids.ask, 0.0, np.zeros(bids.ask.shape[:-1], bool))",
        )
    )
    said = bidlab("check", scenario, "--plugin", plugin, "--mechanism", "mine")
    assert_refused(said, "a batch of postings", "axis=-1")
