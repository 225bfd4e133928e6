"""What a cell says as a text, as a name, and for conditions; and which cells are empty or false."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from typing import Any

from sim.importing.amounts import amount


class Missing:
    """What a field is in a row that does not have it; it counts as an empty cell."""


MISSING = Missing()
_WHOLE = re.compile(r"(-?[0-9]+)\.0*")


def is_empty(value: Any, nulls: Collection[str] = ()) -> bool:
    """Nothing, NaN, blank, a list or table without anything in it, or one of the texts that mean so."""
    if value is None or value is MISSING or (isinstance(value, float) and value != value):
        return True
    if isinstance(value, str):
        return not value.strip() or value.strip() in nulls
    if isinstance(value, list | tuple | dict):
        return not value
    return bool(nulls) and text_of(value) in nulls


def is_false(value: Any) -> bool:
    """False, or the number 0, in any spelling.

    >>> is_false("FALSE"), is_false(0.0), is_false("0.00"), is_false("no")
    (True, True, True, False)
    """
    return text_of(value) == "false" or amount(value) == 0


def text_of(value: Any) -> str:
    """The text by which cells are compared: no blanks around it, truth values small, whole numbers without a point.

    >>> text_of(" Yes "), text_of("TRUE"), text_of(1.0), text_of(0.25)
    ('Yes', 'true', '1', '0.25')
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    return text.lower() if text.lower() in ("true", "false") else text


def name_of(value: Any) -> str:
    """The value as a name, or a part of one: whole numbers have no point, in whatever format they stand.

    >>> name_of(1.0), name_of("1.0"), name_of("01"), name_of("v1.0"), name_of(0.5)
    ('1', '1', '01', 'v1.0', '0.5')
    """
    text = text_of(value)
    found = _WHOLE.fullmatch(text)
    return text if found is None else found[1]


def matcher(wanted: Iterable[Any]) -> Callable[[Any], bool]:
    """Whether a cell is one of the values wanted: numbers by what they are worth, all others by their text.

    >>> meets = matcher([1, "b"])
    >>> meets("1.0"), meets("01"), meets(True), meets(" b ")
    (True, True, False, True)
    """
    values = list(wanted)
    numbers: set[Decimal | None] = {amount(value) for value in values if not isinstance(value, str)} - {None}
    texts = {text_of(value) for value in values if amount(value) is None or isinstance(value, str)}
    return lambda value: text_of(value) in texts or (bool(numbers) and amount(value) in numbers)


def lookup(known: dict[str, Any]) -> Callable[[Any], tuple[bool, Any]]:
    """Whether a cell is among the keys, and its value: by its text, or else by the one key that is the same number.

    >>> find = lookup({"yes": 1, "1": 2, "2": 3, "02": 4})
    >>> find("yes"), find("1.0"), find("02"), find("2.0")
    ((True, 1), (True, 2), (True, 4), (False, None))
    """
    texts = {text_of(key): value for key, value in known.items()}
    numbers: dict[Decimal, list[str]] = {}
    for text in texts:
        if (number := amount(text)) is not None:
            numbers.setdefault(number, []).append(text)

    def find(raw: Any) -> tuple[bool, Any]:
        text = text_of(raw)
        if text not in texts and (number := amount(raw)) is not None and len(numbers.get(number, ())) == 1:
            text = numbers[number][0]
        return text in texts, texts.get(text)

    return find
