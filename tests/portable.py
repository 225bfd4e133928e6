"""Draws the same Worlds under the oldest and the newest NumPy, SciPy and numba, and compares them bit by bit, and what
compiled markets make of them: `make portable`.

Environments are made in a throw-away folder. What is drawn: the fitted population with durations, verifier errors and
learned advice, and the portable functions themselves. What is played: the first arms, in machine code.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
OLDEST = ["numpy==2.0.*", "scipy==1.13.*", "numba==0.61.*", "pandas==2.2.*"]
DIGEST = """
import hashlib, sys
import numpy as np, scipy
from sim.bundled import find_scenario
from sim.experiment.engine import play
from sim.experiment.run_folder import arm_world, scenario_origin
from sim.kit import portable
from sim.market.rules import Rules
from sim.scenario.scenario import load_scenario
chosen = ["world.duration={lognormal={mean=3.0,cv=0.7}}", "world.verifier={false_pass=0.1,false_fail=0.2}"]
scenario = load_scenario(find_scenario("marketbench_population"), overrides=chosen, replications=20)
world = arm_world(scenario, scenario.arms[0], scenario_origin(scenario))
grid = (np.arange(200_000) + 0.5) / 200_000
parts = dict(world.arrays)
parts |= {name: getattr(portable, name)(grid) for name in ("exp", "log", "expit", "logit", "ndtri")}
for arm in scenario.arms[:3]:
    drawn = arm_world(scenario, arm, scenario_origin(scenario))
    tables = play("compiled", drawn, Rules.of(arm.mechanism, arm.settings.terms, drawn))
    name = arm.name.replace(" ", "_")
    parts |= {f"{name}/{table}.{column}": array for table in tables for column, array in tables[table].items()}
print(f"numpy {np.__version__}, scipy {scipy.__version__}", file=sys.stderr)
for name, array in sorted(parts.items()):
    print(name, hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16])
"""


def digests(requirements: list[str]) -> dict[str, str]:
    """Field -> digest of what an environment with these packages draws."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements, str(ROOT)], check=True)
        text = subprocess.check_output([python, "-c", DIGEST], text=True, cwd=folder)
    return dict(line.split() for line in text.splitlines())


def main() -> None:
    """Compare, and end with 1 where anything differs."""
    oldest, newest = digests(OLDEST), digests([])
    differ = sorted(name for name in oldest.keys() | newest.keys() if oldest.get(name) != newest.get(name))
    print(f"{len(oldest)} arrays: " + (f"these differ: {', '.join(differ)}" if differ else "the same to the last bit"))
    sys.exit(bool(differ))


if __name__ == "__main__":
    main()
