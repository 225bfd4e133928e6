"""What a mechanism must do: an award of the bids' shape, posting by posting, whatever its economics.

`admit` is for a plugin's rule as it is loaded: it checks what a registration cannot, tries the rule on a small batch,
and has every error of its methods name file and line; then comes `mechanism_faults`, the whole suite, with what the
rule tells bidders (sim/contracts/payment_text_contract.py). What a rule promises is for `bidlab audit`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from sim.contracts.blame import guarded
from sim.contracts.payment_text_contract import payment_text_faults
from sim.contracts.trial import case_of, grid, same, told, trying
from sim.kit.arrays import Award, Bids, FloatArray, Notice, Standing, Tender, frozen
from sim.kit.errors import RunError, SimError
from sim.kit.parameters import check_annotations
from sim.mechanisms import Mechanism, registry
from sim.mechanisms.award_fault import award_fault, undeclared

Batch = TypeVar("Batch", Bids, Tender, Standing)

_ROWS = 40  # postings of a batch that is cleared row by row
_NEEDS = frozenset({"value", "expected_cost", "advice"})
_WATCHED = ("for_agents", "truthful_ask", "terms", "threshold", "scores", "precedence", "score", "critical_ask")


def admit(path: Path, name: Any, *, whole: bool = True) -> list[str]:
    """Check what a registration cannot, then watch the rule and try it; its faults, a line each.

    whole: by the whole suite. Raises RunError where it cannot be tried, or fails at once.
    """
    at = f"--plugin {path}: mechanism {name!r}"
    rule = registry.lookup(name)
    if rule.__call__ is Mechanism.__call__:
        raise RunError(f"{at} must define __call__(self, bids, tender, standing, lottery)")
    try:
        check_annotations(rule)
    except ValueError as error:
        raise RunError(f"{at}: {' '.join(str(error).split())}") from None
    _watch(path, rule)
    try:
        examples = rule.examples()
    except Exception as error:
        raise RunError(f"{at}: give every parameter a default, or define examples(): {error}") from None
    for example in examples:
        if example.capabilities.couples_tasks and rule.assign is Mechanism.assign:
            raise RunError(f"{at} couples tasks: it must define assign(self, bids, tender, standing, lottery)")
        needs = example.capabilities.needs
        if not isinstance(needs, frozenset | set) or not needs <= _NEEDS:
            raise RunError(f"{at}: needs must be a set of {', '.join(sorted(_NEEDS))}; got {needs!r}")
        _try(at, example)
    found = [line for example in examples for line in told(mechanism_faults, example)] if whole else []
    return [line if line.startswith(f"--plugin {path}:") else f"{at}: {line}" for line in dict.fromkeys(found)]


def _watch(path: Path, rule: type[Mechanism]) -> None:
    """Have every error of the rule's methods name the file and the line, and every award checked."""
    what = f" mechanism {rule.name!r}:"

    def checked(method: Callable[..., Any]) -> Callable[..., Award]:
        clear = guarded(path, what, method)

        @functools.wraps(clear)
        def award_of(self: Mechanism, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
            award: Award = clear(self, bids, tender, standing, lottery)
            fault = award_fault(award, bids) or undeclared(self, award)
            if fault:
                raise RunError(f"--plugin {path}:{what} {fault}")
            return award

        return award_of

    for name in _WATCHED:
        if name in vars(rule):
            setattr(rule, name, guarded(path, what, vars(rule)[name]))
    rule.__call__ = checked(rule.__call__)  # type: ignore[method-assign]
    if "assign" in vars(rule):
        rule.assign = checked(rule.assign)  # type: ignore[method-assign]


def _try(at: str, rule: Mechanism) -> None:
    """Clear a small batch, and its rows one by one, which must agree; ask the rule for asks and scores."""
    rows, n = 4, 3
    grid = (np.arange(rows * n).reshape(rows, n) * 7 % 12 + 0.5) / 12
    active = np.ones((rows, n), np.bool_)
    active[0] = False
    active[1, 0] = False
    each = np.ones(rows)
    bids = Bids(ask=np.where(active, grid, np.nan), claim=np.where(active, 1 - grid / 2, np.nan), active=active)
    tender = Tender(value=each, reserve=0.8 * each, penalty=0.1 * each, posting=np.arange(rows))
    standing = Standing(reputation=np.ones((rows, n)), expected_cost=grid / 4, advice=1 - grid / 3)
    lottery = frozen(grid[::-1, ::-1].copy())
    with np.errstate(all="ignore"):
        batch = rule(bids, tender, standing, lottery)
        for row in range(rows):
            alone = rule(_row(bids, row), _row(tender, row), _row(standing, row), lottery[row])
            for name, array in vars(alone).items():
                if array is not None and not np.array_equal(getattr(batch, name)[row], array):
                    raise RunError(
                        f"{at}: gives a batch of postings another {name} than the same postings one by one; agents "
                        "are the last axis, so reduce along axis=-1 and add [..., None] to what is the tender's"
                    )
        notice = Notice(value=tender.value, reserve=tender.reserve, penalty=tender.penalty, posting=tender.posting)
        asks = np.asarray(rule.truthful_ask(1 - grid, grid, notice))
        terms = rule.terms(bids, tender, standing)
    if asks.shape != grid.shape or asks.dtype.kind != "f":
        raise RunError(f"{at}: truthful_ask must return floats of the shape of belief, {grid.shape}; got {asks.shape}")
    if not isinstance(terms, dict) or any(np.shape(term) != grid.shape for term in terms.values()):
        raise RunError(f"{at}: terms must return a dict of arrays of the shape of the bids")


def _row(batch: Batch, row: int) -> Batch:
    """One row of a batch of bids, tenders or standings."""
    return type(batch).trusted(**{name: array[row] for name, array in vars(batch).items()})


def mechanism_faults(rule: Mechanism) -> Iterator[str]:
    """All that is wrong with a rule."""
    for n in (0, 1, 4):
        named = _among(rule, n)
        for leading in ((), (5,), (2, 3)):
            given = _scene(leading, n)
            with trying(case_of(leading, n)):
                if named is not None and (wrong := award_fault(named(*given), given[0])):
                    yield wrong
                    return
    if named is not None:
        with trying(case_of((_ROWS,), 4)):
            yield from _of_batch(named)
        with trying("the payments that its paragraph states"):
            yield from payment_text_faults(named)


def _of_batch(rule: Mechanism) -> Iterator[str]:
    """What is wrong with the awards of a batch, of its rows, and of what is not read of it."""
    given = _scene((_ROWS,), 4)
    award = rule(*given)
    if wrong := award_fault(award, given[0]):
        yield wrong
        return
    if not _same_awards(award, rule(*given)):
        yield "gives another award when it is asked again; lotteries are handed to it"
    bids, tender, standing, lottery = given
    for row in range(_ROWS):
        alone = rule(_row(bids, row), _row(tender, row), _row(standing, row), lottery[row])
        if not _same_awards(_row_of(award, row), alone):
            yield "gives a batch of postings another award than the same postings one by one"
    for pay in (award.pay_success, award.pay_failure):
        if (pay[~award.hired] != 0).any():
            yield "promises money to an agent that it does not hire; what all owe is a fee"
    yield from _of_inactive(rule, given, award)


def _among(rule: Mechanism, n: int) -> Mechanism | None:
    """The rule among n agents; None where it names one that is not there."""
    try:
        return rule.for_agents([f"a{place}" for place in range(n)])
    except SimError:
        return None


def _of_inactive(rule: Mechanism, given: tuple[Any, ...], award: Award) -> Iterator[str]:
    bids, tender, standing, lottery = given
    for ask, claim in ((0.0, 1.0), (np.nan, np.nan), (np.inf, 0.0)):
        other = Bids.trusted(
            ask=frozen(np.where(bids.active, bids.ask, ask)),
            claim=frozen(np.where(bids.active, bids.claim, claim)),
            active=bids.active,
        )
        if not _same_awards(award, rule(other, tender, standing, lottery)):
            yield f"reads a bid that does not count (active is False) where it asks {ask:g} and claims {claim:g}"


def _scene(leading: tuple[int, ...], n: int) -> tuple[Bids, Tender, Standing, FloatArray]:
    shape = (*leading, n)
    numbers, each = grid(shape), 0.5 + grid(leading, 5) / 2
    active = frozen(grid(shape, 29) < 0.8)
    bids = Bids.trusted(ask=numbers, claim=grid(shape, 11), active=active)
    tender = Tender(value=each, reserve=0.8 * each, penalty=0.0 * each, posting=np.zeros(leading, np.int64))
    standing = Standing(reputation=0.5 + numbers, expected_cost=grid(shape, 13) / 4, advice=grid(shape, 17))
    return bids, tender, standing, grid(shape, 19)


def _same_awards(one: Award, other: Award) -> bool:
    return all(
        same(array, getattr(other, name)) if array is not None else getattr(other, name) is None
        for name, array in vars(one).items()
    )


def _row_of(award: Award, row: int) -> Award:
    return Award.trusted(**{name: None if array is None else array[row] for name, array in vars(award).items()})
