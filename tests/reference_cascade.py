"""Naive scalar rules of the cascade and of production plans without menus, as in `tests.reference`."""

from __future__ import annotations

from tests.reference import Agent, Result, Task, luckiest, result


def chain_value(agents: list[Agent], chain: list[int], worth: float, check: float) -> float:
    """What trying these agents one after the other until one passes is worth by their bids."""
    total, still_open = 0.0, 1.0
    for i in chain:
        total += still_open * (agents[i].claim * worth - agents[i].ask - check)
        still_open *= 1.0 - agents[i].claim
    return total


def best_chain(agents: list[Agent], able: list[int], worth: float, check: float, most: int) -> tuple[float, list[int]]:
    """Value and members of the best chain of at most `most` of `able`, in that order; equal values try."""
    if not able or most == 0:
        return 0.0, []
    first, rest = able[0], able[1:]
    skipped, others = best_chain(agents, rest, worth, check, most)
    after, followers = best_chain(agents, rest, worth, check, most - 1)
    q = agents[first].claim
    tried = (q * worth - (agents[first].ask + check)) + (1.0 - q) * after
    return (tried, [first, *followers]) if tried >= skipped else (skipped, others)


def cascade(
    agents: list[Agent],
    task: Task,
    order: tuple[int, ...] | None = None,
    at_most: int | None = None,
    verification: float = 0.0,
) -> Result:
    """Tries in turn, on the Vickrey contract written with the best chain without each agent."""
    worth, most = min(task.value, task.reserve), len(agents) if at_most is None else at_most
    ratio = {i: (a.ask + verification) / a.claim for i, a in enumerate(agents) if a.active and a.claim >= 1e-9}
    able = [i for i in ratio if ratio[i] <= worth]
    if order is None:
        able.sort(key=lambda i: (ratio[i], agents[i].lottery, i))
    else:
        able = [i for i in order if i in able]
    chain = able if order is None and at_most is None else best_chain(agents, able, worth, verification, most)[1]
    contracts, reach, left = {}, 1.0, most
    for place, i in enumerate(chain):
        later = able[able.index(i) + 1 :]
        left -= 1
        after = best_chain(agents, later, worth, verification, left)[0]
        without = best_chain(agents, [j for j in able if j != i], worth, verification, most)[0]
        before = chain_value(agents, chain[:place], worth, verification)
        d = (without - before) / reach if reach > 0 else after
        if order is None and at_most is None:
            d = after
        whole = agents[i].claim * worth - agents[i].ask - verification + (1.0 - agents[i].claim) * after
        d = max(after, min(d, whole))
        contracts[i] = (worth - verification - d, after - verification - d)
        reach *= 1.0 - agents[i].claim
    return result(len(agents), contracts)._replace(order=chain)


def production_plans(agents: list[Agent], task: Task, payment: str = "contingent") -> Result:
    """Without menus: the best q V - a, on the contract that leaves the principal the bar, or the second score's."""
    scores = {i: a.claim * task.value - a.ask for i, a in enumerate(agents) if a.active}
    if payment == "second_score":
        scores = {i: s for i, s in scores.items() if agents[i].claim >= 1e-9}
        scores = {i: s for i, s in scores.items() if agents[i].ask <= agents[i].claim * task.reserve}
    scores = {i: s for i, s in scores.items() if s >= task.value - task.reserve}
    if not scores:
        return result(len(agents), {})
    winner = luckiest(agents, [i for i, s in scores.items() if s == max(scores.values())])
    bar = max([task.value - task.reserve] + [s for i, s in scores.items() if i != winner])
    if payment == "contingent":
        return result(len(agents), {winner: (task.value - bar, -bar)})
    return result(len(agents), {winner: (min(task.reserve, task.value - bar / agents[winner].claim), 0.0)})
