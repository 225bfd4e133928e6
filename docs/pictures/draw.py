"""The pictures of README.md and docs/: `make pictures` draws them anew, beside this file.

overconfidence.png: the first figure of `bidlab sweep overconfidence --replications 32`. tutorial.png: what the files of
the tutorial draw.
"""

from __future__ import annotations

import re
import runpy
import shutil
import tempfile
from contextlib import chdir
from pathlib import Path

import bidlab as bl

HERE = Path(__file__).parent
TITLED = re.compile(r"```(?:python|toml)\n# ([\w.]+)\n(.*?)```", re.DOTALL)
PIXELS_AN_INCH = 180


def main() -> None:
    """Draw both."""
    drawn = bl.sweep("overconfidence", replications=32, jobs=2).figure("lines")
    drawn.savefig(HERE / "overconfidence.png", dpi=PIXELS_AN_INCH)
    with tempfile.TemporaryDirectory() as aside, chdir(aside):
        write_titled(HERE.parent / "tutorial.md", Path())
        runpy.run_path("make_results.py")
        bl.run("mine.toml", out="out/mine", figures=False)
        runpy.run_path("figure.py")
        shutil.copy("claims.png", HERE / "tutorial.png")


def write_titled(page: Path, folder: Path) -> list[str]:
    """Write each block of code of `page` that begins with a file name in a comment; the names."""
    found = TITLED.findall(page.read_text(encoding="utf-8"))
    for name, text in found:
        (folder / name).write_text(text, encoding="utf-8")
    return [name for name, _ in found]


if __name__ == "__main__":
    main()
