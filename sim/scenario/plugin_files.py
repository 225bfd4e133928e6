"""What a plugin consists of: its file, and the modules beside it that it imports.

All of it decides what the plugin does, so all of it is in its digest, and none of it is left over from another plugin
that has a module of the same name.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from sim.kit.errors import RunError

_OURS = frozenset({"sim", "analysis", "bidlab"})
_ACTIVE: dict[str, str] = {}  # modules that plugins bring: name -> folder


def names_of(paths: Sequence[Path]) -> list[str]:
    """A name for each file: its own, with as many of its folders as tell files of one name apart.

    >>> names_of([Path("a/rule.py"), Path("b/rule.py"), Path("b/agents.py")])
    ['a/rule.py', 'b/rule.py', 'agents.py']
    """
    whole = [path.resolve().parts for path in paths]
    found = []
    for path, parts in zip(paths, whole, strict=True):
        others = [other for other in whole if other != parts]
        depth = 1
        while depth < len(parts) and any(other[-depth:] == parts[-depth:] for other in others):
            depth += 1
        found.append("/".join(parts[-depth:]) if depth > 1 else path.name)
    return found


def helpers_of(path: Path, code: bytes) -> dict[str, bytes]:
    """The modules beside a plugin that it, or one of them, imports: file, by its path from the plugin's folder."""
    folder = path.resolve().parent
    found: dict[str, bytes] = {}
    unread = [code]
    while unread:
        for name in sorted(_imported(unread.pop())):
            package = folder / name
            files = sorted(package.rglob("*.py")) if package.is_dir() else [folder / f"{name}.py"]
            for file in files if _is_beside(name, folder) else ():
                key = file.relative_to(folder).as_posix()
                if key not in found and file != path.resolve() and file.is_file():
                    found[key] = file.read_bytes()
                    unread.append(found[key])
    return found


def _is_beside(name: str, folder: Path) -> bool:
    """An import of that name finds what lies in the folder, not an installed module."""
    if name in _OURS or name in sys.stdlib_module_names:
        return False
    if name in _ACTIVE:  # another plugin's is found, which `beside` refuses
        return True
    try:
        spec = importlib.util.find_spec(name)
    except ValueError:  # of a module without one, such as __main__
        return False
    places = [] if spec is None else [spec.origin, *(spec.submodule_search_locations or ())]
    known = [Path(place).resolve() for place in places if place is not None]
    return not known or any(place.is_relative_to(folder) for place in known)


def digest_of_files(code: bytes, helpers: dict[str, bytes]) -> str:
    """SHA-256 of a plugin; that of its file where it has no helper."""
    whole = hashlib.sha256(code)
    for name, content in sorted(helpers.items()):
        whole.update(f"{name}:{hashlib.sha256(content).hexdigest()}".encode())
    return whole.hexdigest()


@contextmanager
def beside(path: Path, helpers: dict[str, bytes]) -> Iterator[None]:
    """The plugin's helpers can be imported, and are read anew; raises RunError where another's have their name."""
    folder = str(path.resolve().parent)
    tops = {name.partition("/")[0].removesuffix(".py") for name in helpers}
    for name in sorted(tops & set(_ACTIVE)):
        if _ACTIVE[name] != folder:
            raise RunError(
                f"--plugin {path}: its module {name} has the name of another plugin's; rename one of the two"
            )
    added = tops - set(_ACTIVE)
    aside = _taken(added)
    _ACTIVE.update(dict.fromkeys(added, folder))
    importlib.invalidate_caches()
    sys.path.append(folder)
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # compiled code may be older than its file
    try:
        yield
    finally:
        sys.dont_write_bytecode = written
        sys.path.remove(folder)
        for name in added:
            del _ACTIVE[name]
        _taken(added)
        sys.modules.update(aside)


def _taken(tops: set[str]) -> dict[str, ModuleType]:
    """The loaded modules of these names, no longer loaded."""
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in tops}


def _imported(code: bytes) -> set[str]:
    """Top names of the modules that the code imports; none where it is no Python, which loading it says."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found
