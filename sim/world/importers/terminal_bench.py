"""Results of Terminal-Bench: results.json of a run, or of each of its trials.

Format: https://github.com/laude-institute/terminal-bench, terminal_bench/harness/models.py of 0.2.18 (BenchmarkResults,
TrialResults). Read are task_id, trial_name, is_resolved (null: INFRA), agent_started_at to agent_ended_at and the total
tokens. Agent and model stand in run_metadata.json, which is not read: the agent is the run's folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sim.importing.importer import Importer
from sim.importing.importer_registry import register_importer


@register_importer("terminal_bench")
@dataclass(frozen=True)
class TerminalBench(Importer):
    """RUN/results.json, or RUN/TASK/TRIAL/results.json; not both, for they hold the same trials."""

    summary = "results.json of Terminal-Bench, of runs or trials; the agent is the run's folder"
    source = "https://github.com/laude-institute/terminal-bench"

    def mapping(self) -> Mapping[str, Any]:
        """A row for each trial. A trial's folder is TASK.1-of-5.RUN."""
        return {
            "path_pattern": r"(?P<agent>[^/]+)/(?:[^/]+/[^/]+\.\d+-of-\d+\.[^/]+/)?results\.json",
            "columns": {
                "task": "task_id",
                "trial": "trial_name",
                "success": "is_resolved",
                "cost": {"tokens": {"input": "total_input_tokens", "output": "total_output_tokens"}},
                "duration": {"since": "agent_started_at", "until": "agent_ended_at"},
            },
        }

    def unpack(self, document: Any) -> Iterable[Mapping[str, Any]]:
        """The trials."""
        if isinstance(document, dict) and isinstance(document.get("results"), list):
            results: list[Mapping[str, Any]] = document["results"]
            return results
        if isinstance(document, dict) and "task_id" in document:
            return [document]
        raise ValueError("is no results.json of Terminal-Bench: it has neither results nor task_id")
