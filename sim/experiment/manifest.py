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
from sim.experiment.stored import Stored
from sim.kit.at_once import write_at_once
from sim.kit.errors import RunError
from sim.scenario.scenario import Scenario, digest_of, reopened, resolve

MANIFEST, PARTIAL = "manifest.json", "partial.json"  # of a whole sweep; of an interrupted one


def write_manifest(folder: Path, plan: Plan, n_jobs: int, made: list[dict[str, Any]]) -> None:
    """Write manifest.json of a sweep with its first `n_jobs` jobs done. made: which versions made which of them."""
    first, count = plan.job(n_jobs - 1)
    replications = first + count
    inputs = [one.content() for one in plan.scenario.inputs]
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
        "made_by": made,
        "cells": cells,
        "scenario": raw,
    }
    content = json.dumps(whole, indent=1, ensure_ascii=False, default=str) + "\n"
    write_at_once(folder / MANIFEST, content.encode())


def read_manifest(folder: Path) -> dict[str, Any]:
    """What manifest.json of the sweep in `folder` says; raises RunError where there is none as written."""
    return _manifest(Stored.open(folder))


def _manifest(stored: Stored) -> dict[str, Any]:
    folder = stored.folder
    if stored.info.get("kind") != "sweep":
        raise RunError(f"{folder}: holds no sweep")
    if stored.digests is None or PARTIAL in stored:
        raise RunError(f"{folder}: has no manifest; finish the sweep first")
    manifest = stored.json(MANIFEST)
    check_format(folder / MANIFEST, manifest)
    return manifest


def cell_scenario(folder: Path, number: int) -> Scenario:
    """The scenario of one cell of the sweep in `folder`, on the replications that the sweep played.

    Raises RunError where there is no such cell, or the manifest or the inputs are not as they were written. Needs the
    plugins the sweep ran with, if any.
    """
    stored = Stored.open(folder)
    manifest = _manifest(stored)
    stored.check_inputs()
    try:
        cells = list(manifest["cells"])
        if not 0 <= number < len(cells):
            raise RunError(f"{folder}: no cell {number}; cells are numbered 0 ... {len(cells) - 1}")
        path = folder / "inputs" / manifest["scenario_file"]
        scenario = resolve(path, cell_raw(manifest["scenario"], cells[number]["parameters"]))
        made = replace(reopened(scenario.resolved, folder / "inputs"), resolved=scenario.resolved)
        same = made.digest(stored.info["plugins"]) == cells[number]["hash"]
    except (AttributeError, KeyError, TypeError, ValueError, OSError) as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise RunError(f"{folder / MANIFEST}: is broken ({reason}); {stored.again}") from None
    if not same:
        raise RunError(f"{folder / MANIFEST}: cell {number} has not the hash that it states; {stored.again}")
    return made
