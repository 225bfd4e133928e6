"""Trials of Harbor (Terminal-Bench 2): result.json in each trial's folder, jobs/JOB/TRIAL/result.json.

Format: https://github.com/laude-institute/harbor, TrialResult (schema_version 1) of harbor 0.26.0. Read are task_name,
trial_name, agent_info.name and model_info.name, verifier_result.rewards.reward (no reward: INFRA),
agent_result.cost_usd and agent_execution. Rewards of other names need columns.success of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sim.importing.importer import Importer
from sim.importing.importer_registry import register_importer


@register_importer("harbor")
@dataclass(frozen=True)
class Harbor(Importer):
    """at_least: the reward from which a trial succeeded."""

    at_least: float | None = None

    summary = "result.json of Harbor's trials; the agent is agent/model"
    source = "https://github.com/laude-institute/harbor"

    def mapping(self) -> Mapping[str, Any]:
        """A row for each trial."""
        mark = {} if self.at_least is None else {"at_least": self.at_least}
        return {
            "columns": {
                "agent": "{agent_info.name}/{agent_info.model_info.name}",
                "task": "task_name",
                "trial": "trial_name",
                "success": {"field": "verifier_result.rewards.reward", **mark},
                "cost": "agent_result.cost_usd",
                "duration": {"since": "agent_execution.started_at", "until": "agent_execution.finished_at"},
            }
        }

    def unpack(self, document: Any) -> Iterable[Mapping[str, Any]]:
        """The trial."""
        if isinstance(document, dict) and {"task_name", "trial_name"} <= set(document):
            return [document]
        raise ValueError("is no trial of Harbor: it has no task_name and trial_name; a job's own result.json has none")
