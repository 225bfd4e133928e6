"""The attention commons: principals write to providers, by hand or by an agent, and providers answer as they can.

The rules are those that the published model states [HR]; what it leaves to a language model is marked so.

Who is who. C principals and P providers. Each has weights over D dimensions, the positive parts of normal draws that
sum to one (all of them count: the hard setting; the largest `priorities` of them: an easier one), and attributes, a
Dirichlet draw of concentration 1.2. What i is worth to j is the product of j's weights and i's attributes plus a normal
draw of sd .08, clipped to [0, 1]; the same the other way.

What a sender knows. A form names the three largest weights by a level, an agent asks for all of them; a level is high
(.30 and above), medium (.18), low (.08) or none, taken for .35, .20, .10, 0, and they are made to sum to one. There the
published model has a language model read the text; here the level is read as it stands. The estimate of a provider is
the product of these weights and its attributes, plus ranking noise of sd .18 by hand and .06 by an agent, drawn anew
each day.

A day. Each unmatched principal writes to the providers it ranks highest among those with capacity left whom it has not
written to: 2 by hand, 10 by an agent, one message a pair in all days. The load of a provider is the number of messages
it gets that day over the number of its answers. It answers the best 5 that reach, as it sees them,

    threshold = min(.55, .25 + .10 max(0, load - 1))

it sees a message's worth with noise of sd .04, plus .03 where an agent wrote it, clipped to [0, 1]. A principal with
answers accepts the one it values most, if that is worth .25; a provider takes those who accept, the most valued first,
up to 4 in all days. A matched principal writes no more; the others go on.

    match      matched principals / C
    inbox      messages / (P days)
    response   answers / messages
    welfare    (sum over matches of both sides' values - .01 (messages written + messages read + answers)) / C

Instruments. none; cap: nobody writes more than `cap` a day; ration: an agent has `ration` messages for all days and
writes as many a day as it did, so that all go out on the first (a price of .05 from a purse of .50 [HR]); pacing: of
the ration at most ceil(ration t / days) by the end of day t.

Index convention: R replications, C principals, P providers; days are steps. With 80 x 40 x 7 a replication takes some 7
ms of one core. All arms share values, noise and the order in which principals get agents, so that who has one at a
lower saturation has one at a higher. Source: [HR].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field
from scipy.special import gammaincinv

from sim.economies.economy import Measure, Played, register_economy
from sim.kit.arrays import BoolArray, FloatArray, IntArray
from sim.kit.draws import normal, uniform, words_range
from sim.kit.section import Rate, Section

_LEVELS = ((0.30, 0.35), (0.18, 0.20), (0.08, 0.10))  # a weight of at least so much is taken for
_FORM = 3  # weights that a form names
Count = Annotated[int, Field(ge=1, le=1000)]


class MatchingSettings(Section):
    """A matching market of messages (sim/economies/attention.py)."""

    principals: Count = Field(80, description="those who write")
    providers: Count = Field(40, description="those who answer")
    days: Annotated[int, Field(ge=1, le=100)] = Field(7, description="days")
    saturation: Rate = Field(0.0, description="share of principals that write by an agent")
    by_hand: Count = Field(2, description="messages a day of a principal by hand")
    by_agent: Count = Field(10, description="messages a day of a principal by an agent")
    answers: Count = Field(5, description="messages a provider answers a day; a load of 1 is as many messages")
    capacity: Count = Field(4, description="principals a provider takes in all days")
    threshold: Rate = Field(0.25, description="least worth that is answered, up to a load of 1")
    rise: Rate = Field(0.10, description="added to the threshold for each load above 1")
    highest: Rate = Field(0.55, description="the threshold rises to this")
    accepted: Rate = Field(0.25, description="least worth of an answer that a principal accepts")
    noise_hand: Rate = Field(0.18, description="sd of the ranking by hand")
    noise_agent: Rate = Field(0.06, description="sd of the ranking by an agent")
    noise_provider: Rate = Field(0.04, description="sd of what a provider sees of a message's worth")
    bonus: Rate = Field(0.03, description="added to that where an agent wrote it")
    attention: Rate = Field(0.01, description="cost of a message written, of one read, and of an answer")
    dimensions: Annotated[int, Field(ge=1, le=20)] = Field(6, description="dimensions of weights and attributes")
    priorities: Annotated[int, Field(ge=1, le=20)] = Field(6, description="largest weights that count")
    concentration: Annotated[float, Field(ge=0.1, le=100)] = Field(1.2, description="of the Dirichlet of attributes")
    taste: Rate = Field(0.08, description="sd of a pair's own part of the value")
    instrument: Literal["none", "cap", "ration", "pacing"] = Field("none", description="how messages are limited")
    cap: Count = Field(10, description="messages a day, of the instrument cap")
    ration: Count = Field(10, description="messages in all days, of the instruments ration and pacing")

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        if self.priorities > self.dimensions:
            yield f"priorities: must be at most dimensions, {self.dimensions}; got {self.priorities}"
        if self.highest < self.threshold:
            yield f"highest: must be at least threshold, {self.threshold:g}; got {self.highest:g}"


class Pairs(NamedTuple):
    """What was drawn of R replications. worth to principals and providers, as seen, (R, C, P); agent (R, C).

    ranked: estimates of providers (R, C, P) without noise. noise: standard normal (R, days, C, P).
    """

    to_principal: FloatArray
    to_provider: FloatArray
    seen: FloatArray
    ranked: FloatArray
    noise: FloatArray
    agent: BoolArray


@register_economy("matching")
@dataclass(frozen=True)
class Matching:
    """A matching market of messages in which attention is a commons."""

    summary = "principals write to providers, by hand or by an agent; attention is a commons"
    source = "HR"
    Settings = MatchingSettings
    measures = (
        Measure("match", "share of principals", "principals that are matched after all days"),
        Measure("welfare", "value per principal", "both sides' values of matches less the cost of attention"),
        Measure("inbox", "messages", "messages a provider gets a day"),
        Measure("response", "share of messages", "messages that are answered"),
        Measure("value", "value", "both sides' value of a match"),
        Measure("matched", "share of principals", "principals that are matched after this day", steps=True),
        Measure("inbox_of_day", "messages", "messages a provider gets on this day", steps=True),
    )

    def play(self, settings: MatchingSettings, seed: int, replications: range) -> Played:
        """The days of a market, replications side by side."""
        pairs = drawn(settings, seed, replications)
        shape = pairs.seen.shape
        written, answered = np.zeros(shape, np.bool_), np.zeros(len(replications))
        partner = np.full(shape[:2], -1)
        left = np.full((shape[0], shape[2]), settings.capacity)
        matched, inbox = [], []
        for day in range(settings.days):
            sent = _sent(settings, pairs, day, written, partner, left)
            written |= sent
            answers = _answers(settings, pairs, sent)
            answered += answers.sum(axis=(1, 2))
            _match(settings, pairs, answers, partner, left)
            matched.append((partner >= 0).mean(axis=1))
            inbox.append(sent.sum(axis=(1, 2)) / settings.providers)
        return _played(settings, pairs, written, answered, partner, np.array(matched).T, np.array(inbox).T)


def drawn(settings: MatchingSettings, seed: int, replications: range) -> Pairs:
    """Values, noise and agents of these replications."""
    number = words_range(len(replications), replications.start)
    principal, provider = words_range(settings.principals), words_range(settings.providers)
    dimension, day = words_range(settings.dimensions), words_range(settings.days)

    def both(of: str, own: Any, other: Any) -> tuple[FloatArray, FloatArray]:
        weights = _summing(np.maximum(normal(seed, f"weights of {of}", number, own, dimension), 0.0))
        least = -np.sort(-weights, axis=-1)[..., settings.priorities - 1, None]
        uniforms = uniform(seed, f"attributes of {of}", number, own, dimension)
        parts = np.asarray(gammaincinv(settings.concentration, uniforms), np.float64)
        return _summing(np.where(weights >= least, weights, 0.0)), _summing(parts)

    weights, attributes = both("principals", principal, provider)
    weights_, attributes_ = both("providers", provider, principal)
    taste, taste_ = (normal(seed, f"taste of {of}", number, principal, provider) for of in ("principals", "providers"))
    to_principal = np.clip(_product(weights, attributes_) + settings.taste * taste, 0.0, 1.0)
    to_provider = np.clip(_product(weights_, attributes).swapaxes(1, 2) + settings.taste * taste_, 0.0, 1.0)
    rank = np.argsort(np.argsort(uniform(seed, "agents", number, principal), axis=1), axis=1)
    agent = rank < round(settings.saturation * settings.principals)
    blur = normal(seed, "what a provider sees", number, principal, provider)
    seen = to_provider + settings.bonus * agent[..., None] + settings.noise_provider * blur
    known = np.where(agent[..., None], stated(weights, settings.dimensions), stated(weights, _FORM))
    noise = normal(seed, "ranking", number, day, principal, provider)
    return Pairs(to_principal, to_provider, np.clip(seen, 0.0, 1.0), _product(known, attributes_), noise, agent)


def _summing(parts: FloatArray) -> FloatArray:
    """Parts (..., D) that sum to one; equal ones where all are 0."""
    whole = parts[..., 0].copy()
    for place in range(1, parts.shape[-1]):
        whole += parts[..., place]
    known = whole[..., None] > 0
    return np.where(known, parts / np.where(known, whole[..., None], 1.0), 1.0 / parts.shape[-1])


def _product(weights: FloatArray, attributes: FloatArray) -> FloatArray:
    """(R, n, m): the product over dimensions of weights (R, n, D) and attributes (R, m, D), in one order of adding."""
    found = weights[:, :, None, 0] * attributes[:, None, :, 0]
    for place in range(1, weights.shape[-1]):
        found = found + weights[:, :, None, place] * attributes[:, None, :, place]
    return found


def stated(weights: FloatArray, most: int) -> FloatArray:
    """Weights as the levels of the largest `most` of them."""
    level = np.zeros_like(weights)
    for least, taken in reversed(_LEVELS):
        level = np.where(weights >= least, taken, level)
    place = np.argsort(np.argsort(-weights, axis=-1, kind="stable"), axis=-1)
    return _summing(np.where(place < most, level, 0.0))


def _sent(
    settings: MatchingSettings, pairs: Pairs, day: int, written: BoolArray, partner: IntArray, left: IntArray
) -> BoolArray:
    """(R, C, P): the messages of a day."""
    sd = np.where(pairs.agent, settings.noise_agent, settings.noise_hand)[..., None]
    free = ~written & (left > 0)[:, None, :] & (partner < 0)[..., None]
    score = np.where(free, pairs.ranked + sd * pairs.noise[:, day], -np.inf)
    most = np.where(pairs.agent, settings.by_agent, settings.by_hand)
    if settings.instrument == "cap":
        most = np.minimum(most, settings.cap)
    elif settings.instrument in ("ration", "pacing"):
        paced = settings.instrument == "pacing"
        allowed = -(-settings.ration * (day + 1) // settings.days) if paced else settings.ration
        most = np.where(pairs.agent, np.minimum(most, np.maximum(allowed - written.sum(axis=2), 0)), most)
    return np.asarray(free & (_rank(score, axis=2) < most[..., None]))


def _answers(settings: MatchingSettings, pairs: Pairs, sent: BoolArray) -> BoolArray:
    """(R, C, P): the messages that are answered."""
    load = sent.sum(axis=1) / settings.answers
    threshold = np.minimum(settings.highest, settings.threshold + settings.rise * np.maximum(0.0, load - 1.0))
    good = sent & (pairs.seen >= threshold[:, None, :])
    best = _rank(np.where(good, pairs.seen, -np.inf), axis=1) < settings.answers
    return np.asarray(good & best)


def _match(settings: MatchingSettings, pairs: Pairs, answers: BoolArray, partner: IntArray, left: IntArray) -> None:
    """Match who accepts with who has capacity left; changes partner (R, C) and left (R, P)."""
    liked = np.where(answers, pairs.to_principal, -np.inf)
    best = liked.argmax(axis=2)
    accepts = np.take_along_axis(liked, best[..., None], 2)[..., 0] >= settings.accepted
    wanted = accepts[..., None] & (np.arange(left.shape[1]) == best[..., None])
    order = _rank(np.where(wanted, pairs.to_provider, -np.inf), axis=1)
    taken = wanted & (order < left[:, None, :])
    left -= taken.sum(axis=1)
    partner[taken.any(axis=2)] = best[taken.any(axis=2)]


def _rank(score: FloatArray, axis: int) -> IntArray:
    """Place of each along an axis, 0 the largest; of equal ones the first."""
    order = np.argsort(-score, axis=axis, kind="stable")
    rank = np.empty_like(order)
    shape = [1] * score.ndim
    shape[axis] = -1
    np.put_along_axis(rank, order, np.arange(score.shape[axis]).reshape(shape), axis)
    return rank


def _played(
    settings: MatchingSettings,
    pairs: Pairs,
    written: BoolArray,
    answered: FloatArray,
    partner: IntArray,
    matched: FloatArray,
    inbox: FloatArray,
) -> Played:
    there = partner >= 0
    of = np.where(there, partner, 0)[..., None]
    both = [np.take_along_axis(value, of, 2)[..., 0] for value in (pairs.to_principal, pairs.to_provider)]
    value = np.cumsum(np.where(there, both[0] + both[1], 0.0), axis=1)[:, -1]  # one order of adding
    messages, count = written.sum(axis=(1, 2)), there.sum(axis=1)
    actions = 2 * messages + answered
    return Played(
        {
            "match": count / settings.principals,
            "welfare": (value - settings.attention * actions) / settings.principals,
            "inbox": messages / (settings.providers * settings.days),
            "response": answered / messages,
            "value": np.where(count > 0, value / np.maximum(count, 1), np.nan),
        },
        {"matched": matched, "inbox_of_day": inbox},
    )
