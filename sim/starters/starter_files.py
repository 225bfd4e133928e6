"""Makes the text of starter files from the templates beside this module, and copies of bundled scenarios."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import NamedTuple

import sim.live.verifiers  # noqa: F401 -- it adds a kind
from sim.bundled import find_scenario
from sim.kit.at_once import write_at_once
from sim.kit.errors import RunError, closest
from sim.kit.kinds import KINDS
from sim.kit.toml_file import read_toml
from sim.population.profile_draws import draws_beside
from sim.scenario.scenario import load_scenario
from sim.world.origin import inputs as inputs_of

_RUN = "bidlab run marketbench_population --replications 2"
_CODE = {  # kind -> what runs the starter of that name
    "mechanism": f"{_RUN} --mechanism $name",
    "policy": f"{_RUN} --mechanism first_price --set bidders.policy=$name",
    "agent": f"{_RUN} --mechanism first_price --set bidders.process=$name",
    "advisor": f"{_RUN} --mechanism route_by_advice --set standing.advice=$name --set world.arrivals.every=1",
    "verifier": "bidlab check",
}
MADE = (*_CODE, "scenario")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


class Started(NamedTuple):
    """files: content by path, from the folder they go to. run: the command that runs it."""

    files: Mapping[str, bytes]
    run: str


def started(kind: str, name: str) -> Started:
    """The starter file of that kind; raises RunError where there is no such kind, or where the name will not do."""
    if kind not in MADE:
        raise RunError(f"new {kind}: unknown{closest(kind, MADE)}; allowed: {', '.join(MADE)}")
    text = (Path(__file__).parent / f"{kind}.txt").read_text(encoding="utf-8")
    if kind == "scenario":
        _check_word(name)
        return Started({f"{name}.toml": text.encode()}, f"bidlab run {name}.toml")
    _check_name(kind, name)
    title = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    made = Template(text).substitute(name=name, title=title)
    out = f" --out out/{name}" if _CODE[kind].startswith(_RUN) else ""
    run = f"{Template(_CODE[kind]).substitute(name=name)} --plugin {name}.py{out}"
    return Started({f"{name}.py": made.encode()}, run)


def like(name: str, other: str) -> Started:
    """A copy of a bundled scenario, or of a file, with what it reads beside it; raises RunError or ScenarioError.

    A profile that the scenario names as a bundled one is copied too, and the copy names its own.
    """
    _check_word(name)
    path = find_scenario(other)
    if "economy" in read_toml(path):  # which reads nothing beside it
        return Started({f"{name}.toml": path.read_bytes()}, f"bidlab run {name}.toml")
    world = load_scenario(path).arms[0].settings.world
    text, files = path.read_text(encoding="utf-8"), {}
    if world.table is not None and not isinstance(world.table, str):
        raise RunError(f"new scenario --like {other}: its results are imported in place; copy {path} and its files")
    inputs = [one.path for one in inputs_of(world, path.parent) if one.path is not None]
    if world.profile is not None:
        draws = draws_beside(inputs[0])
        inputs = [inputs[0], *([draws] if draws.exists() else [])]
    if world.profile is not None and not world.profile.endswith(".toml"):
        own = f"profiles/{inputs[0].name}"
        text, count = re.subn(rf'(?m)^(\s*profile\s*=\s*)"{re.escape(world.profile)}"', rf'\g<1>"{own}"', text)
        if count != 1:
            raise RunError(f"new scenario --like {other}: its profile is not stated in a line of its own; copy {path}")
        files = {f"profiles/{each.name}": each.read_bytes() for each in inputs}
    else:
        files = {_below(path.parent, each): each.read_bytes() for each in inputs}
    run = f"bidlab run {name}.toml" if world.live is None else f"bidlab live {name}.toml --dry-run"
    return Started({f"{name}.toml": text.encode(), **files}, run)


def write(made: Started, folder: Path) -> list[Path]:
    """Write the files below `folder`; raises RunError, before any is written, where one is there already.

    An input that is there already, byte for byte, stays.
    """
    paths = {folder / name: content for name, content in made.files.items()}
    first = next(iter(paths))
    for path, content in paths.items():
        if path.exists() and (path == first or not path.is_file() or path.read_bytes() != content):
            raise RunError(f"{path}: is there already; remove it, or give another name")
    for path, content in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_at_once(path, content)
    return list(paths)


def _below(folder: Path, path: Path) -> str:
    """The path of an input from its scenario's folder; raises RunError where it is not below."""
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        raise RunError(f"new scenario --like: reads {path}, which is not below its folder; copy it yourself") from None


def _check_word(name: str) -> None:
    if not _WORD.fullmatch(name):
        raise RunError(f"new scenario {name!r}: a name is letters, digits, - and _, the first a letter")


def _check_name(kind: str, name: str) -> None:
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name) or name.startswith("_"):
        raise RunError(f"new {kind} {name!r}: a name is letters, digits and underscores, the first a letter")
    if name in KINDS[kind]:
        raise RunError(f"new {kind} {name!r}: there is one of that name; give another")
