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
    def of_sums(cls, found: FloatArray) -> Moments:
        """Of sums (15, Q, B) as `cluster_sums` has them: every row and job (Q B,)."""
        kinds = {"clusters": np.int64, "same": np.bool_, "whole": np.bool_}
        each = zip(fields(cls), found.reshape(len(found), -1), strict=True)
        return cls(**{one.name: column.astype(kinds.get(one.name, np.float64), copy=False) for one, column in each})

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
