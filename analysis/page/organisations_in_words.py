"""Agents that are made of others, in words (sim/world/organisations.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from analysis.page.amounts_in_words import percent, ticks


def organisations(value: Mapping[str, Any], arm: Any) -> str:
    """Who is made of whom, and how.

    >>> of = {"agent": "a", "tries": 3, "verified": True}
    >>> organisations({"twice": {"scaffold": None, "solo": of, "hub": None, "knows": False}}, {})
    'Some agents are made of others: twice (a, tries a task up to 3 times and stops at the first that passes).'
    """
    made = [f"{name} ({', '.join(_of(one))})" for name, one in value.items()]
    return f"Some agents are made of others: {'; '.join(made)}."


def _of(one: Mapping[str, Any]) -> list[str]:
    kind = next(kind for kind in _KINDS if one[kind] is not None)
    return [*_KINDS[kind](one[kind]), *(["its beliefs follow from theirs"] if one["knows"] else [])]


def _scaffold(of: Mapping[str, Any]) -> list[str]:
    parts = [f"{of['agent']} in another scaffold: {of['shift']:g} logits on its ability"]
    parts += [f"{percent(of['infra'])} of attempts lost"] if of["infra"] else []
    parts += [f"{of['late']} after {ticks(of['limit'])}"] if of["limit"] is not None else []
    return [*parts, *([f"costs times {of['cost_factor']:g}"] if of["cost_factor"] != 1.0 else [])]


def _solo(of: Mapping[str, Any]) -> list[str]:
    if of["verified"]:
        return [of["agent"], f"tries a task up to {of['tries']} times and stops at the first that passes"]
    return [of["agent"], f"tries a task {of['tries']} times and hands in the last"]


def _hub(of: Mapping[str, Any]) -> list[str]:
    delta = of["decomposability"]
    shown = ", ".join(f"{name} {each:g}" for name, each in delta.items()) if isinstance(delta, dict) else f"{delta:g}"
    return [
        f"{of['planner']} divides a task among {', '.join(of['spokes'])} and puts the parts together",
        f"decomposability {shown}",
        f"{of['gain']:g} logits gained and {of['context_loss']:g} lost by parts at its ends",
        f"{percent(of['recompose'])} of right parts make a right whole",
    ]


_KINDS: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {"scaffold": _scaffold, "solo": _solo, "hub": _hub}
