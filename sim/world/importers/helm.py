"""Instances of HELM: per_instance_stats.json in each run's folder.

Format: https://github.com/stanford-crfm/helm, PerInstanceStats (helm/benchmark/metrics/metric.py), Stat and MetricName
of crfm-helm 0.5.16. Read are instance_id, train_trial_index (the trial), and of stats the mean of one metric, by its
name; an instance without it, which HELM leaves out where it is NaN, is INFRA. Perturbed instances are dropped. The
folder is SCENARIO:ARGUMENTS,model=MODEL: both are read there. Every stat is a field, stats.NAME; those of efficiency
(num_prompt_tokens, num_output_tokens, inference_runtime) give costs and durations where they are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sim.importing.field_paths import quoted
from sim.importing.importer import Importer
from sim.importing.importer_registry import register_importer


@register_importer("helm")
@dataclass(frozen=True)
class Helm(Importer):
    """metric: name of the stat read as success. at_least: the value from which an instance succeeded."""

    metric: str = "exact_match"
    at_least: float | None = None

    summary = "per_instance_stats.json of HELM; scenario and agent are in the run's folder"
    source = "https://github.com/stanford-crfm/helm"

    def mapping(self) -> Mapping[str, Any]:
        """A row for each instance and trial."""
        mark = {} if self.at_least is None else {"at_least": self.at_least}
        folder = r"(?P<scenario>[^/]+?)[:,]model=(?P<agent>[^,/]+)[^/]*"
        return {
            "path_pattern": rf"(?:^|/){folder}/per_instance_stats\.json",
            "where": {"perturbation": {"null": True}},
            "columns": {
                "task": "{$scenario}:{instance_id}",
                "family": "$scenario",
                "trial": "train_trial_index",
                "success": {"field": f"stats.{quoted(self.metric)}", **mark},
                "cost": {"tokens": {"input": "stats.num_prompt_tokens", "output": "stats.num_output_tokens"}},
                "duration": {"field": "stats.inference_runtime", "unit": "s"},
            },
        }

    def unpack(self, document: Any) -> Iterable[Mapping[str, Any]]:
        """The instances, stats by name."""
        if not isinstance(document, list) or not all(isinstance(one, dict) and "stats" in one for one in document):
            raise ValueError("is no per_instance_stats.json of HELM: it must be a list of instances with stats")
        return _instances(document)


def _instances(document: list[dict[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for instance in document:
        stats: dict[str, Any] = {}
        for stat in instance["stats"]:
            name, mean = stat["name"]["name"], stat.get("mean")
            if stats.setdefault(name, mean) != mean:
                raise ValueError(f"instance {instance.get('instance_id')!r} has two stats {name!r}")
        yield {**instance, "perturbation": instance.get("perturbation"), "stats": stats}
