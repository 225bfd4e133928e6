"""What intervals are over, in words."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.basis import Number, caption, missing, numbers, over, title

FRAME = pd.DataFrame(
    {
        "arm": ["b", "a", "router"],
        "clusters": ["tasks", "replications; of claims: tasks", "no clusters"],
        "coupled": ["", "market.capacity; tender.budget", ""],
        "cost": [0.25, 0.5, 0.125],
        "cost_low": [0.2, float("nan"), float("nan")],
        "cost_se": [0.02, float("nan"), float("nan")],
        "cost_clusters": [93, 3, 0],
        "brier": [0.1, float("nan"), 0.3],
        "brier_low": [float("nan"), float("nan"), 0.25],
        "brier_se": [0.0, float("nan"), 0.01],
        "brier_clusters": [93, 0, 7],
    }
)


def test_numbers_of_a_table() -> None:
    found = numbers(FRAME, "arm", ["cost", "brier"])
    assert [(number.of, number.name, number.n, number.known) for number in found] == [
        ("b", "cost", 93, True),
        ("b", "brier", 93, False),
        ("a", "cost", 3, False),
        ("router", "cost", 0, False),
        ("router", "brier", 7, True),
    ]
    assert [number.coupled for number in found] == ["", "", "market.capacity, tender.budget", "", ""]
    assert numbers(FRAME, "arm", ["cost"], claims=True)[1].what == "tasks"


def test_every_reason_is_a_line_with_the_names_it_holds_for() -> None:
    assert missing(numbers(FRAME, "arm", ["cost", "brier"])) == [
        "no interval for brier of b: nothing varied",
        "no interval for cost of a: 3 replications, at least 5 needed (coupled by market.capacity, tender.budget)",
        "no interval for cost of router: what is done at one task follows from the other tasks; a recorded table "
        "of 50 tasks or more is replayed on redrawn tables",
    ]
    assert missing(numbers(FRAME.head(1), "arm", ["cost"])) == []
    assert missing([Number("a", "auc", "tasks", 40, float("nan"), False)]) == ["no interval: too few observations"]
    assert missing([Number("a", "cost", "tasks", 1, 0.0, False)]) == ["no interval: 1 task, at least 2 needed"]


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([2], "only 2 tasks"),
        ([5, 9], "only 5 to 9 tasks"),
        ([9, 10], "9 to 10 tasks, some fewer than 10"),
        ([10], "10 tasks"),
        ([1200, 10], "10 to 1,200 tasks"),
    ],
)
def test_few_clusters_are_said(counts: list[int], said: str) -> None:
    found = [Number("a", "cost", "tasks", count, 0.1, True) for count in counts]
    assert over(found) == said
    assert title(found) == f"95% intervals over {said}"
    assert caption(found, "Student t") == f"95% intervals over {said} (Student t)"


def test_kinds_of_clusters_are_listed_each_with_its_range() -> None:
    found = [
        Number("a", "cost", "tasks", 40, 0.1, True),
        Number("b", "cost", "replications", 20, 0.1, True, "standing.reputation"),
        Number("c", "cost", "replications", 4, float("nan"), False, "market.round"),
        Number("d", "cost", "tasks", 93, 0.1, True),
    ]
    assert caption(found, "Student t") == (
        "95% intervals over 40 to 93 tasks; 20 replications (coupled by standing.reputation) (Student t); "
        "×, no interval for c: 4 replications, at least 5 needed (coupled by market.round)"
    )
    assert title(found[2:3]) == "no intervals"
