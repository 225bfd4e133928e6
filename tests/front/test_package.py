"""bidlab and sim are one package by two names, quick to load, and say which module shadows theirs."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import bidlab
import pytest

import sim
from sim.mechanisms import lookup, names

_LIMIT = 0.2  # seconds


def python(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own."""
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=folder, check=False)


@pytest.mark.parametrize("package", ["bidlab", "sim"])
def test_import_is_quick(package: str) -> None:
    """The least of three, since other work on the machine only adds to it."""
    seconds = []
    for _ in range(3):
        lines = python("-X", "importtime", "-c", f"import {package}").stderr.splitlines()
        seconds.append(int(next(line for line in lines if line.endswith(f" {package}")).split("|")[1]) / 1e6)
    assert min(seconds) < _LIMIT


def test_nothing_heavy_is_loaded_before_it_is_used() -> None:
    code = (
        "import bidlab, sys; print(sorted({'numpy', 'pandas', 'matplotlib', 'simpy', 'analysis'} & set(sys.modules)))"
    )
    assert python("-c", code).stdout.strip() == "[]"


def test_modules_and_classes_are_the_same() -> None:
    from bidlab.mechanisms import Mechanism, registry
    from bidlab.mechanisms.price import SecondPrice

    import sim.mechanisms.price

    assert Mechanism is sim.mechanisms.Mechanism is bidlab.Mechanism
    assert SecondPrice is sim.mechanisms.price.SecondPrice is bidlab.SecondPrice is lookup("second_price")
    assert registry is sim.mechanisms.registry
    assert sys.modules["bidlab.mechanisms.price"] is sim.mechanisms.price
    assert sim.mechanisms.price.__spec__ is not None
    assert sim.mechanisms.price.__spec__.name == "sim.mechanisms.price"


def test_either_name_first() -> None:
    for first, second in (("sim", "bidlab"), ("bidlab", "sim")):
        code = f"import {first}.world.world as a, {second}.world.world as b; print(a is b, a.World is b.World)"
        assert python("-c", code).stdout.split() == ["True", "True"]


def test_every_name_is_there() -> None:
    for name in sim.__all__:
        assert getattr(bidlab, name) is getattr(sim, name) or name == "__version__"
    assert set(sim.__all__) <= set(dir(bidlab))
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = bidlab.Nothing
    with pytest.raises(ModuleNotFoundError, match=r"sim\.nothing"):
        __import__("bidlab.nothing")


def test_every_rule_of_the_package_has_its_name() -> None:
    rules = {lookup(name).__name__ for name in names() if lookup(name).__module__.startswith("sim.")}
    assert rules <= set(sim.__all__)


def test_functions_of_the_front_door_are_no_modules() -> None:
    loaded = "import bidlab as bl, sim.cli, sim.auditing, sim.experiment.run_folder, sim.fitting.fit"
    said = python("-c", f"{loaded}; print(*map(callable, (bl.run, bl.audit, bl.fit, bl.sweep)))").stdout
    assert said.split() == ["True"] * 4


def test_analysis_is_imported_by_the_command_and_the_front_door_alone() -> None:
    root = Path(sim.__file__).parent
    for path in root.rglob("*.py"):
        names = _imported(path)
        if path.relative_to(root).parts[0] not in ("cli", "front"):
            assert not {name for name in names if name.split(".")[0] == "analysis"}, path


def _imported(path: Path) -> set[str]:
    """Modules that a file imports, or names in a text as one would."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("analysis."):
            found.add(node.value)
    return found


def test_version() -> None:
    assert python("-m", "bidlab", "--version").stdout == f"bidlab {sim.__version__}\n"


@pytest.mark.parametrize("name", ["analysis", "sim"])
def test_module_that_shadows_ours_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.py").write_text("")
    said = python("-m", "bidlab", "list", folder=tmp_path)
    assert said.returncode == 1
    assert said.stderr.count("\n") == 1
    assert f"{name}.py stands in the place of bidlab's own package `{name}`; rename it" in said.stderr
    script = python("-c", "import bidlab; bidlab.run", folder=tmp_path)
    assert "rename it" in script.stderr.splitlines()[-1]


def test_completion_is_offered() -> None:
    command = [sys.executable, "-m", "bidlab", "--show-completion", "bash"]
    named = os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}  # else it asks which shell runs us
    shown = subprocess.run(command, capture_output=True, text=True, check=False, env=named)
    assert "complete" in shown.stdout + shown.stderr
