"""One agent's problem: what it may be (types), and the draws of everything else it may meet (w).

Index convention: N types, R draws, n agents. Rivals bid truthfully under the rule, at their own beliefs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.kit.arrays import BoolArray, FloatArray, Notice, Standing, Tender
from sim.mechanisms import Mechanism


@dataclass(frozen=True)
class Verifier:
    """Error rates of verification; contracts pay by what the verifier says.

    >>> Verifier(false_pass=0.1, false_fail=0.2).passes(0.5)
    0.45
    """

    false_pass: float = 0.0
    false_fail: float = 0.0

    def passes(self, success: FloatArray | float) -> FloatArray | float:
        """v = p (1 - false_fail) + (1 - p) false_pass: chance that an attempt passes which succeeds with chance p."""
        if self.false_pass == 0 and self.false_fail == 0:
            return success
        return success * (1.0 - self.false_fail) + (1.0 - success) * self.false_pass


EXACT = Verifier()


@dataclass(frozen=True, eq=False)
class Types:
    """What the audited agent may be. belief, cost (N,): what it believes of one attempt; ability (N,): the truth.

    advice (N,): what the allocator thinks of its ability, where that belongs to the type; None: it belongs to the draw.
    """

    belief: FloatArray
    cost: FloatArray
    ability: FloatArray
    advice: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.belief)


@dataclass(frozen=True, eq=False)
class Draws:
    """R draws of a posting. ask, claim, active, belief, cost, ability (R, n); lottery (R, n); scale (R,) dollars.

    The audited agent's own column holds its truthful bid in that draw, for what happens when nobody lies. ability is
    the recorded success where no ability is known. scale: the asks that are tried are shares of it.
    """

    ask: FloatArray
    claim: FloatArray
    active: BoolArray
    belief: FloatArray
    cost: FloatArray
    ability: FloatArray
    tender: Tender
    notice: Notice
    standing: Standing
    lottery: FloatArray
    scale: FloatArray

    def __len__(self) -> int:
        return len(self.scale)

    def cut(self, part: slice) -> Draws:
        """Some of the draws."""
        return Draws(**{name: _cut(whole, part) for name, whole in vars(self).items()})


def _cut(whole: Any, part: slice) -> Any:
    if isinstance(whole, Tender | Notice | Standing):
        return type(whole).trusted(**{name: array[part] for name, array in vars(whole).items()})
    return whole[part]


@dataclass(frozen=True, eq=False)
class Problem:
    """The agent at place `agent` under `rule`. screening: draws to choose candidates on, apart from `draws`.

    who: its name. unit: dollars, the mean of `scale`; gains are also given as shares of it.
    """

    rule: Mechanism
    agent: int
    who: str
    types: Types
    draws: Draws
    screening: Draws
    verifier: Verifier = EXACT

    @property
    def unit(self) -> float:
        """Dollars: the mean scale."""
        return float(self.draws.scale.mean())
