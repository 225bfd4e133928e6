"""Sums over clusters that add up from job to job, and the standard error that follows from them.

Index convention: G clusters, Q quantities; every field is (Q,). With theta = num / den of the clusters summed so far,
d = den of a cluster and v = num - theta d

    num, den          totals
    vv, vd, dd        sums over clusters of v^2, v d and d^2, so that nothing cancels
    clusters          clusters that hold an observation (den > 0)
    first_num, first_den, same   the first cluster, and whether all equal it bit for bit
    unit              den of the clusters that hold an observation, 0 where none does, NaN where they are unlike
    whole             every cluster's num is 0 or +- its den, of a rate

so that with `inference.Clustered` the order of the clusters and their division into jobs changes nothing but rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.inference import LEAST, By, Clustered
from sim.arrays import BoolArray, FloatArray, IntArray

_CHUNK = 8192  # clusters at a time: what is made of them stays in the processor's cache


@dataclass(frozen=True, eq=False)
class Moments:
    """See the module's head."""

    num: FloatArray
    den: FloatArray
    vv: FloatArray
    vd: FloatArray
    dd: FloatArray
    clusters: IntArray
    first_num: FloatArray
    first_den: FloatArray
    same: BoolArray
    unit: FloatArray
    whole: BoolArray

    @classmethod
    def of(cls, num: FloatArray, den: FloatArray, rate: bool = False) -> Moments:
        """Of clusters (Q, G); den may be broadcast. rate: whether nums are whole is asked of rates only."""
        constant = den.strides[1] == 0 and num.shape[1] > 1
        few = den[:, :1] if constant else den  # what is the same in all clusters is looked at once
        times = num.shape[1] if constant else 1
        total, size = num.sum(axis=1), few.sum(axis=1) * times
        theta = theta_of(total, size)[:, None]
        products = np.zeros((3, len(total)))
        for start in range(0, num.shape[1], _CHUNK):
            part = slice(start, start + _CHUNK)
            d = few if constant else den[:, part]
            v = num[:, part] - theta * d
            products[0] += np.einsum("qg,qg->q", v, v)
            products[1] += v.sum(axis=1) * d[:, 0] if constant else np.einsum("qg,qg->q", v, d)
            products[2] += d[:, 0] ** 2 * v.shape[1] if constant else np.einsum("qg,qg->q", d, d)
        most, observed = few.max(axis=1), np.count_nonzero(few, axis=1) * times
        alike = (observed == 0) | (np.count_nonzero(few == most[:, None], axis=1) * times == observed)
        whole = np.zeros(len(total), np.bool_)
        if rate:
            whole = np.count_nonzero((num == 0) | (np.abs(num) == den), axis=1) == num.shape[1]
        return cls(
            total,
            size,
            products[0],
            products[1],
            products[2],
            observed,
            np.array(num[:, 0]),
            np.array(den[:, 0]),
            (num.min(axis=1) == num.max(axis=1)) & (few.min(axis=1) == most),
            np.where(alike, most, np.nan),
            whole,
        )

    @classmethod
    def joined(cls, parts: list[Moments]) -> Moments:
        """Quantities side by side."""
        return cls(*(np.concatenate([np.atleast_1d(getattr(part, one.name)) for part in parts]) for one in fields(cls)))

    @classmethod
    def read(cls, columns: Mapping[str, NDArray[Any]], level: str) -> Moments:
        """From the columns of a job's file."""
        return cls(*(columns[f"{level}_{one.name}"] for one in fields(cls)))

    def columns(self, level: str) -> dict[str, NDArray[Any]]:
        """Columns of a job's file."""
        return {f"{level}_{one.name}": getattr(self, one.name) for one in fields(self)}

    def plus(self, other: Moments) -> Moments:
        """Of the clusters of both, which have none in common."""
        num, den = self.num + other.num, self.den + other.den
        theta = theta_of(num, den)
        moved = [part.about(theta) for part in (self, other)]
        equal = (self.first_num == other.first_num) & (self.first_den == other.first_den)
        unit = np.where(self.unit == 0, other.unit, np.where(other.unit == 0, self.unit, self.unit))
        unlike = (self.unit != other.unit) & (self.unit != 0) & (other.unit != 0)
        return Moments(
            num,
            den,
            moved[0][0] + moved[1][0],
            moved[0][1] + moved[1][1],
            self.dd + other.dd,
            self.clusters + other.clusters,
            self.first_num,
            self.first_den,
            self.same & other.same & equal,
            np.where(unlike, np.nan, unit),
            self.whole & other.whole,
        )

    def about(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """vv and vd about another theta."""
        shift = theta_of(self.num, self.den) - theta
        return self.vv + 2 * shift * self.vd + shift**2 * self.dd, self.vd + shift * self.dd

    def clustered(self, by: By) -> Clustered:
        """What `inference.Clustered` finds from the clusters themselves, but for the sums by cluster."""
        value = np.where(self.den > 0, theta_of(self.num, self.den), np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            factor = np.where(self.clusters >= LEAST[by], self.clusters / (self.clusters - 1.0), np.nan)
            se = np.sqrt(factor * self.vv) / self.den
        se = np.where(self.same & ~np.isnan(se), 0.0, se)
        empty = np.zeros((0, *value.shape))
        single = self.whole & ~np.isnan(self.unit)
        return Clustered(empty, empty, value, se, self.clusters, np.asarray(single))


def theta_of(num: FloatArray, den: FloatArray) -> FloatArray:
    """num / den, 0 where den is 0."""
    return np.divide(num, den, out=np.zeros(np.shape(num)), where=np.asarray(den) > 0)
