"""The manifest of a sweep: every cell's parameters and hash, and enough to run one cell alone.

A cell's hash is that of `bidlab run` of the cell alone, with the replications the sweep played.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim.experiment.cell import cell_raw
from sim.experiment.format import FORMAT, check_format
from sim.experiment.plan import Plan
from sim.experiment.run_folder import run_info
from sim.kit.errors import RunError
from sim.scenario.scenario import Scenario, digest_of, reopened, resolve

MANIFEST = "manifest.json"


def write_manifest(folder: Path, plan: Plan, n_jobs: int) -> None:
    """Write manifest.json of a sweep with its first `n_jobs` jobs done."""
    first, count = plan.job(n_jobs - 1)
    replications = first + count
    inputs = [path.read_bytes() for path in plan.scenario.inputs]
    cells = []
    for cell in plan.cells:
        resolved = {**cell.scenario.resolved, "replications": replications}
        digest = digest_of(resolved, inputs, plan.plugins)
        cells.append({"cell": cell.number, "parameters": cell.parameters, "hash": digest})
    raw = {
        **{key: value for key, value in plan.scenario.written.items() if key != "figure"},
        "replications": replications,
    }
    whole = {
        "format": FORMAT,
        "scenario_file": str(plan.path.name),
        "replications": replications,
        "cells": cells,
        "scenario": raw,
    }
    (folder / MANIFEST).write_text(json.dumps(whole, indent=1, ensure_ascii=False, default=str) + "\n", "utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """What manifest.json of the sweep in `folder` says; raises RunError where there is none."""
    info = run_info(folder)
    if info is None or info.get("kind") != "sweep":
        raise RunError(f"{folder}: holds no sweep")
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        raise RunError(f"{folder}: has no manifest; finish the sweep first") from None
    check_format(folder / MANIFEST, manifest)
    return manifest


def cell_scenario(folder: Path, number: int) -> Scenario:
    """The scenario of one cell of the sweep in `folder`, on the replications that the sweep played.

    Raises RunError where there is no such cell. Needs the plugins the sweep ran with, if any.
    """
    manifest = read_manifest(folder)
    cells = manifest["cells"]
    if not 0 <= number < len(cells):
        raise RunError(f"{folder}: no cell {number}; cells are numbered 0 ... {len(cells) - 1}")
    path = folder / "inputs" / manifest["scenario_file"]
    scenario = resolve(path, cell_raw(manifest["scenario"], cells[number]["parameters"]))
    return replace(reopened(scenario.resolved, folder / "inputs"), resolved=scenario.resolved)
