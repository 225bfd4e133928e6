"""A file is held by one at a time."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from sim.kit.holding import LOCKS, hold, in_turn

pytestmark = pytest.mark.skipif(not LOCKS, reason="this system has no locks")


def test_a_second_one_is_refused_or_waits(tmp_path: Path) -> None:
    """Who waits goes on when the first has ended, not before."""
    file, order = tmp_path / "held", []
    file.touch()

    def second() -> None:
        with in_turn(file):
            order.append("second")

    waiting = threading.Thread(target=second)
    with in_turn(file):
        handle = os.open(file, os.O_RDWR)
        with pytest.raises(BlockingIOError):
            hold(handle)
        os.close(handle)
        waiting.start()
        waiting.join(0.1)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


def test_folders_are_held_too_and_what_is_not_there_is_not(tmp_path: Path) -> None:
    """What cannot be held keeps nobody from its work."""
    for path in (tmp_path, tmp_path / "missing"):
        with in_turn(path):
            pass
