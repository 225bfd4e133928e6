"""Templates of prompts: text files with $fields, in which a line goes when what it would tell is not known.

A line with a field that is empty is left out, so that one file serves markets that tell more and markets that tell
less: what is sealed has no line. Text above a line `--- user ---` is the system text. `$$` is a dollar sign. What is
filled in stays as it is, whatever dollar signs and blank lines it holds.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from sim.kit.errors import ScenarioError, capped, closest
from sim.live.prompts.shapes import SHAPES

_SEEN = ("task", "family", "agents", "reserve", "value", "penalty", "deadline", "capacity", "reputation", "card")
FIELDS: Mapping[str, tuple[str, ...]] = {  # purpose -> fields
    "bid": (*_SEEN, "payment", "answer_form"),
    "claim": (*_SEEN, "payment", "answer_form"),
    "work": ("task", "family", "deadline", "budget"),
    "judge": ("task", "work", "expected", "answer_form"),
    "advice": ("task", "family", "value", "agents", "records", "answer_form"),
}
NEEDED = ("task", "work", "answer_form")  # those that no template may lack, where its purpose has them
_SHAPE = {"bid": "bid", "claim": "claim", "judge": "verdict", "advice": "advice"}  # purpose -> shape of its answer
_MONEY = ("reserve", "value", "penalty", "budget")
_USER = "--- user ---"
_DIGITS = Context(prec=9, rounding=ROUND_DOWN)


class Filled(NamedTuple):
    """The texts of a question."""

    prompt: str
    system: str


@dataclass(frozen=True)
class Prompt:
    """A template. purpose: what it asks for. shown: its file. lines, system: as they stand. sha256: of the file."""

    purpose: str
    shown: str
    lines: tuple[str, ...]
    system: tuple[str, ...]
    sha256: str

    def fill(self, fields: Mapping[str, Any]) -> Filled:
        """The question with what `fields` holds; what it does not hold, None, NaN and blank texts have no line.

        Numbers of reserve, value, penalty and budget are dollars. The sentence that asks for JSON is added. Raises
        ValueError for a field that this purpose does not have, since what is sealed must not be handed in, and
        where there is no task, or no work to be judged.
        """
        allowed = set(FIELDS[self.purpose]) - {"answer_form"}
        if unknown := sorted(set(fields) - allowed):
            raise ValueError(f"a prompt of {self.purpose} has no {', '.join(unknown)}; allowed: {', '.join(allowed)}")
        shown = {name: _shown(name, value) for name, value in fields.items()}
        if self.purpose in _SHAPE:
            shown["answer_form"] = SHAPES[_SHAPE[self.purpose]].sentence
        for name in NEEDED:
            if name in FIELDS[self.purpose] and not shown.get(name):
                raise ValueError(f"a prompt of {self.purpose} must tell {name}")
        return Filled(_filled(self.lines, shown), _filled(self.system, shown))


def template(purpose: str, path: Path | str | None = None) -> Prompt:
    """The template of that purpose, ours or the user's file at `path`.

    Raises ScenarioError naming file, line and field for fields that are unknown or lacking, and where it cannot be
    read.
    """
    file = Path(__file__).parent / f"{purpose}.txt" if path is None else Path(path)
    shown = f"prompts/{purpose}.txt" if path is None else str(path)
    try:
        content = file.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise ScenarioError(f"{shown}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{shown}: is no UTF-8 text") from None
    lines = text.splitlines()
    if faults := list(_faults(shown, purpose, lines)):
        raise ScenarioError(*capped(faults))
    at = next((place for place, line in enumerate(lines) if line.strip() == _USER), -1)
    system = lines[:at] if at >= 0 else []
    return Prompt(purpose, shown, tuple(lines[at + 1 :]), tuple(system), hashlib.sha256(content).hexdigest())


def dollars(amount: float) -> str:
    """A sum of money as a prompt tells it: nine digits, rounded down, so that an ask at the reserve is within it.

    >>> dollars(0.35), dollars(0.1 + 0.2), dollars(2 / 3), dollars(-0.25), dollars(1e-7), dollars(1500.0)
    ('$0.35', '$0.3', '$0.666666666', '-$0.25', '$0.0000001', '$1500')
    """
    shown = _DIGITS.create_decimal(repr(abs(amount)))
    text = f"{shown:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{'-' if amount < 0 else ''}${text}"


def _faults(shown: str, purpose: str, lines: list[str]) -> Iterator[str]:
    allowed = FIELDS[purpose]
    used: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not Template(line).is_valid():
            yield f"{shown}: line {number}: a $ that begins no field; write $$ for a dollar sign"
            continue
        for name in Template(line).get_identifiers():
            used.add(name)
            if name not in allowed:
                near = closest(name, allowed)
                yield f"{shown}: line {number}: unknown field {name!r}{near}; allowed: {_list(allowed)}"
    for name in NEEDED:
        if name in allowed and name not in used:
            yield f"{shown}: field {name!r} is missing; allowed: {_list(allowed)}"


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(f"${name}" for name in names)


def _shown(name: str, value: Any) -> str:
    """A field as a prompt shows it, "" where it is not known."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{name} must be a text or a number; got {value!r}")
    if isinstance(value, str):
        return value if value.strip() else ""
    return dollars(value) if name in _MONEY else format(Decimal(repr(value)).normalize(), "f")


def _filled(lines: tuple[str, ...], shown: Mapping[str, str]) -> str:
    """The lines of which every field is known; blank ones that then stand together are one."""
    kept: list[str] = []
    for line in lines:
        names = Template(line).get_identifiers()
        if any(not shown.get(name) for name in names):
            continue
        if line.strip() or (kept and kept[-1]):
            kept.append(Template(line).substitute(shown) if line.strip() else "")
    return "\n".join(kept[:-1] if kept and not kept[-1] else kept)
