"""Nothing of the built site comes from a network: `python -m tests.site_check out/site` names what would."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

_LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio)\b[^>]*?\ssrc=["']((?:https?:)?//[^"']+)"""
    r"""|<link\b(?=[^>]*rel=["'](?:stylesheet|preload|icon|modulepreload))[^>]*?\shref=["']((?:https?:)?//[^"']+)""",
    re.IGNORECASE,
)
_OF_STYLE = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)


def outside(site: Path) -> Iterator[str]:
    """Each script, style, font or picture that a page or a style of the site loads from elsewhere, with its file."""
    for path in sorted(site.rglob("*")):
        if path.suffix not in (".html", ".css"):
            continue
        text = path.read_text(encoding="utf-8")
        found = [address for pair in _LOADED.findall(text) for address in pair if address]
        for address in [*found, *_OF_STYLE.findall(text)]:
            yield f"{path.relative_to(site)}: {address}"


def main() -> int:
    """Check the site in the folder that is named."""
    site = Path(sys.argv[1])
    if not (site / "index.html").is_file():
        print(f"{site}: holds no site")
        return 1
    found = list(outside(site))
    print("\n".join(found) if found else f"{site}: all that its pages load is their own")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
