"""Instances of Every Eval Ever: the {uuid}.jsonl beside each aggregate {uuid}.json.

Format: https://github.com/evaleval/every_eval_ever, instance_level_eval.schema.json 0.2.2. Read are model_id,
evaluation_name, sample_id, evaluation_id (which holds the time of a run: the trial), evaluation.is_correct,
token_usage, performance.latency_ms. `error` (a timeout, a refusal, an API error) is not read: is_correct stands, and
lost = "error" makes such rows INFRA. The aggregate files hold no instances.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.importing.importer import Importer
from sim.importing.importer_registry import register_importer


@register_importer("every_eval_ever")
@dataclass(frozen=True)
class EveryEvalEver(Importer):
    """at_least: the score from which an instance succeeded, in the place of is_correct."""

    at_least: float | None = None

    summary = "instance-level {uuid}.jsonl of Every Eval Ever"
    source = "https://github.com/evaleval/every_eval_ever"

    def mapping(self) -> Mapping[str, Any]:
        """A row for each instance of a run."""
        score = {"field": "evaluation.score", "at_least": self.at_least}
        return {
            "columns": {
                "agent": "model_id",
                "task": "{evaluation_name}:{sample_id}",
                "family": "evaluation_name",
                "trial": "evaluation_id",
                "success": "evaluation.is_correct" if self.at_least is None else score,
                "cost": {"tokens": {"input": "token_usage.input_tokens", "output": "token_usage.output_tokens"}},
                "duration": {"field": "performance.latency_ms", "unit": "ms"},
            }
        }
