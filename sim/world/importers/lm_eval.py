"""Samples of lm-evaluation-harness: samples_TASK_DATE.jsonl, which --log_samples writes into a folder of the model.

Format: https://github.com/EleutherAI/lm-evaluation-harness, lm_eval/evaluator.py and lm_eval/loggers/
evaluation_tracker.py, as of 0.4.9 (commit 034ab03). A line is one document under one filter: doc_id, filter, metrics
(names), and each metric's value under its own name; the model is the folder's name, with / as __. No costs or claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.importing.importer import Importer
from sim.importing.importer_registry import register_importer


@register_importer("lm_eval")
@dataclass(frozen=True)
class LmEval(Importer):
    """metric: the value read as success. filter: lines of which are read; "" for all, where files name none.

    at_least: the value from which a document succeeded.
    """

    metric: str = "acc"
    filter: str = "none"
    at_least: float | None = None

    summary = "samples_*.jsonl of lm-evaluation-harness; the agent is the folder"
    source = "https://github.com/EleutherAI/lm-evaluation-harness"

    def mapping(self) -> Mapping[str, Any]:
        """A row for each document; several runs of a model are trials, by their dates."""
        mark = {} if self.at_least is None else {"at_least": self.at_least}
        return {
            "path_pattern": r"(?P<agent>[^/]+)/samples_(?P<suite>.+)_(?P<date>\d{4}-\d\d-\d\dT[-\d.]+?)\.jsonl",
            "where": {"filter": self.filter} if self.filter else {},
            "columns": {
                "task": "{$suite}:{doc_id}",
                "family": "$suite",
                "trial": "$date",
                "success": {"field": self.metric, **mark},
            },
        }
