"""Markets that only SimPy processes play: those of a key that says so itself (ONLY_EVENTS), and these."""

from __future__ import annotations

from sim.kit.section import ONLY_EVENTS, Section
from sim.market.rules import Rules, past_card
from sim.specs.settings import Terms
from sim.standing.advisors import ADVISORS, Advisor


def refusal(arm: Terms | Rules) -> str | None:
    """Why only the processes play a market of these terms, or rules; None where others can."""
    sections: dict[str, Section] = {"market": arm.market, "bidders": arm.bidders, "standing": arm.standing}
    if isinstance(arm, Rules):
        has_processes, card, advisor = bool(arm.processes), arm.card, arm.advisor
    else:
        has_processes, card, advisor = bool(arm.bidders.process), past_card(arm), arm.standing.advice.advisor
        sections["tender"] = arm.tender
    if has_processes:
        return "bidders.process: an agent with a process of its own acts moment by moment"
    for name, section in sections.items():
        for key, reason in section.notes(ONLY_EVENTS):
            return f"{name}.{key}: {reason}"
    if card is not None:
        return 'bidders.card.record = "past": what is on a card when a bid is formed depends on what ended before'
    if advisor is not None and _remembers_attempts(advisor):
        name = ADVISORS.name_of(advisor)
        return f"standing.advice: {name} remembers single attempts, where the loop keeps a few numbers of each agent"
    return None


def _remembers_attempts(advisor: Advisor) -> bool:
    """Its state has an axis after that of agents."""
    return any(array.ndim > 1 for array in advisor.init(1))
