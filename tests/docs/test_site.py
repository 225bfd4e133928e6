"""The site is built without a warning, by kernels that run the notebooks, and loads nothing from elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT
from tests.site_check import outside


def test_what_a_page_loads_from_elsewhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "one.html").write_text(
        '<link rel="stylesheet" href="_static/a.css"><a href="https://example.org">a link</a>'
        '<script src="https://cdn.example/x.js"></script><img alt="" src="//cdn.example/x.png">'
        '<link href="http://fonts.example/f.css" rel="stylesheet"><link rel="canonical" href="https://example.org">'
    )
    (tmp_path / "a.css").write_text('@import "https://cdn.example/b.css"; a { src: url(https://cdn.example/f.woff) }')
    assert sorted(outside(tmp_path)) == [
        "a.css: https://cdn.example/b.css",
        "a.css: https://cdn.example/f.woff",
        "one.html: //cdn.example/x.png",
        "one.html: http://fonts.example/f.css",
        "one.html: https://cdn.example/x.js",
    ]


@pytest.mark.slow
@pytest.mark.skipif(find_spec("sphinx") is None, reason="pip install 'bidlab[docs]' brings what builds the site")
def test_it_is_built_without_a_warning(tmp_path: Path) -> None:
    site = tmp_path / "site"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", str(tmp_path / "trees")]
    told = subprocess.run(
        [*command, str(DOCS), str(site)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    assert list(outside(site)) == []
    pages = {path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")}
    assert {"index", "tutorial", "reference/python", "notebooks/1_overconfidence_wins"} <= pages
    assert len(list((site / "_images").glob("*.png"))) >= 6  # two pictures, and what the notebooks draw
