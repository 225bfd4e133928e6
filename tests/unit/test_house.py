"""The house: no circle of imports between modules or rooms, `sim` free of `analysis`, small files."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("sim", "analysis")
FRONT = ("sim", "sim.front", "sim.cli")  # what a user meets: it may import everything, lazily
LONGEST = 350  # lines of a file


@cache
def modules() -> dict[str, Path]:
    """Dotted name -> file, of every module."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports() -> dict[str, set[str]]:
    """Module -> the modules it imports, also inside functions."""
    known = modules()
    found: dict[str, set[str]] = {}
    for name, path in known.items():
        mine: set[str] = set()
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Import):
                mine |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                mine |= {
                    f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in known else node.module
                    for alias in node.names
                }
        found[name] = {other for other in mine if other in known and other != name}
    return found


def in_front(module: str) -> bool:
    return module == "sim" or any(module == name or module.startswith(name + ".") for name in FRONT[1:])


def room(module: str) -> str:
    """The folder of a module of `sim`; `analysis` is one room."""
    return "analysis" if module.startswith("analysis") else ".".join(module.split(".")[:2])


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Some circle, empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [str(name) for name in error.args[1]]
    return []


def test_no_circle_of_modules() -> None:
    assert circle(imports()) == []


def test_no_circle_of_rooms() -> None:
    graph: dict[str, set[str]] = {}
    for name, others in imports().items():
        if not in_front(name):
            graph.setdefault(room(name), set()).update(room(other) for other in others if room(other) != room(name))
    assert circle(graph) == []


def test_only_the_front_imports_analysis() -> None:
    bad = {name: sorted(o for o in others if o.startswith("analysis")) for name, others in imports().items()}
    assert {name: found for name, found in bad.items() if found and name.startswith("sim") and not in_front(name)} == {}


def test_no_module_is_named_in_a_string() -> None:
    for name, path in modules().items():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and not in_front(name):
                assert node.value not in modules() or node.value in PACKAGES, (name, node.value)


@pytest.mark.parametrize("package", PACKAGES)
def test_files_are_small(package: str) -> None:
    long = {name: len(path.read_text().splitlines()) for name, path in modules().items() if name.startswith(package)}
    assert {name: lines for name, lines in long.items() if lines > LONGEST} == {}


# One thing: as a command, from Python, drawn, inside.
SEVERAL_VIEWS = {"audit", "fit", "frontier", "incidence", "sweep"}


def test_no_base_name_stands_for_two_things() -> None:
    paths: dict[str, list[str]] = {}
    for module in modules():
        paths.setdefault(module.rpartition(".")[2], []).append(module)
    packages = {module.rpartition(".")[2] for module, path in modules().items() if path.name == "__init__.py"}
    shared = {name: found for name, found in paths.items() if len(found) > 1 and name not in {"__main__"} | packages}
    assert set(shared) <= SEVERAL_VIEWS, shared
