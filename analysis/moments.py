"""Sums over clusters that add up from job to job, and the standard error and skewness that follow from them.

Index convention: G clusters, Q quantities; every field is (Q,). With theta = num / den of the clusters summed so far,
d = den of a cluster and v = num - theta d

    num, den          totals
    vv, vd, dd        sums over clusters of v^2, v d and d^2, so that nothing cancels
    vvv, vvd, vdd, ddd   those of v^3, v^2 d, v d^2 and d^3
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

from analysis.inference import LEAST, By, Clustered, skewness_of
from sim.kit.arrays import BoolArray, FloatArray, IntArray

_CHUNK = 32768  # (quantity, cluster) at a time: what is made of them stays in the processor's cache
_SLAB = 131072  # likewise, of whole rows


@dataclass(frozen=True, eq=False)
class Moments:
    """See the module's head."""

    num: FloatArray
    den: FloatArray
    vv: FloatArray
    vd: FloatArray
    dd: FloatArray
    vvv: FloatArray
    vvd: FloatArray
    vdd: FloatArray
    ddd: FloatArray
    clusters: IntArray
    first_num: FloatArray
    first_den: FloatArray
    same: BoolArray
    unit: FloatArray
    whole: BoolArray

    @classmethod
    def of(cls, num: FloatArray, den: FloatArray, rate: BoolArray, jobs: int = 1) -> Moments:
        """Of clusters num (Q, G), den (Q, G) or, where it is the same in all clusters, (Q, 1).

        rate (Q,): whether nums are whole is asked of rates only. jobs: how many jobs the rows are of, as many of each;
        what is found of one is the same without the others.
        """
        step = max(1, _CHUNK // max(1, len(num) // jobs))
        size = max(1, _SLAB // max(1, num.shape[1]))
        parts = [slice(start, start + size) for start in range(0, max(1, len(num)), size)]
        return cls.joined([cls._of_some(num[part], den[part], rate[part], step) for part in parts])

    @classmethod
    def _of_some(cls, num: FloatArray, den: FloatArray, rate: BoolArray, step: int) -> Moments:
        """As `of`, of few rows. step: clusters whose powers are added up before those of the next."""
        constant = den.shape[1] == 1
        times = num.shape[1] if constant else 1
        total, size = num.sum(axis=1), den.sum(axis=1) * times
        theta = theta_of(total, size)[:, None]
        most, observed = den.max(axis=1), np.count_nonzero(den, axis=1)
        alike = (observed == 0) | (np.count_nonzero(den == most[:, None], axis=1) == observed)
        whole = np.zeros(len(total), np.bool_)
        trials = num[rate]
        whole[rate] = np.all((trials == 0) | (np.abs(trials) == den[rate]), axis=1)
        vv, vd, dd, vvv, vvd, vdd, ddd = _powers(num, den, theta, step)
        return cls(
            total,
            size,
            vv,
            vd,
            dd,
            vvv,
            vvd,
            vdd,
            ddd,
            observed * times,
            np.array(num[:, 0]),
            np.array(den[:, 0]),
            np.all(num == num[:, :1], axis=1) & (den.min(axis=1) == most),
            np.where(alike, most, np.nan),
            whole,
        )

    def rows(self, order: IntArray) -> Moments:
        """Some of the quantities."""
        return Moments(*(getattr(self, one.name)[order] for one in fields(self)))

    @classmethod
    def joined(cls, parts: list[Moments]) -> Moments:
        """Quantities side by side."""
        return cls(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(cls)))

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
        vv, vd, dd, vvv, vvd, vdd, ddd = (
            one + two for one, two in zip(self.about(theta), other.about(theta), strict=True)
        )
        equal = (self.first_num == other.first_num) & (self.first_den == other.first_den)
        unit = np.where(self.unit == 0, other.unit, self.unit)
        unlike = (self.unit != other.unit) & (self.unit != 0) & (other.unit != 0)
        return Moments(
            num,
            den,
            vv,
            vd,
            dd,
            vvv,
            vvd,
            vdd,
            ddd,
            self.clusters + other.clusters,
            self.first_num,
            self.first_den,
            self.same & other.same & equal,
            np.where(unlike, np.nan, unit),
            self.whole & other.whole,
        )

    def about(self, theta: FloatArray) -> tuple[FloatArray, ...]:
        """vv to ddd about another theta."""
        shift = theta_of(self.num, self.den) - theta
        return (
            self.vv + 2 * shift * self.vd + shift**2 * self.dd,
            self.vd + shift * self.dd,
            self.dd,
            self.vvv + 3 * shift * self.vvd + 3 * shift**2 * self.vdd + shift**3 * self.ddd,
            self.vvd + 2 * shift * self.vdd + shift**2 * self.ddd,
            self.vdd + shift * self.ddd,
            self.ddd,
        )

    def clustered(self, by: By) -> Clustered:
        """What `inference.Clustered` finds from the clusters themselves, but for the sums by cluster."""
        value = np.where(self.den > 0, theta_of(self.num, self.den), np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            factor = np.where(self.clusters >= LEAST[by], self.clusters / (self.clusters - 1.0), np.nan)
            se = np.sqrt(factor * self.vv) / self.den
        se = np.where(self.same & ~np.isnan(se), 0.0, se)
        empty = np.zeros((0, *value.shape))
        single = self.whole & ~np.isnan(self.unit)
        skewness = skewness_of(self.vv, self.vvv, self.clusters, self.same)
        return Clustered(empty, empty, value, se, self.clusters, np.asarray(single), skewness)


def _powers(num: FloatArray, den: FloatArray, theta: FloatArray, step: int) -> FloatArray:
    """(7, Q) vv to ddd: sums over `step` clusters, added up one after the other."""
    found = []
    wide = step * max(1, _SLAB // step)
    for start in range(0, num.shape[1], wide):
        part = slice(start, start + wide)
        if den.shape[1] == 1:  # then v sums to 0
            v = num[:, part] - theta * den
            vv, counts = v * v, np.array([cut.shape[2] for cut in _cut(v, step) for _ in range(cut.shape[1])])
            squares, none = _added(step, vv), np.zeros((len(num), len(counts)))
            cubes = _added(step, vv, v), squares * den, none, den**3 * counts
            found.append(np.stack([squares, none, den**2 * counts, *cubes]))
        else:
            d = den[:, part]
            v = num[:, part] - theta * d
            vv, dd = v * v, d * d
            products = (vv,), (v, d), (dd,), (vv, v), (vv, d), (v, dd), (dd, d)
            found.append(np.stack([_added(step, *factors) for factors in products]))
    return np.asarray(np.cumsum(np.concatenate(found, axis=2), axis=2)[:, :, -1] + 0.0)


def _added(step: int, *factors: FloatArray) -> FloatArray:
    """Sums (Q, G / step) over every `step` clusters of one array (Q, G), or of the product of two."""
    if len(factors) == 1:
        return np.concatenate([cut.sum(axis=2) for cut in _cut(factors[0], step)], axis=1)
    cuts = zip(*(_cut(each, step) for each in factors), strict=True)
    return np.concatenate([np.einsum("qcg,qcg->qc", left, right) for left, right in cuts], axis=1)


def _cut(array: FloatArray, step: int) -> list[FloatArray]:
    """The array (Q, G) as (Q, G / step, step), and what is left over."""
    whole = array.shape[1] // step * step
    cuts = array[:, :whole].reshape(len(array), whole // step, step), array[:, None, whole:]
    return [cut for cut in cuts if cut.shape[1] * cut.shape[2]]


def theta_of(num: FloatArray, den: FloatArray) -> FloatArray:
    """num / den, 0 where den is 0."""
    return np.divide(num, den, out=np.zeros(np.shape(num)), where=np.asarray(den) > 0)
