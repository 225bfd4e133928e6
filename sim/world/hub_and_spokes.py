"""Hub and spokes: how likely a planner and its spokes succeed, and what their calls cost.

    decompose -> m parts, each by a spoke -> synthesise -> criticise -> revise          m + 4 calls, 7 of three parts

    shift    = gain delta - context_loss (1 - delta)
    part_ij  = expit(logit(p_ij^(1/m)) + shift)          p_ij: ability of spoke i at the whole, with its fit to part j
    P(whole) = recompose x product of the m parts

So at shift 0 parts of equal p multiply to recompose x p. delta: decomposability of the task, in [0, 1].

Tokens are counted in those of a solo try, which reads `prompt` of them and writes the rest. Each call writes `text`.
The first reads the task, a part the task and what the first call wrote, each of the last three the task and all that
was written before it. So calls read prompt (m + 4) + text (4 m + 6) and write text (m + 4): tokens grow faster than
calls. What a call costs is in proportion to reading x tokens read + tokens written, at the rate of who makes it: a
spoke its part, the planner the others. What criticism and revision repair is part of `recompose`.

Index convention: parts are the last axis. Source: [HS] for the seven calls; the rest is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.kit.arrays import FloatArray
from sim.kit.portable import exp, expit, log, logit

if TYPE_CHECKING:
    from sim.specs.organisation import Hub


def whole(p: FloatArray, delta: FloatArray, hub: Hub) -> FloatArray:
    """P(whole) (...), of abilities p (..., m) at the whole with the fit to each part; delta (...) of the task.

    >>> from sim.specs.organisation import Hub
    >>> kept = dict(decomposability=0.0, gain=1.0, context_loss=0.0, recompose=0.5, prompt=0.2, text=0.2, reading=0.2)
    >>> whole(np.array([0.3, 0.3]), np.array(0.0), Hub(planner="a", spokes=["b", "c"], **kept)).round(12).item()
    0.15
    """
    with np.errstate(divide="ignore"):  # an ability of 0 leaves parts of 0
        of_part = logit(exp(log(p) / p.shape[-1]))
    shift = hub.gain * delta - hub.context_loss * (1.0 - delta)
    part = expit(of_part + shift[..., None])
    product = part[..., 0]
    for j in range(1, p.shape[-1]):
        product = product * part[..., j]
    return np.asarray(hub.recompose * product)


class Shares(NamedTuple):
    """What the calls of a planner, and those of one part, cost: 1 is a solo try of the agent that makes them."""

    planner: float
    part: float


def costs(hub: Hub) -> Shares:
    """Of the planner's four calls and of each part; where a token read costs what one written does, their tokens.

    >>> from sim.specs.organisation import Hub
    >>> kept = dict(decomposability=0.0, gain=1.0, context_loss=0.0, recompose=1.0, prompt=0.25, text=0.2, reading=1.0)
    >>> planner, part = costs(Hub(planner="a", spokes=["b", "c", "d"], **kept))
    >>> round(planner + 3 * part, 12) == 7 * 0.25 + 25 * 0.2
    True
    """
    m, solo = len(hub.spokes), hub.reading * hub.prompt + 1.0 - hub.prompt
    read = 4 * hub.prompt + (3 * m + 6) * hub.text
    part_read = hub.prompt + hub.text
    return Shares(
        (hub.reading * read + 4 * hub.text) / solo,
        (hub.reading * part_read + hub.text) / solo,
    )
