"""Pages are whole, need nothing from elsewhere, and are the same bytes each time."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from analysis.figures.look import Look
from analysis.figures.sheets import sheet
from analysis.figures.style import ink, tone
from analysis.page.page_file import MARK, as_json, check_place
from analysis.page.reproduce import command
from analysis.page.svg_figures import figure_html
from sim.bundled import scenarios
from sim.experiment.stored import write_checksums
from sim.scenario.scenario import load_scenario
from tests.cli.command import SCENARIO, bidlab, lay_out
from tests.page.folders import SWEPT, small_sweep, undrawn
from tests.page.parsed import Parsed, check_alone


def test_a_page_of_a_run_needs_nothing_else(page: str) -> None:
    found = check_alone(page)
    for name in ("short", "assumptions", "arms", "auctions", "agents", "parameters", "reproduce", "words"):
        assert name in found.ids
    assert "What do price rules, score rules and planners do with slow and busy agents?" in found.text


def test_the_same_run_gives_the_same_bytes(run_folder: Path, page: str, tmp_path: Path) -> None:
    assert undrawn(run_folder, "--out", tmp_path / "again.html").code == 0
    assert (tmp_path / "again.html").read_text("utf-8") == page


def test_arms_that_are_equally_good_are_all_named(tmp_path: Path) -> None:
    more = '\n[[arm]]\nname = "twin"\nmechanism = "first_price"\n'
    arm = SCENARIO.partition('name = "')[2].partition('"')[0]
    out = tmp_path / "o"
    assert bidlab("run", lay_out(tmp_path, SCENARIO + more), "--out", out).code == 0
    assert undrawn(out, "--out", tmp_path / "p.html").code == 0
    text = " ".join(Parsed((tmp_path / "p.html").read_text("utf-8")).text)
    assert f"In this run '{arm}', 'twin' have the same highest welfare per auction" in text
    assert f"the other arms are compared with '{arm}'" in text


def test_tables_are_those_of_show(run_folder: Path, page: str) -> None:
    shown = bidlab("show", run_folder).out
    text = " ".join(Parsed(page).text)
    for line in shown.splitlines():
        if line.startswith(("second price", "second score", "hire all", "router", "ada", "bob", "cyd")):
            assert all(cell in text for cell in line.split("  ") if cell), line


def test_every_number_of_a_table_can_be_sorted(page: str) -> None:
    found = Parsed(page)
    keys = [value for name, value in found.attributes if name == "data-v"]
    assert len(keys) > 50
    assert all(key == "" or float(key) == float(key) for key in keys)
    assert found.tags.count("button") == sum(value == "sort" for name, value in found.attributes if name == "class")


def test_settings_stand_with_value_default_and_meaning(page: str) -> None:
    text = Parsed(page).text
    at = text.index("tender.deadline")
    value = (
        "20 in second price, second score, plain, second score, expected, posted price, alone, router; 9 in hire all"
    )
    assert [part for part in text[at : at + 8] if part.strip()][:3] == ["tender.deadline", value, "absent"]


def test_a_sweep_has_a_row_for_each_arm_of_each_cell(tmp_path: Path) -> None:
    said = bidlab("report", small_sweep(tmp_path))
    assert said.code == 0, said.err
    found = check_alone((tmp_path / "sweep.html").read_text("utf-8"))
    assert {"factors", "cells", "figures"} <= set(found.ids)
    rows = [text for text in found.text if text in ("x", "y")]
    assert rows.count("x") >= 2
    assert rows.count("y") >= 4  # also in the table of differences
    assert "svg" in found.tags
    assert not any(given.get("id") == "data" for given, _ in found.scripts)


def test_a_sweep_that_was_never_finished_has_a_page_that_says_so(tmp_path: Path) -> None:
    folder = small_sweep(tmp_path, figures=False)
    for name in ("SHA256SUMS", "manifest.json"):
        (folder / name).unlink()
    said = bidlab("report", folder)
    assert said.code == 0, said.err
    found = check_alone((tmp_path / "sweep.html").read_text("utf-8"))
    text = " ".join(found.text)
    assert "was never finished" in text
    assert "The sweep is not finished, so that its settings stand in the scenario alone." in text


def test_the_command_is_that_of_the_run(page: str) -> None:
    said = Parsed(page).text
    assert "bidlab run auctions.toml --seed 6 --replications 2" in said
    assert any(text.startswith("No bundled scenario has exactly these settings") for text in said)


def test_a_bundled_scenario_is_known_by_its_hash() -> None:
    scenario, plugins = load_scenario(scenarios()["two_attempts"], replications=3), {"a b.py": "0"}
    info = {"scenario": scenario.resolved, "seed": 11, "plugins": plugins, "hash": scenario.digest(plugins)}
    line = ["bidlab run two_attempts --seed 11 --replications 3 --plugin 'a b.py'"]
    assert command(info, "run", "") == (line, True)
    other, exact = command({**info, "hash": "0"}, "run", "")
    assert (other[0].split()[2], exact) == ("two_attempts.toml", False)


def test_a_figure_of_a_scenario_of_ones_own_is_drawn_as_it_was_stated(tmp_path: Path) -> None:
    stated = SWEPT + '\n[[figure]]\nkind = "lines"\nx = "tender.penalty"\ny = "surplus"\n'
    said = bidlab("report", small_sweep(tmp_path, scenario=stated))
    assert said.code == 0, said.err
    found = check_alone((tmp_path / "sweep.html").read_text("utf-8"))
    assert (found.tags.count("img"), found.tags.count("svg")) == (0, 1)


def test_a_figure_has_ids_of_its_own_no_address_and_the_same_bytes() -> None:
    with sheet().applied():
        dark, blue = ink(), tone(0)

    def drawn(name: str) -> str:
        with sheet().applied():
            figure = Look(3.4).figure(2.0)
            axes = figure.add_subplot()
            axes.plot([0, 1], [0, 1], color=dark)
            axes.plot([0, 1], [1, 0], color=blue)
            axes.set_title("</svg><script>")
        return figure_html(figure, name, "a <b> title", "one\ntwo")

    one, other = drawn("figure-0"), drawn("figure-1")
    assert one == drawn("figure-0")
    assert "http" not in one
    assert "<script" not in one
    assert "a &lt;b&gt; title" in one
    found, second = Parsed(one), Parsed(other)
    assert len(found.ids) == len(set(found.ids)) > 3
    assert not set(found.ids) & set(second.ids)
    assert all(link.removeprefix("#") in found.ids for link in found.loads)
    assert f"var(--ink, {dark})" in one
    assert f"var(--data-0072b2, {blue.lower()})" in one.lower()


def test_data_ends_no_element() -> None:
    names = ["</script><script>alert(1)</script>", "<!--", "]]>", "&lt;", '"', "\u2028", "é☃"]
    text = as_json(names)
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == names


def test_another_file_is_not_replaced_unless_forced(run_folder: Path, page: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.html"
    path.write_text("mine")
    said = undrawn(run_folder, "--out", path)
    assert (said.code, path.read_text()) == (2, "mine")
    other = "is there and is no page of bidlab; choose another file, or give --force"
    assert said.err == f"bidlab: --out {path}: {other}\n"
    check_place(path, force=True)
    path.write_text(page)
    check_place(path)
    assert undrawn(run_folder, "--out", tmp_path).err == f"bidlab: --out {tmp_path}: is a folder, not a file\n"
    below = path / "page.html"
    assert undrawn(run_folder, "--out", below).err == f"bidlab: --out {below}: {path} is no folder\n"


def test_folders_on_the_way_are_made(run_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "none" / "yet" / "page.html"
    assert undrawn(run_folder, "--out", path).code == 0
    assert MARK in path.read_text("utf-8")


def test_other_folders_are_refused(run_folder: Path, tmp_path: Path) -> None:
    assert undrawn(tmp_path).err == f"bidlab: {tmp_path}: holds no run (no run.json)\n"
    folder = tmp_path / "audit"
    shutil.copytree(run_folder, folder)
    info = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**info, "kind": "audit"}))
    write_checksums(folder)
    said = undrawn(folder)
    assert said.code == 2
    assert said.err == f"bidlab: {folder}: holds an audit, which has no page; `bidlab show {folder}` shows it\n"
    (folder / "run.json").write_text(json.dumps({**info, "format": 1}))
    write_checksums(folder)
    said = undrawn(folder)
    assert said.code == 2
    assert "format 1" in said.err


def test_a_changed_folder_is_refused(run_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run_folder, folder)
    with (folder / "summary.csv").open("a") as file:
        file.write("\n")
    said = undrawn(folder)
    assert said.code == 2
    assert "summary.csv: is broken or was changed" in said.err
