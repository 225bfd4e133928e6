"""The card of an agent's own past: aggregates with and without it, on the recorded table and in the fitted population.

Each agent is alone against R ~ U[0, 1] at a penalty of $2, in closed form. The study's card leaves out the task at hand
("published"); the named records do not (docs/records.md). Simulated agents move their claims to the card in logits and
follow its costs by COSTS: what its models would say is known to the study alone.
Index convention: R replications, T tasks, n agents.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from analysis.auction import Offer, closed_forms
from analysis.calibration import ece
from analysis.intervals import t_quantile
from analysis.paper.beside import DIGITS, RESERVES, TABLES, TASKS, Beside
from analysis.resampled import TABLES as REDRAWN
from analysis.resampled import task_counts
from sim.experiment.run_folder import draw_world, scenario_origin
from sim.kit.arrays import FloatArray
from sim.scenario.given import scenario_of
from sim.world.world import World

SCENARIO = "self_history_card"
PENALTY = 2.0
COSTS = 0.16
_ENDS = (0.025, 0.975)
RECORDS: dict[str, tuple[dict[str, Any], int]] = {  # card, replications
    "published": ({"record": "published"}, 1),
    "redrawn": ({"record": "redrawn", "tasks": 92}, 200),
    "split": ({"record": "split"}, 200),
}
QUANTITIES = ("Brier", "ECE", "mean claim", "median cost belief / cost", "published profit", "oracle gap")
_SPREAD = (
    "a shift in logits keeps the spread of claims, and profit is convex in the ask: models that read a rate may all "
    "say it"
)
WHY = {
    "published profit": _SPREAD,
    "oracle gap": _SPREAD,
    "mean claim": "the models raised their claims beyond their record; the simulated card moves them to it",
    "ECE": "claims that are shifted together keep their shape; the models' answers did not",
    "Brier": "the simulated card moves claims by one rule for all; the models each by their own",
}
Cells = Mapping[str, FloatArray]  # name -> (T, R n), or (R, T, n)


def cards(no_card_draws: Mapping[str, tuple[float, float]]) -> list[Beside]:
    """Everything of the card. no_card_draws: without it, what is drawn in the study: value and half of its range."""
    return [*_without(no_card_draws), *_on_the_table(), *_in_the_population()]


def changes() -> list[Beside]:
    """What the card changes on the recorded table, paired: the same tasks with it and without."""
    before = _cells(_recorded_world(None, 1))
    base, redrawn_base = _aggregates(before), _redrawn(before)
    rows = []
    for record, (card, replications) in RECORDS.items():
        cells = _cells(_recorded_world(card, replications))
        ours, redrawn = _aggregates(cells), _redrawn(cells)
        for name in QUANTITIES:
            apart = np.subtract(redrawn[name], redrawn_base[name])
            low, high = (float(end) for end in np.quantile(apart, _ENDS))
            change, why = ours[name] - base[name], WHY.get(name, "")
            rows.append(Beside("card change", "card less no card", name, change, low, high, TASKS, why, setting=record))
    return rows


def _without(draws: Mapping[str, tuple[float, float]]) -> list[Beside]:
    found = _aggregates(_cells(_recorded_world(None, 1)))
    rows = []
    for name in QUANTITIES:
        value, half = draws.get(name, (found[name], math.nan))
        rule = RESERVES if name in draws else DIGITS
        rows.append(Beside("card", "no card", name, value, value - half, value + half, rule))
    return rows


def _on_the_table() -> list[Beside]:
    rows = []
    for record, (card, replications) in RECORDS.items():
        cells = _cells(_recorded_world(card, replications))
        ours, redrawn = _aggregates(cells), _redrawn(cells)
        for name in QUANTITIES:
            low, high = np.quantile(redrawn[name], _ENDS)
            why = WHY.get(name, "")
            rows.append(
                Beside(
                    "card", "card", name, ours[name], float(low), float(high), TASKS, why, setting=f"table, {record}"
                )
            )
    return rows


def _in_the_population() -> list[Beside]:
    """Of single tables of 93 tasks, as `self_history_card` draws them: without a card, and with one."""
    scenario = scenario_of(SCENARIO, settings={"world.sigma_u": 1.0})
    origin, rows = scenario_origin(scenario), []
    for arm, of, setting in (
        ("neither", "no card", "population"),
        ("card", "card", "population, redrawn"),
        ("card, as published", "card", "population, published"),
    ):
        spec = next(one.settings.spec for one in scenario.arms if one.name == arm)
        world = draw_world(spec, origin, scenario.seed, scenario.replications)
        each = [
            _aggregates({name: x[at : at + 1] for name, x in _cells(world).items()}) for at in range(len(world.belief))
        ]
        for name in QUANTITIES:
            numbers = np.array([one[name] for one in each])
            half = float(t_quantile(len(numbers)) * numbers.std(ddof=1) * math.sqrt(1 + 1 / len(numbers)))
            value = float(numbers.mean())
            why = WHY.get(name, "") if of == "card" else ""
            rows.append(Beside("card", of, name, value, value - half, value + half, TABLES, why, setting=setting))
    return rows


def _recorded_world(card: dict[str, Any] | None, replications: int) -> World:
    settings = {} if card is None else {"bidders.card": {**card, "weight": 1.0, "cost_weight": COSTS}}
    scenario = scenario_of("marketbench_replay", replications=max(replications, 20), settings=settings)
    return draw_world(scenario.arms[0].settings.spec, scenario_origin(scenario), scenario.seed, replications)


def _cells(world: World) -> dict[str, FloatArray]:
    """(R, T, n) of each cell: what the aggregates are made of."""
    p, c = np.asarray(world.belief), np.asarray(world.cost_belief)
    y, cost = (np.asarray(array)[..., 0].astype(np.float64) for array in (world.success, world.cost))
    ask = np.divide(c + PENALTY * (1 - p), p, out=np.full(p.shape, np.inf), where=p > 0)
    forms = closed_forms(Offer(ask, p, c, y, cost, np.asarray(PENALTY)), 0.0, 1.0)
    return {"p": p, "y": y, "ratio": c / cost, "profit": forms["published"], "oracle": forms["oracle"]}


def _aggregates(cells: Cells) -> dict[str, float]:
    """The six aggregates; the ECE is that of a replication, on average."""
    p, y = cells["p"], cells["y"]
    each: dict[str, Callable[[], Any]] = {
        "Brier": lambda: ((p - y) ** 2).mean(),
        "ECE": lambda: np.mean([ece(a.ravel(), b.ravel()) for a, b in zip(p, y, strict=True)]),
        "mean claim": p.mean,
        "median cost belief / cost": lambda: np.median(cells["ratio"]),
        "published profit": cells["profit"].mean,
        "oracle gap": lambda: (cells["oracle"] - cells["profit"]).mean(),
    }
    return {name: float(value()) for name, value in each.items()}


def _redrawn(cells: Cells) -> dict[str, list[float]]:
    """The aggregates on tables of tasks drawn from the table with replacement, each with the next replication."""
    counts = task_counts(0, range(REDRAWN), cells["p"].shape[1])
    found: dict[str, list[float]] = {name: [] for name in QUANTITIES}
    for place, count in enumerate(counts):
        at, rows = place % len(cells["p"]), np.repeat(np.arange(len(count)), count)
        for name, value in _aggregates({key: x[at : at + 1, rows] for key, x in cells.items()}).items():
            found[name].append(value)
    return found
