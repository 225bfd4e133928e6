"""Why figures are not there: left_out.csv of a figures folder, one row for each, and the line that `show` prints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from sim.experiment.stored import Stored
from sim.kit.csv_file import write_csv

NOT_WANTED = {"all": "none were asked for"}
_FILE = "left_out.csv"


def list_left_out(folder: Path, reasons: Mapping[str, str]) -> None:
    """Write the reason for each figure that was not drawn; no file where there is none."""
    path = folder / _FILE
    if not reasons:
        path.unlink(missing_ok=True)
        return
    folder.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame({"figure": list(reasons), "reason": list(reasons.values())})
    write_csv(frame, path)


def figures_among(folder: Path) -> str:
    """`, figures/` for the list of what a folder of results holds; "" where no figure was drawn."""
    return ", figures/" if any((folder / "figures").glob("*.pdf")) else ""


def left_out(stored: Stored) -> list[str]:
    """A line that says which figures are missing from a folder of results, and why; none where all are there."""
    name = f"figures/{_FILE}"
    if name not in stored:
        return []
    frame = stored.csv(name, dtype=str, keep_default_na=False)
    reasons = frame.groupby("reason", sort=False)["figure"].agg(", ".join)
    return [f"figures left out: {'; '.join(f'{names} ({why})' for why, names in reasons.items())}"]
