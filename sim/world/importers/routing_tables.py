"""Wide tables of routing benchmarks: a row for each prompt, columns for each model.

RouterBench: https://huggingface.co/datasets/withmartian/routerbench (arXiv 2403.12031): sample_id, eval_name, and for
each model a score in [0, 1] under its name and MODEL|total_cost in dollars. It is published as a pickle, which is code
and never read: `pandas.read_pickle(FILE).to_parquet(...)` makes a table of it.
RouteLLM: https://github.com/lm-sys/RouteLLM, routellm/evals/mmlu/responses/*.csv: prompt, and for each model whether
it was right; a task is a row of its file. No costs or claims in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.importing.importer import Importer
from sim.importing.importer_registry import register_importer


@register_importer("routerbench")
@dataclass(frozen=True)
class RouterBench(Importer):
    """at_least: the score from which a response succeeded; needed where scores are graded."""

    at_least: float | None = None

    summary = "RouterBench's wide table (csv or parquet): scores and costs of each model"
    source = "https://huggingface.co/datasets/withmartian/routerbench"

    def mapping(self) -> Mapping[str, Any]:
        """A row for each prompt and model."""
        mark = {} if self.at_least is None else {"at_least": self.at_least}
        fields = {"grade": "{agent}", "dollars": "{agent}|total_cost"}
        return {
            "wide": {"agents": r"(?P<agent>.+)\|total_cost", "fields": fields},
            "columns": {
                "task": "sample_id",
                "family": "eval_name",
                "success": {"field": "$grade", **mark},
                "cost": "$dollars",
            },
        }


@register_importer("routellm")
@dataclass(frozen=True)
class RouteLLM(Importer):
    """prompt: heading of the prompts; every other heading is a model."""

    prompt: str = "prompt"

    summary = "RouteLLM's wide tables (csv): whether each model was right"
    source = "https://github.com/lm-sys/RouteLLM"

    def mapping(self) -> Mapping[str, Any]:
        """A row for each row of a file and model."""
        return {
            "wide": {"agents": rf"(?P<agent>(?!{re.escape(self.prompt)}$).+)", "fields": {"right": "{agent}"}},
            "columns": {"task": "{$file}:{$row}", "family": "$file", "success": "$right"},
        }
