"""The principal's own hand among further names, organisations and shills: it answers, and others where it asks."""

from __future__ import annotations

import re
from typing import Any

import bidlab as bl
import numpy as np
import pytest

from sim.kit.errors import ScenarioError
from tests.market.test_make_or_buy import SCENARIO, played

SHILL = {"shill": {"shill": {"ask": 0.4}}}
SCAFFOLD = {"sc": {"scaffold": {"agent": "two", "shift": 1.0}}}
POLICY = "a policy of several agents that names 'own'"
OF_OWN = {"sc": {"scaffold": {"agent": "own", "shift": 1.0}}}


@pytest.mark.parametrize(
    "settings",
    [
        {"tender__own": "sc", "world__organisations": SCAFFOLD},
        {"world__organisations": OF_OWN},
        {"world__names": {"two": 2}},
        {"world__shill": "own", "bidders__agents": SHILL},
        {"world__latency": {"uniform": [0, 3]}},
        {"bidders__most_bids": 2},
    ],
    ids=str,
)
def test_it_always_answers_and_others_only_where_they_are_asked(settings: dict[str, Any]) -> None:
    given = {"tender__autarky": 0.5, "world__nonresponse": 0.3, "world__tasks": 20} | settings
    arm = played(**given)
    hand = np.isin(np.arange(arm.world.n_agents), arm.rules.staff)
    assert np.isfinite(arm.ask[..., hand]).all()
    assert 0 < arm.world.unasked.sum() < arm.world.unasked.size
    assert np.isnan(arm.ask[arm.world.unasked][:, ~hand]).all()
    assert (arm.attempts[..., hand].sum(axis=-1)[arm.world.unasked] == 1).mean() > 0.5


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"tender.own": "shill", "world.shill": "two"}, 'world.shill where it is the "shill", which never works'),
        ({"tender.own": "two (2)", "world.names": {"two": 2}}, "world.names, in which 'two (2)' is another name of"),
        (
            {"bidders.policy": {"hand_over": {"agent": "two", "to": "own"}}},
            POLICY,
        ),
        ({"bidders.policy": {"ring": {"members": ["own", "two"]}}}, POLICY),
        ({"bidders.process": "honest"}, "bidders.process, by which agents bid"),
    ],
    ids=str,
)
def test_what_is_no_hand_of_its_own_is_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ScenarioError, match=re.escape(f"tender.own: cannot be combined with {says}")):
        bl.run(SCENARIO, settings=settings)
