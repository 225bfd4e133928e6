"""Bundled scenarios by how they are played: SIMULATED by `bidlab run`, LIVE by `bidlab live`."""

from __future__ import annotations

import tomllib

from sim.bundled import markets

LIVE = [name for name, path in markets().items() if "live" in tomllib.loads(path.read_text("utf-8"))["world"]]
SIMULATED = [name for name in markets() if name not in LIVE]
