"""What a bid's prompt tells of the market."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.live_market.from_source import play_from
from sim.live_market.live_source import Live
from sim.mechanisms.score import SecondScore
from tests.live_market.live_scenes import live_world, rules, session, settings, written


@pytest.mark.parametrize(
    ("sections", "told", "not_told"),
    [
        ({}, ["What a success is worth to the principal: $1", "Penalty: $0.125"], ["Time limit", "at once", "Reserve"]),
        ({"market": {"capacity": 2}}, ["Tasks you can work on at once: 2"], ["Time limit"]),
        (
            {"tender": {"deadline": 9, "timeout": "FAIL"}},
            ["Time limit: the task closes 9 ticks after it came"],
            ["at once"],
        ),
        ({"tender": {"public": ["reserve", "penalty"]}}, ["Reserve: $0."], ["What a success is worth"]),
    ],
)
def test_a_bid_is_told_what_is_public_and_stated(
    sections: dict[str, Any], told: list[str], not_told: list[str], tmp_path: Path
) -> None:
    respondents, tasks = written(tmp_path, ("gpt-5.2", "gpt-5-mini"), 2)
    own = settings(**sections)
    world = live_world(own, tasks, respondents.names, 5)
    asked = rules(SecondScore(), own, world)
    with session(respondents, tasks) as made:
        play_from(Live(world, asked, made.asking), world, asked)
        prompts = [one.prompt for one in made.asking.asked.values() if one.purpose == "bid"]
    assert prompts
    for prompt in prompts:
        assert [line for line in told if line not in prompt] == []
        assert [line for line in not_told if line in prompt] == []
