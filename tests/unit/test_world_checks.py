"""What a World checks of the numbers that it is given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.kit.errors import ArrayError
from tests.worlds import make_world


@pytest.mark.parametrize(
    ("name", "bad", "says"),
    [
        ("belief", 1.5, r"belief must lie in \[0, 1\]; got 1\.5 at \(0, 2, 1\)"),
        ("ability", -0.5, r"ability must lie in \[0, 1\]; got -0\.5 at \(0, 2, 1\)"),
        ("cost_belief", np.inf, r"cost_belief must be finite and >= 0; got inf at \(0, 2, 1\)"),
        ("latency", -1, r"latency must be finite and >= 0; got -1 at \(0, 2, 1\)"),
    ],
)
def test_bad_number_of_an_array_that_does_not_vary_is_named_where_somebody_is_there(
    name: str, bad: float, says: str
) -> None:
    """One number for all cells; agent 0 is nowhere, agent 1 is at the last task alone."""
    present = [[False, False], [False, False], [False, True]]
    world = make_world(3, 2, replications=4, present=present)
    same = np.broadcast_to(np.asarray(bad, getattr(world, name).dtype), world.present.shape)
    changes: dict[str, Any] = {name: same}
    with pytest.raises(ArrayError, match=says):
        replace(world, **changes)
    nobody = np.zeros_like(world.present)
    assert replace(world, present=nobody, **changes).n_agents == 2
