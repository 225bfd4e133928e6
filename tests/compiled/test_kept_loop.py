"""The loop is kept by the text of all of its files, however it is loaded first."""

from __future__ import annotations

from pathlib import Path
from types import FunctionType

import pytest

from sim.compiled import kept
from sim.compiled.kernel import loop

pytest.importorskip("numba")


def test_to_load_its_module_compiles_and_keeps_nothing() -> None:
    """What numba keeps beside a file looks at that file alone, and would outlive a change of the others."""
    assert isinstance(loop.play, FunctionType)
    kept.kernel()
    assert not list((Path(loop.__file__).parent / "__pycache__").glob("*.nb?"))
