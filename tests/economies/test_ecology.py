"""An ecology beside a naive one, its accounts, its engines, and what follows from the definition."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from sim.bundled import find_scenario
from sim.economies.ecology.ecology import Ecology, effective_number
from sim.economies.ecology.ecology_settings import BountyPrice, EcologySettings
from sim.economies.ecology.generations import BORN, LEFT, EpochMarket, Season, seasons
from sim.economies.economy import balances
from sim.economies.economy_file import resolve_economy
from sim.experiment.engine import Engine
from sim.front.economy_contract import economy_faults
from sim.kit.draws import words_range
from sim.mechanisms import lookup, names
from tests import reference_ecology

ADAPTIVE = {"base": 1.2, "gain": 1.6, "target": 0.32, "low": 0.3, "high": 2.2, "weight": 0.3}
BASE: dict[str, Any] = {
    "rule": {"fixed_price_bonus": {"kappa": 0.0, "m0": 0.0}}, "generations": 7, "tasks": 24, "duration": 7,
    "families": 3, "price": 1.1, "cost": 0.35, "ticket": 0.7, "slots": 6, "founders": 4, "start": 1.3,
    "threshold": 1.9, "endowment": 0.9, "skill_sd": 0.4, "parents": 2, "children": 3,
}  # fmt: skip
WORLDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "prices follow": {"price": ADAPTIVE, "difficulty": [-0.7, 0.1, 0.9]},
    "shocks and kinds": {
        "shock_sd": 1.1, "shock_memory": 0.6, "kinds": [{"upkeep": 0.6}, {"level": 0.7, "tokens": 0.8, "upkeep": 1.4}],
    },
    "wrong beliefs": {"bias_sd": 0.9, "belief_sd": 0.5, "merging": "any", "merge_rate": 0.8},
    "merging": {"merging": "complementary", "merge_rate": 1.0, "ticket": 0.2, "grace": 1, "parents": 4},
    "specialists": {"founding": "specialists", "grace": math.inf, "ticket": 1.6},
}  # fmt: skip


def read(name: str) -> tuple[Path, dict[str, Any]]:
    path = Path(find_scenario(name))
    return path, tomllib.loads(path.read_text(encoding="utf-8"))


def settings(**changes: Any) -> EcologySettings:
    return EcologySettings.model_validate(BASE | changes)


def by_name(season: Season, lane: int, array: Any) -> dict[int, Any]:
    """Of those who lived in the season; a slot's agent at its end has another name where one was born."""
    return {slot: array[lane, slot] for slot in np.flatnonzero(season.alive[lane]).tolist()}


@pytest.mark.parametrize("world", WORLDS)
def test_it_is_the_naive_one_bit_for_bit(world: str) -> None:
    s, first, lanes = settings(**WORLDS[world]), 3, 2
    naive = [reference_ecology.play(s, 11, first + lane) for lane in range(lanes)]
    born = 0
    names = [list(range(s.founders)) + [None] * (s.slots - s.founders) for _ in range(lanes)]
    for g, season in enumerate(seasons(s, 11, range(first, first + lanes))):
        after = season.after
        for lane, other in enumerate(naive):
            assert season.price[lane].tolist() == other.prices[g]
            assert season.market.solved[lane].tolist() == other.solved[g]
            energy = {names[lane][slot]: value for slot, value in by_name(season, lane, season.energy).items()}
            assert energy == other.energies[g]
            names[lane] = [n if a else None for n, a in zip(after.name[lane].tolist(), after.alive[lane], strict=True)]
            assert names[lane] == other.names[g]
            for slot, name in enumerate(names[lane]):
                assert name is None or after.skill[lane, slot].tolist() == other.skills[g][name]
        born += sum(len(births.lane) for births in season.births)
    assert born == sum(len(one.parents) for one in naive) > 0
    if "merging" in WORLDS[world]:
        assert any(mate is not None for one in naive for _, _, mate in one.parents)


@pytest.mark.parametrize(
    "rule", ["second_score", {"route_by_advice": {"pay": "reserve"}}, {"contingent": {"bond": 0.2}}]
)
def test_both_engines_play_the_same(rule: Any) -> None:
    s = settings(rule=rule, generations=3, price=ADAPTIVE, kinds=[{}, {"tokens": 0.7}], bias_sd=0.5)
    engines: tuple[Engine, Engine] = ("market", "compiled")
    pytest.importorskip("numba")
    for one, other in zip(*(seasons(s, 5, range(2), engine=engine) for engine in engines), strict=True):
        assert one.energy.tobytes() == other.energy.tobytes()
        assert one.market.jobs.tobytes() == other.market.jobs.tobytes()


@pytest.mark.parametrize("world", WORLDS)
def test_energy_changes_by_what_comes_in_less_what_goes_out_at_every_event(world: str) -> None:
    s = settings(accounts=True, **WORLDS[world])
    accounts = Ecology().play(s, 11, range(2)).accounts
    assert accounts is not None
    rows = list(zip(*(accounts[name].tolist() for name in accounts), strict=True))
    held: dict[tuple[int, str], float] = {}
    for number, season in enumerate(seasons(s, 11, range(2))):
        for replication, step, _, giver, taker, _, unit, amount in rows:
            if step == number:
                assert unit == "$"
                for party, signed in ((giver, -amount), (taker, amount)):
                    held[replication, party] = held.get((replication, party), 0.0) + signed
        for lane in range(2):
            after, living = season.after, np.flatnonzero(season.after.alive[lane])
            now = {f"agent {after.name[lane, slot]}": after.energy[lane, slot] for slot in living}
            known = {party: value for (one, party), value in held.items() if one == lane and party != "outside"}
            assert {party: known[party] for party in now} == now  # replayed in order: to the last bit
            assert all(value == 0.0 for party, value in known.items() if party not in now)
            outside = held[lane, "outside"]
            assert math.isclose(math.fsum(now.values()), -outside, rel_tol=0, abs_tol=1e-9)
    assert math.isclose(sum(balances(accounts).values()), 0.0, abs_tol=1e-9)
    kinds = {row[5]: row[2] for row in rows}
    assert kinds["endowment"] > BORN
    assert world in ("specialists", "merging") or kinds["write-off"] == LEFT


@pytest.mark.parametrize("changes", [{}, WORLDS["wrong beliefs"], {"ticket": 2.5, "window": 2}])
def test_it_keeps_the_contract_of_economies(changes: dict[str, Any]) -> None:
    class Tried(Ecology):
        @staticmethod
        def examples() -> list[dict[str, Any]]:
            return [BASE | changes | {"accounts": True}]

    assert list(economy_faults(Tried)) == []


def test_the_price_is_base_at_the_target_and_bounded() -> None:
    price = BountyPrice(base=1.2, gain=1.6, target=0.32, low=0.3, high=2.2)
    rate = np.array([0.32, 0.0, 1.0, 0.5])
    np.testing.assert_allclose(price.of(rate), [1.2, 1.2 + 1.6 * 0.32, 0.3, 1.2 - 1.6 * 0.18])
    learned = price.learned(rate, np.array([0, 1, 0, 2]), np.array([0, 2, 4, 2]))
    np.testing.assert_allclose(learned, [0.32, 0.1, 0.8, 0.6])


def test_niches_of_equal_shares_are_counted() -> None:
    found = effective_number(np.array([[4, 4, 4, 0], [7, 0, 0, 0], [0, 0, 0, 0], [3, 1, 0, 0]]))
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    np.testing.assert_allclose(found, [3.0, 1.0, math.nan, math.exp(entropy)], rtol=1e-14)


def test_nobody_lives_on_once_all_have_left() -> None:
    played = Ecology().play(settings(ticket=4.0, window=2), 7, range(5))
    assert played.rows["extinct"].tolist() == [1.0] * 5
    assert np.isnan(played.rows["mean_return"]).all()
    assert (played.steps["population"][:, -1] == 0.0).all()
    assert np.isnan(played.steps["price"][:, -1]).all()
    assert played.rows["solved"].tolist() == [0.0] * 5


def test_one_generalist_earns_what_its_slots_give() -> None:
    """It takes a task every `duration` ticks: ceil(T / d) (p price - c) a generation."""
    s = settings(founding="generalists", slots=1, founders=1, parents=0, grace=math.inf, generations=30, price=1.1)
    income = Ecology().play(s, 3, range(40)).rows["income"]
    expected = math.ceil(s.tasks / s.duration) * (0.5 * 1.1 - 0.35)
    assert abs(income.mean() - expected) < 4 * income.std(ddof=1) / math.sqrt(len(income))


def test_an_average_gains_where_abilities_are_above_one_half_and_loses_below() -> None:
    """Jensen, to the second order: the average less the parents' mean is -p''(x) (a - b)^2 / 8."""
    s = settings(cost=0.0, price=1.0, families=2, kinds=[{"level": 1.2}, {"level": -1.2}])
    market, half = EpochMarket(s, 0, words_range(1)), np.full((1, 2), 0.5)
    lane, apart = np.zeros(2, np.int64), np.array([[0.1, -0.1], [0.1, -0.1]])
    kind = np.array([0, 1])
    of = [market.worth(lane, skill, kind, demand=half, price=np.ones((1, 2))) for skill in (apart, -apart, 0 * apart)]
    p = 1 / (1 + np.exp([-1.2, 1.2]))
    curve = p * (1 - p) * (1 - 2 * p)
    np.testing.assert_allclose(of[2] - (of[0] + of[1]) / 2, -curve * 0.2**2 / 8, rtol=0.01)


REFUSED = {"always", "assignment_vcg", "cascade", "production_plans"}


@pytest.mark.slow
@pytest.mark.parametrize("rule", names())
def test_every_rule_that_clears_tasks_one_by_one_is_played(rule: str) -> None:
    for example in lookup(rule).examples():
        raw = {rule: {one.name: getattr(example, one.name) for one in fields(cast(Any, example))}}
        if rule in REFUSED:
            with pytest.raises(ValueError, match=f"{rule} .*tasks one by one"):
                settings(rule=raw)
        else:
            played = Ecology().play(settings(rule=raw, generations=2, slots=4), 1, range(2))
            assert (played.rows["solved"] <= 1.0).all()


@pytest.mark.slow
def test_those_alike_die_out_above_their_mean_net_income_and_live_below() -> None:
    scenario = resolve_economy(*read("evolora"))
    arms = {arm.name: arm.settings for arm in scenario.arms}
    income = 0.0
    for ticket, low, high in ((0.5, 0.0, 0.15), (0.8, 0.9, 1.0)):
        s: Any = arms[f"alike {ticket}"]
        played = Ecology().play(s, 5, range(200))
        assert low <= played.rows["extinct"].mean() <= high
        each = 0.6 / (1 + math.exp(-2.0)) - 0.43
        few, full = math.ceil(s.tasks / s.duration) * each, s.tasks / s.slots * each
        assert full < few
        assert (ticket < full) == (low == 0.0)
        assert (ticket > few) == (high == 1.0)
        income = income or float(played.rows["income"].mean())
    assert abs(income - full) < 0.02  # all slots are full at the lower ticket


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"founders": 7}, "founders: at most slots (6); got 7"),
        ({"endowment": 2.0}, "endowment: at most threshold (1.9)"),
        ({"difficulty": [0.0]}, "difficulty: one number for each of 3 families; got 1"),
        ({"rule": "second_scor"}, "no mechanism 'second_scor'"),
        ({"rule": "assignment_vcg"}, "assignment_vcg clears tasks in rounds"),
        ({"price": 0.0}, "must be dollars > 0 or {base"),
        ({"price": ADAPTIVE | {"low": 3.0}}, "low must be at most high"),
        ({"grace": 0}, "must be a whole number >= 1, or inf; got 0"),
        ({"merge_rate": 0.5}, 'merge_rate has no meaning with merging = "none"'),
        ({"window": 9}, "window: 1 ... 7, the generations; got 9"),
    ],
)
def test_what_cannot_be_is_refused_by_name(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        settings(**changes)
