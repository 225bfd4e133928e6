"""Scripted live markets for tests: agents of a population that are asked, and the same agents drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sim.kit.arrays import Status
from sim.live.answers import Answers
from sim.live.respondents import Respondents, read_respondents
from sim.live.task_file import LiveTask, read_tasks
from sim.live_market.session import LiveOptions, Session
from sim.live_market.simulated import SimulatedRespondent
from sim.market.rules import Rules
from sim.mechanisms import Mechanism
from sim.specs.settings import Settings
from sim.world.history import with_records
from sim.world.live_world import live_base
from sim.world.world import World

AGENTS = ("gpt-5.2", "gpt-5-mini", "gpt-5.2-pro", "gemini-3-pro", "claude-opus-4.5", "claude-sonnet-4.5")


def written(folder: Path, agents: tuple[str, ...], n_tasks: int) -> tuple[Respondents, tuple[LiveTask, ...]]:
    """Respondents of a bundled profile and sums to add up, in files of this folder."""
    (folder / "tasks.jsonl").write_text(
        "".join(
            f'{{"id": "t{k}", "prompt": "Add {k} and 1.", "answer": {k + 1}, "verify": "number"}}\n'
            for k in range(n_tasks)
        )
    )
    (folder / "respondents.toml").write_text(
        'tasks = "tasks.jsonl"\n' + "".join(f'[agents."{name}"]\nprofile = "marketbench"\n' for name in agents)
    )
    found = read_respondents(folder / "respondents.toml")
    return found, read_tasks(folder / "tasks.jsonl", None)


def settings(**sections: dict[str, Any]) -> Settings:
    """Those of a live scenario."""
    world = {"live": "respondents.toml", "arrivals": {"every": 1}, "duration": {"uniform": [1, 5]}}
    tender = {"value": 1.0, "reserve": {"uniform": [0.3, 1.0]}, "penalty": 0.125}
    return Settings.model_validate(
        {"world": world | sections.pop("world", {}), "tender": tender | sections.pop("tender", {}), **sections}
    )


def live_world(own: Settings, tasks: tuple[LiveTask, ...], agents: tuple[str, ...], seed: int) -> World:
    """Before anybody was asked."""
    return with_records(*live_base(tasks, agents, own.spec, seed, 1), own.spec)


def drawn_world(world: World, session: Session) -> World:
    """The same World in which the session's actors bid and work as they would answer."""
    actors = [session.panel.reached[name] for name in world.agents]
    assert all(isinstance(one, SimulatedRespondent) for one in actors)
    tries = world.n_tries

    def of(name: str) -> Any:
        stacked = np.stack([getattr(one, name) for one in actors], axis=1)  # (T, n) or (T, n, K)
        return (
            stacked[None]
            if stacked.ndim == 2
            else stacked[None, ..., np.minimum(np.arange(tries), stacked.shape[2] - 1)]
        )

    status = of("status")
    passes, lost = status == int(Status.PASS), status == int(Status.INFRA)
    return world.changed(
        live=False,
        belief=np.round(100 * of("belief")) / 100,
        cost_belief=of("cost_belief"),
        success=passes,
        verified=passes,
        infra=lost,
        cost=of("cost"),
        observed=None,
    )


def session(
    respondents: Respondents,
    tasks: tuple[LiveTask, ...],
    path: Path | None = None,
    *,
    concurrency: int = 16,
    offline: bool = False,
    seed: int = 5,
) -> Session:
    return Session(respondents, respondents.names, tasks, seed, LiveOptions(path, 1e6, concurrency, offline))


def rules(mechanism: Mechanism, own: Settings, world: World) -> Rules:
    return Rules.of(mechanism, own.terms, world)


__all__ = ["AGENTS", "Answers", "drawn_world", "live_world", "rules", "session", "settings", "written"]
