"""Plugins: a user's own parts of every kind, registered for one command by `--plugin FILE`.

Only the command line loads code. A scenario file names rules and can never execute anything.

A plugin's part is examined as it is loaded (sim/contracts/), and watched while it runs: whatever it raises, or gives
back that is none of its kind, is reported in one line with the line of its file.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sim.contracts import admit
from sim.contracts.blame import fault
from sim.kit.errors import RunError
from sim.kit.kinds import KINDS, registered
from sim.scenario.plugin_files import beside, digest_of_files, helpers_of, names_of


@contextmanager
def plugins(paths: Sequence[Path], *, tried: bool = False) -> Iterator[dict[str, str]]:
    """Load the files and keep what they register until the context ends; yields name -> SHA-256 of all its code.

    The name is the file's, with folders where two have one name; its code is the file and the modules beside it that it
    imports (sim/scenario/plugin_files.py). tried: another process put their parts through their contracts.

    Raises RunError naming the file where it cannot be read, fails while loading, registers nothing, or registers
    something that does not keep the contract of its kind (sim/kit/kinds.py).
    """
    before = registered()
    digests: dict[str, str] = {}
    with ExitStack() as helpers:
        try:
            for path, name in zip(paths, names_of(paths), strict=True):
                digests[name] = _load(path, helpers, tried)
            yield digests
        finally:
            for kind, name in registered() - before:
                KINDS[kind].unregister(name)


def _load(path: Path, kept: ExitStack, tried: bool) -> str:
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
        raise fault(path, error) from None
    added = [(kind, name) for kind, of in KINDS.items() for name in of.added() if (kind, name) not in known]
    if not added:
        raise RunError(f"--plugin {path}: registers nothing; bidlab has {', '.join(_ways())}")
    faults = [line for kind, name in added for line in admit(path, kind, name, tried=tried)]
    if faults:
        raise RunError(*faults)
    return digest


def _ways() -> list[str]:
    """What a file may call to add a part, for every kind."""
    import sim

    return [name for name in dir(sim) if name.startswith("register_")]
