"""The scenarios that travel with the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sim.kit.errors import ScenarioError, TableError, closest
from sim.kit.toml_file import read_toml

_INSTALLED = Path(__file__).parent / "scenarios"
_SOURCE = Path(__file__).parent.parent / "scenarios"


def _folder() -> Path:
    return _INSTALLED if _INSTALLED.is_dir() else _SOURCE


def is_bundled(path: Path) -> bool:
    """Whether the file travels with the package; nothing is written beside it."""
    return path.resolve().is_relative_to(_folder().resolve())


def scenarios() -> dict[str, Path]:
    """Name -> file of every bundled scenario."""
    return {path.stem: path for path in sorted(_folder().glob("*.toml"))}


def markets() -> dict[str, Path]:
    """Name -> file of every bundled scenario of a task market; the others are of an economy (sim/economies/)."""
    return {name: path for name, path in scenarios().items() if _of_market(path)}


@cache
def _of_market(path: Path) -> bool:
    return "economy" not in read_toml(path)


def profiles() -> dict[str, Path]:
    """Name -> file of every bundled profile."""
    return {path.stem: path for path in sorted((_folder() / "profiles").glob("*.toml"))}


def tables() -> dict[str, Path]:
    """Name -> file of every bundled recorded table; "marketbench" of marketbench_forecasts.csv."""
    files = sorted((_folder() / "data").glob("*.csv"))
    return {path.stem.removesuffix("_forecasts"): path for path in files}


def find_table(name: str | Path) -> Path:
    """The file meant by `name`: a path to a table, or a bundled table's name; raises TableError."""
    if isinstance(name, Path) or Path(name).suffix:
        return Path(name)
    bundled = tables()
    if name not in bundled:
        allowed = ", ".join(bundled)
        raise TableError(f"no table {name!r}{closest(name, bundled)}; bundled: {allowed}; or give a file")
    return bundled[name]


def task_files() -> dict[str, Path]:
    """Name -> file of every bundled file of tasks for live runs."""
    return {path.stem: path for path in sorted((_folder() / "data").glob("*.jsonl"))}


def find_tasks(name: str | Path) -> Path:
    """The file meant by `name`: a path to a file of tasks, or the name of a bundled one; raises TableError."""
    if isinstance(name, Path) or Path(name).suffix:
        return Path(name)
    bundled = task_files()
    if name not in bundled:
        raise TableError(f"no tasks {name!r}{closest(name, bundled)}; bundled: {', '.join(bundled)}; or give a file")
    return bundled[name]


def find_scenario(name: str) -> Path:
    """The file meant by `name`: a path to a TOML file, or a bundled scenario's name; raises ScenarioError."""
    if name.endswith(".toml"):
        return Path(name)
    bundled = scenarios()
    if name not in bundled:
        raise ScenarioError(
            f"no scenario {name!r}{closest(name, bundled)}; bundled: {', '.join(bundled)}; or give a .toml file"
        )
    return bundled[name]


def find_profile(name: str, folder: Path) -> Path:
    """The file meant by world.profile: a path below `folder` that ends in .toml, or a bundled profile's name."""
    if name.endswith(".toml"):
        return folder / name
    bundled = profiles()
    if name not in bundled:
        raise ScenarioError(
            f"world.profile: no profile {name!r}{closest(name, bundled)}; bundled: {', '.join(bundled)}; or give a "
            ".toml file"
        )
    return bundled[name]
