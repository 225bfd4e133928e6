"""Bundles of small runs, and bundles that somebody changed."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.bundling.bundle_folder import zipped
from sim.bundling.bundle_format import ABOUT, SUMS
from tests.cli.command import SCENARIO, bidlab, lay_out

PLUGIN = """
from dataclasses import dataclass
from pathlib import Path
from beside_it import NAME
from bidlab.mechanisms import register
from bidlab.mechanisms.price import FirstPrice

Path("executed").touch()

@register(NAME)
@dataclass(frozen=True)
class Mine(FirstPrice):
    pass
"""


def run_of(folder: Path, *options: str, scenario: str = SCENARIO) -> Path:
    """The folder of a run of a small table."""
    folder.mkdir(exist_ok=True)
    said = bidlab("run", lay_out(folder, scenario), "--out", folder / "o", "--no-figures", *options)
    assert said.code == 0, said.err
    return folder / "o"


def bundle_of(folder: Path, *options: str | Path) -> Path:
    """The bundle of the results in `folder`, beside it."""
    said = bidlab("bundle", folder, *options)
    assert said.code == 0, said.err
    return folder.with_name(f"{folder.name}.zip")


def members(path: Path) -> dict[str, bytes]:
    """What is in a bundle, without its checksums."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != SUMS}


def changed(path: Path, files: Mapping[str, bytes], about: Mapping[str, Any] | None = None) -> Path:
    """Write these in place of those of the bundle, its checksums made anew, as who forges it would."""
    whole = {**members(path), **files}
    if about is not None:
        whole[ABOUT] = json.dumps({**json.loads(whole[ABOUT]), **about}).encode()
    path.write_bytes(zipped(whole))
    return path
