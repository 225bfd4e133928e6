"""Machine code that is kept on disk, by the text it was compiled from and the versions that compiled it."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from sim import kit
from sim.kit.arrays import MOST_PAID, Status
from sim.kit.at_once import write_at_once
from sim.kit.errors import MarketError
from sim.kit.holding import in_turn
from sim.ledger.ledger import REASON

_LOADED: dict[tuple[Path, str], ModuleType] = {}


def loaded(text: str) -> ModuleType:
    """The module of this text, in which CACHED is true; compiled now or before."""
    base = folder()
    if (base, text) in _LOADED:
        return _LOADED[base, text]
    name = f"rule_{hashlib.sha256((_versions() + text).encode()).hexdigest()[:32]}"
    path = base / f"{name}.py"
    if not path.exists():
        write_at_once(path, f"CACHED = True\n{text}".encode())
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise MarketError(f"{path}: cannot be loaded")
    module = module_from_spec(spec)
    sys.modules[name] = module  # where what is kept of it looks for it
    with in_turn(path):  # another process that wants it finds it compiled
        spec.loader.exec_module(module)
    _LOADED[base, text] = module
    return module


@cache
def _versions() -> str:
    """What else the code of a text hangs on."""
    import numba

    here = Path(__file__).parent
    own = (here / f"{name}.py" for name in ("library", "stack", "choose"))
    kit_files = (Path(kit.__file__).parent / f"{name}.py" for name in ("scalar_functions", "compiled_functions"))
    files = (*kit_files, *own)
    functions = "".join(file.read_text(encoding="utf-8") for file in files)
    return f"{sys.version_info[:3]} numba {numba.__version__} numpy {np.__version__} {functions}"


def folder() -> Path:
    """Where compiled code is kept: BIDLAB_CACHE, or the user's folder for what can be made again."""
    return _made(os.environ.get("BIDLAB_CACHE") or os.environ.get("XDG_CACHE_HOME") or "~/.cache")


@cache
def _made(base: str) -> Path:
    found = Path(base).expanduser() / "bidlab" / "compiled"
    try:
        found.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="bidlab-"))
    return found


@cache
def kernel() -> Callable[..., int]:
    """The loop of sim/compiled/kernel, kept by the text of its files."""
    import numba

    here = Path(__file__).parent
    texts = [
        path.read_bytes() for path in (here / "hand.py", here / "packed.py", *sorted((here / "kernel").glob("*.py")))
    ]
    digest = hashlib.sha256(b"".join([*texts, repr((REASON, list(Status), MOST_PAID)).encode()])).hexdigest()[:16]
    place = "CACHE_DIR"  # read as a function is made
    before = getattr(numba.config, place)
    kept_in = folder() / f"kernel_{digest}"
    kept_in.mkdir(exist_ok=True)
    setattr(numba.config, place, str(kept_in))
    try:
        from sim.compiled.kernel.loop import play

        loop = numba.njit(cache=True, nogil=True, error_model="numpy")(play)
    finally:
        setattr(numba.config, place, before)
    return compiled_once(loop, kept_in)


def compiled_once(loop: Any, kept_in: Path) -> Callable[..., int]:
    """A compiled loop; what it is given has the same types in every call, so that they are looked at once.

    kept_in: the file or folder that is held while it is compiled, so that other processes find it there.
    """

    def run(*given: Any) -> int:
        if not loop.overloads:
            with in_turn(kept_in):
                loop.compile(tuple(loop.typeof_pyval(one) for one in given))
        played: int = next(iter(loop.overloads.values())).entry_point(*given)
        return played

    return run
