"""A naive market, one replication, one moment and one agent at a time, against which the event market is compared.

Written from the definition of a market, not from the package: no heap, no batches. A list of pending moments
(tick, kind, task, posting, agent) is searched for its least element, which then happens. Every clearing asks the
mechanism with a row of its own, (n,). Rows are dicts with the names and codes of the ledger's columns.

What it settles beyond the order of moments:
- a bid that does not count is told as the first of: exited, withdrawn, excluded, abstained, late, busy, no bond;
- every bid that was made costs its agent, whether it counts or not; an agent that abstains, is excluded or has exited
  made none, and nobody made one where the tender was withdrawn;
- a fee is owed at the clearing by whom the award names, hired or not;
- one that would be hired under a bond, or owe a fee, that exceeds what it has left is away from that clearing, all
  such at once, and the clearing is asked again; a bid's cost is taken before bonds are asked for; who waits for its
  turn has posted its bond, and has it back when the posting ends;
- a tender whose reserve exceeds what its principal has left is withdrawn, and its task closes;
- "failed" excludes who had a verified FAIL at the task, "hired" who had any earlier attempt at it;
- a posting that could not clear before the deadline is not made: the task closes, for the reason "deadline";
- an attempt that would end after the deadline ends at it, for its full cost, without success, with the mapped status;
- an attempt lost to the system is no success;
- an attempt that would cost more than its budget costs that, fails, and takes that share of its ticks, rounded up;
- all hired hold a slot from the clearing; where the award names turns, the least turn left starts when no attempt is
  running, none has passed and the deadline has not come; those whose turn never comes leave no attempt;
- the reserve rises after each posting nobody cleared, and at failures as they are verified;
- the work of an award's first turn starts so many ticks after the clearing as approval takes, and a posting that could
  not start before the deadline is not made;
- an agent that has made all the bids it may makes none, and is told so where nothing else keeps it from bidding; the
  principal's own hand makes no bids that are counted;
- what the principal's own hand costs the principal pays, and what asking costs where it asks.

What agents believe and principals have learned is in `tests.reference_knowledge`, money in `tests.reference_accounts`
and `tests.reference_transfers`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.agents.bidding import BidderState
from sim.kit.arrays import Bids, Notice, Standing, Status, Tender
from sim.kit.draws import derived
from sim.ledger.ledger import OUTCOME, REASON
from sim.market.rules import Rules
from sim.world.world import World
from tests.reference_accounts import NaiveAccounts
from tests.reference_knowledge import NaiveKnowledge
from tests.reference_transfers import ALLOCATOR, NATURE, NaiveTransfers

COMPLETION, CLEARING, POSTING = 0, 1, 2
Row = dict[str, Any]
NO_BID = ("excluded", "abstained", "exited", "withdrawn", "bid limit")


def naive_market(world: World, rules: Rules) -> dict[str, list[Row]]:
    """Rows of attempts, bids, clearings and accounts, replication after replication, in the order of the clearings."""
    tables: dict[str, list[Row]] = {"attempts": [], "bids": [], "clearings": [], "accounts": []}
    for replication in range(world.n_replications):
        market = NaiveMarket(world, rules, replication)
        if rules.market.entry is not None:  # a bond is forfeited at the last clearing, which nobody knows to be it
            market.last = len(NaiveMarket(world, rules, replication).run()["clearings"]) - 1
        for name, rows in market.run().items():
            tables[name] += rows
    return tables


class NaiveMarket(NaiveKnowledge):
    """One replication. `moments` lists what happened, in order."""

    def __init__(self, world: World, rules: Rules, replication: int) -> None:
        super().__init__(world, rules, replication)
        n, tasks = range(world.n_agents), range(world.n_tasks)
        self.moments: list[tuple[int, ...]] = []
        self.pending = [(int(world.arrival[replication, t]), POSTING, t, 0, -1) for t in tasks]
        self.tables: dict[str, list[Row]] = {"attempts": [], "bids": [], "clearings": [], "accounts": []}
        self.reserve = [float(world.reserve[replication, t]) for t in tasks]
        self.bounty: dict[int, float] = {}  # the reserve in credits, once it was raised in them
        self.offers: dict[tuple[int, int], Row] = {}
        self.made: list[tuple[int, int, Row]] = []  # place of the clearing, agent, attempt
        self.running: dict[tuple[int, int, int], Row] = {}
        self.busy = [0 for _ in n]
        self.n_bids = [0 for _ in n]
        self.entered: set[int] = set()
        self.last = -1  # place of the last clearing
        self.accounts = NaiveAccounts(rules, world.n_agents, len(world.principals))
        kept = rules.bankroll is not None, rules.budgets is not None
        self.transfers = NaiveTransfers(replication, world.n_agents, *kept, rules.market.escrow)

    def run(self) -> dict[str, list[Row]]:
        while self.pending:
            moment = min(self.pending)
            self.pending.remove(moment)
            self.moments.append(moment)
            tick, kind, task, posting, agent = moment
            self.transfers.begin(tick, task, posting)
            if kind == COMPLETION:
                self.complete(tick, task, posting, agent)
            elif kind == CLEARING:
                self.clear(tick, task, posting)
            else:
                self.post(tick, task, posting)
            if self.has_closed(self.owner(task)):
                self.transfers.close(self.owner(task))
        self.tables["attempts"] = [row for _, _, row in sorted(self.made, key=lambda made: made[:2])]
        self.tables["accounts"] = self.transfers.rows
        return self.tables

    def has_closed(self, principal: int) -> bool:
        """All tasks of the principal have."""
        done = {
            row["task"] for row in self.tables["clearings"] if row["closed"] not in (None, REASON.index("reposted"))
        }
        return all(task in done for task in range(self.world.n_tasks) if self.owner(task) == principal)

    def owner(self, task: int) -> int:
        return 0 if self.world.principal is None else int(self.world.principal[self.r, task])

    def penalty(self, task: int) -> float:
        return self.rules.penalty if self.rules.penalties is None else self.rules.penalties[self.owner(task)]

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
        silent = None if world.silent is None else world.silent[at]
        ask, claim = self.rules.bidder(belief, cost_belief, notice, BidderState(tries, failures, silent))
        offer["bids"] = [
            (float(ask[i]), float(claim[i])) if world.present[at][i] and math.isfinite(ask[i]) else None
            for i in self.agents
        ]
        self.offers[task, posting] = offer
        self.pending.append((tick + self.rules.window, CLEARING, task, posting, -1))

    # Clearing: slots, exclusions and standing are read.

    def clear(self, tick: int, task: int, posting: int) -> None:
        offer, rules = self.offers[task, posting], self.rules
        self.accounts.read()
        withdrawn = self.accounts.withdraws(self.owner(task), offer["reserve"])
        why = [
            "exited" if self.accounts.gone[i] else "withdrawn" if withdrawn else self.why_not(task, i, offer["bids"][i])
            for i in self.agents
        ]
        made = [(math.nan, math.nan) if bid is None else bid for bid in offer["bids"]]
        tender = Tender(offer["value"], offer["reserve"], self.penalty(task), np.int64(posting))
        standing = self.standing(task, posting, [claim for _, claim in made])
        charged = [i for i in self.agents if why[i] not in NO_BID]
        for i in charged:
            self.n_bids[i] += 1
        self.accounts.charge(charged, rules.bid_cost)
        for i in charged:
            self.transfers.move(self.transfers.agent(i), NATURE, "cost", rules.bid_cost)
        lacking: list[int] | None = None
        while lacking is None or lacking:
            for i in lacking or ():
                why[i] = "no bond"
            bids = Bids(
                ask=np.array([ask for ask, _ in made]),
                claim=np.array([claim for _, claim in made]),
                active=np.array([reason is None for reason in why]),
            )
            bids = rules.menus(bids)
            award = rules.mechanism(bids, tender, standing, self.world.lottery[self.r, task, posting])
            hired = [i for i in self.agents if award.hired[i]]
            fees = [0.0 if award.fee is None else float(award.fee[i]) for i in self.agents]
            lacking = [
                i
                for i in self.agents
                if (i in hired or fees[i] > 0)
                and self.accounts.lacks(i, float(award.pay_success[i]), float(award.pay_failure[i]), fees[i])
            ]
        if rules.market.entry is not None:
            for i, reputation in enumerate(standing.reputation):
                fees[i] += self.owed_by_name(i, why[i] is None, float(reputation))
        self.accounts.collect(self.owner(task), fees)
        for i in self.agents:
            self.transfers.move(self.transfers.agent(i), self.transfers.principal(self.owner(task)), "fee", fees[i])
        winners = [i for i in self.agents if award.hired[i]]
        asks = self.world.unasked is None or not self.world.unasked[self.r, task]
        overhead = self.overhead(asks, bool(winners))
        self.tell_bids(task, posting, made, why, winners, self.score(bids, tender, standing), fees)
        row = {
            "replication": self.r,
            "task": task,
            "posting": posting,
            "posted": offer["posted"],
            "tick": tick,
            "value": offer["value"],
            "reserve": offer["reserve"],
            "penalty": self.penalty(task),
            "principal": self.owner(task),
            "n_active": why.count(None),
            "n_hired": len(winners),
            "by_tie": bool(award.by_tie),
            "overhead": overhead,
            "closed": None,
            "alone": self.world.n_agents,
        }
        offer["place"] = len(self.tables["clearings"])
        self.tables["clearings"].append(row)
        offer["row"], offer["statuses"] = row, []
        # Whose turn is when: everybody's at once where the award says nothing.
        turns = offer["turns"] = {i: 0 if award.turn is None else int(award.turn[i]) for i in winners}
        offer["queue"] = [
            (turns[i], i, made[i], float(award.pay_success[i]), float(award.pay_failure[i])) for i in winners
        ]
        offer["budgets"] = [math.inf if award.budget is None else float(award.budget[i]) for i in self.agents]
        for i in winners:
            self.busy[i] += 1
            contract = float(award.pay_success[i]), float(award.pay_failure[i])
            self.accounts.hold((task, posting, i), self.owner(task), *contract)
            self.transfers.hold((task, posting, i), self.owner(task), *contract)
        self.transfers.move(ALLOCATOR, NATURE, "cost", overhead)
        self.next_turn(tick + rules.market.approval_delay, task, posting)
        if withdrawn:
            row["closed"] = REASON.index("no budget")
        elif not winners:
            if rules.escalation is not None:
                self.raise_reserve(task, rules.escalation.unfilled_factor)
            self.end_posting(tick, task, posting, "unfilled")

    def owed_by_name(self, agent: int, active: bool, reputation: float) -> float:
        """What a name owes for its first bid that counts, and at the last clearing for standing badly."""
        entry, owed = self.rules.market.entry, 0.0
        if active and reputation >= (self.rules.standing.least_reputation or 0.0) and agent not in self.entered:
            self.entered.add(agent)
            owed += entry.fee
        forfeits = len(self.tables["clearings"]) == self.last and agent in self.entered and reputation < entry.least
        return owed + (entry.bond if forfeits else 0.0)

    def overhead(self, asks: bool, hires: bool) -> float:
        escrow = self.rules.market.escrow
        posting_cost = getattr(self.rules.mechanism, "posting_cost", 0.0) if asks else 0.0
        return self.rules.overhead + posting_cost + (escrow.fee if escrow is not None and hires else 0.0)

    def why_not(self, task: int, agent: int, bid: tuple[float, float] | None) -> str | None:
        """Why this bid does not count, None where it does."""
        failed = (agent, "FAIL") in self.history[task]
        if (self.rules.exclude == "failed" and failed) or (self.rules.exclude == "hired" and agent in self.hired[task]):
            return "excluded"
        if bid is None:
            return "abstained"
        most = self.rules.bidders.most_bids
        if most is not None and self.n_bids[agent] >= most and agent not in self.rules.staff:
            return "bid limit"
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
        fees: list[float],
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
                    "belief": self.offers[task, posting]["believed"][i][0],
                    "cost_belief": self.offers[task, posting]["believed"][i][1],
                    "score": score[i] if why[i] is None else math.nan,
                    "outcome": OUTCOME.index(outcome),
                    "bid_cost": 0.0 if none_made else self.rules.bid_cost,
                    "fee": fees[i],
                }
            )

    # Attempts.

    def start(
        self, tick: int, task: int, posting: int, agent: int, bid: tuple[float, float], won: float, lost: float
    ) -> None:
        turn, known = self.hired[task].count(agent), self.next_try(task, agent)
        at = self.r, task, agent, known
        cost, lasts = float(self.world.cost[at]), int(self.world.duration[at])
        budget, believed = self.offers[task, posting]["budgets"][agent], self.offers[task, posting]["believed"][agent]
        enough = cost <= budget
        if not enough:
            cost, lasts = budget, math.ceil(lasts * (budget / cost))
        finish, timed_out = tick + lasts, False
        status = "INFRA" if self.world.infra[at] else "PASS" if self.world.verified[at] and enough else "FAIL"
        if finish > self.deadline(task):
            finish, timed_out, status = int(self.deadline(task)), True, self.rules.timeout.name
        review, inspected = self.rules.market.inspection, False
        if review is not None and not timed_out and status != "INFRA":
            inspected = bool(derived(self.world.lottery[self.r, task, posting, agent], "inspection") < review.rate)
            status = status if inspected else "PASS"
        truly = self.truly(task, agent, known) and enough and not timed_out
        wrong = review is not None and status == "PASS" and not truly
        self.hired[task].append(agent)
        score = float(status == "PASS")
        if self.world.score is not None and status != "INFRA" and enough and not timed_out:
            score = float(self.world.score[at])
        pay = {"PASS": won, "FAIL": lost, "INFRA": 0.0}[status]
        if 0.0 < score < 1.0:
            pay = lost + score * (won - lost)
        row = {
            "replication": self.r,
            "task": task,
            "posting": posting,
            "agent": agent,
            "try": turn,
            "turn": self.offers[task, posting]["turns"][agent],
            "start": tick,
            "finish": finish,
            "status": int(Status[status]),
            "timed_out": timed_out,
            "success": truly,
            "score": score,
            "ask": bid[0],
            "claim": bid[1],
            "belief": believed[0],
            "cost_belief": believed[1],
            "pay_success": won,
            "pay_failure": lost,
            "budget": budget if math.isfinite(budget) else math.nan,
            "payment": pay,
            "cost": cost,
            "inspection": review.cost if review is not None and inspected else 0.0,
            "harm": review.harm if review is not None and wrong else 0.0,
        }
        if self.rules.plans is not None:
            plan = self.rules.plans.at(np.array(bid[0]), np.array(bid[1]), np.array(budget))
            row |= {"claim": float(plan.claim), "ask": float(plan.ask)}
            plan = self.rules.plans.at(np.array(believed[1]), np.array(believed[0]), np.array(budget))
            row |= {"belief": float(plan.claim), "cost_belief": float(plan.ask)}
        self.made.append((self.offers[task, posting]["place"], agent, row))
        self.running[task, posting, agent] = row | {"said": status}
        self.pending.append((finish, COMPLETION, task, posting, agent))

    def next_turn(self, tick: int, task: int, posting: int) -> None:
        """Those start whose turn number is the least of all still in the queue."""
        offer = self.offers[task, posting]
        now = [entry for entry in offer["queue"] if entry[0] == min(offer["queue"])[0]]
        offer["queue"] = [entry for entry in offer["queue"] if entry not in now]
        offer["left"] = len(now)
        for _, agent, bid, won, lost in now:
            self.start(tick, task, posting, agent, bid, won, lost)

    def complete(self, tick: int, task: int, posting: int, agent: int) -> None:
        row, offer, rules = self.running.pop((task, posting, agent)), self.offers[task, posting], self.rules
        status = row["said"]
        self.busy[agent] -= 1
        hire, owner, dollars = (task, posting, agent), self.owner(task), (row["payment"], row["cost"])
        self.accounts.settle(hire, owner, *dollars)
        self.transfers.settle(hire, offer["place"], owner, *dollars, makes=agent in rules.staff)
        self.transfers.move(ALLOCATOR, NATURE, "cost", row["inspection"])
        if status != "INFRA":
            self.verified[agent].append(status == "PASS")
            self.lessons.append((self.world.family[task], agent, row["claim"], status == "PASS"))
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
            if offer["queue"] and not offer.get("solved") and tick < self.deadline(task):
                self.next_turn(tick, task, posting)
                return
            for _, waiting, *_ in sorted(offer["queue"], key=lambda entry: entry[:2]):
                self.busy[waiting] -= 1
                self.accounts.settle((task, posting, waiting), owner, 0.0, 0.0)
                self.transfers.settle((task, posting, waiting), offer["place"], owner, 0.0, 0.0)
            if offer.get("solved"):
                offer["row"]["closed"] = REASON.index("solved")
            else:
                self.end_posting(tick, task, posting, "deadline" if "TIMEOUT" in offer["statuses"] else "failed")

    def end_posting(self, tick: int, task: int, posting: int, reason: str) -> None:
        again = tick + self.rules.market.repost_delay
        if posting + 1 < self.rules.postings:
            reason = "deadline"
            if again + self.rules.window + self.rules.market.approval_delay < self.deadline(task):
                reason = "reposted"
                self.pending.append((again, POSTING, task, posting + 1, -1))
        self.offers[task, posting]["row"]["closed"] = REASON.index(reason)

    def raise_reserve(self, task: int, factor: float) -> None:
        """R -> min(cap R0, factor R) to a billionth, or the same in whole credits; a factor of 1 never raises, nothing
        lowers, and what would be above a stated value stops at it unless the rules let it.
        """
        rule = self.rules.escalation
        if factor == 1:
            return
        before, value = self.reserve[task], float(self.world.value[self.r, task])
        self.raise_freely(task, factor)
        if self.reserve[task] > value and not rule.above_value:
            self.reserve[task] = max(before, value)
            if rule.credits_per_dollar is not None:
                self.bounty[task] = self.reserve[task] * rule.credits_per_dollar

    def raise_freely(self, task: int, factor: float) -> None:
        rule, first = self.rules.escalation, float(self.world.reserve[self.r, task])
        if rule.credits_per_dollar is None:
            raised = min(rule.cap * first, factor * self.reserve[task])
            self.reserve[task] = max(self.reserve[task], round(raised * 1e9) / 1e9)
            return
        bounty, limit = (
            self.bounty.get(task, first * rule.credits_per_dollar),
            rule.cap * first * rule.credits_per_dollar,
        )
        self.bounty[task] = max(bounty, min(limit, max(bounty + 1, round(factor * bounty))))
        self.reserve[task] = self.bounty[task] / rule.credits_per_dollar
