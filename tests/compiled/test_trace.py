"""A rule that is traced gives what it gives when it is called, bit for bit; what cannot be traced says which line."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import pytest
from scipy import special

import sim.compiled.abreast as bulk
from sim.compiled.abreast import abreast
from sim.compiled.trace import UntraceableError, trace
from sim.compiled.trace.blocks import in_blocks
from sim.compiled.trace.traced import LIBRARY
from sim.kit.arrays import ArrayError, Award, Bids, FloatArray, Standing, Tender
from sim.kit.shortcut import shortcut
from sim.mechanisms import Mechanism, lookup, names
from sim.mechanisms.base import contract, select
from sim.mechanisms.price import SecondPrice
from sim.scenario.plugins import plugins
from tests.compiled.one_by_one import one_by_one

Front = tuple[Bids, Tender, Standing, FloatArray]
RULES = [rule for name in names() for rule in lookup(name).examples()]
CALLED = {"production_plans"}  # arrays with an axis more
ARRAYS = ("hired", "pay_success", "pay_failure", "by_tie", "turn", "budget", "fee")


def named(rule: Mechanism) -> str:
    return f"{rule.name}-{'-'.join(map(str, rule.parameters.values()))}"


def fronts(n: int, count: int, penalised: bool, seed: int = 3) -> Front:
    """Clearings with ties, abstentions, worthless claims and equal lotteries."""
    stream = np.random.default_rng(seed)

    def steps(low: int, high: int, of: float) -> FloatArray:
        return np.asarray(stream.integers(low, high, (count, n)) / of)

    ask = np.where(stream.random((count, n)) < 0.05, np.inf, steps(0, 12, 10))
    active = np.isfinite(ask) & (stream.random((count, n)) < 0.8)
    lottery = np.where(stream.random((count, 1)) < 0.1, 0.5, stream.random((count, n)))
    tender = Tender(
        value=stream.integers(5, 15, count) / 10,
        reserve=stream.integers(0, 13, count) / 10,
        penalty=np.where(stream.random(count) < 0.5, 0.0, stream.random(count)) * penalised,
        posting=np.zeros(count, np.int64),
    )
    standing = Standing(reputation=steps(0, 5, 4), expected_cost=steps(0, 5, 10), advice=steps(0, 11, 10))
    bids = Bids.trusted(ask=ask, claim=steps(0, 11, 10), active=active, menu=None)
    return bids, tender, standing, lottery


def same(one: Award, other: Award) -> bool:
    for name in ARRAYS:
        left, right = getattr(one, name), getattr(other, name)
        if (left is None) != (right is None):
            return False
        if left is not None and not np.array_equal(left, np.broadcast_to(right, left.shape), equal_nan=True):
            return False
    return True


def called_by_python(name: str) -> Callable[..., float]:
    """A function of scipy as compiled code calls it, with one argument more."""
    return lambda *given: float(getattr(special, name)(*given[:-1]))


def interpreted(text: str) -> Callable[..., int]:
    """The function of a traced rule as Python runs it, without a compiler."""
    numba = mock.Mock(
        njit=lambda **how: lambda function: function, cfunc=lambda *form, **how: lambda function: function
    )
    stack, choose = SimpleNamespace(own=np.zeros), SimpleNamespace(choose=lambda first, yes, no: yes if first else no)
    library = SimpleNamespace(**{name: called_by_python(name) for name in LIBRARY})
    space: dict[str, Any] = {"CACHED": False}
    mocked = {"numba": numba, "sim.compiled.stack": stack, "sim.compiled.library": library}
    mocked["sim.compiled.choose"] = choose
    with mock.patch.dict(sys.modules, mocked):
        exec(text, space)
    part: Callable[..., int] = space["part"]

    def quiet(*given: Any) -> int:
        with np.errstate(all="ignore"):
            return part(*given)

    return quiet


@contextmanager
def by_python() -> Iterator[None]:
    """Have Python run what would be compiled."""

    def loaded(text: str) -> SimpleNamespace:
        return SimpleNamespace(part=interpreted(text))

    with (
        mock.patch.object(bulk, "loaded", loaded),
        mock.patch.object(bulk, "find_spec", lambda name: name),
        mock.patch.object(bulk, "called", lambda part: part),
    ):
        yield


def cleared(rule: Mechanism, front: Front) -> Award | None:
    """What the traced rule makes of it, run by Python; None where it cannot be traced."""
    with by_python():
        found = abreast(rule, front[0].ask.shape[-1])
        return None if found is None else found(*front)


@pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.slow), 6])
@pytest.mark.parametrize("rule", RULES, ids=named)
def test_census(rule: Mechanism, n: int) -> None:
    rule = rule.for_agents([f"a{place}" for place in range(n)])
    front = fronts(n, 150, rule.capabilities.takes_penalty)
    found = cleared(rule, front)
    if found is None:
        assert rule.name in CALLED
    else:
        assert same(found, rule(*front))


@pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.slow), 6])
@pytest.mark.parametrize("rule", RULES, ids=named)
def test_census_one_by_one(rule: Mechanism, n: int) -> None:
    """As the market's loop clears them; rules over menus have a test of their own."""
    rule = rule.for_agents([f"a{place}" for place in range(n)])
    if not rule.capabilities.takes_menu:
        front = fronts(n, 25, rule.capabilities.takes_penalty)
        assert same(one_by_one(rule, front, interpreted), rule(*front))


@pytest.mark.parametrize("n", [2, 4])
def test_a_cascade_in_a_named_order(n: int) -> None:
    rule, front = (
        lookup("cascade")(order="a1 > a0").for_agents([f"a{place}" for place in range(n)]),
        fronts(n, 150, False),
    )
    found = cleared(rule, front)
    assert found is not None
    assert same(found, rule(*front))


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 3, 6, 20])
@pytest.mark.parametrize("rule", RULES, ids=named)
def test_census_of_machine_code(rule: Mechanism, n: int) -> None:
    pytest.importorskip("numba")
    n = min(n, rule.capabilities.most_agents or n)
    rule = rule.for_agents([f"a{place}" for place in range(n)])
    found = abreast(rule, n)
    if found is None:
        return  # test_census says which
    for seed in range(3):
        front = fronts(n, 3000, rule.capabilities.takes_penalty, seed)
        assert same(found(*front), rule(*front))


@pytest.fixture
def kept(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Where compiled rules are kept, for this test alone."""
    monkeypatch.setenv("BIDLAB_CACHE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", ["second_price", pytest.param("second_score", marks=pytest.mark.slow)])
def test_machine_code_is_kept_on_disk(name: str, kept: Any) -> None:
    pytest.importorskip("numba")
    rule, front = lookup(name).examples()[0], fronts(3, 500, penalised=False)
    for _ in range(2):
        found = abreast(rule, 3)
        assert found is not None
        assert same(found(*front), rule(*front))
    assert len(list((kept / "bidlab" / "compiled").glob("rule_*.py"))) == 1


@dataclass(frozen=True)
class Ours(Mechanism):
    """Hires the best claim per square root of the ask; the tender's value is divided among those who tie."""

    bonus: float = 0.25

    def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
        reserve = np.asarray(tender.reserve)[..., None]
        able = bids.active & (bids.ask <= reserve)
        score = np.where(able, bids.claim / np.sqrt(np.maximum(bids.ask, 0.01)), -np.inf)
        chosen = select(score, able, lottery)
        ties = (able & (score == score.max(axis=-1, keepdims=True))).sum(axis=-1, keepdims=True)
        share = np.zeros(bids.ask.shape)
        share[...] = np.asarray(tender.value)[..., None] / np.maximum(ties, 1)
        pay = np.minimum(share + self.bonus, reserve)
        pay[..., 0] = 0.5 * pay[..., 0]
        return contract(chosen.hired, pay, 0.0 - np.asarray(tender.penalty)[..., None], chosen.by_tie)


@pytest.mark.parametrize("n", [1, 4])
def test_a_rule_of_ones_own(n: int) -> None:
    front = fronts(n, 300, penalised=True)
    found = cleared(Ours(), front)
    assert found is not None
    assert same(found, Ours()(*front))


def branching(bids: Bids) -> Any:
    return bids.ask if (bids.ask > 1.0).any() else bids.claim


def summing(bids: Bids) -> Any:
    return bids.ask / bids.ask.sum(axis=-1, keepdims=True)


def exponential(bids: Bids) -> Any:
    return np.exp(bids.ask)


def sorting(bids: Bids) -> Any:
    return np.sort(bids.ask, axis=-1)


def pairwise(bids: Bids) -> Any:
    return bids.ask[..., None] - bids.ask[..., None, :]


def counting(bids: Bids) -> Any:
    return bids.ask * float(bids.claim[..., 0])


@pytest.mark.parametrize(
    ("how", "why"),
    [
        (branching, "a branch hangs on data; where it only saves time, write it as shortcut"),
        (summing, "a sum of floats over agents"),
        (exponential, "np.exp, which is not the same to the last bit everywhere"),
        (sorting, "np.sort"),
        (pairwise, "the index"),
        (counting, "a Python number is made of it"),
    ],
)
def test_what_cannot_be_traced_is_refused_with_its_line(how: Callable[[Bids], Any], why: str) -> None:
    @dataclass(frozen=True)
    class Other(Mechanism):
        def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
            pay = how(bids)
            return contract(bids.active, pay, pay, np.zeros(bids.active.shape[:-1], np.bool_))

    with pytest.raises(UntraceableError) as error:
        trace(Other(), 3)
    assert "test_trace.py:" in str(error.value)
    assert "return bids.ask" in str(error.value) or "return np." in str(error.value)
    assert why in str(error.value)
    assert abreast(Other(), 3) is None
    assert np.asarray is not None
    assert np.zeros(2).shape == (2,)  # NumPy is itself again


def test_a_number_of_the_whole_array_decides_short_cuts_alone() -> None:
    assert shortcut(np.array([True]).all())
    assert not shortcut(np.array([False]).any())

    @dataclass(frozen=True)
    class Whole(Mechanism):
        def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
            return contract(bids.active, bids.ask * bids.active.any(), 0.0, np.zeros(bids.active.shape[:-1], np.bool_))

    with pytest.raises(UntraceableError, match="whole array"):
        in_blocks(trace(Whole(), 3))


def test_what_a_rule_refuses_is_refused_with_its_words() -> None:
    rule = next(rule for rule in lookup("second_score").examples() if rule.parameters["score"] == "q(V-a)")
    front = fronts(3, 400, penalised=True)
    with pytest.raises(ArrayError) as called:
        rule(*front)
    with pytest.raises(ArrayError) as compiled_one:
        cleared(rule, front)
    assert str(called.value).split("; got")[0] == str(compiled_one.value).split("; got")[0]


def test_without_a_compiler_rules_are_called(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = lookup("second_price").examples()[0]
    monkeypatch.setattr(bulk, "find_spec", lambda name: None)
    assert abreast(rule, 3) is None


PLUGIN = '''
from dataclasses import dataclass

import numpy as np
from sim.mechanisms import Mechanism, Promises, register
from sim.mechanisms.base import contract, select
from sim.mechanisms.price import SecondPrice


@register("half_price")
@dataclass(frozen=True)
class HalfPrice(Mechanism):
    """Half the reserve to the lowest ask."""

    summary = "lowest ask, paid half the reserve"
    promises = Promises(ask=True, claim=True, rational=True, efficient=False, no_deficit=True, claim_ignored=True)
    source = "Vickrey1961"

    def __call__(self, bids, tender, standing, lottery):
        half = 0.5 * np.asarray(tender.reserve)[..., None]
        chosen = select(-bids.ask, bids.active & (bids.ask <= half), lottery)
        return contract(chosen.hired, half, 0.0, chosen.by_tie)
'''


def test_a_rule_of_a_plugin_file(tmp_path: Any) -> None:
    (tmp_path / "rule.py").write_text(PLUGIN)
    with plugins([tmp_path / "rule.py"]):
        rule = lookup("half_price")()
        front = fronts(3, 300, penalised=False)
        found = cleared(rule, front)
        assert found is not None
        assert same(found, rule(*front))


def test_other_threads_see_numpy_as_it_is() -> None:
    """While one traces, others play."""
    made: list[Any] = []

    @dataclass(frozen=True)
    class Waits(SecondPrice):
        def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
            other = threading.Thread(target=lambda: made.extend((np.zeros((1, 3)), np.full((1, 2), 7.0))))
            other.start()
            other.join()
            return super().__call__(bids, tender, standing, lottery)

    trace(Waits(), 3)
    assert [type(array) for array in made] == [np.ndarray, np.ndarray]


def test_rules_with_draws_are_refused_and_end_no_process() -> None:
    """NumPy's own code goes on to make arrays while a rule sees symbols."""
    ready = np.random.default_rng(1)

    @dataclass(frozen=True)
    class Draws(SecondPrice):
        def __call__(self, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
            assert ready.random((1, 3)).shape == (1, 3)
            assert sorted(ready.permutation(3)) == [0, 1, 2]
            return super().__call__(bids, tender, standing, lottery + np.random.default_rng(2).random(3))

    with pytest.raises(UntraceableError, match=r"default_rng\(2\)\.random\(3\)\): np\.random: a rule has no draws"):
        trace(Draws(), 3)
