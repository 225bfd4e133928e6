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
    def of(cls, num: FloatArray, den: FloatArray, rate: BoolArray) -> Moments:
        """Of clusters num (Q, G), den (Q, G) or, where it is the same in all clusters, (Q, 1).

        rate (Q,): whether nums are whole is asked of rates only.
        """
        constant = den.shape[1] == 1
        times = num.shape[1] if constant else 1
        total, size = num.sum(axis=1), den.sum(axis=1) * times
        theta = theta_of(total, size)[:, None]
        squares, cubes = np.zeros((3, len(total))), np.zeros((4, len(total)))
        step = max(1, _CHUNK // max(1, len(total)))
        for start in range(0, num.shape[1], step):
            part = slice(start, start + step)
            d = den if constant else den[:, part]
            v = num[:, part] - theta * d
            vv = v * v
            if constant:  # then v sums to 0
                one, sum_of_squares, none = d[:, 0], vv.sum(axis=1), np.zeros(len(total))
                squares += sum_of_squares, none, one**2 * v.shape[1]
                cubes += np.einsum("qg,qg->q", vv, v), sum_of_squares * one, none, one**3 * v.shape[1]
            else:
                dd = d * d
                squares += vv.sum(axis=1), np.einsum("qg,qg->q", v, d), dd.sum(axis=1)
                cubes += [np.einsum("qg,qg->q", left, right) for left, right in ((vv, v), (vv, d), (v, dd), (dd, d))]
        most, observed = den.max(axis=1), np.count_nonzero(den, axis=1)
        alike = (observed == 0) | (np.count_nonzero(den == most[:, None], axis=1) == observed)
        whole = np.zeros(len(total), np.bool_)
        trials = num[rate]
        whole[rate] = np.all((trials == 0) | (np.abs(trials) == den[rate]), axis=1)
        vv, vd, dd = squares
        vvv, vvd, vdd, ddd = cubes
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


def theta_of(num: FloatArray, den: FloatArray) -> FloatArray:
    """num / den, 0 where den is 0."""
    return np.divide(num, den, out=np.zeros(np.shape(num)), where=np.asarray(den) > 0)
