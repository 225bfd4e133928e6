"""The attention commons: equal to a naive loop over messages, split as one likes, and what it has to show."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.bundled import find_scenario
from sim.economies.attention import Matching, MatchingSettings, Pairs, drawn, stated
from sim.economies.economy_file import resolve_economy
from sim.economies.economy_run import EconomyPlan, in_memory_economy
from sim.front.contracts import faults_of
from sim.front.economy_contract import economy_faults
from sim.kit.toml_file import read_toml

SMALL: dict[str, Any] = {"principals": 13, "providers": 6, "days": 4, "answers": 2, "capacity": 2, "by_agent": 5}
CASES: list[dict[str, Any]] = [
    {},
    {"saturation": 0.4},
    {"saturation": 1.0},
    {"saturation": 0.7, "instrument": "cap", "cap": 1},
    {"saturation": 0.7, "instrument": "ration", "ration": 3},
    {"saturation": 0.7, "instrument": "pacing", "ration": 5},
    {"saturation": 0.5, "priorities": 3, "capacity": 1, "attention": 0.05, "bonus": 0.3},
]


def market(s: MatchingSettings, pairs: Pairs, r: int) -> dict[str, float]:
    """One replication, message by message."""
    partner: dict[int, int] = {}
    taken = [0] * s.providers
    written: list[list[int]] = [[] for _ in range(s.principals)]
    messages = answers = 0
    for day in range(s.days):
        inbox: list[list[int]] = [[] for _ in range(s.providers)]
        full = [taken[j] == s.capacity for j in range(s.providers)]
        for i in range(s.principals):
            if i in partner:
                continue
            by_agent = bool(pairs.agent[r, i])
            most, sd = (s.by_agent, s.noise_agent) if by_agent else (s.by_hand, s.noise_hand)
            if s.instrument == "cap":
                most = min(most, s.cap)
            if by_agent and s.instrument == "ration":
                most = min(most, s.ration - len(written[i]))
            if by_agent and s.instrument == "pacing":
                most = min(most, max(0, math.ceil(s.ration * (day + 1) / s.days) - len(written[i])))
            open_ = [j for j in range(s.providers) if not full[j] and j not in written[i]]
            open_.sort(key=lambda j: -(pairs.ranked[r, i, j] + sd * pairs.noise[r, day, i, j]))
            for j in open_[:most]:
                inbox[j].append(i)
                written[i].append(j)
                messages += 1
        offers: dict[int, list[int]] = {}
        for j, letters in enumerate(inbox):
            load = len(letters) / s.answers
            threshold = min(s.highest, s.threshold + s.rise * max(0.0, load - 1.0))
            good = sorted((i for i in letters if pairs.seen[r, i, j] >= threshold), key=lambda i: -pairs.seen[r, i, j])
            for i in good[: s.answers]:
                offers.setdefault(i, []).append(j)
                answers += 1
        accepted: dict[int, list[int]] = {}
        for i, which in offers.items():
            j = max(which, key=lambda j: pairs.to_principal[r, i, j])
            if pairs.to_principal[r, i, j] >= s.accepted:
                accepted.setdefault(j, []).append(i)
        for j, those in accepted.items():
            for i in sorted(those, key=lambda i: -pairs.to_provider[r, i, j])[: s.capacity - taken[j]]:
                partner[i] = j
                taken[j] += 1
    value = sum(pairs.to_principal[r, i, j] + pairs.to_provider[r, i, j] for i, j in partner.items())
    return {
        "match": len(partner) / s.principals,
        "inbox": messages / (s.providers * s.days),
        "response": answers / messages,
        "welfare": (value - s.attention * (2 * messages + answers)) / s.principals,
        "value": value / len(partner) if partner else math.nan,
    }


@pytest.mark.parametrize("case", CASES)
def test_it_is_the_loop_over_messages(case: dict[str, Any]) -> None:
    settings = MatchingSettings(**{**SMALL, **case})
    found = Matching().play(settings, 11, range(3, 13))
    pairs = drawn(settings, 11, range(3, 13))
    for r in range(10):
        for name, value in market(settings, pairs, r).items():
            assert found.rows[name][r] == pytest.approx(value, abs=1e-12, nan_ok=True), name
    assert (found.steps["matched"][:, -1] == found.rows["match"]).all()
    assert found.steps["inbox_of_day"].mean(axis=1) == pytest.approx(found.rows["inbox"])


@pytest.mark.parametrize(
    ("case", "messages"),
    [
        ({"saturation": 1.0}, 40),  # one a pair, so all providers in 4 of the 7 days
        ({"saturation": 0.5}, (40 + 14) / 2),
        ({"saturation": 1.0, "instrument": "cap", "cap": 3}, 21),
        ({"saturation": 1.0, "instrument": "ration", "ration": 12}, 12),
        ({"saturation": 0.25, "instrument": "pacing", "ration": 12}, (12 + 3 * 14) / 4),
    ],
)
def test_where_nothing_is_answered_all_that_may_be_written_is(case: dict[str, Any], messages: float) -> None:
    settings = MatchingSettings(**case, threshold=1.0, highest=1.0, noise_provider=0.0, bonus=0.0, taste=0.0)
    found = Matching().play(settings, 2, range(3)).rows
    assert found["match"].tolist() == found["response"].tolist() == [0.0] * 3
    assert found["welfare"] == pytest.approx(np.full(3, -0.02 * messages))
    assert found["inbox"] == pytest.approx(np.full(3, 80 * messages / (40 * 7)))
    assert np.isnan(found["value"]).all()


def test_pacing_spreads_the_ration_over_the_days() -> None:
    settings = MatchingSettings(saturation=1.0, instrument="pacing", threshold=1.0, highest=1.0, taste=0.0)
    found = Matching().play(settings, 2, range(2)).steps["inbox_of_day"][0]
    assert (np.cumsum(found) / 2).tolist() == [2, 3, 5, 6, 8, 9, 10]  # ceil(10 t / 7), of 80 principals at 40 providers


def test_a_form_names_three_weights_and_an_agent_asks_for_all() -> None:
    weights = np.array([[0.5, 0.2, 0.1, 0.09, 0.06, 0.05], [0.04, 0.04, 0.31, 0.18, 0.17, 0.26]])
    asked = np.array([[0.35, 0.2, 0.1, 0.1, 0, 0], [0, 0, 0.35, 0.2, 0.1, 0.2]])
    form = np.array([[0.35, 0.2, 0.1, 0, 0, 0], [0, 0, 0.35, 0.2, 0, 0.2]])
    for most, levels in ((6, asked), (3, form)):
        assert stated(weights, most) == pytest.approx(levels / levels.sum(axis=1, keepdims=True))


def test_settings_that_do_not_agree_are_refused() -> None:
    with pytest.raises(ValueError, match="priorities: must be at most dimensions, 3; got 6"):
        MatchingSettings(dimensions=3)
    with pytest.raises(ValueError, match=r"highest: must be at least threshold, 0\.7; got 0\.55"):
        MatchingSettings(threshold=0.7)


def test_it_keeps_the_contract() -> None:
    class Small(Matching):
        @staticmethod
        def examples() -> list[dict[str, Any]]:
            return [SMALL | case for case in CASES]

    assert list(economy_faults(Small)) == []


@pytest.mark.slow
def test_it_keeps_the_contract_at_its_full_size() -> None:
    assert faults_of("economy", "matching") == []


def test_values_follow_their_laws() -> None:
    settings = MatchingSettings(principals=40, providers=30, days=1, saturation=0.5)
    pairs = drawn(settings, 5, range(40))
    assert pairs.agent.sum(axis=1).tolist() == [20] * 40
    # Attributes sum to one over 6 dimensions, so that a worth is 1/6 on average; clipping at 0 adds a little.
    mean, sd = 1 / 6, float(pairs.to_principal.std())
    clipped = float(np.clip(pairs.to_principal, 0, None).mean()) - mean
    assert 0 < clipped < 0.01
    assert 0.1 < sd < 0.16
    more = drawn(MatchingSettings(principals=40, providers=30, days=1, saturation=0.75), 5, range(40))
    assert more.agent[pairs.agent].all()
    hand = ~more.agent
    assert (more.seen[hand] == pairs.seen[hand]).all()
    assert (more.to_provider == pairs.to_provider).all()


@pytest.mark.slow
def test_the_scenario_shows_what_it_has_to() -> None:
    path = find_scenario("attention_commons")
    run = in_memory_economy(EconomyPlan(resolve_economy(Path(path), read_toml(path))))
    rows = {arm: own.reset_index(drop=True) for arm, own in run.table("replications").groupby("arm")}

    def gap(arm: str, base: str, name: str) -> tuple[float, float]:
        """Mean and its standard error, paired."""
        apart = rows[arm][name] - rows[base][name]
        return float(apart.mean()), float(apart.sem())

    levels = ["0.25", "0.5", "0.75", "1.0"]
    for less, more in pairwise(levels):
        for name in ("match", "welfare"):
            value, se = gap(f"no limit {more}", f"no limit {less}", name)
            assert value < -4 * se
    last = rows["no limit 1.0"]["welfare"]
    assert last.mean() < -4 * last.sem()
    for name in ("match", "welfare"):
        value, se = gap("the same, paced 1.0", "ration of 10 1.0", name)
        assert value > 4 * se
    value, se = gap("ration of 10 1.0", "no limit 1.0", "match")
    assert value < -4 * se  # a ration lifts welfare and loses matches
    caps = {k: float(rows[f"cap of {k}"]["welfare"].mean()) for k in range(1, 7)}
    assert max(caps, key=lambda k: caps[k]) in (1, 2, 3)
    assert all(gap(f"cap of {k}", "cap of 2", "welfare")[0] < 0 for k in (3, 4, 5, 6))
    for arm in run.arms:
        for name, published in arm["published"].items():
            ours = float(rows[arm["name"]][name].mean())
            assert abs(ours - published) < {"inbox": 0.3, "response": 0.02}.get(name, 0.05), (arm["name"], name)
