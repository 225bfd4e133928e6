"""YAML as JSON understands it: true, false, null and numbers are read, every other word stays a text.

PyYAML by itself takes yes, no, on and off for truth values and 12:30 for a number, and keeps the last of two equal
keys.
"""

from __future__ import annotations

import re
from typing import Any

import yaml


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """Equal keys are an error."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """A table, keys in order."""
        pairs = [(self.construct_object(k, deep=deep), self.construct_object(v, deep=deep)) for k, v in node.value]
        found = dict(pairs)
        if len(found) < len(pairs):
            raise yaml.constructor.ConstructorError(None, None, "a key occurs twice", node.start_mark)
        return found


_Loader.yaml_implicit_resolvers = {}
for _tag, _form, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf)|\.(nan|NaN)", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_form})$"), list(_first))


def read_yaml(text: str) -> list[Any]:
    """Its documents; raises ValueError in one line.

    >>> read_yaml("ok: yes\\nn: 1e-3\\ngone: ~")
    [{'ok': 'yes', 'n': 0.001, 'gone': None}]
    """
    try:
        return list(yaml.load_all(text, _Loader))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"is no YAML: {' '.join(str(error).split())[:200]}") from None
