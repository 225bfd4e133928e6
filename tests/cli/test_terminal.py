"""Tables in a terminal: no number folded, no line too long, no column lost, at 80 and 120 columns, of every command."""

from __future__ import annotations

import os
import pty
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from subprocess import Popen, run
from typing import Any
from unittest import mock

import numpy as np
import pytest

from sim.kit.terminal import Column, FirstThatFits, Sheet, error_column, estimate_column, number_column
from tests.cli.command import ARM, HEADER, TENDER, TOP, WORLD, bidlab, lay_out

WIDTHS = (80, pytest.param(120, marks=pytest.mark.slow))
AGENTS = (1, 10, 87)
TASKS = 5
LISTS = ("mechanisms", "scenarios", "reputations", "advisors", "settings")
NUMBER = re.compile(r"(?<![\w.])[-+]?[\d,]*\.?\d+%?(?![\w.])")
MORE_ARMS = (
    '\n[[arm]]\nname = "the arm with a long name"\nmechanism = "first_price"\n'
    '\n[[arm]]\nname = "z"\nmechanism = "second_score"\n'
)
SWEEP = '\n[sweep]\n"tender.penalty" = [0.0, 0.5, 1.0]\n"tender.reserve" = [0.4, 0.8]\n'


def table(n: int) -> str:
    """A recorded table of n agents; small costs, claims that differ."""
    lines = [
        f"agent-{i:02d},t{k},0.{3 + (i + k) % 6},{int((i * k) % 3 != 0)},0.{1 + i % 3},0.{1 + (i + k) % 2}\n"
        for i in range(n)
        for k in range(TASKS)
    ]
    return HEADER + "".join(lines)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Folders with a run of 1, of 10 and of 87 agents, and, of 10, a sweep and an audit."""
    found = {}
    for n in AGENTS:
        folder = tmp_path_factory.mktemp(f"agents{n}")
        scenario = lay_out(folder, TOP + WORLD + TENDER + ARM + MORE_ARMS, table(n))
        assert bidlab("run", scenario, "--out", folder / "run").code == 0
        found[n] = folder
    folder = found[10]
    scenario = folder / "s.toml"
    scenario.write_text(TOP + WORLD + TENDER + ARM + MORE_ARMS + SWEEP)
    assert bidlab("sweep", scenario, "--out", folder / "sweep", "--jobs", "1").code == 0
    audit = ("audit", "second_score", "--types", "2", "--draws", "4", "--jobs", "1")
    assert bidlab(*audit, "--out", folder / "audit").code == 0
    return found


def commands(folders: dict[int, Path]) -> Iterator[list[str | Path]]:
    """Every command that prints tables, but for those that only play and then show."""
    for n in AGENTS:
        yield ["show", folders[n] / "run"]
        yield ["explain", folders[n] / "run", "--task", "t1"]
    yield ["show", folders[10] / "sweep"]
    yield ["show", folders[10] / "audit"]
    yield ["show", folders[10] / "run", "--columns"]
    yield ["check", folders[10] / "s.toml"]
    yield from (["list", kind] for kind in LISTS)


def printed_by(command: list[str | Path]) -> tuple[str, list[Any]]:
    """What a command prints, and the parts it is made of."""
    from sim.cli import options

    parts: list[Any] = []
    real = options.printed

    def kept(renderables: list[Any]) -> None:
        parts.extend(renderables)
        real(renderables)

    with (
        mock.patch("sim.cli.command.printed", kept),
        mock.patch("sim.cli.sweep.printed", kept),
        mock.patch("sim.cli.audit.printed", kept),
    ):
        said = bidlab(*command)
    assert said.code == 0, said.err
    return said.out, parts


def chosen(part: Any, width: int) -> list[Sheet]:
    """The tables of a part as they are printed at this width."""
    if isinstance(part, FirstThatFits):
        fitting = (way for way in part.ways if all(isinstance(p, str) or p.fits(width) for p in way))
        return [sheet for sheet in next(fitting, part.ways[-1]) if isinstance(sheet, Sheet)]
    return [part] if isinstance(part, Sheet) else []


@pytest.mark.parametrize("width", WIDTHS)
def test_no_number_is_folded_no_line_too_long_no_column_lost(
    folders: dict[int, Path], width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for command in commands(folders):
        out, parts = printed_by(command)
        assert max(map(len, out.splitlines())) <= width, command
        for sheet in (sheet for part in parts for sheet in chosen(part, width)):
            lines = sheet.lines(width)
            said, words = "\n".join(lines), " ".join(lines).split()
            assert "\n".join(lines) in "\n".join(line.rstrip() for line in out.splitlines()), command
            left_out = " ".join(lines).partition(f"more in {sheet.where}: ")[2]
            for column in sheet.columns:
                if " ".join(column.head.split()) in left_out.split(", "):
                    continue
                assert set(column.head.split()) <= {word.rstrip(":") for word in words} | words_of_first(sheet)
                numbers = [found for cell in column.cells for found in NUMBER.findall(cell)]
                assert all(found in said for found in numbers), (command, column.head)
                if not column.left:
                    assert all(line in said for cell in column.cells for line in cell.split("\n")), column.head


def words_of_first(sheet: Sheet) -> set[str]:
    """Heads that a list of entries does without: those of the name and of the sentence after it."""
    return {word for column in sheet.columns[:2] if column.left for word in column.head.split()}


@pytest.mark.parametrize("n", AGENTS)
def test_many_agents_are_rows_and_both_ends_of_them_are_shown(folders: dict[int, Path], n: int) -> None:
    out = bidlab("show", folders[n] / "run").out
    share = out.partition("share of attempts\n")[2].partition("\n\n")[0].splitlines()
    rows = [line for line in share if line.startswith("agent-")]
    assert len(rows) == min(n, 40)
    line = "of 87 agents the 20 of the greatest and the 20 of the smallest cash profit in arm 'x'; all of them in"
    assert (f"{line} agents.csv" in out) == (n == 87)


def test_a_sweep_of_two_keys_is_a_grid_where_it_fits_and_rows_where_not(
    folders: dict[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = bidlab("show", folders[10] / "sweep").out
    grid = out.partition("arm 'x'\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split() for line in grid[:2]] == [["penalty", "\\"], ["reserve", "0.4", "0.8"]]
    assert [line.split()[0] for line in grid[2:]] == ["0", "0.5", "1"]
    monkeypatch.setenv("COLUMNS", "20")
    assert "cell" in bidlab("show", folders[10] / "sweep").out.split()


def test_a_table_goes_on_below_with_its_keys() -> None:
    columns = [Column("arm", ["one", "two"], left=True)]
    columns += [Column(f"c{k}", [f"{k}.123456789", f"-{k}.987654321"]) for k in range(9)]
    lines = Sheet(None, columns).lines(40)
    assert sum(line.startswith("one ") for line in lines) == sum(line.startswith("two ") for line in lines) > 1
    assert all(len(line) <= 40 for line in lines)
    for column in columns[1:]:
        assert all(any(cell in line.split() for line in lines) for cell in column.cells)
    assert not any(a == b == "" for a, b in pairwise(lines))


def test_names_are_wrapped_before_columns_are_lost_and_command_no_terminal() -> None:
    columns = [Column("arm", ["a name of several words that is long"], left=True), Column("x", ["1" * 30])]
    assert Sheet(None, columns).lines(60)[1].split()[-1] == "1" * 30


def test_a_name_without_spaces_is_broken_where_it_is_a_head_too() -> None:
    columns = [Column("agent", ["a", "b"], left=True), Column("x" * 90, [".1250", ".2083"]), Column("y", ["1", "2"])]
    lines = Sheet(None, columns).lines(60)
    assert all(len(line) <= 60 for line in lines)
    assert sum(line.count("x") for line in lines) == 90
    assert ".1250" in "".join(lines)


def in_terminal(width: int, *command: str | Path) -> str:
    """What a command prints in a true terminal of this width."""
    primary, secondary = pty.openpty()
    import fcntl
    import struct
    import termios

    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")} | {"TERM": "dumb"}
    with Popen(  # bidlab in this environment, on arguments of this test
        [sys.executable, "-m", "bidlab", *map(str, command)], stdout=secondary, stderr=secondary, env=environment
    ) as process:
        os.close(secondary)
        said = b""
        while True:
            try:
                said += os.read(primary, 65536)
            except OSError:
                break
            if process.poll() is not None and not said:
                break
    os.close(primary)
    assert process.returncode == 0, said
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said.decode()).replace("\r\n", "\n")


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_in_a_true_terminal(folders: dict[int, Path], width: int, tmp_path: Path) -> None:
    scenario = lay_out(tmp_path, TOP + WORLD + TENDER + ARM + MORE_ARMS, table(10))
    swept = folders[10] / "s.toml"
    stream = np.random.default_rng(1)
    cells = [(i, k, stream.random(), int(stream.random() < 0.6)) for i in range(3) for k in range(30)]
    varied = [f"a{i},t{k},{claim:.2f},{success},0.3,0.2\n" for i, k, claim, success in cells]
    (tmp_path / "fit.csv").write_text(HEADER + "".join(varied))
    played = [
        ["run", scenario, "--out", tmp_path / "r"],
        ["sweep", swept, "--out", tmp_path / "s", "--jobs", "1"],
        ["cell", folders[10] / "sweep", "0", "--out", tmp_path / "c"],
        ["audit", "second_score", "--types", "3", "--draws", "8", "--jobs", "1", "--out", tmp_path / "a"],
        ["fit", tmp_path / "fit.csv", "--column", "cost_belief=belief", "--resamples", "2"],
    ]
    for command in [*commands(folders), *played]:
        lines = in_terminal(width, *command).split("\n")
        assert max(len(line.rpartition("\r")[2]) for line in lines) <= width, command
        assert len(lines) > 1


def test_linear_algebra_has_one_thread_unless_the_user_says_otherwise() -> None:
    path = Path(__file__).parents[2] / "sim" / "bidlab" / "__main__.py"
    ask = f"import os, runpy, sys; sys.argv = ['bidlab', '--version']\nmain = runpy.run_path({str(path)!r})['main']\n"
    ask += "try:\n    main()\nexcept SystemExit:\n    pass\n"
    ask += "print(os.environ['OPENBLAS_NUM_THREADS'], 'numpy' in sys.modules)"
    clean = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    for own, expected in (({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2")):
        said = run([sys.executable, "-c", ask], env=clean | own, capture_output=True, text=True, check=True)
        assert said.stdout.split()[-2:] == [expected, "False"]


def test_decimals_and_unit_are_those_of_the_column() -> None:
    column = estimate_column("cost", [(0.00052, 0.00042, 0.00063), (0.5e-5, 0.4e-5, 0.6e-5)])
    assert column.cells == [".00052 [.00042, .00063]", ".00001 [.00000, .00001]"]
    column = estimate_column("cost", [(4.2e-5, 3.2e-5, 5.2e-5)])
    assert (column.head, column.cells) == ("cost\nx 1e-3", [".042 [.032, .052]"])
    assert error_column("cost", [(-1.6, 1e-16), (-1.6, 0.0)]).cells == ["-1.600 ± .000"] * 2
    assert estimate_column("cost", [(5.0, 4.9999996, 5.0000004)]).cells == ["5.00000 [5.00000, 5.00000]"]
    assert number_column("rate", [0.25, float("nan")]).cells == [".2500", "-"]
