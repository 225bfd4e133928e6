"""Small deliberate faults in the code, one at a time, each to be found by a quick test: `make mutants`.

A sample with a fixed seed, as many of each room, of all places where an operator, a comparison, a number or a
condition can be changed. Which tests run a line is measured once, with coverage; a fault is tried on the tests that run
its line, in a copy of the project, until one fails. What no test finds is printed, and is either a test that is missing
or listed with its reason in tests/mutants.toml: a fault that changes nothing anybody could see.
"""

from __future__ import annotations

import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

from coverage import CoverageData

ROOT = Path(__file__).parents[1]
ROOMS = ("sim/market", "sim/ledger", "sim/standing", "sim/agents", "sim/mechanisms", "sim/auditing", "analysis")
SEED, SAMPLE = 2026, 150
SECONDS = 100  # that one test may take: a fault that makes one hang is found
LEFT_OUT = (".venv", ".git", "out", ".hypothesis", ".mypy_cache", ".ruff_cache", ".pytest_cache")
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.Pow: ast.Mult,
}


@dataclass(frozen=True)
class Mutant:
    """The nth place of a file where something can be changed."""

    path: str
    line: int
    nth: int
    before: str
    after: str

    @property
    def name(self) -> str:
        """As tests/mutants.toml lists it: independent of line numbers."""
        return f"{self.path}: {self.before} -> {self.after}"


def changed(node: ast.AST) -> ast.AST | None:
    """The node with one small fault, None where there is none to make."""
    other = copy.deepcopy(node)
    match other:
        case ast.Compare(ops=[op]) if type(op) in COMPARISONS:
            other.ops = [COMPARISONS[type(op)]()]
        case ast.BinOp(op=op) if type(op) in OPERATORS:
            other.op = OPERATORS[type(op)]()
        case ast.BoolOp(op=op):
            other.op = ast.Or() if isinstance(op, ast.And) else ast.And()
        case ast.UnaryOp(op=ast.Not() | ast.Invert() | ast.USub()):
            return other.operand
        case ast.Constant(value=bool(value)):
            other.value = not value
        case ast.Constant(value=int(value) | float(value)):
            other.value = value + 1
        case ast.IfExp():
            other.body, other.orelse = other.orelse, other.body
        case _:
            return None
    return other


def places(tree: ast.Module) -> Iterator[ast.AST]:
    """Nodes of functions that can be changed; not annotations, decorators, messages of errors or text."""

    def walk(node: ast.AST, inside: bool) -> Iterator[ast.AST]:
        if isinstance(node, ast.Raise | ast.JoinedStr | ast.AnnAssign) and not (
            isinstance(node, ast.AnnAssign) and inside
        ):
            return
        if inside and changed(node) is not None:
            yield node
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list", "type_params"):
                continue
            function = isinstance(node, ast.FunctionDef) and field == "body"
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from walk(child, inside or function)

    return walk(tree, False)


def mutants() -> list[Mutant]:
    """All there are, in order."""
    found = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for nth, node in enumerate(places(ast.parse(path.read_text(encoding="utf-8")))):
                other = changed(node)
                if other is not None:
                    place = str(path.relative_to(ROOT))
                    found.append(Mutant(place, node.lineno, nth, ast.unparse(node), ast.unparse(other)))  # type: ignore[attr-defined]
    return found


def sampled(every: list[Mutant]) -> list[Mutant]:
    """As many of each room, SAMPLE in all."""
    drawn, found = random.Random(SEED), []
    for place, room in enumerate(ROOMS):
        count = SAMPLE // len(ROOMS) + (place < SAMPLE % len(ROOMS))
        found += drawn.sample([one for one in every if one.path.startswith(f"{room}/")], count)
    return found


def source(mutant: Mutant) -> str:
    """The file with the fault in it."""
    tree = ast.parse((ROOT / mutant.path).read_text(encoding="utf-8"))
    node = list(places(tree))[mutant.nth]
    other = changed(node)
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is node:
                setattr(parent, field, other)
            elif isinstance(value, list) and any(child is node for child in value):
                setattr(parent, field, [other if child is node else child for child in value])
    return ast.unparse(ast.fix_missing_locations(tree))


def measured(where: Path) -> CoverageData:
    """Which quick tests run which line; measured once for as long as the file is kept."""
    if not where.exists():
        where.parent.mkdir(parents=True, exist_ok=True)
        options = ["-n", "auto", "-m", "not slow", "--cov=sim", "--cov=analysis", "--cov-context=test", "--cov-report="]
        told = os.environ | {"COVERAGE_FILE": str(where)}
        subprocess.run([sys.executable, "-m", "pytest", *options], cwd=ROOT, env=told, check=True)
    data = CoverageData(str(where))
    data.read()
    return data


def tests_of(mutant: Mutant, data: CoverageData) -> list[str]:
    """The tests that run its line, shortest names of files first, as pytest takes them."""
    contexts = data.contexts_by_lineno(str(ROOT / mutant.path)).get(mutant.line, [])
    return sorted({context.partition("|")[0] for context in contexts if context})


def survives(mutant: Mutant, data: CoverageData, copy_of: Path) -> bool:
    """No test in the copy fails on it, or hangs."""
    tests = tests_of(mutant, data)
    if not tests:
        return True
    place = copy_of / mutant.path
    before = place.read_text(encoding="utf-8")
    place.write_text(source(mutant), encoding="utf-8")
    listed = copy_of / "tests.txt"
    listed.write_text("\n".join(tests))
    hang = ["-o", f"faulthandler_timeout={SECONDS}", "-o", "faulthandler_exit_on_timeout=true"]
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *hang, f"@{listed}"]
    told = os.environ | {"PYTHONPATH": str(copy_of), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return subprocess.run(command, cwd=copy_of, env=told, capture_output=True, check=False).returncode == 0
    finally:
        place.write_text(before, encoding="utf-8")


def main() -> int:
    """Try the sample; the survivors without a reason are printed, and make the exit code 1."""
    known = tomllib.loads((ROOT / "tests/mutants.toml").read_text(encoding="utf-8"))["equivalent"]
    every = mutants()
    sample = sampled(every)
    data, began = measured(ROOT / "out" / "mutants.coverage"), time.monotonic()
    copies: Queue[Path] = Queue()
    left: list[Mutant] = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        for worker in range(os.cpu_count() or 1):
            place = Path(folder) / str(worker)
            shutil.copytree(ROOT, place, ignore=shutil.ignore_patterns(*LEFT_OUT))
            copies.put(place)

        def tried(mutant: Mutant) -> bool:
            place = copies.get()
            try:
                return survives(mutant, data, place)
            finally:
                copies.put(place)

        for done, (mutant, lives) in enumerate(zip(sample, pool.map(tried, sample), strict=True), 1):
            word = "survives" if lives else "found"
            reason = known.get(mutant.name, "") if lives else ""
            print(f"{done:3d} {word:8s} {mutant.path}:{mutant.line}: {mutant.before} -> {mutant.after}", flush=True)
            if lives and not reason:
                left.append(mutant)
            elif reason:
                print(f"             nothing changes: {reason}")
    print(f"{len(sample)} of {len(every)} faults tried in {time.monotonic() - began:.0f} s; {len(left)} not found")
    for mutant in left:
        print(f"    {mutant.path}:{mutant.line}: {mutant.before} -> {mutant.after}")
    return bool(left)


if __name__ == "__main__":
    sys.exit(main())
