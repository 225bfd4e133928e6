"""Tables of what live agents answered and what it cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.kit.digits import number
from sim.kit.terminal import Column, Sheet
from sim.live.replies import READ

_SHOWN = 20  # changed verdicts

if TYPE_CHECKING:
    from sim.live.answers import Answers
    from sim.live_market.other_rules import Range
    from sim.live_market.rehearsal import CallEstimate
    from sim.live_market.session import Session
    from sim.live_market.survey import Survey
    from sim.live_market.verify_again import Reverified


def estimates_table(rows: Mapping[str, CallEstimate], held: Answers, path: Path) -> list[Any]:
    """What is to be asked and paid."""
    columns = [
        Column("", list(rows), left=True),
        Column("bids and claims", [f"{one.bids:,}" for one in rows.values()]),
        Column("attempts", [f"{one.attempts:,}" for one in rows.values()]),
        Column("expected", [dollars(one.expected) for one in rows.values()]),
        Column("at most", [dollars(one.most) for one in rows.values()]),
    ]
    title = "what is still to be asked, by a rehearsal with agents of a fitted population"
    notes = ["expected: an answer takes a quarter of its limit of tokens; attempts hang on who is hired"]
    if len(held):
        notes.append(f"{path}: {len(held):,} answers are there, {dollars(held.spent)} were spent; they cost no more")
    return [Sheet(title, columns), *notes]


def meter_table(asked: Session) -> list[Any]:
    """What each agent was asked, answered and cost, and the money in all."""
    names, tallies = asked.panel.agents, asked.asking.tallies
    rows = [tallies.of(name) for name in names]
    of = asked.calls.meter.of
    columns = [
        Column("agent", list(names), left=True),
        Column("asked", [f"{row.asked:,}" for row in rows]),
        Column("bid", [f"{row.words['bid']:,}" for row in rows]),
        Column("no bid", [f"{row.asked - row.words['bid']:,}" for row in rows]),
        Column("worked", [f"{row.worked:,}" for row in rows]),
        Column("passed", [f"{row.passed:,}" for row in rows]),
        Column("lost", [f"{row.lost:,}" for row in rows]),
        Column("claim - pass", [number(row.gap) if not math.isnan(row.gap) else "-" for row in rows]),
        Column("sends", [f"{of(name).sends:,}" for name in names]),
        Column("held", [f"{of(name).held:,}" for name in names], rank=1),
        Column("usd", [dollars(row.usd) for row in rows]),
    ]
    purse = asked.calls.meter.purse
    spent = f"spent {dollars(purse.spent)} of {dollars(purse.ceiling)}, reserved {dollars(purse.reserved)}"
    if asked.options.offline:
        spent = f"nobody was asked; all that the journal holds has cost {dollars(purse.spent)}"
    words = {word: sum(row.words[word] for row in rows) for row in rows for word in row.words if word != "bid"}
    why = ", ".join(f"{word} {count:,}" for word, count in words.items() if count)
    others = [_aside(asked, name) for name in asked.panel.reached if name not in names and of(name).asked]
    return [Sheet("answers", columns), spent, *([f"no bid: {why}"] if why else []), *others]


def _aside(asked: Session, name: str) -> str:
    """What a router or a judge was asked, who is no agent of the market."""
    own = asked.calls.meter.of(name)
    words = asked.asking.tallies.of(name).words
    unread = sum(count for word, count in words.items() if word != READ)
    unread_too = f", {unread:,} of them could not be read" if unread else ""
    return f"{name}, who does not bid: {own.asked:,} questions{unread_too}; {own.sends:,} sends, {dollars(own.dollars)}"


def survey_tables(found: Survey) -> list[Any]:
    """The claims, beside what was done where agents worked, with intervals."""
    if not found.work:
        rows = [
            (name, [one.claim for (who, _), one in found.claims.items() if who == at and one.word == "bid"])
            for at, name in enumerate(found.panel.agents)
        ]
        columns = [
            Column("agent", [name for name, _ in rows], left=True),
            Column("claims", [f"{len(claims):,}" for _, claims in rows]),
            *(
                Column(head, [number(value(claims)) if claims else "-" for _, claims in rows])
                for head, value in (("least", min), ("mean", lambda x: math.fsum(x) / len(x)), ("most", max))
            ),
        ]
        return [Sheet("claims: chance of a success, as agents say", columns), *found.notes]
    from analysis.claims_of import claims_of

    return [*claims_of(found.table), *found.notes]


def again_table(found: Sequence[Reverified], kept: bool) -> list[Any]:
    """How much of the work is judged otherwise now, agent by agent, and which."""
    agents = list(dict.fromkeys(one.agent for one in found))
    own = [[one for one in found if one.agent == agent] for agent in agents]
    columns = [Column("agent", agents, left=True), Column("work", [f"{len(rows):,}" for rows in own])]
    for head, count in (("passed before", "before"), ("passes now", "now")):
        columns.append(Column(head, [f"{sum(getattr(one, count) == 'PASS' for one in rows):,}" for rows in own]))
    changed = [one for one in found if one.before and one.before != one.now]
    columns.append(Column("changed", [f"{sum(one in changed for one in rows):,}" for rows in own]))
    lines = [f"{one.agent}, {one.task}: {one.before} -> {one.now} {one.note}".rstrip() for one in changed[:_SHOWN]]
    more = [f"and {len(changed) - _SHOWN:,} more"] if len(changed) > _SHOWN else []
    where = "the journal keeps the new verdicts" if kept else "the run stays as it is: play it anew from its answers"
    return [Sheet("work, verified again", columns), *lines, *more, where]


def ranges_table(found: Sequence[Range], arm: str) -> list[Any]:
    """What other rules would have done with the same bids."""
    columns = [
        Column("rule", [one.rule for one in found], left=True),
        Column("tasks", [f"{one.tasks:,}" for one in found]),
        Column("solved", [_ends(one.solved) for one in found]),
        Column("attempts", [_ends(one.attempts) for one in found]),
        Column("unknown tries", [f"{one.unknown:,}" for one in found]),
        Column("usd to make them", [dollars(one.usd) for one in found]),
        Column("the ends", ["bounds" if one.bounds else "no bounds" for one in found], left=True),
    ]
    title = f"bids of arm {arm!r} held fixed; from all unknown tries failing to all passing"
    notes = ["bids answered what that arm's prompts said of pay: claims carry over better than asks"]
    if not all(one.bounds for one in found):
        notes.append("no bounds: an outcome moves later bids, hires or postings")
    return [Sheet(title, columns), *notes]


def _ends(ends: tuple[int, int]) -> str:
    low, high = ends
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def dollars(amount: float) -> str:
    """As a table shows it."""
    return f"${amount:,.2f}" if amount >= 100 or amount == 0 else f"${amount:.4f}"
