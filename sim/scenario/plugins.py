"""Plugins: a user's own mechanisms and quantities, registered for one run by `--plugin FILE`.

Only the command line loads code. A scenario file names rules and can never execute anything.

A plugin's rule is tried once on a small batch as it is loaded, and watched while it runs: whatever it raises, or gives
back that is no award, is reported in one line with the line of its file.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from sim.kit.arrays import MOST_PAID, Award, Bids, FloatArray, Notice, Standing, Tender, frozen
from sim.kit.errors import RunError, ScenarioError
from sim.kit.kinds import KINDS, Kind, registered
from sim.kit.parameters import check_annotations
from sim.mechanisms import Mechanism, registry
from sim.scenario.plugin_files import beside, digest_of_files, helpers_of, names_of

Batch = TypeVar("Batch", Bids, Tender, Standing)

_NEEDS = frozenset({"value", "expected_cost", "advice"})
_WATCHED = ("for_agents", "truthful_ask", "terms", "threshold", "scores", "precedence", "score", "critical_ask")


@contextmanager
def plugins(paths: Sequence[Path]) -> Iterator[dict[str, str]]:
    """Load the files and keep what they register until the context ends; yields name -> SHA-256 of all its code.

    The name is the file's, with folders where two have one name; its code is the file and the modules beside it that it
    imports (sim/scenario/plugin_files.py).

    Raises RunError naming the file where it cannot be read, fails while loading, registers nothing, or registers
    something that does not keep the contract of its kind (sim/kit/kinds.py).
    """
    before = registered()
    digests: dict[str, str] = {}
    with ExitStack() as helpers:
        try:
            for path, name in zip(paths, names_of(paths), strict=True):
                digests[name] = _load(path, helpers)
            yield digests
        finally:
            for kind, name in registered() - before:
                KINDS[kind].unregister(name)


def _load(path: Path, kept: ExitStack) -> str:
    """Load a plugin; its helpers are `kept` loaded. Returns its digest."""
    known = registered()
    try:
        code = path.read_bytes()
        helpers = helpers_of(path, code)
    except (OSError, ValueError) as error:
        raise RunError(f"--plugin {path}: cannot be read: {getattr(error, 'strerror', error)}") from None
    digest = digest_of_files(code, helpers)
    kept.enter_context(beside(path, helpers))
    spec = importlib.util.spec_from_loader(f"bidlab_plugin_{digest[:16]}", loader=None, origin=str(path))
    if spec is None:
        raise RunError(f"--plugin {path}: cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    module.__file__ = str(path)
    sys.modules[spec.name] = module
    try:
        exec(compile(code, str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        raise _fault(path, error) from None
    added = [(kind, name) for kind, of in KINDS.items() for name in of.names() if (kind, name) not in known]
    if not added:
        raise RunError(
            f"--plugin {path}: registers nothing: {'; '.join(f'{kind}: {of.how}' for kind, of in KINDS.items())}"
        )
    for kind, name in added:
        KINDS[kind].admit(path, name)
    return digest


def _fault(path: Path, error: BaseException, what: str = "") -> RunError:
    """The one line that says where in the file `error` comes from."""
    at = getattr(error, "lineno", None) or _last_line(error, path)
    where = f" line {at}:" if at else ""
    text = " ".join(str(error).split())
    return RunError(f"--plugin {path}:{where}{what} {type(error).__name__}: {text}".removesuffix(": "))


def _last_line(error: BaseException, path: Path) -> int | None:
    last, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            last = trace.tb_lineno
        trace = trace.tb_next
    return last


def _admit(path: Path, name: Any) -> None:
    """Check what a registration cannot, then watch the rule and try it."""
    at = f"--plugin {path}: mechanism {name!r}"
    if not isinstance(name, str) or not name.isidentifier():
        raise RunError(f"{at}: a name is letters, digits and underscores")
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


def _watch(path: Path, rule: type[Mechanism]) -> None:
    """Have every error of the rule's methods name the file and the line, and every award checked."""
    what = f" mechanism {rule.name!r}:"

    def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return method(*args, **kwargs)
            except (RunError, ScenarioError):
                raise
            except (Exception, SystemExit) as error:
                raise _fault(path, error, what) from None

        return call

    def checked(method: Callable[..., Any]) -> Callable[..., Award]:
        clear = guarded(method)

        @functools.wraps(clear)
        def award_of(self: Mechanism, bids: Bids, tender: Tender, standing: Standing, lottery: FloatArray) -> Award:
            award: Award = clear(self, bids, tender, standing, lottery)
            fault = _award_fault(award, bids) or _undeclared(self, award)
            if fault:
                raise RunError(f"--plugin {path}:{what} {fault}")
            return award

        return award_of

    for name in _WATCHED:
        if name in vars(rule):
            setattr(rule, name, guarded(vars(rule)[name]))
    rule.__call__ = checked(rule.__call__)  # type: ignore[method-assign]
    if "assign" in vars(rule):
        rule.assign = checked(rule.assign)  # type: ignore[method-assign]


def _undeclared(rule: Mechanism, award: Award) -> str:
    """What the award names and the rule does not say it may, or nothing."""
    if award.turn is not None and not rule.capabilities.in_turns:
        return "names turns: say so with capabilities = Capabilities(in_turns=True)"
    if award.budget is not None and not rule.capabilities.takes_menu:
        return "names budgets: say so with capabilities = Capabilities(takes_menu=True)"
    return ""


def _award_fault(award: Any, bids: Bids) -> str:
    """What is wrong with an award for these bids, or nothing."""
    if not isinstance(award, Award):
        return f"must return an Award (use sim.mechanisms.contract); got {type(award).__name__}"
    shape = bids.active.shape
    for name, kind, expected in (
        ("hired", "b", shape),
        ("pay_success", "f", shape),
        ("pay_failure", "f", shape),
        ("by_tie", "b", shape[:-1]),
    ):
        array = np.asarray(getattr(award, name, None))
        if array.dtype.kind != kind:
            return f"{name} must be {'booleans' if kind == 'b' else 'floats'}; got dtype {array.dtype}"
        if array.shape != expected:
            return f"{name} must have shape {expected} for bids of shape {shape}; got {array.shape}"
        if kind == "f" and not np.isfinite(array).all():
            return f"{name} must be finite; got {array[~np.isfinite(array)][0]}"
        if kind == "f" and (np.abs(array) > MOST_PAID).any():
            return f"{name} must be from -{MOST_PAID:g} to {MOST_PAID:g}; got {array[np.abs(array) > MOST_PAID][0]}"
    for name, kind in (("turn", "i"), ("budget", "f")):
        array = getattr(award, name)
        if array is not None and (np.asarray(array).dtype.kind, np.shape(array)) != (kind, shape):
            wanted = "whole numbers" if kind == "i" else "floats"
            return f"{name} must be {wanted} of shape {shape}; got {np.asarray(array).dtype} of shape {np.shape(array)}"
    if (award.hired & ~bids.active).any():
        return "hires an agent without a bid that counts (bids.active is False)"
    return ""


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


KINDS["mechanism"] = Kind(registry.names, _admit, registry.unregister, "decorate a class with @register('name')")
