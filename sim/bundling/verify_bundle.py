"""Verifies a bundle: opens it, plays it again in a temporary folder, and compares. Nothing of it is left behind."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sim.bundling.bundle_verdict import Verified, verdict_on
from sim.bundling.open_bundle import Opened, open_bundle
from sim.bundling.play_again import Again, play_again
from sim.bundling.plugin_sources import unpacked
from sim.kit.errors import RunError
from sim.scenario.plugin_files import digest_of_files, helpers_of, names_of
from sim.scenario.plugins import plugins as loaded


def verify_bundle(path: Path, how: Again, plugins: Sequence[Path] = (), allow_plugins: bool = False) -> Verified:
    """Play the bundle at `path` again and compare.

    plugins: files of one's own, in place of those in the bundle. allow_plugins: code that is in the bundle may be
    executed. Raises RunError where the bundle is refused, or cannot be played.
    """
    bundle = open_bundle(path)
    with tempfile.TemporaryDirectory(prefix="bidlab-verify-") as made:
        folder = Path(made)
        paths = _allowed(bundle, folder, plugins, allow_plugins)
        _check_digests(bundle, paths)
        how = replace(how, programs=allow_plugins, crew=replace(how.crew, plugin_paths=paths))
        with loaded(paths) as digests:
            return verdict_on(bundle, play_again(bundle, folder, digests, how))


def plugin_lines(bundle: Opened) -> list[str]:
    """A line for each plugin in the bundle: its files and its hash."""
    held = bundle.about["plugins"].items()
    return [f"{name} ({', '.join(one['files'])}; SHA-256 {one['sha256']})" for name, one in held]


def _allowed(bundle: Opened, folder: Path, plugins: Sequence[Path], allow: bool) -> list[Path]:
    if plugins or not bundle.about["plugins"]:
        return list(plugins)
    if not allow:
        named = "; ".join(plugin_lines(bundle))
        raise RunError(f"{bundle.path}: holds code, which is not executed: {named}; read it, then give --allow-plugins")
    return unpacked(bundle.about["plugins"], bundle.files, folder)


def _check_digests(bundle: Opened, paths: Sequence[Path]) -> None:
    """Raise RunError, before any of it is executed, where the code is not that of the run."""
    found = {}
    for path, name in zip(paths, names_of(paths), strict=True):
        try:
            code = path.read_bytes()
        except OSError as error:
            raise RunError(f"--plugin {path}: cannot be read: {error.strerror}") from None
        found[name] = digest_of_files(code, helpers_of(path, code))
    ran = bundle.json("run.json").get("plugins")
    if found != ran:
        raise RunError(
            f"{bundle.path}: ran with other plugins ({', '.join(ran or ()) or 'none'}), or other code of them"
        )
