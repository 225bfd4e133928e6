"""What an economy must do, tried with the settings of its defaults, or with those that its examples() gives.

All measures are there, as floats of their shapes; the same replications come out the same again, alone and beside
others, to the last bit; another seed gives other luck or the economy has none; accounts are in order, each row an
amount that one party gives and another takes, so that every event sums to zero in every unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from pydantic import ValidationError

from sim.contracts.trial import same
from sim.economies.economy import ACCOUNTS, Economy, Played, faults_in
from sim.kit.invalid import fault_lines

_COUNT, _CUT, _SEED = 5, 2, 7


def economy_faults(factory: Any) -> Iterator[str]:
    """All that is wrong with a class of economies."""
    economy: Economy = factory()
    given = economy.examples() if hasattr(economy, "examples") else [{}]
    for raw in given:
        try:
            settings = economy.Settings.model_validate(raw)
        except ValidationError as error:
            where = (
                "examples(): " if hasattr(economy, "examples") else "its defaults are no settings; give examples(): "
            )
            yield from (f"{where}{line}" for line in fault_lines("", error, economy.Settings))
            return
        whole = economy.play(settings, _SEED, range(_COUNT))
        faults = list(faults_in(economy, whole, range(_COUNT)))
        yield from faults
        if faults:
            return
        parts = [economy.play(settings, _SEED, each) for each in (range(_CUT), range(_CUT, _COUNT))]
        yield from _differing("in two parts", whole, parts)
        yield from _differing("again", whole, [economy.play(settings, _SEED, range(_COUNT))])


def _differing(how: str, whole: Played, parts: list[Played]) -> Iterator[str]:
    """What is not the same where replications are played in these parts."""
    for what in ("rows", "steps"):
        for name, values in getattr(whole, what).items():
            joined = np.concatenate([getattr(part, what)[name] for part in parts])
            if not same(np.asarray(values), joined):
                yield f"play: {name} is another when the replications are played {how}"
    if (whole.accounts is None) != any(part.accounts is None for part in parts):
        yield f"play: accounts are there or not when the replications are played {how}"
    elif whole.accounts is not None:
        for name in ACCOUNTS:
            rows = [one for part in parts for one in (part.accounts or {})[name].tolist()]
            if whole.accounts[name].tolist() != rows:
                yield f"play: accounts: {name} is another when the replications are played {how}"
