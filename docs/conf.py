"""Settings of the site: `make docs` builds it into out/site, `sphinx-build docs FOLDER` anywhere else."""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from pygments.lexers.special import TextLexer

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

project = "bidlab"
author = "The bidlab authors"
copyright = "the bidlab authors, MIT licence"
version = release = version_of("bidlab")

extensions = ["myst_nb", "sphinx_copybutton", "sphinx_design", "generated_pages"]
exclude_patterns = ["examples/**", "pictures/*.py", "_build"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "force"  # notebooks are kept without what they print
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

smartquotes = False  # options begin with two hyphens

html_theme = "pydata_sphinx_theme"
html_title = "bidlab"
html_static_path = ["_static"]
html_css_files = ["bidlab.css"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"index": []}
html_theme_options = {
    "logo": {"text": "bidlab"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_toc_level": 2,
    "use_edit_page_button": False,
}


def setup(app: Any) -> None:
    """Blocks of kinds that Pygments does not know are shown as they are."""
    app.add_lexer("csv", TextLexer)
