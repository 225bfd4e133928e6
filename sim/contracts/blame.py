"""Whatever a plugin's part raises, or gives back that is none of its kind, is said in one line that names its file."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from sim.kit.errors import RunError, SimError

Checks = Mapping[str, Callable[[tuple[Any, ...], Any], str]]  # method -> its arguments, what it gave -> fault or ""


def fault(path: Path, error: BaseException, what: str = "") -> RunError:
    """The one line that says where in the file `error` comes from. what: of which part, with a blank before it."""
    at = getattr(error, "lineno", None) or _last_line(error, path)
    where = f" line {at}:" if at else ""
    text = " ".join(str(error).split())
    return RunError(f"--plugin {path}:{where}{what} {type(error).__name__}: {text}".removesuffix(": "))


def guarded(path: Path, what: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """The method with every error of its own naming file, line and part. Symbols it is traced with go straight in."""

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        if _symbolic(args):
            return method(*args, **kwargs)
        try:
            return method(*args, **kwargs)
        except SimError:
            raise
        except (Exception, SystemExit) as error:
            raise fault(path, error, what) from None

    return call


def guard(path: Path, what: str, part: type[Any], methods: Iterable[str]) -> None:
    """Guard those of the methods that a class defines itself."""
    for name in methods:
        if name in vars(part):
            setattr(part, name, guarded(path, what, vars(part)[name]))


def check_given(path: Path, what: str, part: type[Any], checks: Checks) -> None:
    """Have every call of the methods that a class defines itself raise RunError for what is wrong with its result."""
    for name, check in checks.items():
        if name in vars(part):
            setattr(part, name, _checked(path, what, vars(part)[name], check))


def _checked(
    path: Path, what: str, method: Callable[..., Any], check: Callable[[tuple[Any, ...], Any], str]
) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(self: Any, *args: Any) -> Any:
        given = method(self, *args)
        if not _symbolic(args) and (wrong := check(args, given)):
            raise RunError(f"--plugin {path}:{what} {method.__name__}: {wrong}")
        return given

    return call


def _symbolic(given: tuple[Any, ...]) -> bool:
    """What is given is what a method is traced with (sim/compiled/trace), and no numbers."""
    return any(hasattr(each, "node") or (isinstance(each, tuple) and _symbolic(each)) for each in given)


def _last_line(error: BaseException, path: Path) -> int | None:
    last, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            last = trace.tb_lineno
        trace = trace.tb_next
    return last
