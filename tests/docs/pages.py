"""Pages of the documentation as tests read them: their files, commands, links."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = [README, *sorted(DOCS.glob("*.md")), ROOT / "sim" / "mechanisms" / "README.md"]
ANY = "...\n"  # in what is shown: any lines

_TITLED = re.compile(r"```(?:python|toml)\n# ([\w.]+\.(?:py|toml))\n(.*?)```", re.DOTALL)
_COMMAND = re.compile(r"```console\n\$ bidlab ([^\n]+)\n(.*?)```", re.DOTALL)
_LINK = re.compile(r"(?<!\!)\[[^\]\n]*\]\(([^)\s]+)\)")
_PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)|^```\{(?:image|include)\} (\S+)$", re.MULTILINE)


class Shown(NamedTuple):
    """A command of a page, and what the page says it prints."""

    command: str
    printed: str

    @property
    def arguments(self) -> list[str]:
        """Without the name of the program."""
        return shlex.split(self.command)

    def agrees(self, out: str) -> bool:
        """Whether `out` is what the page shows, a line "..." standing for any lines."""
        return re.fullmatch("(?s:.*)".join(map(re.escape, self.printed.split(ANY))), out) is not None


def commands(page: Path) -> list[Shown]:
    """Every command whose output the page shows, in order."""
    return [Shown(*found) for found in _COMMAND.findall(page.read_text(encoding="utf-8"))]


def files(page: Path) -> dict[str, str]:
    """Name -> text of every block of code that begins with a file name in a comment."""
    return dict(_TITLED.findall(page.read_text(encoding="utf-8")))


def links(page: Path) -> list[str]:
    """Every relative link and picture of the page."""
    text = re.sub(r"```(?!\{).*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = [*_LINK.findall(text), *(one or other for one, other in _PICTURE.findall(text))]
    return [link for link in found if not re.match(r"https?:|mailto:", link)]


def anchors(page: Path) -> set[str]:
    """What a link may name after # on the page: its headings, as GitHub and the site spell them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
