"""What live markets need that are played in tests."""

from __future__ import annotations

import pytest

from sim.live.calls import Calls
from tests.live.adders import KEY


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    """The key of all endpoints, in the environment; back-off takes no time."""
    monkeypatch.setenv("THE_KEY", KEY)
    monkeypatch.setitem(Calls.__init__.__kwdefaults__, "back_off", 0.001)
    return KEY
