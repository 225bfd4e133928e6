"""Reports of SWE-bench: MODEL.RUN.json of a run, or report.json of each instance.

Format: https://github.com/SWE-bench/SWE-bench, swebench/harness/reporting.py (make_run_report, schema_version 2) and
grading.py, as of 4.0 (commit 09749dc). Of a run resolved_ids, unresolved_ids and empty_patch_ids (a failure) are read;
error_ids are INFRA, which columns.success.values.error = 0 makes failures, as leaderboards count them; incomplete_ids
were never tried and are dropped. Of an instance {ID: {resolved}} is read. Predictions (all_preds.jsonl) have no
outcomes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sim.importing.importer import Importer
from sim.importing.importer_registry import register_importer

_STATUS = ("resolved", "unresolved", "empty_patch", "error", "incomplete")
_PATH = {
    "run": r"(?P<agent>[^/]+)\.(?P<run>[^./]+)\.json",
    "instance": r"(?P<run>[^/]+)/(?P<agent>[^/]+)/[^/]+/report\.json",
}


@register_importer("swe_bench")
@dataclass(frozen=True)
class SweBench(Importer):
    """report: "run" for MODEL.RUN.json, "instance" for RUN/MODEL/INSTANCE/report.json."""

    report: Literal["run", "instance"] = "run"

    summary = "reports of SWE-bench, of runs or of instances; agent and run are in the path"
    source = "https://github.com/SWE-bench/SWE-bench"

    def mapping(self) -> Mapping[str, Any]:
        """A row for each instance of a run; several runs of a model are trials."""
        values = {"resolved": 1, "unresolved": 0, "empty_patch": 0, "error": "INFRA"}
        return {
            "path_pattern": _PATH[self.report],
            "where": {"status": {"not": "incomplete"}},
            "columns": {
                "task": "instance_id",
                "trial": "$run",
                "success": {"field": "status", "values": values},
            },
        }

    def unpack(self, document: Any) -> Iterable[Mapping[str, Any]]:
        """The instances, each with what became of it."""
        of_run = isinstance(document, dict) and "resolved_ids" in document
        if not isinstance(document, dict) or of_run != (self.report == "run"):
            raise ValueError(f"is no report of {'a run' if self.report == 'run' else 'an instance'} of SWE-bench")
        return _of_run(document) if of_run else _of_instances(document)


def _of_run(report: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
    for status in _STATUS:
        if not isinstance(ids := report.get(f"{status}_ids"), list):
            raise ValueError(f"has no list {status}_ids")
        yield from ({"instance_id": instance, "status": status} for instance in ids)


def _of_instances(report: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
    for instance, found in report.items():
        if not isinstance(found, dict) or not isinstance(found.get("resolved"), bool):
            raise ValueError(f"{instance} has no resolved, true or false")
        yield {**found, "instance_id": instance, "status": "resolved" if found["resolved"] else "unresolved"}
