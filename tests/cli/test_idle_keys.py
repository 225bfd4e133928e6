"""Keys that are stated and change nothing, and agents that are named and absent: told, and played all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import ARM, SCENARIO, TENDER, TOP, Said, bidlab, lay_out

WORLD = '[world]\nprofile = "marketbench"\nparameters = "point"\ntasks = 4\narrivals = { every = 1 }\n'
TWICE = 'postings = 2\nexclude = "failed"\n'
OTHER = '[[arm]]\nname = "other"\nmechanism = "first_price"\n'


def written(folder: Path, world: str = "", tender: str = "", rest: str = "", arms: str = ARM) -> Path:
    return lay_out(folder, TOP + WORLD + world + TENDER + tender + rest + arms)


def warnings_of(said: Said) -> list[str]:
    assert said.code == 0, said.err
    lines = said.err.splitlines()
    assert all(line.startswith("bidlab: s: warning: ") for line in lines), lines
    return [line.removeprefix("bidlab: s: warning: ") for line in lines]


@pytest.mark.parametrize(
    ("tender", "rest", "key"),
    [
        ('timeout = "FAIL"\n', "", "tender.timeout"),
        ('exclude = "failed"\n', "", "tender.exclude"),
        ("escalation = { cap = 3.0 }\n", "", "tender.escalation"),
        ("", "[market]\nrepost_delay = 2\n", "market.repost_delay"),
        ("", '[bidders]\non_retry = "update"\n', "bidders.on_retry"),
        ("", '[bidders]\non_retry = "same"\n', "bidders.on_retry"),
        ('postings = 2\nexclude = "hired"\n', '[bidders]\non_retry = "update"\n', "bidders.on_retry"),
    ],
)
def test_keys_that_wait_for_others_are_told(tmp_path: Path, tender: str, rest: str, key: str) -> None:
    path = written(tmp_path, "", tender, rest)
    (line,) = warnings_of(bidlab("check", path))
    assert line.startswith(f"{key}: changes nothing: ")
    assert line in bidlab("run", path, "--out", tmp_path / "o").err


@pytest.mark.parametrize(
    ("tender", "rest"),
    [
        ('deadline = 9\ntimeout = "FAIL"\n', ""),
        (TWICE + "escalation = { cap = 3.0 }\n", "[market]\nrepost_delay = 2\n"),
        ('postings = 2\nexclude = "none"\n', '[bidders]\non_retry = "update"\n'),
        (TWICE, '[bidders]\non_retry = "update"\n'),
    ],
)
def test_keys_that_do_something_are_not(tmp_path: Path, tender: str, rest: str) -> None:
    assert warnings_of(bidlab("check", written(tmp_path, "", tender, rest))) == []


def test_keys_whose_need_another_arm_or_a_sweep_varies_are_not(tmp_path: Path) -> None:
    keys = 'exclude = "failed"\nescalation = { cap = 3.0 }\n', "[market]\nrepost_delay = 2\n"
    arms = ARM + OTHER + "tender = { postings = 2 }\n"
    assert warnings_of(bidlab("check", written(tmp_path, "", *keys, arms))) == []
    swept = '[sweep]\n"tender.postings" = [1, 2]\n'
    path = written(tmp_path, "", *keys, ARM + swept)
    assert warnings_of(bidlab("check", path)) == []
    assert warnings_of(bidlab("sweep", path, "--jobs", "1", "--out", tmp_path / "o", "--no-figures")) == []
    own = ARM + OTHER + 'tender = { postings = 2, exclude = "failed" }\nmarket = { repost_delay = 2 }\n'
    first = own.replace('"second_price"\n', '"second_price"\nmarket = { repost_delay = 3 }\n')
    assert warnings_of(bidlab("check", written(tmp_path, arms=own))) == []
    assert warnings_of(bidlab("check", written(tmp_path, arms=first))) == []  # one arm reads it


def test_shocks_and_fits_to_one_family(tmp_path: Path) -> None:
    shock = 'shocks = [{ at = 0.5, agent = "*", skill = 1.0 }, { at = 0.5, agent = "*" }]\n'
    (line,) = warnings_of(bidlab("check", written(tmp_path, shock)))
    assert line.startswith("world.shocks: number 2 changes nothing")
    none = (
        OTHER + 'world = { shocks = [{ at = 0.5, agent = "*" }] }\n'
    )  # beside an arm in which the first does something
    assert (
        warnings_of(
            bidlab("check", written(tmp_path, shock.replace(', { at = 0.5, agent = "*" }', ""), arms=ARM + none))
        )
        == []
    )
    for families in ("", "families = 1\n"):
        (line,) = warnings_of(bidlab("check", written(tmp_path, f"sigma_f = 0.5\n{families}")))
        assert line.startswith("world.sigma_f: there is one family of tasks")
    assert warnings_of(bidlab("check", written(tmp_path, "sigma_f = 0.5\nfamilies = 3\n"))) == []
    assert warnings_of(bidlab("check", written(tmp_path, "sigma_f = 0.0\n"))) == []


def test_an_arm_that_is_its_own_baseline(tmp_path: Path) -> None:
    own = OTHER + 'baseline = "other"\n'
    (line,) = warnings_of(bidlab("check", lay_out(tmp_path, SCENARIO + own)))
    assert line == "arm 'other': baseline: is the arm itself, so that it is compared to nothing"
    third = OTHER.replace("other", "third") + 'baseline = "other"\n'
    assert warnings_of(bidlab("check", lay_out(tmp_path, SCENARIO + own + third))) == []


ALWAYS = '[[arm]]\nname = "always"\nmechanism = { always = { agent = %s } }\nstanding = { expected_cost = "actual" }\n'


@pytest.mark.parametrize(
    ("world", "rest", "arms", "told"),
    [
        ("", "", ARM + ALWAYS % '"gpt-5.2"', "arm 'always': mechanism.always.agent: 'gpt-5.2'"),
        ("", "", ALWAYS % "3", "mechanism.always.agent: 'gpt-5.2'"),
        ("", "", ALWAYS % '"gemini-3-pro", then = "gpt-5.2"', "mechanism.always.then: 'gpt-5.2'"),
        ("", '[bidders]\nagents = { "gpt-5.2" = "silent" }\n', ARM, "bidders.agents: 'gpt-5.2'"),
        ("", '[bidders]\nprocess = { "gpt-5.2" = "honest" }\n', ARM, "bidders.process: 'gpt-5.2'"),
        ("", '[bidders.policy.ring]\nmembers = ["gemini-3-pro", "gpt-5.2"]\n', ARM, "bidders.policy: 'gpt-5.2'"),
        (
            "",
            '[bidders.policy.hand_over]\nagent = "gemini-3-pro"\nto = "gpt-5.2"\n',
            ARM,
            "bidders.policy: 'gpt-5.2'",
        ),
        ('shill = "gpt-5.2"\n', "", ARM, "world.shill: 'gpt-5.2'"),
        ("", "own", ARM, "tender.own: 'gpt-5.2'"),
    ],
)
def test_agents_that_are_nowhere_are_told(tmp_path: Path, world: str, rest: str, arms: str, told: str) -> None:
    tender, rest = ('own = "gpt-5.2"\n', "") if rest == "own" else ("", rest)
    path = written(tmp_path, f"pool_size = 3\n{world}", tender, rest, arms)
    (line,) = warnings_of(bidlab("check", path))
    assert line == f"{told} is at no task, as world.pool_size is 3"
    assert warnings_of(bidlab("check", written(tmp_path, world, tender, rest, arms))) == []


def test_of_a_sweep_the_cell_with_the_most_agents_decides(tmp_path: Path) -> None:
    for sizes, told in (("[1, 3, 9]", 1), ("[1, 6]", 0)):
        path = written(tmp_path, arms=ALWAYS % '"gpt-5.2"' + f'[sweep]\n"world.pool_size" = {sizes}\n')
        for command in (
            ["check", path],
            ["sweep", path, "--jobs", "1", "--out", tmp_path / "o", "--no-figures", "--force"],
        ):
            assert bidlab(*command).err.count("is at no task, as world.pool_size is 3") == told
