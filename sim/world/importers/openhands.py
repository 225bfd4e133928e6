"""Evaluations of OpenHands: output.swebench_eval.jsonl, and output.jsonl where it holds the report.

Format: https://github.com/All-Hands-AI/OpenHands, evaluation/utils/shared.py (EvalOutput) and
evaluation/benchmarks/swe_bench/eval_infer.py, as of 0.5x (commit 000d9da). Read are instance_id,
test_result.report.resolved, error_eval (true: INFRA; so is no report) and metrics.accumulated_cost, where there is
one: eval_infer writes none, so that the cost of output.swebench_eval.jsonl must be stated. The agent is in the
folder's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.importing.importer import Importer
from sim.importing.importer_registry import register_importer


@register_importer("openhands")
@dataclass(frozen=True)
class OpenHands(Importer):
    """report: where the report stands in a line; update_output_with_eval.py writes it to "report"."""

    report: str = "test_result.report"

    summary = "output*.jsonl of OpenHands; the agent is in the folder MODEL_maxiter_N"
    source = "https://github.com/All-Hands-AI/OpenHands"

    def mapping(self) -> Mapping[str, Any]:
        """A row for each instance; several folders of a model are trials."""
        return {
            "path_pattern": r"(?P<agent>[^/]+)_maxiter_(?P<run>[^/]+)/output[^/]*\.jsonl",
            "lost": f"{self.report}.error_eval",
            "columns": {
                "task": "instance_id",
                "trial": "$run",
                "success": f"{self.report}.resolved",
                "cost": "metrics.accumulated_cost",
            },
        }
