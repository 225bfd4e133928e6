"""Names that would command LaTeX, HTML, Markdown, a spreadsheet or a terminal are inert in every file written."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from analysis.audit_report import read_audit, write_audit
from analysis.audit_table import audit_table
from analysis.report import TABLES, read_tables
from sim.experiment.stored import write_checksums
from sim.kit.csv_file import read_csv, write_csv
from sim.kit.escape import csv_name, csv_name_back, html, latex, latex_comment, markdown
from sim.population.profile_draws import read_draws, write_draws
from tests.cli.command import SCENARIO, bidlab

HOSTILE = (
    r"\input{/etc/passwd}",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "a|b`c*d_e",
    "$x$ 50% #1 ~^{}&",
    "'=quoted",
    "[t](javascript:x)",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_one_function_a_format(name: str) -> None:
    assert csv_name_back(csv_name(name)) == name
    assert csv_name(name)[0] not in "=+-@"
    assert "<" not in html(name)
    bare = latex(name)
    for command in (r"\textbackslash{}", r"\textasciitilde{}", r"\textasciicircum{}", r"\textless{}"):
        bare = bare.replace(command, "")
    for command in (r"\textgreater{}", r"\textbar{}", *(f"\\{letter}" for letter in "&%_#${}")):
        bare = bare.replace(command, "")
    assert not set(bare) & set("\\&%_#${}~^<>|")
    said = markdown(name)
    assert "<" not in said
    assert "](" not in said
    assert all(said[at - 1] == "\\" for at, letter in enumerate(said) if letter in "|`*$~")


def test_a_line_break_ends_no_comment_and_no_row() -> None:
    assert "\n" not in latex_comment("a\n\\input{x}") + latex("a\nb") + markdown("a\n# b")


def test_numbers_and_names_come_back_from_a_csv_file(tmp_path: Path) -> None:
    names = [*HOSTILE, "a\nb", "-0.5", "-", "NA", ""]
    table = pd.DataFrame({"agent": names, "=x": range(len(names)), "gain": [-0.1 * k for k in range(len(names))]})
    write_csv(table, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert not any(cell[:1] in ("=", "@") or cell.startswith(("+1+", "-2+")) for row in rows for cell in row)
    assert [row[2] for row in rows[1:]] == [str(x) for x in table["gain"]]
    found = read_csv((tmp_path / "t.csv").read_bytes(), keep_default_na=False, dtype={"agent": str})
    pd.testing.assert_frame_equal(found, table.astype({"agent": found["agent"].dtype}))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run whose agents, tasks and arms have such names."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = [
        {"agent": name, "task": f"{task}{k}", "claim": 0.3 + 0.05 * k, "success": k % 2, "cost": 0.1, "belief": 0.1}
        for name in HOSTILE
        for k, task in enumerate(HOSTILE[:4])
    ]
    pd.DataFrame(rows).to_csv(folder / "t.csv", index=False)
    text = SCENARIO.replace('name = "x"', 'name = "=1+2"')
    text += '\n[[arm]]\nname = "<script>$x$"\nmechanism = "first_price"\n'
    text = text.replace('question = "Which?"', 'question = "<b>Which?</b>"')
    text += "".join(f"\n[[tender.principals]]\nname = {json.dumps(name)}\n" for name in HOSTILE)
    text += '\n[sweep]\n"tender.penalty" = [0.0, 1.0]\n'
    (folder / "s.toml").write_text(text)
    said = bidlab("run", folder / "s.toml", "--out", folder / "o")
    assert said.code == 0, said.err
    return folder


def all_inert(folder: Path) -> None:
    for path in folder.rglob("*.csv"):
        if "inputs" in path.parts:  # the user's own file, kept as it was
            continue
        with path.open(newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not any(cell[:1] in ("=", "@") or cell.startswith(("+1+", "-2+")) for cell in cells), path


def test_every_csv_file_of_a_run_is_inert_and_names_come_back(hostile: Path) -> None:
    all_inert(hostile / "o")
    tables = read_tables(hostile / "o")
    assert set(tables) <= set(TABLES)
    assert list(tables["agents"]["agent"].unique()) == list(HOSTILE)
    assert list(tables["summary"]["arm"]) == ["=1+2", "<script>$x$"]
    assert set(pd.read_csv(hostile / "o" / "principals.csv")["principal"]) == set(map(csv_name, HOSTILE))
    assert list(tables["principals"]["principal"].unique()) == list(HOSTILE)
    assert bidlab("show", hostile / "o").code == 0


def test_a_sweep_is_inert_too(hostile: Path) -> None:
    said = bidlab("sweep", hostile / "s.toml", "--out", hostile / "sweep", "--jobs", "1")
    assert said.code == 0, said.err
    all_inert(hostile / "sweep")
    found = sim.load(hostile / "sweep").table
    assert set(found["arm"]) == {"=1+2", "<script>$x$"}
    assert set(found["agent"]) >= set(HOSTILE)
    assert bidlab("show", hostile / "sweep").code == 0


class Tags(HTMLParser):
    """Keeps the tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)


def pages(hostile: Path) -> list[str]:
    table = pd.read_csv(hostile / "t.csv").rename(columns={"belief": "cost_belief"})
    world = sim.World.from_frame(table, seed=1)
    played = sim.Market(world, sim.SecondPrice()).run()
    stream = np.random.default_rng(1)
    varied = table[table["agent"].isin(HOSTILE[:3])].merge(pd.DataFrame({"trial": range(9)}), how="cross")
    varied["task"] += varied.pop("trial").astype(str)
    varied["claim"], varied["success"] = stream.random(len(varied)), (stream.random(len(varied)) < 0.6).astype(int)
    fitted = sim.fit(varied, sigma_u=1.0, resamples=2)
    shown = [sim.run(hostile / "s.toml"), sim.sweep(hostile / "s.toml"), fitted, played]
    return [one._repr_html_() for one in shown]


@pytest.mark.slow
def test_a_notebook_shows_names_as_text(hostile: Path) -> None:
    for page in pages(hostile):
        assert Tags(page).found <= {"div", "p", "table", "thead", "tbody", "tr", "th", "td"}
        assert "mathjax_ignore" in page


def test_an_audit_is_inert(tmp_path: Path) -> None:
    rule = bidlab("audit", "second_score", "--types", "3", "--draws", "8", "--jobs", "1", "--out", tmp_path / "a")
    assert rule.code == 0, rule.err
    row = read_audit(tmp_path / "a").iloc[0].to_dict()
    frame = audit_table(
        [{**row, "arm": arm, "agent": agent} for arm, agent in zip(HOSTILE, HOSTILE[::-1], strict=True)]
    )
    write_audit(tmp_path / "a", frame, ["note\n\\input{x}"])
    write_checksums(tmp_path / "a")
    found = read_audit(tmp_path / "a")
    assert list(found["arm"]) == list(HOSTILE)
    assert list(found["agent"]) == list(HOSTILE[::-1])
    tex, page = (tmp_path / "a" / "audit.tex").read_text(), (tmp_path / "a" / "audit.md").read_text()
    assert not any(r"\input" in line for line in tex.splitlines() if not line.startswith("%"))
    assert "<script>" not in page
    widths = {line.replace(r"\|", "").count("|") for line in page.split("**promises")[1].split("\n\n")[1].splitlines()}
    assert len(widths) == 1


def test_comparisons_are_inert(hostile: Path, tmp_path: Path) -> None:
    for command in (("compare",), ("power", "--arms", "=1+2", "<script>$x$")):
        said = bidlab(*command, hostile / "o", "--out", tmp_path)
        assert said.code == 0, said.err
    all_inert(tmp_path)
    for path in tmp_path.glob("*.tex"):
        tex = [line for line in path.read_text().splitlines() if not line.startswith("%")]
        assert r"\textless{}script\textgreater{}\$x\$" in "".join(tex)
        assert not any("<" in line for line in tex)
    assert all("<script>" not in path.read_text() for path in tmp_path.glob("*.md"))
    shown = sim.load(hostile / "o").compare()
    assert Tags(shown._repr_html_()).found <= {"div", "p", "table", "caption", "thead", "tbody", "tr", "th", "td"}


def test_draws_of_a_profile_come_back(tmp_path: Path) -> None:
    from sim.population.profile import read_profile

    profile = read_profile(Path(__file__).parents[2] / "scenarios" / "profiles" / "marketbench.toml")
    first = next(iter(profile.agents.values()))
    named = profile.model_copy(update={"agents": dict.fromkeys(HOSTILE, first)})
    write_draws(tmp_path / "d.csv", [named, named])
    assert [list(draw.agents) for draw in read_draws(tmp_path / "d.csv", named)] == [list(HOSTILE)] * 2
