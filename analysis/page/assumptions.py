"""What a scenario assumes, in sentences that need no manual: the settings of its arms as run.json keeps them.

Every setting that is not at its default is stated: in words of its own where it has some (its Field's, or those of
setting_words.py, which need more than its value), else as it is written, with what the key means. Sentences that hold
in every arm are stated once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.page.setting_words import ALWAYS, STATED, Arm
from analysis.page.written_settings import TOPICS, described, flat, said
from sim.kit.invalid import written

_FEW = 4  # names of arms in a sentence


def assumptions(arms: Sequence[Arm]) -> dict[str, list[str]]:
    """Topic -> sentences. What holds in some arms only names them."""
    found: dict[str, dict[str, list[str]]] = {topic: {} for topic in TOPICS.values()}
    for arm in arms:
        for key, value in flat(arm).items():
            sentence = _sentence(key, value, arm)
            if sentence:
                found[TOPICS[key.partition(".")[0]]].setdefault(sentence, []).append(arm["name"])
    names = [arm["name"] for arm in arms]
    return {topic: _listed(own, names) for topic, own in found.items() if own}


def _listed(own: Mapping[str, Sequence[str]], names: Sequence[str]) -> list[str]:
    """What holds in every arm first; then what holds in some, by how many they are."""
    ordered = sorted(own.items(), key=lambda one: -len(one[1]))
    return [sentence if len(of) == len(names) else f"{_where(of, names)}: {sentence}" for sentence, of in ordered]


def _where(own: Sequence[str], names: Sequence[str]) -> str:
    others = [name for name in names if name not in own]
    if len(others) <= _FEW and len(others) < len(own):
        return f"In every arm but {_and(others)}"
    few = own if len(own) <= _FEW else own[: _FEW - 1]
    left = len(own) - len(few)
    return f"In {_and(few)}" if not left else f"In {', '.join(map(repr, few))} and {left} more arms"


def _and(names: Sequence[str]) -> str:
    *first, last = map(repr, names)
    return f"{', '.join(first)} and {last}" if first else last


def _sentence(key: str, value: Any, arm: Arm) -> str:
    if key in ALWAYS:
        return ALWAYS[key](value, arm)
    meaning, default = described(key)
    if value == default or value in (None, [], {}):
        return ""
    if key in STATED:
        return STATED[key](value, arm)
    own = said(key, value)
    return f"{key} is {written(value)}: {meaning}." if own is None else own
