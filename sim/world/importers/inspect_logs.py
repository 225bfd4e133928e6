"""Logs of Inspect, .eval or .json, by inspect_ai's own reader; `pip install 'bidlab[inspect]'`.

Format: https://inspect.aisi.org.uk/dataframe.html, as in inspect_ai 0.3.130 (samples_df with EvalModel, EvalTask and
SampleSummary). Read are model, task_name, id, epoch, score_*, total_time, and of model_usage the model's own tokens. A
sample without a score, as after an error, is INFRA. A model's logs of one task tell their epochs apart, and nothing
else: of several runs, columns.trial = "{eval_id}:{epoch}".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.importing.importer import Importer
from sim.importing.importer_registry import register_importer
from sim.importing.source_row import SourceFile, SourceRow
from sim.kit.errors import TableError, several

_ANSWERS = {
    "C": 1,
    "I": 0,
    "N": 0,
    "1": 1,
    "0": 0,
    "true": 1,
    "false": 0,
}  # inspect_ai.scorer: CORRECT, INCORRECT, NOANSWER


@register_importer("inspect")
@dataclass(frozen=True)
class InspectLogs(Importer):
    """scorer: whose score is read; absent: the only one. at_least: the score from which a sample succeeded."""

    scorer: str | None = None
    at_least: float | None = None

    summary = "logs of Inspect (.eval, .json), read by inspect_ai (bidlab[inspect])"
    source = "https://inspect.aisi.org.uk/dataframe.html"

    def mapping(self) -> Mapping[str, Any]:
        """A row for each sample and epoch."""
        says: dict[str, Any] = {"values": _ANSWERS} if self.at_least is None else {"at_least": self.at_least}
        return {
            "columns": {
                "agent": "model",
                "task": "{task_name}:{id}",
                "family": "task_name",
                "trial": "epoch",
                "success": {"field": "score", **says},
                "cost": {"tokens": {"input": "usage.input_tokens", "output": "usage.output_tokens"}},
                "duration": {"field": "total_time", "unit": "s"},
            }
        }

    def read(self, file: SourceFile, rows: str | None) -> list[SourceRow]:
        """The samples of a log."""
        try:
            from inspect_ai.analysis import EvalModel, EvalTask, SampleSummary, samples_df
        except ImportError:
            raise TableError(f"{file.shown}: needs inspect_ai: pip install 'bidlab[inspect]'") from None
        columns = [*EvalModel, *EvalTask, *SampleSummary]
        found = samples_df(str(file.path), columns=columns, quiet=True).to_dict("records")
        return [self._row(file, number, sample) for number, sample in enumerate(found, start=1)]

    def _row(self, file: SourceFile, number: int, sample: dict[str, Any]) -> SourceRow:
        scores = [name.removeprefix("score_") for name in sample if name.startswith("score_")]
        if not scores:
            raise TableError(f"{file.shown}: no sample of it was scored")
        scorer = scores[0] if self.scorer is None and len(scores) == 1 else self.scorer
        if scorer not in scores:
            asked = "has several scores" if self.scorer is None else f"has no score of {scorer!r}"
            raise TableError(f"{file.shown}: {asked}; format = {{inspect = {{scorer = NAME}}}}: {several(scores)}")
        usage = sample.get("model_usage")
        of_model = json.loads(usage).get(sample["model"]) if isinstance(usage, str) else None
        values = {**sample, "score": sample[f"score_{scorer}"], "usage": of_model}
        return SourceRow(file, number, None, values, {**file.fields, "row": number})
