"""Further columns of an audit's table where coalitions are tried.

Gains are dollars per posting; a share is of the utility, or the money, that stands before it. Standard errors: over
draws, for Sybils over types too.
"""

from __future__ import annotations

_GAINS = {
    "ring": "joint utility of a ring that compares types and lets only the best truthful score bid, minus that at the "
    "truth",
    "fixed": "the same where only the first member bids, whatever the types",
    "copies": "an agent's utility by the truth under all its names, always, minus that by the truth under one",
    "copies_interim": "the same where each type chooses how many names, from one, before anything else is known",
    "copies_ex_post": "the same where it chooses in each draw",
    "names_interim": "utility of each type by the best bids under one name or several minus that by the best under "
    "one, lie or truth, both chosen before anything else is known",
    "names_ex_post": "the same, both chosen in each draw",
    "shill": "principal's money with the best bid of a shill, one for all draws, minus that without",
    "shill_seen": "the same, the bid chosen in each draw",
}
_UTILITIES = {
    "ring": ("ring_utility", "dollars, joint utility of the ring's members at their beliefs when nobody lies"),
    "copies": (
        "truth_utility",
        "dollars, utility of the truth under one name, mean over types; what shares of copies_* are of",
    ),
    "names_interim": (
        "one_name_utility",
        "dollars, utility of the best bid under one name, lie or truth, mean over types; what shares of names_* are of",
    ),
    "shill": ("principal_money", "dollars, the principal's money when nobody lies and there is no shill"),
}


def _of_gain(name: str, meaning: str) -> dict[str, str]:
    utility = {_UTILITIES[name][0]: _UTILITIES[name][1]} if name in _UTILITIES else {}
    return {
        **utility,
        f"{name}_gain": f"dollars, {meaning}",
        f"{name}_low": "lower end of its 95% interval; where something is chosen before draws, by hold-out",
        f"{name}_high": "upper end of its 95% interval; where something is chosen before draws, of the maximum",
        f"{name}_se": "standard error of the upper end",
        f"{name}_share": f"{name}_gain as a share; empty where that is of nothing",
        f"{name}_share_se": "its standard error, of the upper end, by the delta method",
    }


COLUMNS: dict[str, str] = {
    column: meant for name, meaning in _GAINS.items() for column, meant in _of_gain(name, meaning).items()
}
