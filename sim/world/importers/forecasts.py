"""Forecasting panels: who gave which question which probability, and what happened. Agents are forecasters.

The claim is the probability of the event, success the event: a forecaster's claim says how likely the event is, and it
happens to all forecasters alike. Questions without an outcome are dropped. Panels name no costs.

ForecastBench: https://github.com/forecastingresearch/forecastbench, processed forecast sets: model,
forecast_due_date, and forecasts with id, source, direction, forecast, resolution_date, resolved, resolved_to, imputed.
Combined questions (direction) and forecasts that were imputed are dropped. Panels of Metaculus and its like are tables
of one's own: `forecasts` with the names of their columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.importing.importer import Importer
from sim.importing.importer_registry import register_importer

_HAPPENED = {"1": 1, "0": 0, "true": 1, "false": 0} | {"yes": 1, "no": 0, "Yes": 1, "No": 0, "YES": 1, "NO": 0}


@register_importer("forecasts")
@dataclass(frozen=True)
class Forecasts(Importer):
    """question, forecaster, probability, outcome: fields. when: field that tells repeated forecasts apart.

    percent: probabilities are from 0 to 100.
    """

    question: str = "question"
    forecaster: str = "forecaster"
    probability: str = "probability"
    outcome: str = "outcome"
    when: str | None = None
    percent: bool = False

    summary = "a panel of forecasts: question, forecaster, probability, outcome"
    source = "any table; the parameters name its columns"

    def mapping(self) -> Mapping[str, Any]:
        """A row for each forecast."""
        unit = {"unit": "percent"} if self.percent else {}
        columns: dict[str, Any] = {"agent": self.forecaster, "task": self.question}
        columns |= {"claim": {"field": self.probability, **unit}}
        columns |= {"success": {"field": self.outcome, "values": _HAPPENED}}
        columns |= {} if self.when is None else {"trial": self.when}
        return {"where": {self.outcome: {"null": False}}, "columns": columns}


@register_importer("forecastbench")
@dataclass(frozen=True)
class ForecastBench(Importer):
    """Processed forecast sets, one file for each model and date."""

    summary = "processed forecast sets of ForecastBench"
    source = "https://github.com/forecastingresearch/forecastbench"

    def mapping(self) -> Mapping[str, Any]:
        """A row for each forecast of one question at one date of resolution."""
        return {
            "rows": "forecasts",
            "where": {"direction": {"null": True}, "resolved": True, "imputed": False},
            "columns": {
                "agent": "$top.model",
                "task": "{source}:{id}@{resolution_date}",
                "family": "source",
                "trial": "$top.forecast_due_date",
                "claim": "forecast",
                "success": "resolved_to",
            },
        }
