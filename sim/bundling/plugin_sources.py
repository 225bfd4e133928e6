"""A plugin's source files as a bundle holds them: its file and the modules beside it that it imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from sim.bundling.bundle_format import PLUGINS
from sim.kit.errors import RunError
from sim.scenario.plugin_files import digest_of_files, helpers_of, names_of


def sources(paths: Sequence[Path], ran_with: Mapping[str, str], folder: Path) -> dict[str, dict[str, bytes]]:
    """Plugin -> its files by their path in the bundle, its own first. Nothing is executed.

    ran_with: name -> SHA-256 of the plugins of the results in `folder`. Raises RunError where these are others.
    """
    found, digests = {}, {}
    for place, (path, name) in enumerate(zip(paths, names_of(paths), strict=True)):
        code, helpers = _read(path)
        digests[name] = digest_of_files(code, helpers)
        at = PurePosixPath(f"{PLUGINS}{place}", name)
        found[name] = {str(at): code, **{str(at.parent / helper): text for helper, text in helpers.items()}}
    if digests != dict(ran_with):
        changed = [name for name in ran_with if name in digests and digests[name] != ran_with[name]]
        why = f"{changed[0]} is not as it was then" if changed else f"it ran with {', '.join(ran_with) or 'none'}"
        raise RunError(f"{folder}: its plugins must be given, as they were, with --plugin: {why}")
    return found


def _read(path: Path) -> tuple[bytes, dict[str, bytes]]:
    try:
        code = path.read_bytes()
        return code, helpers_of(path, code)
    except (OSError, ValueError) as error:
        raise RunError(f"--plugin {path}: cannot be read: {getattr(error, 'strerror', error)}") from None


def unpacked(plugins: Mapping[str, Any], files: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Write the plugins of a bundle below `folder`; their files, to be loaded."""
    for one in plugins.values():
        for name in one["files"]:
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(files[name])
    return [folder / one["files"][0] for one in plugins.values()]
