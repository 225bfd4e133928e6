"""Every page: links lead somewhere, commands print what stands there, each page is in the site and in plain files."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from tests.cli.command import bidlab
from tests.docs.pages import ANY, DOCS, PAGES, README, ROOT, Shown, anchors, commands, files, links

WITH_COMMANDS = [page for page in PAGES if commands(page)]
LONG = ("tutorial",)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_in_the_site() -> None:
    trees = re.findall(r"```\{toctree\}\n(.*?)```", "".join(p.read_text() for p in DOCS.glob("*.md")), re.DOTALL)
    listed = {line for tree in trees for line in tree.splitlines() if line and not line.startswith(":")}
    pages = {page.stem for page in DOCS.glob("*.md")} | {f"notebooks/{p.stem}" for p in DOCS.glob("notebooks/*.ipynb")}
    assert pages - listed == {"index"}, "name it in the toctree of docs/start, howto, explanation or reference.md"
    assert {one for one in listed - pages if not one.startswith("reference/")} == set()


def test_the_readme_is_one_page() -> None:
    assert 70 <= len(README.read_text(encoding="utf-8").splitlines()) <= 110


def test_commands_of_the_command_line_are_on_their_page() -> None:
    from sim.cli.command import app

    names = [each.name or each.callback.__name__.replace("_", "-") for each in app.registered_commands if each.callback]
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert [command for command in names if f"`bidlab {command}" not in text] == []


def test_every_bundled_scenario_has_its_finding() -> None:
    from sim.bundled import scenarios

    text = "".join((DOCS / page).read_text(encoding="utf-8") for page in ("findings.md", "reading.md"))
    assert [name for name in scenarios() if f"{name}`" not in text] == []


def test_no_scenario_has_two_findings() -> None:
    lines = (DOCS / "findings.md").read_text(encoding="utf-8").splitlines()
    rows = [line.split("|")[1].strip() for line in lines if line.startswith("| `")]
    assert len(rows) > 20
    assert [name for name in rows if rows.count(name) > 1] == []


def test_the_scenario_of_the_page_on_tables_is_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my_table.csv").write_text("model,id,p,ok,usd,usd_forecast\na,t1,.9,1,.3,.2\nb,t1,.6,0,.05,.04\n")
    for file, text in files(DOCS / "own_table.md").items():
        Path(file).write_text(text, encoding="utf-8")
    said = bidlab("check", "my_scenario.toml")
    assert said.code == 0, said.err
    assert "4 arm(s), 2 agent(s), 1 task(s)" in said.out


def test_pages_with_commands_are_found() -> None:
    assert {"tutorial.md", "live.md", "to_live.md", "own_mechanism.md"} <= {page.name for page in WITH_COMMANDS}


def test_any_lines_are_any_lines() -> None:
    assert Shown("x", f"a\n{ANY}c\n").agrees("a\nb\nb\nc\n")
    assert not Shown("x", f"a\n{ANY}c\n").agrees("a\nb\nc\nd\n")


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.slow] if page.stem in LONG else [], id=name(page))
        for page in WITH_COMMANDS
    ],
)
def test_its_commands_print_what_it_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, regen: bool
) -> None:
    """In a folder of its own, in a terminal of 80 columns; `pytest --regen` writes outputs anew that stand in full."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for file, text in files(page).items():
        Path(file).write_text(text, encoding="utf-8")
    if page.name == "tutorial.md":
        runpy.run_path("make_results.py")
    for shown in commands(page):
        said = bidlab(*shown.arguments)
        assert (said.code, said.err) == (0, ""), shown.command
        if regen and ANY not in shown.printed:
            old, new = (f"$ bidlab {shown.command}\n{text}```" for text in (shown.printed, said.out))
            page.write_text(page.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
            continue
        assert shown.agrees(said.out), (shown.command, said.out)
    if page.name == "tutorial.md":
        runpy.run_path("figure.py")
        assert Path("claims.pdf").stat().st_size > 0
