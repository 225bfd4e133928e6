"""A naive market, one replication, one moment and one agent at a time, against which the event market is compared.

Written from the definition of a market, not from the package: no heap, no batches. A list of pending moments
(tick, kind, task, posting, agent) is searched for its least element, which then happens. Every clearing asks the
mechanism with a row of its own, (n,). Rows are dicts with the names and codes of the ledger's columns.

What it settles beyond the order of moments:
- a bid that does not count is told as the first of: exited, withdrawn, excluded, abstained, late, busy, no bond;
- every bid that was made costs its agent, whether it counts or not; an agent that abstains, is excluded or has exited
  made none, and nobody made one where the tender was withdrawn;
- an agent whose wealth is found at 0 or below at a clearing has left for good; one that would be hired under a bond
  that exceeds its wealth, less the bonds of what it has running, is away from that clearing, all such at once, and the
  clearing is asked again; a bid's cost is taken before bonds are asked for;
- a tender whose reserve exceeds the principal's budget, less what it paid and what it may still have to pay, is
  withdrawn, and its task closes;
- "failed" excludes who had a verified FAIL at the task, "hired" who had any earlier attempt at it;
- a posting that could not clear before the deadline is not made: the task closes, for the reason "deadline";
- an attempt that would end after the deadline ends at it, for its full cost, without success, with the mapped status;
- an attempt lost to the system is no success;
- the reserve rises after each posting nobody cleared, and at failures as they are verified;
- an agent believes of a task what its own FAILs at it leave it, and by its card what its attempts that completed
  before the posting went out make of that; the card holds what it believed without one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import expit, logit

from sim.arrays import Bids, Notice, Standing, Status, Tender
from sim.bidding import BidderState
from sim.ledger import OUTCOME, REASON
from sim.retry import posterior
from sim.rules import Rules
from sim.world import World
from tests.reference import MeanCost, reputation_step

COMPLETION, CLEARING, POSTING = 0, 1, 2
Row = dict[str, Any]
Attempt = tuple[float, float, float, float]  # passed, belief, cost, cost belief


def mean_of(values: tuple[float, ...]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


NO_BID = ("excluded", "abstained", "exited", "withdrawn")
Pledge = dict[tuple[int, int, int] | str, float]  # dollars set aside for each running attempt, and their "sum"


def pledge(pledges: Pledge, attempt: tuple[int, int, int], dollars: float) -> None:
    pledges[attempt] = dollars
    pledges["sum"] = pledges.get("sum", 0.0) + dollars


def release(pledges: Pledge, attempt: tuple[int, int, int]) -> None:
    pledges["sum"] -= pledges.pop(attempt)
    if len(pledges) == 1:
        pledges.clear()


def left_of(money: float, pledges: Pledge) -> float:
    return money - pledges.get("sum", 0.0)


def naive_market(world: World, rules: Rules) -> dict[str, list[Row]]:
    """Rows of attempts, bids and clearings, replication after replication, in the order of the clearings."""
    tables: dict[str, list[Row]] = {"attempts": [], "bids": [], "clearings": []}
    for replication in range(world.n_replications):
        for name, rows in NaiveMarket(world, rules, replication).run().items():
            tables[name] += rows
    return tables


class NaiveMarket:
    """One replication. `moments` lists what happened, in order."""

    def __init__(self, world: World, rules: Rules, replication: int) -> None:
        self.world, self.rules, self.r = world, rules, replication
        n, tasks = range(world.n_agents), range(world.n_tasks)
        self.agents = n
        self.moments: list[tuple[int, ...]] = []
        self.pending = [(int(world.arrival[replication, t]), POSTING, t, 0, -1) for t in tasks]
        self.tables: dict[str, list[Row]] = {"attempts": [], "bids": [], "clearings": []}
        self.reserve = [float(world.reserve[replication, t]) for t in tasks]
        self.bounty: dict[int, float] = {}  # the reserve in credits, once it was raised in them
        self.offers: dict[tuple[int, int], Row] = {}
        self.running: dict[tuple[int, int, int], Row] = {}
        self.history: list[list[tuple[int, str]]] = [[] for _ in tasks]  # completed attempts: (agent, status)
        self.hired: list[list[int]] = [[] for _ in tasks]
        self.busy = [0 for _ in n]
        self.reputation = [1.0 for _ in n]
        learner = rules.expected_cost.learner
        self.card: list[list[Attempt]] = [[] for _ in n]
        self.wealth = list(rules.bankroll or [math.inf for _ in n])
        self.bonds: list[Pledge] = [{} for _ in n]
        self.gone = [False for _ in n]
        self.budget = list(rules.budgets or [math.inf for _ in world.principals])
        self.owed: list[Pledge] = [{} for _ in world.principals]
        self.mean_cost = [MeanCost(learner.prior, learner.weight) for _ in n] if learner is not None else []

    def run(self) -> dict[str, list[Row]]:
        while self.pending:
            moment = min(self.pending)
            self.pending.remove(moment)
            self.moments.append(moment)
            tick, kind, task, posting, agent = moment
            if kind == COMPLETION:
                self.complete(tick, task, posting, agent)
            elif kind == CLEARING:
                self.clear(tick, task, posting)
            else:
                self.post(tick, task, posting)
        return self.tables

    def whose(self, task: int) -> int:
        return 0 if self.world.principal is None else int(self.world.principal[self.r, task])

    def penalty(self, task: int) -> float:
        return self.rules.penalty if self.rules.penalties is None else self.rules.penalties[self.whose(task)]

    def deadline(self, task: int) -> float:
        stated = self.rules.deadline
        return math.inf if stated is None else int(self.world.arrival[self.r, task]) + stated

    # Posting: bids are formed.

    def post(self, tick: int, task: int, posting: int) -> None:
        world, at = self.world, (self.r, task)
        offer: Row = {"posted": tick, "reserve": self.reserve[task], "value": float(world.value[at])}
        seen = {
            name: np.float64(amount if name in self.rules.public else math.nan)
            for name, amount in (*offer.items(), ("penalty", self.penalty(task)))
            if name != "posted"
        }
        tries = np.array([self.hired[task].count(i) for i in self.agents], np.int64)
        failures = np.array([self.history[task].count((i, "FAIL")) for i in self.agents], np.int64)
        notice = Notice(**seen, posting=np.int64(posting))
        believed = [self.after_card(task, i) if world.present[at][i] else (math.nan, math.nan) for i in self.agents]
        offer["believed"] = believed
        belief, cost_belief = (np.array(column) for column in zip(*believed, strict=True))
        ask, claim = self.rules.bidder(belief, cost_belief, notice, BidderState(tries, failures))
        offer["bids"] = [
            (float(ask[i]), float(claim[i])) if world.present[at][i] and math.isfinite(ask[i]) else None
            for i in self.agents
        ]
        self.offers[task, posting] = offer
        self.pending.append((tick + self.rules.window, CLEARING, task, posting, -1))

    # Beliefs.

    def believed(self, task: int, agent: int) -> float:
        """Belief after the agent's own failures at the task, without any card."""
        failures = self.history[task].count((agent, "FAIL"))
        if failures == 0 or self.world.retry_belief is None:
            return float(self.world.belief[self.r, task, agent])
        return float(self.world.retry_belief[self.r, task, agent, failures - 1])

    def after_card(self, task: int, agent: int) -> tuple[float, float]:
        """Belief and cost belief after own failures and own card."""
        belief, cost = self.believed(task, agent), float(self.world.cost_belief[self.r, task, agent])
        if self.rules.card is None or not self.card[agent]:
            return belief, cost
        card, attempts = self.rules.card.card, self.card[agent][: self.rules.card.card.history]
        success, claim, spent, expected = (mean_of(column) for column in zip(*attempts, strict=True))
        if 0 < claim < 1 and card.weight > 0:
            first = float(self.world.belief[self.r, task, agent])
            if success in (0, 1):
                belief = success
            else:
                belief = float(expit(logit(first) + card.weight * (logit(success) - logit(claim))))
            failures = self.history[task].count((agent, "FAIL"))
            if failures and self.world.spread is not None:
                belief = float(posterior(belief, self.world.spread[self.r, task, agent], failures))
        if expected > 0:
            cost *= float(np.power(np.array([spent / expected]), card.cost_weight)[0])
        return belief, cost

    # Clearing: slots, exclusions and standing are read.

    def clear(self, tick: int, task: int, posting: int) -> None:
        offer, rules = self.offers[task, posting], self.rules
        self.gone = [gone or wealth <= 0 for gone, wealth in zip(self.gone, self.wealth, strict=True)]
        withdrawn = left_of(self.budget[self.whose(task)], self.owed[self.whose(task)]) < offer["reserve"]
        why = [
            "exited" if self.gone[i] else "withdrawn" if withdrawn else self.why_not(task, i, offer["bids"][i])
            for i in self.agents
        ]
        made = [(math.nan, math.nan) if bid is None else bid for bid in offer["bids"]]
        for i in self.agents:
            if why[i] not in NO_BID:
                self.wealth[i] -= rules.bid_cost
        tender = Tender(offer["value"], offer["reserve"], self.penalty(task), np.int64(posting))
        standing = self.standing(task)
        lacking: list[int] | None = None
        while lacking is None or lacking:
            for i in lacking or ():
                why[i] = "no bond"
            bids = Bids(
                ask=np.array([ask for ask, _ in made]),
                claim=np.array([claim for _, claim in made]),
                active=np.array([reason is None for reason in why]),
            )
            award = rules.mechanism(bids, tender, standing, self.world.lottery[self.r, task, posting])
            lacking = [
                i
                for i in self.agents
                if award.hired[i] and self.lacks(i, min(float(award.pay_success[i]), float(award.pay_failure[i])))
            ]

        winners = [i for i in self.agents if award.hired[i]]
        self.tell_bids(task, posting, made, why, winners, self.score(bids, tender, standing))
        row = {
            "replication": self.r,
            "task": task,
            "posting": posting,
            "posted": offer["posted"],
            "tick": tick,
            "value": offer["value"],
            "reserve": offer["reserve"],
            "penalty": self.penalty(task),
            "principal": self.whose(task),
            "n_active": why.count(None),
            "n_hired": len(winners),
            "by_tie": bool(award.by_tie),
            "overhead": rules.overhead,
            "closed": None,
            "alone": self.world.n_agents,
        }
        self.tables["clearings"].append(row)
        offer["row"], offer["left"], offer["statuses"] = row, len(winners), []
        for i in winners:
            self.start(tick, task, posting, i, made[i], float(award.pay_success[i]), float(award.pay_failure[i]))
        if withdrawn:
            row["closed"] = REASON.index("no budget")
        elif not winners:
            if rules.escalation is not None:
                self.raise_reserve(task, rules.escalation.unfilled_factor)
            self.end_posting(tick, task, posting, "unfilled")

    def lacks(self, agent: int, worst: float) -> bool:
        """The contract takes more, where it pays the worst, than the agent has left."""
        return worst < 0 and -worst > left_of(self.wealth[agent], self.bonds[agent])

    def why_not(self, task: int, agent: int, bid: tuple[float, float] | None) -> str | None:
        """Why this bid does not count, None where it does."""
        failed = (agent, "FAIL") in self.history[task]
        if (self.rules.exclude == "failed" and failed) or (self.rules.exclude == "hired" and agent in self.hired[task]):
            return "excluded"
        if bid is None:
            return "abstained"
        if self.world.latency[self.r, task, agent] > self.rules.window:
            return "late"
        return "busy" if self.busy[agent] >= self.rules.capacity else None

    def score(self, bids: Bids, tender: Tender, standing: Standing) -> list[float]:
        total = [math.nan for _ in self.agents]
        for place, term in enumerate(self.rules.mechanism.terms(bids, tender, standing).values()):
            total = [float(term[i]) if place == 0 else total[i] + float(term[i]) for i in self.agents]
        return total

    def tell_bids(
        self,
        task: int,
        posting: int,
        made: list[tuple[float, float]],
        why: list[str | None],
        winners: list[int],
        score: list[float],
    ) -> None:
        for i in self.agents:
            none_made = why[i] in NO_BID
            outcome = why[i] or ("won" if i in winners else "lost")
            self.tables["bids"].append(
                {
                    "replication": self.r,
                    "task": task,
                    "posting": posting,
                    "agent": i,
                    "ask": math.nan if none_made else made[i][0],
                    "claim": math.nan if none_made else made[i][1],
                    "score": score[i] if why[i] is None else math.nan,
                    "outcome": OUTCOME.index(outcome),
                    "bid_cost": 0.0 if none_made else self.rules.bid_cost,
                }
            )

    # Standing.

    def standing(self, task: int) -> Standing:
        rows = [(self.reputation[i], self.expected_cost(task, i), self.advice(task, i)) for i in self.agents]
        reputation, cost, advice = (np.array(column, float) for column in zip(*rows, strict=True))
        return Standing(reputation, cost, advice)

    def expected_cost(self, task: int, agent: int) -> float:
        source = self.rules.expected_cost
        if source.kind == "actual":
            return float(self.world.cost[self.r, task, agent, self.next_try(task, agent)])
        if source.kind == "leave_one_task_out":
            return self.elsewhere(task, agent, lambda t: float(self.world.cost[self.r, t, agent, 0]))
        return self.mean_cost[agent].mean() if source.kind == "learned" else source.dollars

    def advice(self, task: int, agent: int) -> float:
        if self.rules.advice == "outcome":
            return float(self.truly(task, agent, self.next_try(task, agent)))
        if self.rules.advice == "ability":
            return float(self.world.ability[self.r, task, agent])
        if self.rules.advice == "leave_one_task_out":
            return self.elsewhere(task, agent, lambda t: float(self.truly(t, agent, 0)))
        return math.nan

    def elsewhere(self, task: int, agent: int, of: Any) -> float:
        """Mean over the other tasks the agent can bid on."""
        others = [of(t) for t in range(self.world.n_tasks) if t != task and self.world.present[self.r, t, agent]]
        return sum(others) / len(others) if others else math.nan

    def truly(self, task: int, agent: int, turn: int) -> bool:
        at = self.r, task, agent, turn
        return bool(self.world.success[at]) and not bool(self.world.infra[at])

    def next_try(self, task: int, agent: int) -> int:
        return min(self.hired[task].count(agent), self.world.n_tries - 1)

    # Attempts.

    def start(
        self, tick: int, task: int, posting: int, agent: int, bid: tuple[float, float], won: float, lost: float
    ) -> None:
        turn, known = self.hired[task].count(agent), self.next_try(task, agent)
        at = self.r, task, agent, known
        finish, timed_out = tick + int(self.world.duration[at]), False
        status = "INFRA" if self.world.infra[at] else "PASS" if self.world.verified[at] else "FAIL"
        if finish > self.deadline(task):
            finish, timed_out, status = int(self.deadline(task)), True, self.rules.timeout.name
        self.hired[task].append(agent)
        self.busy[agent] += 1
        row = {
            "replication": self.r,
            "task": task,
            "posting": posting,
            "agent": agent,
            "try": turn,
            "start": tick,
            "finish": finish,
            "status": int(Status[status]),
            "timed_out": timed_out,
            "success": self.truly(task, agent, known) and not timed_out,
            "ask": bid[0],
            "claim": bid[1],
            "pay_success": won,
            "pay_failure": lost,
            "payment": {"PASS": won, "FAIL": lost, "INFRA": 0.0}[status],
            "cost": float(self.world.cost[at]),
        }
        self.tables["attempts"].append(row)
        self.running[task, posting, agent] = row | {"said": status}
        self.pending.append((finish, COMPLETION, task, posting, agent))
        pledge(self.bonds[agent], (task, posting, agent), max(0.0, -won, -lost))
        pledge(self.owed[self.whose(task)], (task, posting, agent), max(0.0, won, lost))

    def complete(self, tick: int, task: int, posting: int, agent: int) -> None:
        row, offer, rules = self.running.pop((task, posting, agent)), self.offers[task, posting], self.rules
        status = row["said"]
        self.busy[agent] -= 1
        self.wealth[agent] += row["payment"] - row["cost"]
        self.budget[self.whose(task)] -= row["payment"]
        release(self.bonds[agent], (task, posting, agent))
        release(self.owed[self.whose(task)], (task, posting, agent))
        if rules.reputation is not None:
            self.reputation[agent] = reputation_step(self.reputation[agent], status)
        if self.mean_cost:
            self.mean_cost[agent].seen.append(row["cost"])
        if status != "INFRA":
            believed = self.believed(task, agent), float(self.world.cost_belief[self.r, task, agent])
            self.card[agent].append((float(status == "PASS"), believed[0], row["cost"], believed[1]))
        self.history[task].append((agent, status))
        if status == "FAIL" and rules.escalation is not None:
            failures = sum(said == "FAIL" for _, said in self.history[task])
            if failures % rules.escalation.every == 0:
                self.raise_reserve(task, rules.escalation.failed_factor)
        offer["statuses"].append("TIMEOUT" if row["timed_out"] else status)
        if status == "PASS":
            offer["solved"] = True
        offer["left"] -= 1
        if offer["left"] == 0:
            if offer.get("solved"):
                offer["row"]["closed"] = REASON.index("solved")
            else:
                self.end_posting(tick, task, posting, "deadline" if "TIMEOUT" in offer["statuses"] else "failed")

    def end_posting(self, tick: int, task: int, posting: int, reason: str) -> None:
        again = tick + self.rules.repost_delay
        if posting + 1 < self.rules.postings:
            reason = "deadline"
            if again + self.rules.window < self.deadline(task):
                reason = "reposted"
                self.pending.append((again, POSTING, task, posting + 1, -1))
        self.offers[task, posting]["row"]["closed"] = REASON.index(reason)

    def raise_reserve(self, task: int, factor: float) -> None:
        """R -> min(cap R0, factor R), or the same in whole credits; a factor of 1 never raises, nothing lowers."""
        rule, first = self.rules.escalation, float(self.world.reserve[self.r, task])
        if factor == 1:
            return
        if rule.credits_per_dollar is None:
            self.reserve[task] = min(rule.cap * first, factor * self.reserve[task])
            return
        bounty, limit = (
            self.bounty.get(task, first * rule.credits_per_dollar),
            rule.cap * first * rule.credits_per_dollar,
        )
        self.bounty[task] = max(bounty, min(limit, max(bounty + 1, round(factor * bounty))))
        self.reserve[task] = self.bounty[task] / rule.credits_per_dollar
