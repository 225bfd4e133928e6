"""Keeping the collector of garbage from going through what cannot be garbage, where it would take half the time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def older_left_alone() -> Iterator[None]:
    """What was there before, all libraries among it, is not gone through."""
    ours = gc.get_freeze_count() == 0
    if ours:
        gc.freeze()
    try:
        yield
    finally:
        if ours:
            gc.unfreeze()


@contextmanager
def all_kept() -> Iterator[None]:
    """Nothing is gone through: for many small objects that all stay."""
    ours = gc.isenabled()
    if ours:
        gc.disable()
    try:
        yield
    finally:
        if ours:
            gc.enable()
