"""What the recorded table gives without a draw: claims and outcomes, and the auction over its reserve in closed form.

Each agent is alone against R ~ U[0, 1] and asks its break-even price at a penalty of $2. Index convention: T tasks, n
agents.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.stats import norm

from analysis.arm import ArmData
from analysis.auction import closed_forms, drawn
from analysis.auction import offer as offer_of
from analysis.calibration import auc, brier, ece
from analysis.intervals import t_quantile
from analysis.paper.beside import DIGITS, RESERVES, Beside
from analysis.paper.published_numbers import Published, find
from sim.kit.arrays import FloatArray

ARM = "posted"
FIRST = 30  # tasks of the study's first block
DRAWS = 100  # reserves that the study drew
PROXY = "gpt-5.2-pro's outcomes and costs are a proxy: the leaderboard run of GPT-5.2 with high reasoning."


def calibration(arm: ArmData) -> list[Beside]:
    """Success, claims, Brier score, AUC, cost ratios and costs of each agent and of all, and the ECE of all."""
    found = []
    claim, success, ratio, cost = _observed(arm)
    for place, agent in enumerate((*arm.agents, "all")):
        own = slice(None) if agent == "all" else slice(place, place + 1)
        p, y = claim[:, own].ravel(), success[:, own].ravel()
        numbers = {
            "success rate": y.mean(),
            "mean claim": p.mean(),
            "Brier": brier(p, y),
            "AUC": math.nan if agent == "all" else auc(p, y),
            "median cost belief / cost": np.median(ratio[:, own]),
            "mean cost": math.nan if agent == "all" else cost[:, own].mean(),
            "ECE": ece(p, y),
        }
        found += [_exact(agent, name, float(value)) for name, value in numbers.items() if not math.isnan(value)]
    found.append(_exact(f"first {FIRST} tasks", "success rate", float(success[:FIRST].mean())))
    found.append(_exact(f"next {len(success) - FIRST} tasks", "success rate", float(success[FIRST:].mean())))
    return found


def _exact(of: str, quantity: str, value: float) -> Beside:
    return Beside("calibration", of, quantity, value, rule=DIGITS)


def _observed(arm: ArmData) -> tuple[FloatArray, ...]:
    """(T, n) each, the same in all replications: claim, success, cost belief / cost, cost."""
    cost = arm.world.cost[0, ..., 0]
    return arm.belief[0], arm.success[0].astype(np.float64), arm.cost_belief[0] / cost, cost


def auction(arm: ArmData) -> list[Beside]:
    """Hired, and profit by both accountings, in closed form; around it what a mean over DRAWS reserves may be.

    arm: with as many replications as there are draws.
    """
    exact, came = closed_forms(offer_of(arm), 0.0, 1.0), drawn(arm)
    found = []
    for name, quantity in (("hired", "hired"), ("published", "published profit")):
        for place, agent in enumerate(arm.agents):
            value, half = _with_draws(exact[name][..., place], came[name][..., place])
            why = _why(
                find("auction", agent, quantity), value, half / float(t_quantile(len(came[name]))), len(arm.agents)
            )
            found.append(Beside("auction", agent, quantity, value, value - half, value + half, RESERVES, why))
    return [*found, *_only_ours(exact, arm.agents)]


def _why(stated: Published | None, value: float, se: float, agents: int) -> str:
    """How far the draws were off, and how often they are with as many agents."""
    off = 0.0 if stated is None else (stated.value - value) / se
    share = 1.0 - (1.0 - 2.0 * float(norm.sf(abs(off)))) ** agents
    way = "favoured it" if off > 0 else "went against it"
    return (
        f"the {DRAWS} reserves drawn, the same for hiring and profit, {way} by {abs(off):.1f} standard errors; among "
        f"{agents} agents one is so far off in {share:.0%} of studies"
    )


def _only_ours(exact: dict[str, FloatArray], agents: tuple[str, ...]) -> Iterator[Beside]:
    """What the study does not state, with intervals over tasks where they say most."""
    for name, quantity in (
        ("oracle", "oracle"),
        ("cash", "cash profit"),
        ("wrong_probability", "cash less published, wrong probability"),
        ("wrong_cost", "cash less published, wrong cost"),
    ):
        for place, agent in enumerate(agents):
            each = exact[name][0, :, place]
            half = float(t_quantile(len(each))) * each.std(ddof=1) / math.sqrt(len(each))
            value = float(each.mean())
            yield Beside("auction", agent, quantity, value, value - half, value + half)


def pooled_draws(arm: ArmData) -> dict[str, tuple[float, float]]:
    """Published profit and oracle gap of all agents: the closed form, and half of the range of DRAWS reserves."""
    exact, came = closed_forms(offer_of(arm), 0.0, 1.0), drawn(arm)
    gaps = [which["oracle"] - which["published"] for which in (exact, came)]
    return {
        "published profit": _with_draws(exact["published"], came["published"]),
        "oracle gap": _with_draws(gaps[0], gaps[1]),
    }


def _with_draws(exact: FloatArray, came: FloatArray) -> tuple[float, float]:
    """The mean in closed form, and t times the standard error of a mean over the replications drawn."""
    each = (came - exact).reshape(len(came), -1).mean(axis=1)
    return float(exact.mean()), float(t_quantile(len(each))) * float(each.std(ddof=1)) / math.sqrt(len(each))
