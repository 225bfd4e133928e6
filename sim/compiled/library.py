"""Functions of scipy that compiled code calls: the very ones that scipy goes through arrays with.

They stand under names that the compiled code is linked to as it is loaded, so that it can be kept on disk.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding
from numba import types
from numba.extending import get_cython_function_address

_MODULE = "scipy.special.cython_special"


def _linked(name: str, arguments: int) -> Any:
    """scipy.special's function of so many floats."""
    from scipy.special import cython_special

    for prefix in ("__pyx_fuse_0", "__pyx_fuse_1", ""):
        capsule = str(cython_special.__pyx_capi__.get(f"{prefix}{name}", ""))
        if f"double ({', '.join(['double'] * arguments)}, int" in capsule:
            symbol = f"bidlab_{name}"
            llvmlite.binding.add_symbol(symbol, get_cython_function_address(_MODULE, f"{prefix}{name}"))
            return types.ExternalFunction(symbol, types.float64(*[types.float64] * arguments, types.intc))
    raise ImportError(f"scipy has no {name} of {arguments} floats for compiled code")


betaincinv, ndtr, xlogy = _linked("betaincinv", 3), _linked("ndtr", 1), _linked("xlogy", 2)
