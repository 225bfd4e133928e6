"""What an attack found: by how many dollars a promise fails at most, and one posting in which it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sim.auditing.attacked import Books
from sim.auditing.deviations import fees
from sim.kit.arrays import Award

FALSIFIED = 1e-9  # dollars by which a promise must fail in one posting to be refuted


class Found(NamedTuple):
    """gap: dollars, 0 where nothing was found. example: the posting, in words."""

    gap: float
    example: str

    @property
    def fails(self) -> bool:
        """The promise is refuted."""
        return self.gap > FALSIFIED


NOTHING = Found(0.0, "")


def worst(gap: float, example: Callable[[], str]) -> Found:
    """What was found, put in words only where it refutes."""
    return Found(gap, example()) if gap > FALSIFIED else NOTHING


def first(found: list[Found]) -> Found:
    """The first that refutes: the fewest agents, as attacks begin with few."""
    return next((one for one in found if one.fails), NOTHING)


def posting(books: Books, b: int, agent: int | None = None) -> str:
    """Posting number b: the attacked agent's type, the tender and the bids."""
    me, n, t = int(books.me[b]) if agent is None else agent, books.belief.shape[1], books.tender
    tender = ", ".join(f"{name} {getattr(t, name)[b]:.6g}" for name in ("value", "reserve", "penalty"))
    kind = f"agent {me + 1} of {n}: belief {books.belief[b, me]:.6g}, cost {books.cost[b, me]:.6g}"
    return f"{kind}; {tender}; bids (ask, claim) {bids(books, b)}"


def bids(books: Books, b: int) -> str:
    """Everybody's bid in posting b."""
    said = books.bids
    return ", ".join(
        f"({said.ask[b, i]:.6g}, {said.claim[b, i]:.6g})" if said.active[b, i] else "none"
        for i in range(said.ask.shape[1])
    )


def terms(award: Award, b: int, agent: int) -> str:
    """The agent's contract in posting b."""
    fee = float(fees(award)[b, agent])
    owed = f", fee {fee:.6g}" if fee else ""
    if not award.hired[b, agent]:
        return "not hired" + owed
    return f"paid {award.pay_success[b, agent]:.6g} on success, {award.pay_failure[b, agent]:.6g} on failure{owed}"
