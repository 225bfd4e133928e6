"""Plugins: a user's own mechanisms, registered for one run by `--plugin FILE`.

Only the command line loads code. A scenario file names rules and can never execute anything.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sim.errors import RunError
from sim.mechanisms import registry


@contextmanager
def plugins(paths: Sequence[Path]) -> Iterator[dict[str, str]]:
    """Load the files and keep what they register until the context ends; yields file name -> SHA-256 of its bytes.

    Raises RunError naming the file where it cannot be read, fails while loading, or registers nothing.
    """
    before = set(registry.names())
    digests: dict[str, str] = {}
    try:
        for path in paths:
            digests[path.name] = _load(path)
        yield digests
    finally:
        for name in set(registry.names()) - before:
            registry.unregister(name)


def _load(path: Path) -> str:
    known = set(registry.names())
    try:
        code = path.read_bytes()
    except OSError as error:
        raise RunError(f"--plugin {path}: cannot be read: {error.strerror}") from None
    digest = hashlib.sha256(code).hexdigest()
    spec = importlib.util.spec_from_loader(f"bidlab_plugin_{digest[:16]}", loader=None, origin=str(path))
    if spec is None:
        raise RunError(f"--plugin {path}: cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    module.__file__ = str(path)
    sys.modules[spec.name] = module
    try:
        exec(compile(code, str(path), "exec"), module.__dict__)
    except Exception as error:
        at = getattr(error, "lineno", None) or _last_line(error, path)
        raise RunError(f"--plugin {path}: line {at}: {type(error).__name__}: {error}") from None
    if set(registry.names()) == known:
        raise RunError(f"--plugin {path}: registers no mechanism (decorate a class with @register('name'))")
    return digest


def _last_line(error: Exception, path: Path) -> int | str:
    lines = []
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return lines[-1] if lines else "?"
