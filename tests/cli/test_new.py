"""`bidlab new`: starter files run as they are written, copies of scenarios give the same numbers, nothing is lost."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from sim.bundled import markets
from sim.starters import MADE
from tests.bundled_kinds import LIVE
from tests.cli.command import Said, bidlab, files


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs in a folder of its own."""
    monkeypatch.chdir(tmp_path)


def command_of(said: Said) -> list[str]:
    """The command that it says will run what it wrote."""
    assert said.code == 0, said.err
    line = said.out.splitlines()[-1]
    assert line.startswith("to run it: bidlab ")
    return shlex.split(line.removeprefix("to run it: bidlab "))


@pytest.mark.parametrize("kind", MADE)
def test_a_starter_file_runs_at_once(kind: str) -> None:
    said = bidlab("new", kind, f"my_{kind}")
    command = command_of(said)
    file = Path(f"my_{kind}.toml" if kind == "scenario" else f"my_{kind}.py")
    assert said.out.splitlines()[0] == str(file)
    smaller = () if kind in ("scenario", "verifier") else ("--set", "world.tasks=12")
    done = bidlab(*command, *smaller)
    assert done.code == 0, done.err
    assert "not compiled" not in done.err
    checked = bidlab("check", file) if kind == "scenario" else bidlab("check", "--plugin", file)
    assert checked.code == 0, checked.err
    if kind != "scenario":
        assert checked.out == f"{kind} my_{kind}: keeps its contract\n"


@pytest.mark.parametrize("kind", MADE)
def test_nothing_is_overwritten(kind: str) -> None:
    assert bidlab("new", kind, "mine").code == 0
    before = {name: Path(name).read_bytes() for name in files(Path())}
    said = bidlab("new", kind, "mine")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert "is there already" in said.err
    assert {name: Path(name).read_bytes() for name in files(Path())} == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("polcy", "x"),
            "new polcy: unknown (did you mean 'policy'?); allowed: mechanism, policy, agent, advisor,",
        ),
        (("policy", "truthful"), "new policy 'truthful': there is one of that name"),
        (("policy", "2nd"), "a name is letters, digits and underscores, the first a letter"),
        (("policy", "class"), "a name is letters, digits and underscores, the first a letter"),
        (("policy", "../x"), "a name is letters, digits and underscores, the first a letter"),
        (("policy", "my-own"), "a name is letters, digits and underscores, the first a letter"),
        (("policy", "_own"), "a name is letters, digits and underscores, the first a letter"),
        (("policy", ""), "a name is letters, digits and underscores, the first a letter"),
        (("scenario", "a/b"), "a name is letters, digits, - and _, the first a letter"),
        (("scenario", "../b"), "a name is letters, digits, - and _, the first a letter"),
        (("scenario", "b.toml"), "a name is letters, digits, - and _, the first a letter"),
        (("scenario", "b", "--like", "two_atempts"), "no scenario 'two_atempts' (did you mean 'two_attempts'?)"),
        (("policy", "b", "--like", "two_attempts"), "--like: copies a scenario; policy has none to copy"),
    ],
)
def test_what_will_not_do_is_refused(arguments: tuple[str, ...], told: str) -> None:
    said = bidlab("new", *arguments)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert told in said.err
    assert files(Path()) == set()


UNLIKE = ("marketbench_replay", "marketbench_population", "scoring_auction", *LIVE[:1])  # a table, a profile, agents


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in UNLIKE else [pytest.mark.slow]) for name in markets()]
)
def test_a_copy_of_a_scenario_is_sound_and_has_its_inputs(name: str) -> None:
    said = bidlab("new", "scenario", "copy", "--like", name)
    command = command_of(said)
    assert command == (["live", "copy.toml", "--dry-run"] if name in LIVE else ["run", "copy.toml"])
    assert files(Path()) >= set(said.out.splitlines()[:-1])
    text = Path("copy.toml").read_text()
    (read,) = re.findall(r'(?m)^\s*(?:table|profile|live) = "([^"]+)"', text)
    assert Path(read).is_file()
    original = markets()[name].read_text()
    changed = [pair for pair in zip(text.splitlines(), original.splitlines(), strict=True) if pair[0] != pair[1]]
    assert all(line.startswith("profile") for line, _ in changed)
    assert bidlab("check", "copy.toml").code == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["marketbench_replay", "two_attempts"])
def test_a_copy_of_a_scenario_gives_the_same_numbers(name: str) -> None:
    said = bidlab("new", "scenario", "copy", "--like", name, "--folder", "deep/er")
    assert said.out.endswith("to run it: cd deep/er && bidlab run copy.toml\n")
    for scenario, out in ((name, "one"), ("deep/er/copy.toml", "other")):
        assert bidlab("run", scenario, "--replications", "2", "--out", out).code == 0
    for table in ("summary", "agents", "differences"):
        assert Path(f"one/{table}.csv").read_bytes() == Path(f"other/{table}.csv").read_bytes()


def test_inputs_that_are_there_stay_if_they_are_the_same() -> None:
    command_of(bidlab("new", "scenario", "one", "--like", "marketbench_replay"))
    command_of(bidlab("new", "scenario", "two", "--like", "marketbench_replay"))
    Path("data/marketbench_forecasts.csv").write_text("mine\n")
    said = bidlab("new", "scenario", "three", "--like", "marketbench_replay")
    assert said.code == 2
    assert "data/marketbench_forecasts.csv: is there already" in said.err
    assert not Path("three.toml").exists()
    assert Path("data/marketbench_forecasts.csv").read_text() == "mine\n"
