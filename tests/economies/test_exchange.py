"""Money, barter and planners: exact where there is a closed form, equal to a naive loop, goods and money conserved."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from sim.economies.economy import balances
from sim.economies.exchange import Exchange, ExchangeSettings, Room, derangements, play_room
from sim.front.contracts import faults_of
from sim.front.economy_contract import economy_faults
from sim.kit.draws import uniform, words_range

INSTITUTIONS = ("money", "barter", "informed", "planner")


def all_derangements(count: int) -> Iterator[tuple[int, ...]]:
    return (one for one in permutations(range(count)) if all(place != good for place, good in enumerate(one)))


def number_of_derangements(count: int) -> int:
    return round(math.factorial(count) / math.e) if count else 1


def played(want: tuple[int, ...], institution: Any, rounds: int = 8) -> Room:
    settings = ExchangeSettings(agents=len(want), institution=institution, rounds=rounds)
    step, agent = words_range(rounds), words_range(len(want))
    return play_room(Room(settings, 0, list(want), uniform(1, "a", step, agent), uniform(1, "b", step, agent)))


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_the_planner_serves_the_share_of_the_formula(count: int) -> None:
    rooms = [played(want, "planner", rounds=1) for want in all_derangements(count)]
    served = sum(Fraction(sum(map(room.done, range(count))), count) for room in rooms) / len(rooms)
    d = number_of_derangements
    assert len(rooms) == d(count)
    assert served == Fraction((count - 1) * d(count - 2), d(count))


def test_the_formula_gives_the_published_shares() -> None:
    d = number_of_derangements
    shares = [(n - 1) * d(n - 2) / d(n) for n in (8, 10, 12, 20)]
    assert shares == pytest.approx([0.125, 0.100, 0.083, 0.050], abs=5e-4)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_money_takes_two_rounds_and_two_messages_each(count: int) -> None:
    for want in all_derangements(count):
        room = played(want, "money")
        assert (room.messages, room.satisfied) == (2 * count, [0.0, 1.0])
        assert room.money == [0.0] * count


def test_two_agents_barter_at_once() -> None:
    for institution in ("barter", "informed", "planner"):
        room = played((1, 0), institution)
        assert (room.satisfied, room.messages) == ([1.0], 4 if institution == "planner" else 2)


def naive(settings: ExchangeSettings, want: list[int], asks: Any, order: Any) -> dict[str, float]:
    """One replication without processes: rounds of letters."""
    n = len(want)
    hold, messages, rounds, sold = list(range(n)), 0, 0, [False] * n
    for step in range(settings.rounds):
        rounds += 1
        writers = [i for i in range(n) if hold[i] != want[i]]
        messages += len(writers)
        letters = {}
        for i in writers:
            others = [j % n for j in range(i + 1, i + n)]
            informed = settings.institution == "informed"
            letters[i] = hold.index(want[i]) if informed else others[int(asks[step, i] * (n - 1))]
        traded: set[int] = set()
        for i in sorted(writers, key=lambda i: order[step, i]):
            if settings.institution == "money":
                hold[i] = want[i] if sold[i] else -1
                sold[i] = True
                continue
            j = letters[i]
            if settings.institution == "planner":
                j = next((k for k in writers if k != i and hold[k] == want[i] and want[k] == hold[i]), i)
                messages += 2 * (i != j)
            if i == j or traded & {i, j} or hold[j] != want[i]:
                continue
            hold[i], hold[j] = hold[j], hold[i]
            traded |= {i, j}
        if all(hold[i] == want[i] for i in range(n)):
            break
    share = sum(hold[i] == want[i] for i in range(n)) / n
    return {"satisfied": share, "messages": messages / n, "rounds": float(rounds), "cleared": float(share == 1)}


@pytest.mark.parametrize("institution", INSTITUTIONS)
@pytest.mark.parametrize("count", [3, 7, 12])
def test_processes_play_as_the_loop_does(institution: Any, count: int) -> None:
    settings = ExchangeSettings(agents=count, institution=institution, rounds=5)
    found = Exchange().play(settings, 9, range(2, 14))
    number, step, agent = words_range(12, 2), words_range(5), words_range(count)
    asks, order = (uniform(9, what, number, step, agent) for what in ("whom to ask", "order"))
    wants = derangements(9, range(2, 14), count)
    for k in range(12):
        for name, value in naive(settings, wants[k].tolist(), asks[k], order[k]).items():
            assert found.rows[name][k] == value, (name, k)


@pytest.mark.parametrize("institution", INSTITUTIONS)
def test_goods_and_money_are_conserved_and_replay_to_what_agents_hold(institution: Any) -> None:
    settings = ExchangeSettings(agents=6, institution=institution)
    found = Exchange().play(settings, 3, range(12))
    accounts = found.accounts
    assert accounts is not None
    assert len(accounts["amount"])
    ledger = {(r, f"good {i}", f"agent {i}"): 1.0 for r in range(12) for i in range(6)}
    rows = zip(*(accounts[name].tolist() for name in accounts), strict=True)
    for r, _, _, giver, taker, _, unit, amount in rows:
        for party, signed in ((giver, -amount), (taker, amount)):
            ledger[r, unit, party] = ledger.get((r, unit, party), 0.0) + signed
        # Nobody gives a good that it has not; dollars are the exchange's own promises.
        assert unit == "$" or ledger[r, unit, giver] >= 0
    end = balances(accounts)
    for unit in {unit for _, unit, _ in end}:
        assert sum(value for (_, of, _), value in end.items() if of == unit) == 0
    wants = derangements(3, range(12), 6)
    held = [sum(ledger.get((r, f"good {wants[r, i]}", f"agent {i}"), 0.0) for i in range(6)) / 6 for r in range(12)]
    assert held == pytest.approx(found.rows["satisfied"])
    _, rows_of_event = np.unique([accounts["replication"], accounts["event"]], axis=1, return_counts=True)
    assert set(rows_of_event) == {2}


def test_it_keeps_the_contract() -> None:
    class Small(Exchange):
        @staticmethod
        def examples() -> list[dict[str, Any]]:
            return [{"institution": one, "agents": 4, "rounds": 3} for one in INSTITUTIONS]

    assert list(economy_faults(Small)) == []


@pytest.mark.slow
def test_it_keeps_the_contract_at_its_full_size() -> None:
    assert faults_of("economy", "exchange") == []


def test_derangements_are_equally_likely_and_nobody_wants_its_own() -> None:
    drawn = derangements(5, range(9000), 4)
    assert (drawn != np.arange(4)).all()
    kinds, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(kinds) == 9
    assert ((counts - 1000) ** 2 / 1000).sum() < 26.1  # chi squared with 8 degrees of freedom, p = .001


@pytest.mark.slow
@pytest.mark.parametrize(("count", "share"), [(5, 0.96), (8, 0.75), (10, 0.63), (12, 0.54), (20, 0.35), (40, 0.19)])
def test_random_search_reaches_the_stated_share(count: int, share: float) -> None:
    found = Exchange().play(ExchangeSettings(agents=count), 17, range(1500)).rows["satisfied"]
    assert abs(found.mean() - share) < 0.01 + 4 * found.std(ddof=1) / math.sqrt(len(found))


@pytest.mark.slow
@pytest.mark.parametrize("count", [5, 8, 12, 20, 40])
def test_informed_barter_clears_in_log_n_rounds_and_under_three_messages_each(count: int) -> None:
    settings = ExchangeSettings(agents=count, institution="informed", rounds=64)
    rows = Exchange().play(settings, 17, range(500)).rows
    assert rows["satisfied"].min() == 1
    assert rows["messages"].max() < 3
    assert abs(rows["rounds"].mean() - math.log2(count)) < 0.4


@pytest.mark.slow
def test_messages_of_informed_barter_tend_to_their_limit() -> None:
    settings = ExchangeSettings(agents=400, institution="informed", rounds=64)
    messages = Exchange().play(settings, 17, range(40)).rows["messages"]
    assert abs(messages.mean() - 2 / (1 - math.exp(-2))) < 0.05
