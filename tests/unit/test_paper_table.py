"""Tables for a paper: what stands in each format, and that LaTeX compiles whatever is in a name."""

from __future__ import annotations

import csv
import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from analysis.paper_table import PaperTable, label_of, of_columns, write_table
from sim.kit.csv_file import read_csv
from sim.kit.terminal import Column

HOSTILE = (
    r"a_b & 50% #1 \\ {x} ~ ^ $",
    "<script>alert(1)</script>",
    "a|b`c*d",
    r"\input{/etc/passwd}",
    "[2em] -- ?` '' ,,",
    "é Ä ñ ł ß Ő ẑ “q” – … − × ≥ σ Δ",
    "日本 ☃ 🙂 \u202e\u0301",
    "=1+2",
    "-5 to -.3",
)
HEADS = ["arm", "mean", "difference"]


def table(**fields: object) -> PaperTable:
    rows = [[name, f".{place}", "-.030 [-.069, .010]"] for place, name in enumerate(HOSTILE)]
    texts = {"caption": f"Of {HOSTILE[0]}: -.5", "label": f"tab:{HOSTILE[0]}", "notes": [HOSTILE[1], HOSTILE[5]]}
    return PaperTable(HEADS, rows, **{**texts, **fields})  # type: ignore[arg-type]


def document(*tables: str) -> str:
    head = "\\documentclass[twocolumn]{article}\n\\usepackage{booktabs}\n\\begin{document}\n"
    return head + "\n\n".join(tables) + "\n\\end{document}\n"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles(tmp_path: Path) -> None:
    texts = [table().latex(), table(wide=True, n_left=2).latex(), table(caption="").latex(), table(notes=()).latex()]
    (tmp_path / "t.tex").write_text(document(*texts), encoding="ascii")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "t.tex"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert said.returncode == 0, said.stdout[-2000:]
    assert "Missing character" not in said.stdout


@pytest.mark.skipif(importlib.util.find_spec("pylatexenc") is None, reason="pylatexenc is not installed")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_parser_reads_the_names_back() -> None:
    from pylatexenc.latex2text import LatexNodes2Text
    from pylatexenc.latexwalker import LatexWalker

    LatexWalker(document(table().latex()), tolerant_parsing=False).get_latex_nodes()
    for name in (HOSTILE[0], HOSTILE[3], HOSTILE[7]):
        tex = PaperTable(["x"], [[name]]).tabular().split("\\midrule\n")[1].split("\n")[0]
        read = LatexNodes2Text().latex_to_text(tex.removesuffix(r" \\"))
        assert read.replace(" ", "").replace("\u02c6", "^") == name.replace(" ", "")


def test_numbers_have_minus_signs_and_names_do_not() -> None:
    tex = PaperTable(["arm", "d", "p"], [["gpt-5 -1", "-.030 [-.069, -1.0]", "-"]], "at -2, gpt-5.2-pro").latex()
    assert r"gpt-5 -1 & $-$.030 [$-$.069, $-$1.0] & - \\" in tex
    assert r"\caption{at $-$2, gpt-5.2-pro}" in tex


def test_a_row_that_begins_with_a_bracket_is_no_length() -> None:
    assert "\n{}[2em] & 1 \\\\\n" in PaperTable(["a", "b"], [["[2em]", "1"]]).tabular()


def test_markdown_has_a_cell_for_each_head() -> None:
    text = table().markdown()
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {len(HEADS) + 1}
    assert len(lines) == len(HOSTILE) + 2
    assert lines[1] == "| --- | ---: | ---: |"
    assert "<script>" not in text


def test_html_shows_names_as_text() -> None:
    text = table().html()
    assert "<script>" not in text
    assert text.count("<tr>") == len(HOSTILE) + 1
    assert "<caption>" in text


def test_the_csv_holds_the_data_or_the_cells(tmp_path: Path) -> None:
    data = pd.DataFrame({"arm": list(HOSTILE), "mean": [1 / 3] * len(HOSTILE)})
    paths = write_table(table(data=data), tmp_path / "new", "t", comments=["seed 1\n\\input{x}"])
    assert [path.name for path in paths] == ["t.tex", "t.md", "t.csv"]
    assert paths[0].read_text().splitlines()[0] == r"% seed 1 \input{x}"
    found = read_csv(paths[2].read_bytes(), keep_default_na=False)
    assert list(found["arm"]) == list(HOSTILE)
    assert found["mean"].tolist() == pytest.approx([1 / 3] * len(HOSTILE), rel=1e-11)
    write_table(table(), tmp_path, "cells")
    with (tmp_path / "cells.csv").open(newline="") as file:
        assert next(csv.reader(file)) == HEADS


def test_columns_of_a_terminal_stand_with_words_first() -> None:
    columns = [Column("arm", ["x"], left=True), Column("p\nHolm", ["-.1"]), Column("what", ["y"], left=True)]
    made = of_columns(columns, "c", "tab:c")
    assert made.tabular().splitlines()[0] == r"\begin{tabular}{llr}"
    assert r"arm & what & p Holm \\" in made.tabular()
    assert r"x & y & $-$.1 \\" in made.tabular()


def test_a_row_without_a_cell_for_each_head_is_refused() -> None:
    with pytest.raises(ValueError, match="row 1 must have 3 cells, as many as heads; got 2"):
        PaperTable(HEADS, [["a", "b", "c"], ["a", "b"]])
    assert label_of("tab:") == "tab:x"
