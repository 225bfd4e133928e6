"""The compiled engine gives the ledger of the event market, row by row and bit by bit, under every mechanism."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.agents.everybody import Bidders
from sim.bundled import find_scenario
from sim.compiled import lanes, traced_parts
from sim.compiled.code import Checked, code_of
from sim.compiled.kept import loaded
from sim.compiled.lanes import play_compiled
from sim.compiled.pointer import Pointer
from sim.compiled.trace.helpers import HELPERS
from sim.experiment import engine as engines
from sim.experiment.engine import choose, play, slower
from sim.experiment.run_folder import arm_world, scenario_origin
from sim.kit import portable
from sim.kit.arrays import ArrayError, Award, Bids, FloatArray, Standing, Tender
from sim.kit.errors import MarketError, RunError
from sim.market.escalation import Escalation
from sim.market.rules import Rules
from sim.market.simulate import simulate
from sim.mechanisms import Mechanism
from sim.mechanisms.cascade import Cascade
from sim.mechanisms.hybrid import Hybrid
from sim.mechanisms.price import FirstPrice, HireAll, SecondPrice
from sim.scenario.scenario import label_of, load_scenario
from sim.specs.settings import Settings
from sim.standing.advisors import Beta, PlattBatch
from sim.standing.reputation import LiveReputation
from sim.world.world import World
from tests.compiled.test_as_processes import played
from tests.market.compare import assert_same_markets, assert_same_rows, rows
from tests.tried import tried
from tests.worlds import CANCELS, accounted, examples, make_rules, make_world, rules, worlds

pytest.importorskip("numba")


def assert_same(world: World, rule: Rules) -> None:
    """Equal to the processes; an advisor that the engine refuses by name is left out."""
    assert_same_markets(play_compiled, world, replace(rule, advisor=played(rule.advisor)))


SIZED = ("cascade", "k_redundant", "budget_feasible")  # compiled anew for each number of agents


@pytest.mark.slow
@pytest.mark.parametrize("mechanism", examples(), ids=label_of)
@tried(30)
@given(data=st.data())
def test_compiled_engine_equals_the_event_market(mechanism: Mechanism, data: st.DataObject) -> None:
    most = 4 if mechanism.name in SIZED else 20
    world = data.draw(worlds((4, 5, most)))
    assert_same(world, data.draw(accounted(data.draw(rules(mechanism)), world)))


@pytest.mark.parametrize(
    "mechanism", [SecondPrice(), pytest.param(Cascade(), marks=pytest.mark.slow), HireAll()], ids=label_of
)
@tried(20)
@given(data=st.data())
def test_some_rules_in_every_market(mechanism: Mechanism, data: st.DataObject) -> None:
    world = data.draw(worlds((3, 5, 4)))
    rule = data.draw(accounted(data.draw(rules(mechanism)), world))
    assert_same(world, replace(rule, bidder=Bidders.truthful(mechanism)))


def test_parameters_are_no_part_of_the_text() -> None:
    """A sweep over them compiles once."""
    world = make_world(1, 3)
    found = [code_of(make_rules(Hybrid(), advisor=Beta(prior=prior, decay=0.9)), world)[0] for prior in (3.0, 7.5)]
    for name in ("bid", "clear", "read", "learn"):
        assert found[0].called[name] is found[1].called[name]
    assert not np.array_equal(found[0].numbers["read"], found[1].numbers["read"])


def test_number_of_agents_is_no_part_of_the_text() -> None:
    rule = make_rules(SecondPrice(), reputation=LiveReputation())
    few, many = (code_of(rule, make_world(1, n))[0] for n in (3, 40))
    assert all(few.called[name] is many.called[name] for name in few.called)


def test_markets_that_only_processes_play_are_refused_by_name() -> None:
    for changes, says in (
        ({"round": 1}, "market.round"),
        ({"market": CANCELS}, "first_success_cancels"),
        ({"advisor": PlattBatch(eps=0.01, memory=3)}, "standing.advice: platt_batch remembers single attempts"),
    ):
        with pytest.raises(MarketError, match=rf"cannot play this market: .*{says}"):
            play_compiled(make_world(1, 1), make_rules(**changes))


def test_an_advisor_that_remembers_attempts_is_played_by_processes() -> None:
    """Whatever of a market says so is known before a World is drawn."""
    advice = {"platt_batch": {"eps": 0.01, "memory": 3}}
    world = {"profile": "pool", "tasks": 6, "parameters": "point", "arrivals": {"every": 1}}
    tender = {"value": 1.0, "reserve": 1.0, "penalty": 0.0}
    stated = Settings.model_validate({"world": world, "tender": tender, "standing": {"advice": advice}})
    assert choose("auto", stated.terms) == "market"
    with pytest.raises(RunError, match=r"--engine compiled: cannot play this market: standing\.advice: platt_batch"):
        choose("compiled", stated.terms)


@dataclass(frozen=True)
class Branches(SecondPrice):
    """Looks at its data."""

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        if bids.ask.max() > 1e9:
            return super().__call__(bids, tender, standing, lottery[..., ::-1])
        return super().__call__(bids, tender, standing, lottery)


def test_rule_that_cannot_be_traced_is_played_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "UNTRACED", {})
    world, rule = make_world(3, 2), make_rules(Branches())
    line = r"test_lanes\.py:\d+: if bids\.ask\.max\(\) > 1e9:: a branch hangs on data"
    with pytest.raises(MarketError, match=rf"--engine compiled: .* cannot be compiled: .*{line}"):
        play("compiled", world, rule)
    assert_same_rows(rows(play("auto", world, rule)), rows(simulate(world, rule)))
    assert any(re.search(line, said) for said in slower())


def test_compiled_code_that_differs_from_the_rule_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a traced rule is not what it was when it was compiled."""
    world, rule = make_world(3, 2, cost_belief=[[0.125, 0.25]] * 3), make_rules(SecondPrice())
    play_compiled(world, rule)
    monkeypatch.setattr(SecondPrice, "__call__", FirstPrice.__call__)
    code, drawing = code_of(rule, world)
    part = replace(code.parts["clear"], run=traced_parts.parts_of(rule, world)["clear"].run)
    code = replace(code, parts=dict(code.parts) | {"clear": part}, checked=Checked())  # as if nothing had been compared
    monkeypatch.setattr(lanes, "code_of", lambda *given, **how: (code, drawing))
    with pytest.raises(MarketError, match="pay_success of the compiled clear is not what the rule itself gives"):
        play_compiled(world, rule)


@pytest.mark.parametrize("fee", [-1.0, np.inf, 2e15])
def test_fee_that_nobody_can_owe_is_refused_as_the_rule_says(fee: float) -> None:
    with pytest.raises((MarketError, ArrayError), match="fee"):
        play_compiled(make_world(2, 2), make_rules(Charging(fee)))


@dataclass(frozen=True)
class Charging(SecondPrice):
    """Asks a fee of every bid."""

    dollars: float = 0.0

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        award = super().__call__(bids, tender, standing, lottery)
        return Award.trusted(**vars(award) | {"fee": np.full(bids.ask.shape, self.dollars)})


def test_fees_are_counted() -> None:
    world, rule = make_world(3, 2, replications=2), make_rules(Charging(0.125))
    found, expected = (engine(world, rule, detail="auctions")["auctions"] for engine in (play_compiled, simulate))
    np.testing.assert_array_equal(found["fees"], expected["fees"])


def test_moments_that_do_not_fit_are_refused() -> None:
    for world in (make_world(2, 2, arrival=2**60), make_world(2, 2, duration=2**60, success=False, tries=2)):
        with pytest.raises(MarketError, match="use the market engine"):
            play_compiled(world, make_rules(SecondPrice(), postings=2))


def test_rows_find_room_however_many_hire() -> None:
    """More attempts than there was room for at first."""
    assert_same(make_world(4, 9, replications=3), make_rules(HireAll()))


def test_progress_adds_up_to_the_tasks() -> None:
    done: list[int] = []
    play_compiled(make_world(5, 2, replications=7), make_rules(SecondPrice()), progress=done.append)
    assert sum(done) == 35


LOST = ["world.infra=0.2", "tender.deadline=4", 'tender.timeout="INFRA"', "world.families=3", "world.sigma_f=0.8"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "every"),
    [
        (LOST, 5),
        ([], 5),
        (["world.nonresponse=0.3"], 5),
    ],
)
def test_population_drawn_as_the_market_goes_is_the_one_that_is_drawn_before(change: list[str], every: int) -> None:
    """Every field is a formula in the one World and an array in the other."""
    chosen = [*change, "world.duration={lognormal={mean=3.0,cv=0.7}}", "world.verifier={false_pass=0.1,false_fail=0.2}"]
    chosen += [
        "tender.postings=2",
        'tender.exclude="hired"',
        "market.capacity=1",
        "world.arrivals={poisson=0.5}",
        "world.tasks=25",
    ]
    scenario = load_scenario(find_scenario("marketbench_population"), overrides=chosen, replications=20)
    origin = scenario_origin(scenario)
    for arm in scenario.arms[::every]:
        drawn = arm_world(scenario, arm, origin)
        rule = Rules.of(arm.mechanism, arm.settings.terms, drawn)
        found = rows(play_compiled(drawn, rule))
        assert {"belief", "cost", "verified"} & (set(drawn.formulas) - set(vars(drawn)))
        whole = replace(drawn, **drawn.arrays)
        assert not whole.formulas
        assert_same_rows(found, rows(play_compiled(whole, rule)))


@pytest.mark.parametrize("mechanism", ["second_price", "first_score"])
def test_lotteries_drawn_among_those_who_tie_are_those_drawn_before(mechanism: str) -> None:
    """Some tasks have one best bid, some two or more, some none at all."""
    scenario = load_scenario(
        find_scenario("marketbench_population"), overrides=["world.tasks=40"], mechanisms=[mechanism], replications=9
    )
    drawn = arm_world(scenario, scenario.arms[0], scenario_origin(scenario))
    steps = np.random.default_rng(4).integers(0, 4, drawn.present.shape) / 4.0
    tied = drawn.changed(belief=np.where(steps > 0.5, steps, 0.0), cost_belief=np.full(steps.shape, 0.25))
    rule = Rules.of(scenario.arms[0].mechanism, scenario.arms[0].settings.terms, tied)
    found = [play_compiled(tied, rule, detail=detail)["attempts"] for detail in ("attempts", "all")]
    assert "lottery" in tied.formulas
    assert "lottery" not in vars(tied)
    expected = simulate(replace(tied, **tied.arrays), rule)
    assert 0 < expected["clearings"]["by_tie"].sum() < len(expected["clearings"]["by_tie"])
    for attempts in found:
        for name, column in expected["attempts"].items():
            np.testing.assert_array_equal(attempts[name], column, err_msg=name)


def test_try_beyond_those_known_is_refused_by_name() -> None:
    world = make_world(3, 4, tries=1, success=False, cost_belief=[[0.5, 0.5, 0.25, 0.5]] * 3)
    with pytest.raises(MarketError, match=r"try 2 of agent 2 at task 0: only 1 are known"):
        play_compiled(world, make_rules(SecondPrice(), postings=2))


def test_reserve_raised_at_every_third_failure() -> None:
    """A remainder of whole numbers is the same everywhere."""
    world = make_world(2, 1, tries=8, success=False, cost_belief=0.25)
    assert_same(world, make_rules(SecondPrice(), postings=4, exclude="none", escalation=Escalation(every=3)))


def test_more_postings_than_the_world_has_lotteries_of_are_refused() -> None:
    world = make_world(2, 1, tries=8, success=False)
    for engine in (simulate, play_compiled):
        with pytest.raises(MarketError, match="posted 5 times, but the World holds lotteries of 4 postings"):
            engine(world, make_rules(SecondPrice(), postings=5, exclude="none"))


def test_normal_quantiles_of_many_numbers_are_those_of_each() -> None:
    """Middle, tails, what lies beyond them, and no probability at all; more of them than are looked at together."""
    beyond = [0.0, 1.0, np.nan, -1.0, 5e-324, 1e-300, 1.3e-11, 1.4e-11, 2e-11, 3e-11, 1.0 - 1e-11, 1.0 - 2.0**-53]
    p = np.concatenate([beyond, (np.arange(3000) + 0.5) / 3000, [0.075, 0.925, 0.5]])
    scratch = np.concatenate([p, np.zeros(len(p))])
    loaded(HELPERS).ndtri_of(0, len(p), len(p), scratch)
    np.testing.assert_array_equal(scratch[len(p) :], portable.ndtri(p))


@pytest.mark.parametrize("grid", [[], [0.5], [0.1, 0.2, 0.7, 0.75, 0.9]])
def test_claims_on_a_grid_are_those_of_each(grid: list[float]) -> None:
    """Between values, on them, on the borders between them, outside all of them, and none at all."""
    borders = [(one + other) / 2.0 for one, other in pairwise(grid)]
    claims = np.array([0.0, *grid, *borders, *np.nextafter(borders, 0.0), 0.4, 1.0, np.nan])
    numbers, code = np.array([7.0, *grid, *borders, 0.0]), loaded(HELPERS)
    scratch = np.concatenate([claims, np.full(len(claims), 5.0)])
    code.on_grid_of(0, len(claims), len(claims), scratch, numbers, 1, len(grid))
    each = [code.on_grid(claim, numbers, 1, len(grid)) for claim in claims]
    np.testing.assert_array_equal(scratch[len(claims) :], each)
    np.testing.assert_array_equal(scratch[: len(claims)], claims)


def test_compiled_code_is_handed_no_array_in_another_order() -> None:
    array = np.zeros((2, 3), order="F")
    with pytest.raises(ValueError, match="is no line of elements"):
        Pointer(array)
    assert Pointer(array, strided=True).address == array.ctypes.data
