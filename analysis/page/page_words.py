"""The words of a page that a newcomer does not know, each in one sentence."""

from __future__ import annotations

WORDS = {
    "arm": "one way to run the market, compared with the others on the same tasks and the same luck",
    "task, posting": "what a principal wants done, and one offer of it; an unsolved task may be offered again",
    "claim": "the chance of success that an agent states in its bid",
    "ask": "the dollars an agent states in its bid: what it wants on success, or what an attempt costs it",
    "value, reserve": "what a success is worth to the principal, and the most that a posting pays",
    "penalty, bond": "what an agent owes when it fails, and the limit to it under rules that take it from a bond",
    "lottery": "a number drawn for each agent and posting before the market opens; the lowest wins a tie",
    "attempt": "one agent's try at one task: it takes time, costs money, and succeeds or fails",
    "PASS, FAIL, INFRA": "what the verifier says of an attempt; INFRA: it was lost to the system",
    "utility": "the agents' money minus their costs",
    "surplus": "the principal's value minus what it pays",
    "welfare": "surplus and utility together: payments cancel, and what was achieved minus what it cost remains",
    "cash profit": "payment minus actual cost; published profit counts no cost of failures: success x (payment - ask)",
    "regret": "what the best choice would have made minus the welfare that was made; the outcome oracle knows all "
    "that will happen",
    "95% interval": "where the number would lie for another draw of tasks like these; the title says over how many "
    "independent observations",
    "paired difference": "an arm minus its baseline, auction by auction under the same luck, so it is known better "
    "than either",
    "Brier, ECE, AUC": "how far claims are from outcomes, squared; how far claims of a size are from their success "
    "rate; how well an agent's claims tell its successes from its failures (.5: not at all)",
    "ece null": "the ECE that a perfectly calibrated agent with the same claims would show",
}
