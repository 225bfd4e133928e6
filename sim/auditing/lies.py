"""The lies that are tried: asks as shares of the scale, and claims.

asks    n_asks from 0 to 1 times the scale (the value V, where it is public)
claims  n_claims from 1 / n_claims to 1, and 0

ask only: every ask, at the true claim. claim only: every claim, at the true ask. joint: every pair. NaN stands for the
truth, which is always among the choices. Around the best, asks are tried again at a tenth of the step; ex post gains
also look within 1e-9 on either side of the ask at which the agent starts to lose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.kit.arrays import FloatArray, IntArray

TENTHS = 10


class Lies(NamedTuple):
    """Lies side by side, (L,) each; NaN: the truth."""

    share: FloatArray
    claim: FloatArray

    def at(self, places: IntArray | slice) -> Lies:
        """Some of them."""
        return Lies(np.asarray(self.share[places]), np.asarray(self.claim[places]))


@dataclass(frozen=True)
class Grid:
    """How fine the lies are."""

    n_asks: int = 41
    n_claims: int = 50

    @property
    def asks(self) -> FloatArray:
        """Shares of the scale, (n_asks,)."""
        return np.linspace(0.0, 1.0, self.n_asks)

    @property
    def claims(self) -> FloatArray:
        """0 and n_claims more, (n_claims + 1,)."""
        return np.linspace(0.0, 1.0, self.n_claims + 1)

    @property
    def step(self) -> float:
        """Between two asks."""
        return 1.0 / (self.n_asks - 1)

    def ask_only(self) -> Lies:
        """Every ask at the true claim."""
        return Lies(self.asks, np.full(self.n_asks, np.nan))

    def claim_only(self) -> Lies:
        """Every claim at the true ask."""
        return Lies(np.full(self.n_claims + 1, np.nan), self.claims)

    def joint(self) -> Lies:
        """Every pair, claims varying first."""
        share, claim = np.meshgrid(self.asks, self.claims, indexing="ij")
        return Lies(share.ravel(), claim.ravel())

    def around(self, share: FloatArray) -> FloatArray:
        """Asks (N, 19) within a step of each share (N,), a tenth of a step apart."""
        offsets = np.arange(1 - TENTHS, TENTHS) * (self.step / TENTHS)
        return np.maximum(0.0, share[:, None] + offsets)

    def __str__(self) -> str:
        return (
            f"{self.n_asks} asks in [0, V] x {self.n_claims} claims in [{1 / self.n_claims:g}, 1], the truth and claim "
            f"0; around the best at a tenth of the step"
        )
