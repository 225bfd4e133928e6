"""The evidence that is shown while a live market goes on."""

from __future__ import annotations

from pathlib import Path

from analysis.e_process import lines_of
from sim.ledger.ledger import REASON
from sim.live_market.from_source import play_from, solved_on
from sim.live_market.live_source import Live
from sim.market.tape import Tape
from sim.mechanisms.price import SecondPrice
from tests.live_market.live_scenes import live_world, rules, session, settings, written


def test_a_task_counts_once_it_is_closed_for_good(tmp_path: Path) -> None:
    respondents, tasks = written(tmp_path, ("gpt-5.2", "gpt-5-mini"), 30)
    own = settings(tender={"postings": 2, "exclude": "hired"})
    world = live_world(own, tasks, respondents.names, 5)
    asked = rules(SecondPrice(), own, world)
    tape, seen = Tape(), []

    class Watching(Live):
        def outcome(self, *at):  # type: ignore[no-untyped-def]
            seen.append(solved_on(tape))
            return super().outcome(*at)

    with session(respondents, tasks) as made:
        tables = play_from(Watching(world, asked, made.asking), world, asked, tape=tape)
    rows = tables["clearings"]
    closed = {}
    for task, reason in zip(rows["task"].tolist(), rows["closed"].tolist(), strict=True):
        closed[0, task] = REASON[reason] == "solved"
    assert solved_on(tape) == closed
    assert len(closed) == 30
    assert any(REASON[reason] == "reposted" for reason in rows["closed"])
    assert [len(one) for one in seen] == sorted(len(one) for one in seen)
    assert all(closed[task] == solved for one in seen for task, solved in one.items()), "what counts stays as it is"


def test_lines_count_what_both_arms_have_closed() -> None:
    solved = {"a": {1: True, 2: True, 3: False}, "b": {1: True, 2: False}}
    assert lines_of(solved, "a")[1:] == ["b: solved 0 tasks that a did not, 1 the other way: e = 1"]
    assert lines_of({"a": {1: True}}, "a") == []
