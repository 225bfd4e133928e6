"""Mistakes that a new user is likely to make: what the line says, and that nothing of the user's is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.kit.errors import RunError
from sim.scenario.file import key_path
from tests.cli.command import ARM, HEADER, ROWS, SCENARIO, TENDER, TOP, bidlab, lay_out

COST = HEADER.replace(",belief", "")
ENGINE = ("--engine", "market")  # nothing is compiled
BARE = "".join(line.rpartition(",")[0] + "\n" for line in ROWS.splitlines())


@pytest.mark.parametrize(
    ("header", "fragments"),
    [
        (HEADER.replace("task", "problem"), ("no column for task;", "--column task=NAME", "agent, problem, claim")),
        (HEADER.replace("agent", "a").replace("success", "s"), ("no column for agent, success;", "a, task, claim, s")),
    ],
)
def test_fit_names_the_columns_it_lacks(tmp_path: Path, header: str, fragments: tuple[str, ...]) -> None:
    (tmp_path / "t.csv").write_text(header + ROWS)
    said = bidlab("fit", tmp_path / "t.csv", "--out", tmp_path / "p.toml")
    assert (said.code, said.out) == (2, "")
    assert all(line.startswith(f"bidlab: {tmp_path / 't.csv'}: ") for line in said.err.splitlines())
    for fragment in fragments:
        assert fragment in said.err


@pytest.mark.parametrize("name", ["p.toml", "p.draws.csv", "p.fit.png"])
def test_fit_keeps_what_no_fit_wrote(tmp_path: Path, name: str) -> None:
    (tmp_path / "t.csv").write_text(HEADER + ROWS)
    (tmp_path / name).write_text("mine")
    said = bidlab("fit", tmp_path / "t.csv", "--out", tmp_path / "p.toml")
    assert said.code == 2
    assert f"{tmp_path / name} is there and no fit wrote it" in said.err
    assert "--force" in said.err
    assert (tmp_path / name).read_text() == "mine"


def test_fit_replaces_what_a_fit_wrote(tmp_path: Path) -> None:
    from sim.fitting.write import check_replaceable

    for name, text in (("p.toml", "# Fitted to t.csv (2 tasks)\n"), ("p.draws.csv", "draw\n")):
        (tmp_path / name).write_text(text)
    check_replaceable(tmp_path / "p.toml", False, "--force")
    (tmp_path / "p.toml").write_text("sigma_d = 1\n")
    check_replaceable(tmp_path / "p.toml", True, "--force")
    with pytest.raises(RunError, match="no fit wrote it"):
        check_replaceable(tmp_path / "p.toml", False, "--force")


def test_all_faults_of_a_table_are_told_in_the_order_of_rows(tmp_path: Path) -> None:
    path = lay_out(tmp_path, table=HEADER + "a,t1,2,1,.3,x\nb,,.5,7,.3,.3\n" + "c,t1,.5,1,-1,.3\n" * 30)
    lines = bidlab("check", path).err.splitlines()
    wanted = ["row 1 (line 2): claim", "row 1 (line 2): belief", "row 2 (line 3): task", "row 2 (line 3): success"]
    assert all(part in line for part, line in zip(wanted, lines, strict=False)), lines
    (many,) = [line for line in lines if " more rows: " in line]
    assert many.endswith("t.csv: row 3 (line 4) and 29 more rows: cost must be a number from 0 to 1e12; got '-1'")
    assert len(lines) == 5


def test_all_faults_of_a_scenario_are_told(tmp_path: Path) -> None:
    text = SCENARIO.replace("seed = 1", "seed = -1").replace("penalty = 0.0", "penalty = -2\npenalti = 1")
    lines = bidlab("check", lay_out(tmp_path, text + "mechanisms = 3\n[market]\nwindow = 1.5\n")).err.splitlines()
    for part in ("seed: must be", "tender.penalty: must be", "tender.penalti: unknown key", "market.window: must be"):
        assert sum(part in line for line in lines) == 1, lines
    arms = SCENARIO + '[[arm]]\nname = "y"\nmechanism = "nope"\n[[arm]]\nname = "z"\nmechanism = "always"\n'
    lines = bidlab("check", lay_out(tmp_path, arms)).err.splitlines()
    assert [("'y'" in line, "'z'" in line) for line in lines] == [(True, False), (False, True)]


def test_all_of_many_faults_are_told(tmp_path: Path) -> None:
    unknown = "".join(f"key_{number} = 1\n" for number in range(60))
    lines = bidlab("check", lay_out(tmp_path, SCENARIO + "[bidders]\n" + unknown)).err.splitlines()
    assert [f"bidders.key_{number}:" in line for number, line in enumerate(lines)] == [True] * 60


def test_percentages_and_cents_are_named(tmp_path: Path) -> None:
    shares = HEADER + "a,t1,90,1,.3,.3\nb,t1,65,1,.3,.3\n"
    said = bidlab("check", lay_out(tmp_path, table=shares))
    assert said.code == 2
    assert said.err.count("looks like percentages: divide by 100") == 2
    one_typo = HEADER + "a,t1,.9,1,.3,.3\nb,t1,65,1,.3,.3\nc,t1,.5,1,.3,.3\n"
    assert "looks like" not in bidlab("check", lay_out(tmp_path, table=one_typo)).err
    said = bidlab("check", lay_out(tmp_path, table=HEADER + "a,t1,.9,1,30,.3\nb,t1,.6,1,45,.3\n"))
    assert said.code == 0
    assert said.err.count("\n") == 1
    assert "the median cost of the table, 37.5, is above tender.value, 1;" in said.err
    assert "cents: divide by 100" in said.err
    assert bidlab("check", lay_out(tmp_path)).err == ""


@pytest.mark.parametrize(
    ("key", "quoted"),
    [
        ("world.agents.gpt-5.2.skill", 'world.agents."gpt-5.2".skill'),
        ("world.agents.claude-3.5-v2.1.signal.fit", 'world.agents."claude-3.5-v2.1".signal.fit'),
        ("world.agents.a.b.skill", 'world.agents."a.b".skill'),
        ("bidders.process.gpt-5.2", 'bidders.process."gpt-5.2"'),
    ],
)
def test_names_with_dots_need_quotes(tmp_path: Path, key: str, quoted: str) -> None:
    said = bidlab("check", lay_out(tmp_path), "--set", f"{key}=1")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert f"'{quoted}'" in said.err
    swept = bidlab("check", lay_out(tmp_path, SCENARIO + f'[sweep]\n"{key}" = [1, 2]\n'))
    assert (swept.code, swept.err.count("\n")) == (2, 1)
    assert f"'{quoted}'" in swept.err
    assert ".".join(key_path(quoted)) == key
    assert key_path("world.agents.4o-mini.skill") == ["world", "agents", "4o-mini", "skill"]


def test_rows_of_a_small_parquet_are_counted_before_they_are_read(tmp_path: Path) -> None:
    names = ("agent", "task", "claim", "success", "cost", "belief")
    path = lay_out(tmp_path, SCENARIO.replace("t.csv", "t.parquet"))
    pq.write_table(pa.table({name: pa.repeat(1, 1_000_000) for name in names}), tmp_path / "t.parquet")
    with mock.patch("sim.tables.table_file.available", return_value=800_000_000):
        said = bidlab("check", path)
    assert "1,000,000 rows of 6 columns would need about 0.8 GiB" in said.err


def test_too_many_levels_are_refused_at_once(tmp_path: Path) -> None:
    levels = ", ".join(str(level / 1e5) for level in range(100_001))
    said = bidlab("check", lay_out(tmp_path, SCENARIO + f'[sweep]\n"tender.penalty" = [{levels}]\n'))
    assert said.code == 2
    assert "tender.penalty: lists 100,001 values; at most 100,000" in said.err


@pytest.mark.slow
def test_output_in_ascii_shows_other_letters_by_their_codes(tmp_path: Path) -> None:
    path = lay_out(tmp_path, SCENARIO.replace('name = "x"', 'name = "caf\u00e9"'))
    assert bidlab("run", path, "--out", tmp_path / "o").code == 0
    done = subprocess.run(
        [sys.executable, "-m", "bidlab", "show", str(tmp_path / "o")],
        capture_output=True, env=os.environ | {"PYTHONIOENCODING": "ascii"}, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"caf\\xe9" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_output_that_cannot_be_written_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", "from sim.cli import main; main()", "list", "reputations"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "bidlab: output: cannot be written or read: No space left on device\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('question = "q"\nsweep = 3\n', "sweep: must be a table, {key = value}; got 3"),
        (
            '[sweep]\n"tender.penalty" = [0.0, -1.0, "x"]\n',
            "cell 1 (tender.penalty = -1.0): tender.penalty: must be",
        ),
        (
            '[sweep]\n"tender.penalty" = [0.0, -1.0, "x"]\n',
            'cell 2 (tender.penalty = "x"): tender.penalty: must',
        ),
        ('[sweep]\n"market.round" = [1, true]\n', "cell 1 (market.round = true): market.round: must be a whole number"),
    ],
)
def test_all_faults_of_a_sweep_are_told(tmp_path: Path, text: str, words: str) -> None:
    base = SCENARIO.replace('question = "Which?"\n', "") if "question" in text else SCENARIO
    path = lay_out(tmp_path, text + base if "question" in text else base + text)
    for command in ("check", "sweep"):
        said = bidlab(command, path)
        assert (said.code, said.out) == (2, "")
        assert words in said.err


def test_all_arms_that_cannot_be_played_are_told(tmp_path: Path) -> None:
    arms = "".join(f'[[arm]]\nname = "{name}"\nmechanism = "{name}"\n' for name in ("hybrid", "agent_economy"))
    shaded = '[[arm]]\nname = "s"\nmechanism = "first_price"\nbidders = { policy = { shaded = { n_bidders = 3 } } }\n'
    said = bidlab("check", lay_out(tmp_path, SCENARIO + arms + shaded))
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 3), said
    for words in ("arm 'hybrid': ", "arm 'agent_economy': ", "arm 's': bidders.policy: shaded needs a reserve"):
        assert words in said.err


AGENT = """
from bidlab import Agent, register_agent


@register_agent("odd")
class Odd(Agent):
    def bid(self, notice):
        {bid}

    def work(self, attempt):
        {work}
"""


@pytest.mark.parametrize(
    ("bid", "work", "words"),
    [
        ("raise SystemExit(0)", "yield from attempt", "agent b: SystemExit: 0"),
        ("yield 3", "yield from attempt", "agent b: bid may yield what self.wait(ticks) gives, no 3"),
        ("return self.honest()", "yield 5", "agent b: work may yield what self.wait(ticks) gives, no 5"),
        ("return self.honest()", "raise SystemExit(0)\n        yield", "agent b: SystemExit: 0"),
    ],
)
def test_agents_that_do_what_they_may_not(tmp_path: Path, bid: str, work: str, words: str) -> None:
    (tmp_path / "odd.py").write_text(AGENT.format(bid=bid, work=work))
    path = lay_out(tmp_path, SCENARIO + '[bidders]\nprocess = { b = "odd" }\n')
    said = bidlab("run", path, "--out", tmp_path / "o", "--plugin", tmp_path / "odd.py")
    assert (said.code, said.err.count("\n")) == (2, 1), said
    assert words in said.err


@pytest.mark.slow
def test_a_notebooks_backend_is_no_fault(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bidlab", "run", str(lay_out(tmp_path)), "--out", str(tmp_path / "o"), *ENGINE],
        capture_output=True, env=os.environ | {"MPLBACKEND": "module://matplotlib_inline.nowhere"}, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")


def test_changes_that_one_parameter_draw_cannot_have_are_told_before_a_run(tmp_path: Path) -> None:
    world = '[world]\nprofile = "marketbench"\nparameters = "bootstrap"\ntasks = 3\n'
    world += 'agents = { "*" = { overconfidence = 2.0, grid = "own" } }\n'
    said = bidlab("check", lay_out(tmp_path, TOP + world + TENDER + ARM))
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "arm 'x': parameter draw " in said.err
    assert "no claims on a grid from" in said.err


def test_cells_that_cannot_be_played_are_told_before_a_sweep(tmp_path: Path) -> None:
    processes = '[sweep]\n"bidders.process" = [{ zz = "honest" }, "honest"]\n'
    path = lay_out(tmp_path, SCENARIO + processes)
    for command in (["check", path], ["sweep", path, "--dry-run"]):
        said = bidlab(*command)
        assert (said.code, said.err.count("\n")) == (0, 1), said
        assert 'cell 0 (bidders.process = {zz = "honest"}): ' in said.err
        assert "no agent 'zz'" in said.err
    none = lay_out(tmp_path, SCENARIO + processes.replace(', "honest"]', "]"))
    assert bidlab("check", none).code == 2
