"""How a run or a sweep is made again: the command, and what it must agree with, hash by hash."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import Any

from analysis.page.elements import commands, folded, paragraph
from analysis.page.page_tables import pairs
from analysis.sweep_report import asking
from sim.bundled import scenarios
from sim.experiment.plan import Options, plan_sweep
from sim.experiment.stored import Stored
from sim.experiment.versions import mixture
from sim.kit.errors import SimError
from sim.live_market.transcripts import ANSWERS
from sim.scenario.scenario import Scenario, load_scenario


def reproduced(info: Mapping[str, Any], stored: Stored | None, verb: str) -> str:
    """The command in full, the hashes and the versions. verb: "run", "live" or "sweep"."""
    line, exact = command(info, verb, "RUN" if stored is None else stored.folder.name)
    same = "The bundled scenario of this name has the settings of this page, so that" if exact else _NOT_BUNDLED
    gives = f"{same} the command gives the same numbers, to the byte, under the versions below."
    plugins = info["plugins"]
    hashes = {"seed": str(info["seed"]), "hash of settings, inputs and plugins": info["hash"]}
    hashes |= {f"plugin {name}": digest for name, digest in plugins.items()}
    files = {} if stored is None or stored.digests is None else dict(stored.digests)
    hashes |= {name: digest for name, digest in files.items() if name.startswith("inputs/")}
    return "\n".join(
        [
            commands(line),
            paragraph(gives),
            paragraph(_mixed(info), "note") if _mixed(info) else "",
            pairs("seed and hashes (SHA-256)", hashes),
            pairs("versions", dict(info["versions"])),
            folded("SHA-256 of every file of the folder", pairs("files", files)) if files else "",
        ]
    )


_NOT_BUNDLED = (
    "No bundled scenario has exactly these settings: the file is one's own, or options changed it. With a file that "
    "states them,"
)


def bundled_twin(info: Mapping[str, Any], verb: str) -> Scenario | None:
    """The bundled scenario of the same name, seed and replications, where it has the very hash of what was run."""
    scenario = info["scenario"]
    path = scenarios().get(scenario["name"])
    if path is None:
        return None
    try:
        replications = None if verb == "live" else scenario["replications"]
        found = load_scenario(path, seed=info["seed"], replications=replications)
        return found if _digest(found, info, verb) == info["hash"] else None
    except SimError:
        return None


def _digest(scenario: Scenario, info: Mapping[str, Any], verb: str) -> str:
    """The hash that a run, or a sweep, of the scenario would have."""
    if verb != "sweep":
        return scenario.digest(info["plugins"])
    precision, most, ledger = (info["options"][name] for name in ("precision", "most", "ledger"))
    options = Options(precision, None if precision is None else most, ledger)
    return asking(plan_sweep(scenario, options, info["plugins"])).digest


def command(info: Mapping[str, Any], verb: str, folder: str) -> tuple[list[str], bool]:
    """Lines of a terminal, and whether they name a bundled scenario that says exactly what was run.

    folder: name of the run's; a live one is played from its answers.
    """
    twin, scenario = bundled_twin(info, verb), info["scenario"]
    name = scenario["name"] if twin is not None else f"{scenario['name']}.toml"
    parts = ["bidlab", verb, quote(name), "--seed", str(info["seed"])]
    if verb == "live":
        parts += ["--answers", quote(f"{folder}/inputs/{ANSWERS}"), "--offline"]
    else:
        parts += ["--replications", str(scenario["replications"])]
    options = info.get("options", {})
    if options.get("precision") is not None:
        parts += ["--precision", f"{100 * options['precision']:g}%", "--most", str(options["most"])]
    for plugin in info["plugins"]:
        parts += ["--plugin", quote(Path(plugin).as_posix())]
    return [" ".join(parts)], twin is not None


def _mixed(info: Mapping[str, Any]) -> str:
    return mixture(info, "arms" if info.get("kind") != "sweep" else "jobs").strip()
