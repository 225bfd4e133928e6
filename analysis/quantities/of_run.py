"""The estimates of a run, each quantity through its declaration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from analysis.arm import ArmData
from analysis.clusters import joint
from analysis.inference import Estimate, mean, paired_difference, ratio, without_error
from analysis.quantities.declared import Mean, Quantity, Ratio, Statistic, Top
from analysis.quantities.registered import blamed, quantities, quantity, tabled
from analysis.ranking_interval import share_interval
from analysis.resampled import with_error_of_difference, with_errors
from sim.kit.arrays import FloatArray
from sim.kit.errors import RunError


def summary(arm: ArmData) -> dict[str, Estimate]:
    """Estimates () of one arm, by column name of summary.csv."""
    return _replayed(arm, {each.name: estimate(each, arm) for each in tabled("arm")})


def level(of: Quantity, arm: ArmData) -> Estimate:
    """The estimate () of one quantity of an arm, as summary.csv has it."""
    return _replayed(arm, {of.name: estimate(of, arm)})[of.name]


def agents(arm: ArmData) -> dict[str, Estimate]:
    """Estimates (n,) of one arm's agents, by column name of agents.csv."""
    return next(agents_of_each([arm]))


def agents_of_each(arms: Sequence[ArmData]) -> Iterator[dict[str, Estimate]]:
    """`agents` of each arm; what hangs on claims alone is reckoned once for all in which agents claim the same."""
    known: dict[str, dict[str, Estimate]] = {}
    for arm, first in with_same_claims(arms):
        shared = known.get(first.name, {})
        found = {
            each.name: shared[each.name] if each.claims and shared else estimate(each, arm) for each in tabled("agent")
        }
        known.setdefault(arm.name, found)
        yield _replayed(arm, found)


def with_same_claims(arms: Sequence[ArmData]) -> Iterator[tuple[ArmData, ArmData]]:
    """Each arm with the first one in which agents claim the same, be it itself."""
    firsts: list[ArmData] = []
    for arm in arms:
        first = next((other for other in firsts if _same_claims(arm, other)), arm)
        if first is arm:
            firsts.append(arm)
        yield arm, first


def _same_claims(one: ArmData, other: ArmData) -> bool:
    """Equal claims and outcomes, compared within the same groups and by the same clusters."""
    if not one.observed.same(other.observed) or one.by_claims != other.by_claims:
        return False
    groups, before = (one.claim_groups, other.claim_groups), (one.before_card, other.before_card)
    if groups[0] is None or groups[1] is None or before[0] is None or before[1] is None:
        return all(both[0] is None and both[1] is None for both in (groups, before))
    return before[0].same(before[1]) and bool(np.array_equal(groups[0], groups[1]))


def estimate(of: Quantity, arm: ArmData) -> Estimate:
    """The estimate of one quantity, () or (n,), by the clusters of the run."""
    with blamed(of):
        return _estimate(of, arm).within(*of.within)


def _estimate(of: Quantity, arm: ArmData) -> Estimate:
    how = of.how
    if isinstance(how, Statistic):
        return how.of_run(arm)
    if isinstance(how, Mean):
        values = np.asarray(how.values(arm), np.float64)
        _check_values(of, values, arm)
        return mean(values, arm.by, rate=how.rate, exact=how.stated and not values.any())
    if isinstance(how, Ratio):
        return _ratio(how, arm)
    num, den = map(np.asarray, part_of_agents(how).part(arm))
    top = int(np.argmax(num.sum(axis=(0, 1)))) if num.size else 0
    return ratio(num[..., top], den[..., top], arm.by, rate=True)


def _check_values(of: Quantity, values: FloatArray, arm: ArmData) -> None:
    """Raise RunError where they are not one number of each auction, or no shares where the quantity is one."""
    if values.shape[:2] != arm.value.shape[:2]:
        shapes = f"must give one number of each auction, {arm.value.shape[:2]}; got {values.shape}"
        raise RunError(f"quantity {of.name!r}: {shapes}")
    wrong = values[(values < 0) | (values > 1)]
    if of.rate and wrong.size:
        raise RunError(f"quantity {of.name!r}: is a rate, so each auction's number lies in [0, 1]; got {wrong[0]:g}")


def part_of_agents(how: Top) -> Ratio:
    """The Ratio that the agent with the most of it is taken from."""
    own = quantity(how.of, "agent").how
    if not isinstance(own, Ratio):
        raise TypeError(f"the top of {how.of}, which is no Ratio")
    return own


def _ratio(how: Ratio, arm: ArmData) -> Estimate:
    num, den = how.part(arm)
    found = ratio(num, den, arm.by_claims if how.claims else arm.by, rate=how.rate)
    if how.of_pairs:
        found = found.between(*share_interval(found.value, found.se, found.clusters))
    return found.of_copies(arm.observed.copies) if how.claims else found


def _replayed(arm: ArmData, estimates: dict[str, Estimate]) -> dict[str, Estimate]:
    """The estimates with the errors that redrawn tables give them, where the arm was replayed on any."""
    if arm.by != "none" or arm.replays is None:
        return estimates
    rates, within = {each.name for each in quantities() if each.rate}, {each.name: each.within for each in quantities()}
    found = with_errors(estimates, arm.replays, arm.world.n_tasks, rates, by_record=arm.by_record)
    return {name: one.within(*within[name]) for name, one in found.items()}


def difference(arm: ArmData, baseline: ArmData, name: str) -> Estimate:
    """Arm minus baseline per auction in a paired quantity; NaN where the two did not hold the same auctions.

    Its error is that of redrawn tables where either arm was replayed on them.
    """
    of = quantity(name, "arm")
    a, b = (per_auction(of, each) for each in (arm, baseline))
    if a.shape != b.shape:
        return without_error(np.nan)
    itself = arm.name == baseline.name
    found = paired_difference(a, b, joint(arm, baseline), rate=of.rate, exact=itself)
    if itself or joint(arm, baseline) != "none" or arm.replays is None or baseline.replays is None:
        return found
    if name not in arm.replays:
        return found
    shares = (float((a > b).mean()), float((a < b).mean())) if of.rate else None
    replays, by_record = (arm.replays[name], baseline.replays[name]), arm.by_record or baseline.by_record
    return with_error_of_difference(found, *replays, arm.world.n_tasks, shares, by_record=by_record)


def per_auction(of: Quantity, arm: ArmData) -> FloatArray:
    """(R, T, m) of a Mean."""
    if not isinstance(of.how, Mean):
        raise TypeError(f"{of.name}: is no Mean over auctions")
    return np.asarray(of.how.values(arm), np.float64)
