"""What one setting of a scenario says, as a sentence: ALWAYS of settings that are stated also at their defaults.

STATED has those that say something else at some values than at others, or read their arm too, where they are not at
their defaults. What any other key says stands at its Field, with a place for its value (sim/specs).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sim.kit.amounts_in_words import arrivals, dollars, percent, reserve, ticks
from sim.kit.invalid import written

Arm = Mapping[str, Any]
Words = Callable[[Any, Arm], str]  # of a setting, from its value and its arm; "" where there is nothing to tell

_WHO = {
    "none": "everybody",
    "failed": "everybody but those that failed",
    "hired": "only who was not hired yet",
}
_RECORD = {
    "redrawn": "their results on other tasks, drawn with replacement",
    "split": "their results on the other half of the tasks",
    "past": "their own attempts in this market so far",
    "published": "their results on all other tasks",
}
_TRUTHFUL = (
    "Every agent bids the truth by its own belief: the price at which it expects neither gain nor loss, or what it "
    "expects an attempt to cost, as the rule asks."
)


def _world(profile: Any, arm: Arm) -> str:
    world = arm["world"]
    if world["live"] is not None:
        return "Agents and outcomes are real: respondents were asked and their work was verified."
    if world["table"] is not None:
        return (
            f"Agents, claims, costs and outcomes are a recorded table ({_file(world['table'])}): what an agent did at "
            "a task is known, and whoever is hired gets exactly that."
        )
    tasks = f"{world['tasks']:,} tasks in each replication"
    return (
        f"Agents and tasks are drawn from the fitted population {_file(profile)}, {tasks}: abilities, beliefs, costs "
        "and outcomes are random, and the same for every arm."
    )


def _file(raw: Any) -> str:
    return raw if isinstance(raw, str) else "imported results"


def _value(value: Any, arm: Arm) -> str:
    if value is None:
        return "No value of a success is stated, so that surplus and welfare are unknown."
    if isinstance(value, int | float):
        return f"A success is worth {dollars(value)} to the principal."
    return f"What a success is worth to the principal is {dollars(value)}."


def _reserve(value: Any, arm: Arm) -> str:
    public = "reserve" in arm["tender"]["public"]
    seen = "Bidders see it." if public else "Bidders do not see it, unless the rule announces it."
    return f"The most that a posting pays (the reserve) is {reserve(value)}. {seen}"


def _penalty(value: Any, arm: Arm) -> str:
    if value == 0:
        return "Who fails pays no penalty."
    return f"Who fails pays a penalty of {dollars(value)} under price and score rules."


def _postings(value: Any, arm: Arm) -> str:
    if value == 1:
        return "A task is offered once."
    who = _WHO[arm["tender"]["exclude"] or "none"]
    return f"A task that nobody solved is offered again, up to {value:,} times in all; {who} may bid again."


def _alone(value: Any, arm: Arm) -> str:
    if value:
        return "Each agent faces every task in a market of its own: nobody competes."
    return "All agents compete for every task."


def _capacity(value: Any, arm: Arm) -> str:
    if value == "inf":
        return "An agent can work on any number of tasks at a time."
    tasks = f"{value:,} task{'s' if value > 1 else ''}"
    return f"An agent can work on {tasks} at a time; while it is busy its bids do not count."


def _window(value: Any, arm: Arm) -> str:
    if value == 0:
        return "A posting is cleared in the tick in which it goes out; bids take no time unless a latency is stated."
    return f"A posting is cleared {ticks(value)} after it goes out; a later bid does not count."


def _policy(value: Any, arm: Arm) -> str:
    return _TRUTHFUL if value == "truthful" else f"Agents bid by the policy {written(value)}."


def _own_policies(value: Any, arm: Arm) -> str:
    return "; ".join(f"{name} bids by a policy of its own, {written(policy)}" for name, policy in value.items()) + "."


def _bankroll(value: Any, arm: Arm) -> str:
    amount = f"{dollars(value)} each" if isinstance(value, int | float) else written(value)
    return (
        f"Agents start with limited wealth ({amount}): who runs out leaves the market, and nobody is hired under a "
        "bond it cannot post."
    )


def _card(value: Any, arm: Arm) -> str:
    return f"Agents read a card with {_RECORD[value['record']]} before they bid, and move their claims towards it."


def _knobs(value: Any, arm: Arm) -> str:
    if isinstance(value, list):
        return f"Only these agents take part: {', '.join(value)}."
    parts = []
    for name, knobs in value.items():
        turned = [f"{key} {written(each)}" for key, each in knobs.items() if each is not None and each != 0.0]
        parts.append(f"{'everybody' if name == '*' else name}: {', '.join(turned) or 'as fitted'}")
    return f"The fitted agents are changed ({'; '.join(parts)})."


def _principals(value: Any, arm: Arm) -> str:
    own = []
    for one in value:
        stated = [f"{key} {written(each)}" for key, each in one.items() if key != "name" and each is not None]
        own.append(f"{one['name']} ({', '.join(stated)})" if stated else one["name"])
    return f"Tasks belong to {', '.join(own)}; what a principal does not state is as for all."


def _reputation(value: Any, arm: Arm) -> str:
    return f"The allocator keeps a reputation of each agent, learned from verified outcomes: {written(value)}."


def _expected_cost(value: Any, arm: Arm) -> str:
    if isinstance(value, dict) and "running_mean" in value:
        return "The allocator learns what an agent's attempts cost from those that have ended."
    if value == "actual":
        return "The allocator knows what each attempt will cost."
    if isinstance(value, dict) and "record" in value:
        return f"The allocator expects costs by a record of the agents: {_RECORD[value['record']]}."
    return f"What the allocator expects an attempt to cost is {written(value)}."


def _advice(value: Any, arm: Arm) -> str:
    if value in ("outcome", "ability"):
        knows = "what will happen" if value == "outcome" else "the true abilities"
        return f"The allocator is advised by an oracle that knows {knows}: a bound, not a rule one could use."
    if isinstance(value, dict) and "record" in value:
        return f"The allocator is advised by a record of the agents: {_RECORD[value['record']]}."
    return f"The allocator is advised by {written(value)}."


def _verifier(value: Any, arm: Arm) -> str:
    wrong, right = value["false_pass"], value["false_fail"]
    if not wrong and not right:
        return "The verifier makes no errors: who truly succeeds passes." if arm["world"]["live"] is None else ""
    return f"The verifier passes {percent(wrong)} of failures and fails {percent(right)} of successes."


def _escalation(value: Any, arm: Arm) -> str:
    if value["policy"] is not None:
        return f"When a task is posted again its reserve rises by the policy {written(value['policy'])}."
    every = "every failure" if value["every"] == 1 else f"every {value['every']} failures"
    return (
        f"When a task is posted again its reserve rises: by a factor of {value['unfilled_factor']:g} if nobody was "
        f"hired, of {value['failed_factor']:g} after {every}, up to {value['cap']:g} times the first."
    )


ALWAYS: dict[str, Words] = {
    "world.profile": _world,
    "world.arrivals": lambda value, arm: arrivals(value),
    "world.verifier": _verifier,
    "tender.value": _value,
    "tender.reserve": _reserve,
    "tender.penalty": _penalty,
    "tender.postings": _postings,
    "market.alone": _alone,
    "market.capacity": _capacity,
    "market.window": _window,
    "bidders.policy": _policy,
}
STATED: dict[str, Words] = {
    "world.agents": _knobs,
    "tender.principals": _principals,
    "tender.escalation": _escalation,
    "tender.deadline": lambda value, arm: (
        f"A task closes {ticks(value)} after it arrives; an attempt that is still running then counts as "
        f"{arm['tender']['timeout']}."
    ),
    "bidders.agents": _own_policies,
    "bidders.bankroll": _bankroll,
    "bidders.card": _card,
    "standing.reputation": _reputation,
    "standing.expected_cost": _expected_cost,
    "standing.advice": _advice,
}
