"""Keys of endpoints: read from the environment by name when they are needed, and kept in no object and no text."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

SHORTEST = 8  # letters of a key: a shorter one could be any word in a text
_KEY = re.compile(rf"[!#-&(-\[\]-~]{{{SHORTEST},}}")
_PART = 12  # letters of a key's beginning that are taken for it, as where a text was cut


class Secret(NamedTuple):
    """What the environment variable `name` holds; "": none is needed."""

    name: str

    def fault(self) -> str:
        """What is wrong with it, without showing it; "" where nothing is."""
        if not self.name:
            return ""
        value = os.environ.get(self.name, "")
        if not value:
            return f"environment variable {self.name} is not set; it must hold the key"
        if not _KEY.fullmatch(value):
            rule = f"{SHORTEST} or more letters, digits and signs, without spaces or quotes"
            return f"environment variable {self.name} holds no key: one has {rule}"
        return ""

    def header(self) -> str:
        """The value of an Authorization header."""
        return f"Bearer {os.environ[self.name]}"

    def scrub(self, text: str) -> str:
        """The text with [NAME] wherever the key, or a long beginning of it, stood."""
        value = os.environ.get(self.name, "") if self.name else ""
        if len(value) < SHORTEST or value[:_PART] not in text:
            return text
        for end in range(len(value), min(_PART, len(value)) - 1, -1):
            text = text.replace(value[:end], f"[{self.name}]")
        return text
