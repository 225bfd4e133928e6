"""Organisations of a World: scaffold, solo and hub, recomputed one cell at a time from what their members draw."""

from __future__ import annotations

import math
from typing import Any

import bidlab as bl
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from sim.compiled.lanes import play_compiled
from sim.kit import draws
from sim.kit.errors import ScenarioError
from sim.market.simulate import simulate
from sim.mechanisms import Mechanism
from sim.mechanisms.live import AgentEconomyPhase2
from sim.mechanisms.planner import Always
from sim.mechanisms.price import SecondPrice
from sim.mechanisms.redundant import KRedundant
from sim.specs.organisation import Hub
from sim.world.organisation_kinds import costs, whole
from sim.world.world import World
from tests.market.compare import assert_same_rows, rows

SEED, R, T, K, TRIES = 5, 3, 4, 2, 3  # TRIES: within an attempt of the solo of most
A, B, C = "gpt-5.2", "gpt-5-mini", "claude-opus-4.5"
NAMES = ("gpt-5.2", "gpt-5.2-pro", "gpt-5-mini", "gemini-3-pro", "claude-opus-4.5", "claude-sonnet-4.5")
HUB: dict[str, Any] = {
    "planner": A,
    "spokes": [B, C, B],
    "decomposability": {"family 0": 0.25, "family 1": 0.75},
    "gain": 1.5,
    "context_loss": 0.5,
    "recompose": 0.9,
    "fit": 0.6,
    "prompt": 0.3,
    "text": 0.2,
    "reading": 0.25,
}
SCAFFOLD: dict[str, Any] = {"agent": B, "shift": 0.75, "infra": 0.3, "limit": 5, "cost_factor": 3.0}
KINDS: dict[str, Any] = {
    "cut off": {"scaffold": SCAFFOLD | {"late": "INFRA"}},
    "failed": {"scaffold": SCAFFOLD | {"late": "FAIL"}, "knows": True},
    "thrice": {"solo": {"agent": A, "tries": TRIES, "verified": True}, "knows": True},
    "twice, unjudged": {"solo": {"agent": C, "tries": 2, "verified": False}},
    "hub": {"hub": HUB},
    "hub that knows": {"hub": HUB, "knows": True},
}
VERIFIER, INFRA, SIGMA_U = {"false_pass": 0.25, "false_fail": 0.125}, 0.2, 2.3
LUCK: dict[str, Any] = {
    "infra": INFRA,
    "nonresponse": 0.2,
    "verifier": VERIFIER,
    "duration": {"uniform": [1, 9]},
    "latency": {"uniform": [0, 3]},
    "families": 2,
    "sigma_f": 0.5,
}


def drawn(kinds: Any = KINDS, postings: int = K, tasks: int = T, replications: int = R, **more: Any) -> World:
    asked = {"exclude": "none", "on_retry": "same"} if postings > 1 else {}
    own = {} if kinds is None else {"organisations": kinds}
    return bl.World.drawn(
        "live", tasks, seed=SEED, replications=replications, postings=postings, **asked, **LUCK | more, **own
    )


def at(world: World, name: str, agent: str) -> NDArray[Any]:
    return np.asarray(world.arrays[name][:, :, world.agents.index(agent)])


def expit(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def logit(p: float) -> float:
    return math.log(p / (1.0 - p))


def named(purpose: str, r: int, t: int, agent: str, *more: int) -> float:
    """The uniform of that name."""
    words = [draws.words_range(1, r), draws.words_range(1, t), draws.words_of([agent])]
    return float(draws.uniform(SEED, purpose, *words, *(draws.words_range(1, k) for k in more)).ravel()[0])


def normal(purpose: str, r: int, t: int, agent: str, *more: int) -> float:
    words = [draws.words_range(1, r), draws.words_range(1, t), draws.words_of([agent])]
    return float(draws.normal(SEED, purpose, *words, *(draws.words_range(1, k) for k in more)).ravel()[0])


def said(success: bool, r: int, t: int, agent: str, k: int) -> bool:
    chance = named("verifier", r, t, agent, k)
    return chance >= VERIFIER["false_fail"] if success else chance < VERIFIER["false_pass"]


def test_nothing_of_any_other_agent_moves() -> None:
    plain, organised = drawn(None), drawn()
    n = plain.n_agents
    assert organised.agents == (*NAMES, *KINDS)
    assert organised.n_tries == plain.n_tries == K
    assert "silent" in plain.arrays
    for name, array in plain.arrays.items():
        other = organised.arrays[name]
        same = other if array.ndim < 3 else other[..., :n] if name == "lottery" else other[:, :, :n]
        np.testing.assert_array_equal(same, array, err_msg=name)
    lots = organised.lottery.reshape(-1)
    assert len(np.unique(lots)) == lots.size


def test_a_scaffold_one_attempt_at_a_time() -> None:
    plain, found = drawn(None), drawn()
    place = NAMES.index(B)
    for late in ("cut off", "failed"):
        for r, t, k in np.ndindex(R, T, K):
            lasts, cut = plain.duration[r, t, place, k], plain.duration[r, t, place, k] > 5
            ability = expit(logit(plain.ability[r, t, place]) + 0.75)
            success = named("outcome", r, t, B, k) < ability and not (cut and late == "failed")
            verified = said(success, r, t, B, k) and not (cut and late == "failed")
            lost = plain.infra[r, t, place, k] or named("scaffold infra", r, t, B, k) < 0.3
            assert at(found, "ability", late)[r, t] == pytest.approx(ability)
            assert at(found, "success", late)[r, t, k] == success
            assert at(found, "verified", late)[r, t, k] == verified
            assert at(found, "infra", late)[r, t, k] == (lost or (cut and late == "cut off"))
            assert at(found, "duration", late)[r, t, k] == min(lasts, 5)
            assert at(found, "cost", late)[r, t, k] == 3.0 * plain.cost[r, t, place, k]
    for name in ("belief", "cost_belief", "latency", "silent"):
        np.testing.assert_array_equal(at(found, name, "cut off"), at(plain, name, B), err_msg=name)
    np.testing.assert_allclose(at(found, "cost_belief", "failed"), 3.0 * at(plain, "cost_belief", B))
    shifted = [expit(logit(b) + 0.75) for b in at(plain, "belief", B).ravel()]
    np.testing.assert_allclose(at(found, "belief", "failed").ravel(), shifted)


@pytest.mark.parametrize(("name", "agent", "tries"), [("thrice", A, 3), ("twice, unjudged", C, 2)])
def test_solo_one_try_at_a_time(name: str, agent: str, tries: int) -> None:
    long, found = drawn(None, postings=K * TRIES), drawn()
    place = NAMES.index(agent)
    for r, t, attempt in np.ndindex(R, T, K):
        cost, lasts = 0.0, 0
        for k in range(attempt * tries, (attempt + 1) * tries):
            cost, lasts = cost + long.cost[r, t, place, k], lasts + long.duration[r, t, place, k]
            passed = long.verified[r, t, place, k] and not long.infra[r, t, place, k]
            if passed and name == "thrice":
                break
        for field in ("success", "verified", "infra"):
            assert at(found, field, name)[r, t, attempt] == long.arrays[field][r, t, place, k], field
        assert at(found, "cost", name)[r, t, attempt] == cost
        assert at(found, "duration", name)[r, t, attempt] == lasts


def chance_of_solo(p: float, tries: int) -> tuple[float, float]:
    """That the try handed in succeeds, and tries made, over all that may happen; p: of one try."""
    right, passed, total, made, left = p * 0.875 * 0.8, (p * 0.875 + (1 - p) * 0.25) * 0.8, 0.0, 0.0, 1.0
    for k in range(tries):
        made += left
        total += left * (p if k == tries - 1 else right)
        left *= 1.0 - passed
    return total, made


def test_what_solo_is_capable_of() -> None:
    plain, found = drawn(None), drawn()
    for cell in np.ndindex(R, T):
        p, belief = at(plain, "ability", A)[cell], at(plain, "belief", A)[cell]
        assert at(found, "ability", "thrice")[cell] == pytest.approx(chance_of_solo(p, 3)[0])
        told, tries = chance_of_solo(belief, 3)
        assert at(found, "belief", "thrice")[cell] == pytest.approx(told)
        assert at(found, "cost_belief", "thrice")[cell] == pytest.approx(tries * at(plain, "cost_belief", A)[cell])
    for name in ("ability", "belief", "cost_belief"):
        np.testing.assert_array_equal(at(found, name, "twice, unjudged"), at(plain, name, C))


def test_abilities_are_the_chances_of_success() -> None:
    """Of every kind, also where the verifier errs and tries are lost; a limit alone is left out of ability."""
    many = drawn({name: one for name, one in KINDS.items() if name != "failed"}, tasks=40, replications=150)
    for place in range(6, many.n_agents):
        gap = many.success[:, :, place].mean(axis=2) - many.ability[:, :, place]
        z = gap.mean() / (gap.std() / math.sqrt(gap.size))
        assert abs(z) < 4, (many.agents[place], z)


def logit_of_part(plain: World, r: int, t: int, spoke: str, part: int) -> float:
    """Of a spoke's ability at the whole with its fit to this part."""
    fit = HUB["fit"]
    at_task, at_part = normal("fit", r, t, spoke), normal("part fit", r, t, spoke, part)
    moved = fit * at_task + math.sqrt(1.0 - fit * fit) * at_part - at_task
    return logit(at(plain, "ability", spoke)[r, t]) + SIGMA_U * moved


def product(logits: list[float], delta: float) -> float:
    shift, m = HUB["gain"] * delta - HUB["context_loss"] * (1.0 - delta), len(logits)
    return float(HUB["recompose"] * math.prod(expit(logit(expit(one) ** (1.0 / m)) + shift) for one in logits))


def test_a_hub_one_part_at_a_time() -> None:
    plain, found = drawn(None), drawn()
    planner = costs(Hub(**HUB)).planner
    part = costs(Hub(**HUB)).part
    for r, t in np.ndindex(R, T):
        delta = HUB["decomposability"][plain.family[t]]
        chance = product([logit_of_part(plain, r, t, spoke, j) for j, spoke in enumerate(HUB["spokes"])], delta)
        believed = product([logit(at(plain, "belief", spoke)[r, t]) for spoke in HUB["spokes"]], delta)
        assert at(found, "ability", "hub")[r, t] == pytest.approx(chance)
        assert at(found, "belief", "hub that knows")[r, t] == pytest.approx(believed)
        assert at(found, "belief", "hub")[r, t] == at(plain, "belief", A)[r, t]
        for k in range(K):
            success = named("outcome", r, t, A, k) < chance
            spent = [planner * at(plain, "cost", A)[r, t, k]]
            spent += [part * at(plain, "cost", spoke)[r, t, k] for spoke in HUB["spokes"]]
            longest = max(at(plain, "duration", spoke)[r, t, k] for spoke in HUB["spokes"])
            assert at(found, "success", "hub")[r, t, k] == success
            assert at(found, "verified", "hub")[r, t, k] == said(success, r, t, A, k)
            assert at(found, "infra", "hub")[r, t, k] == at(plain, "infra", A)[r, t, k]
            assert at(found, "cost", "hub")[r, t, k] == pytest.approx(sum(spent))
            assert at(found, "duration", "hub")[r, t, k] == at(plain, "duration", A)[r, t, k] + longest


@pytest.mark.parametrize("m", [1, 2, 3, 7])
def test_at_shift_0_equal_parts_multiply_to_the_whole(m: int) -> None:
    hub = {**HUB, "spokes": [A] * m, "decomposability": 0.0, "context_loss": 0.0, "recompose": 1.0, "fit": 1.0}
    world = drawn({"hub": {"hub": hub}})
    np.testing.assert_allclose(at(world, "ability", "hub"), at(world, "ability", A), rtol=1e-12)
    np.testing.assert_array_equal(at(world, "success", "hub"), at(world, "success", A))


def test_a_part_keeps_its_fit_whoever_does_the_others() -> None:
    """Its draw is named by the part and the spoke alone, and is the same at every try."""
    quiet = {**HUB, "decomposability": 0.0, "context_loss": 0.0, "recompose": 1.0, "fit": 0.0}
    one, two = (drawn({"hub": {"hub": quiet | {"spokes": names}}}) for names in ([B], [B, C]))
    plain = drawn(None)
    for r, t in np.ndindex(R, T):
        own = [
            expit(
                logit(at(plain, "ability", s)[r, t])
                + SIGMA_U * (normal("part fit", r, t, s, j) - normal("fit", r, t, s))
            )
            for j, s in enumerate([B, C])
        ]
        assert at(one, "ability", "hub")[r, t] == pytest.approx(own[0])
        assert at(two, "ability", "hub")[r, t] == pytest.approx(math.sqrt(own[0] * own[1]))


def calls(m: int, prompt: float, text: float) -> list[tuple[str, float, float]]:
    """Who makes each call, and the tokens it reads and writes, one call after the other."""
    made, so_far = [("planner", prompt, text)], text  # decompose
    made += [("spoke", prompt + text, text) for _ in range(m)]
    so_far += m * text
    for _ in ("synthesise", "criticise", "revise"):
        made.append(("planner", prompt + so_far, text))
        so_far += text
    return made


@pytest.mark.parametrize("m", [1, 3, 6])
@pytest.mark.parametrize("reading", [0.0, 0.2, 1.0])
def test_costs_are_those_of_the_calls(m: int, reading: float) -> None:
    hub = Hub(**HUB | {"spokes": [B] * m, "reading": reading, "prompt": 0.25, "text": 0.215})
    made, solo = calls(m, 0.25, 0.215), reading * 0.25 + 0.75
    assert len(made) == m + 4
    spent = {who: sum(reading * r + w for one, r, w in made if one == who) / solo for who in ("planner", "spoke")}
    assert costs(hub).planner == pytest.approx(spent["planner"])
    assert m * costs(hub).part == pytest.approx(spent["spoke"])
    if reading == 1.0:
        assert costs(hub).planner + m * costs(hub).part == pytest.approx((m + 4) * 0.25 + (5 * m + 10) * 0.215)


def test_tokens_grow_faster_than_calls_and_come_to_the_published_ratio() -> None:
    tokens = {m: sum(r + w for _, r, w in calls(m, 0.25, 0.215)) for m in (1, 3, 9)}
    assert tokens[1] / 5 < tokens[3] / 7 < tokens[9] / 13
    assert tokens[3] == pytest.approx(12_208 / 1_713, abs=0.01)  # [HS]


def test_parts_that_cannot_succeed_make_no_whole() -> None:
    hub = Hub(**HUB | {"decomposability": 1.0, "spokes": [B, C]})
    assert whole(np.array([[0.0, 0.9], [1.0, 1.0]]), np.ones(2), hub).tolist() == [0.0, 0.9]


@pytest.mark.parametrize(
    "rule",
    [
        SecondPrice(),
        pytest.param(KRedundant(), marks=pytest.mark.slow),
        pytest.param(AgentEconomyPhase2(credits_per_dollar=90.0), marks=pytest.mark.slow),
    ],
)
def test_both_engines_play_organisations_alike(rule: Mechanism) -> None:
    pytest.importorskip("numba")
    asked: dict[str, Any] = {"postings": 3, "exclude": "failed"}
    world = bl.World.drawn(
        "live", 9, seed=3, replications=3, arrivals={"every": 1}, organisations=KINDS, **asked, **LUCK
    )
    market = bl.Market(
        world,
        rule,
        **asked,
        window=2,
        capacity=1,
        bankroll=4.0,
        reputation="agent_economy",
        expected_cost={"fixed": 0.02},
    )
    rules = market.rules(world)
    played = rows(simulate(world, rules))
    assert_same_rows(rows(play_compiled(world, rules)), played)
    assert sum(row["agent"] >= len(NAMES) for row in played["attempts"]) > 5


def test_balances_replay_from_the_accounts() -> None:
    asked: dict[str, Any] = {"postings": K, "exclude": "none", "on_retry": "same"}
    world = drawn(tasks=20, arrivals={"every": 1})
    market = bl.Market(world, SecondPrice(), **asked, bankroll=3.0, penalty=0.25, bid_cost=0.01)
    tables = rows(simulate(world, market.rules(world)))
    balance = np.zeros(4 + world.n_agents)  # nature, the allocator, the escrow, the agents, the principal
    for row in tables["accounts"]:
        balance[row["from"]] -= row["dollars"]
        balance[row["to"]] += row["dollars"]
    own = np.zeros(world.n_agents)
    for row in tables["attempts"]:
        own[row["agent"]] += row["payment"] - row["cost"]
    for row in tables["bids"]:
        own[row["agent"]] -= row["bid_cost"]
    assert own[len(NAMES) :].all()
    np.testing.assert_allclose(balance[3:-1], own, atol=1e-9)
    assert abs(balance[2]) < 1e-9
    assert abs(balance.sum()) < 1e-9


@pytest.mark.slow
def test_a_verified_retry_is_a_second_posting_for_the_same_agent() -> None:
    kinds = {"twice": {"solo": {"agent": A, "tries": 2, "verified": True}}}
    organised = bl.World.drawn("live", 30, seed=SEED, replications=4, organisations=kinds)
    asked: dict[str, Any] = {"postings": 2, "exclude": "none", "on_retry": "same"}
    plain = bl.World.drawn("live", 30, seed=SEED, replications=4, **asked)
    free = {"expected_cost": {"fixed": 0.0}}
    one = bl.Market(organised, Always(agent="twice", pay="reserve"), **free).run().attempts
    two = bl.Market(plain, Always(agent=A, pay="reserve"), **asked, **free).run().attempts
    both = two.groupby(["replication", "task"], observed=True)[["success", "cost"]].agg(
        {"success": "any", "cost": "sum"}
    )
    np.testing.assert_array_equal(one["success"], both["success"])
    np.testing.assert_allclose(one["cost"], both["cost"])


@pytest.mark.parametrize("failures", range(5))
def test_failed_attempts_that_are_retried_leave_as_many_tasks_without_one(failures: int) -> None:
    """15 tasks, one assignment a round, two steps an attempt and 30 steps [HS].

    All tasks are there at tick 0, so a deadline of 30 ticks is a limit of 30 rounds, one each tick.
    """
    failed = set(range(1, 1 + 2 * failures, 2))
    table = [
        {"task": f"t{t:02d}", "agent": agent, "claim": claim, "success": int(agent == "b" or t not in failed)}
        for t in range(15)
        for agent, claim in (("a", 0.9), ("b", 0.5))
    ]
    frame = pd.DataFrame(table).assign(cost=0.1, cost_belief=0.1, duration=2)
    terms: dict[str, Any] = {"postings": 30, "exclude": "failed", "deadline": 30, "timeout": "FAIL", "on_retry": "same"}
    world = bl.World.from_frame(frame, beyond_tries="repeat", **terms)
    played = bl.Market(world, SecondPrice(), round=1, concurrency=1, **terms).run()
    attempts = played.attempts
    assert (attempts["status"] == "FAIL").sum() == failures
    assert not attempts["timed_out"].any()
    assert 15 - attempts["task"].nunique() == failures


BAD: list[tuple[dict[str, Any], str]] = [
    ({"organisations": {"x": {"scaffold": {"agent": "gpt-5.3"}}}}, r"organisations\.x: no agent 'gpt-5.3'.*gpt-5.2"),
    ({"organisations": {A: {"scaffold": {"agent": B}}}}, "an agent is called 'gpt-5.2' already"),
    ({"organisations": {"*": {"scaffold": {"agent": B}}}}, "a name must be"),
    ({"organisations": {"x": {}}}, "must hold one of scaffold, solo, hub"),
    ({"organisations": {"x": {"scaffold": {"agent": B, "limit": 3}}}}, "limit and late must be stated together"),
    ({"organisations": {"x": {"solo": {"agent": B, "tries": 1, "verified": True}}}}, "tries"),
    ({"organisations": {"x": {"hub": HUB}}, "families": 1}, "decomposability: must be a number, as there is one"),
    ({"organisations": {"x": {"hub": HUB}}, "families": 3}, "decomposability: must be a number of each of"),
    ({"organisations": KINDS, "names": {A: 2}}, "organisations: cannot be combined with names or a shill"),
    (
        {"organisations": KINDS, "postings": 2, "exclude": "none", "on_retry": "update"},
        "combined with bidders.on_retry",
    ),
    ({"organisations": KINDS, "advice": {"record": "redrawn", "tasks": 5}}, "cannot be combined with standing.advice"),
    (
        {"organisations": KINDS, "advice": {"planner": {"budget": 5, "prior": 1.0}}},
        "cannot be combined with standing.advice",
    ),
]


@pytest.mark.parametrize(("stated", "told"), BAD)
def test_bad_input(stated: dict[str, Any], told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        bl.World.drawn("live", 3, **{"families": 2, **stated})


@pytest.mark.parametrize("delta", [0, 1, 0.5])
def test_replications_are_the_same_in_any_block(delta: float) -> None:
    """With parameters of their own, and so a sd of fit of their own, in each replication."""
    hub = {"hub": {**HUB, "decomposability": delta, "spokes": [B, C]}}
    stated: dict[str, Any] = {"parameters": "bootstrap", "organisations": {"hub": hub, "x": {"scaffold": {"agent": B}}}}
    many, few = (bl.World.drawn("marketbench", 3, seed=SEED, replications=n, **stated) for n in (5, 2))
    for name in ("ability", "success", "cost", "lottery"):
        np.testing.assert_array_equal(many.arrays[name][:2], few.arrays[name], err_msg=name)
    cut = many.replication(3)
    np.testing.assert_array_equal(cut.ability[0], many.ability[3])


def test_organisations_belong_to_a_profile() -> None:
    with pytest.raises(ScenarioError, match=r"world\.organisations has no meaning with a table"):
        bl.World.recorded("marketbench", organisations=KINDS)


def test_arms_have_the_same_organisations() -> None:
    world = {"profile": "live", "parameters": "point", "tasks": 3, "organisations": {"x": {"scaffold": {"agent": A}}}}
    arms = {
        "one": {"mechanism": SecondPrice()},
        "other": {"mechanism": SecondPrice(), "world": {"organisations": {"y": {"scaffold": {"agent": A}}}}},
    }
    stated = {"question": "Whose?", "seed": 1, "replications": 2, "baseline": "one"}
    tender = {"value": 1.0, "reserve": "value", "penalty": 0.0}
    with pytest.raises(ScenarioError, match="all arms have the same agents"):
        bl.run(bl.Scenario.of(world=world, tender=tender, arms=arms, **stated))


@pytest.mark.parametrize(
    "loses",
    [
        {"world__organisations": {"cut": {"scaffold": {"agent": A, "limit": 1, "late": "INFRA"}}}},
        {"world__shocks": [{"at": 0.0, "agent": "*", "outage": True}]},
    ],
    ids=["scaffold", "outage"],
)
def test_who_loses_an_attempt_may_try_again_where_only_failures_exclude(loses: Any) -> None:
    """Its further tries are drawn, though world.infra is 0."""
    world = {"profile": "live", "tasks": 3, "parameters": "point", "duration": 3}
    tender = {"value": 1.0, "reserve": "value", "penalty": 0.0, "postings": 3, "exclude": "failed"}
    raw = {"question": "?", "source": "MB", "seed": 1, "replications": 2, "world": world, "tender": tender}
    settings = {key.replace("__", "."): value for key, value in loses.items()}
    who = "cut" if "world.organisations" in settings else A
    rule = {"always": {"agent": who, "pay": "reserve"}}
    settings["standing.expected_cost"] = {"fixed": 0.0}
    (arm,) = bl.run(raw | {"arm": [{"name": "x", "mechanism": rule}]}, settings=settings).arms()
    assert arm.attempts.max() == 3.0
