"""A page as a browser would take it apart: elements, ids, what it would load, its data."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

_VOID = {"meta", "link", "img", "input", "br"}
_LOADS = ("src", "href", "data", "poster", "srcset", "action", "formaction", "background", "cite")


class Parsed(HTMLParser):
    """The elements of a page; `unclosed` has what does not nest."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.loads: list[str] = []
        self.text: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.attributes: list[tuple[str, str]] = []
        self.unclosed: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.unclosed += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.ids += [str(given["id"])] if "id" in given else []
        self.loads += [str(given[name]) for name in _LOADS if given.get(name) is not None]
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "script":
            self.scripts.append((given, ""))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.unclosed.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            given, before = self.scripts[-1]
            self.scripts[-1] = given, before + data
        elif not self._open or self._open[-1] != "style":
            self.text.append(data)

    @property
    def data(self) -> dict[str, Any]:
        """The explorer's."""
        found: dict[str, Any] = json.loads(next(text for given, text in self.scripts if given.get("id") == "data"))
        return found

    @property
    def policy(self) -> str:
        """The content security policy."""
        return next(value for name, value in self.attributes if name == "content" and "default-src" in value)

    @property
    def runs(self) -> list[str]:
        """Scripts that a browser executes."""
        return [text for given, text in self.scripts if given.get("type") is None]


def check_alone(page: str) -> Parsed:
    """The page parsed, found sound, and free of anything that a browser would load from elsewhere."""
    found = Parsed(page)
    assert found.unclosed == []
    assert len(found.ids) == len(set(found.ids))
    for link in found.loads:
        assert link.startswith(("#", "data:")), link
        assert not link.startswith("#") or link[1:] in found.ids, link
    assert not re.search(r"url\((?!#)", page)
    assert not re.search(r"@import|<base|<iframe|<object|<embed", page)
    (script,) = found.runs
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert found.policy.startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digest}'" in found.policy
    assert "connect-src" not in found.policy
    assert not any(name.startswith("on") for name, _ in found.attributes)
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|innerHTML|eval|import)\b", script)
    return found
