"""Reading advice: what says that it is a probability is held to that, unless it is the package's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.kit.arrays import require
from sim.kit.errors import MarketError
from sim.standing.advisors import ADVISORS, Advisor, BaseRate, Beta, PlattBatch, PlattOnline, Posted, Thompson
from sim.standing.reputation import State

_OWN = frozenset({BaseRate, Beta, PlattBatch, PlattOnline, Thompson})


def read_advice(advisor: Advisor, state: State, posted: Posted) -> Any:
    """What the advisor reads; of compiled code, where arrays are symbols, too.

    Raises MarketError where an advisor of a plugin says that it is no index (`index`) and its advice lies outside
    [0, 1]. NaN is no advice.
    """
    advice = advisor.read(state, posted)
    if advisor.index or type(advisor) in _OWN:
        return advice
    good = np.isnan(advice) | ((advice >= 0.0) & (advice <= 1.0))
    if hasattr(good, "demand"):
        require("advice", "lie in [0, 1]", advice, good)
    elif not np.all(good):
        got = float(np.asarray(advice)[~good].flat[0])
        raise MarketError(
            f"standing.advice: {ADVISORS.name_of(advisor)}: advice must lie in [0, 1] unless the class says "
            f"index = True; got {got:g}"
        )
    return advice
