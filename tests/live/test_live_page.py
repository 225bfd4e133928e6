"""docs/live.md: each key and word is named; its files and those of the demo are sound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from sim.kit.section import Section
from sim.live.prompts.template import FIELDS
from sim.live.replies import WORDS
from sim.live.respondents import AgentSpec, PerMillion, RespondentsFile, read_respondents
from sim.live.task_file import KEYS
from sim.live.verifiers import VERIFIERS
from tests.bundled_kinds import LIVE
from tests.cli.command import bidlab

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "live.md"
EXAMPLES = ROOT / "docs" / "examples" / "live"


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs in a folder of its own, in a terminal of 80 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")


def table(section: type[Section]) -> str:
    """The keys of a section, as the page has them."""
    return "\n".join(["| key | absent | meaning |", "| --- | --- | --- |", *rows(section)]) + "\n"


def rows(section: type[Section]) -> Iterator[str]:
    for name, key in section.model_fields.items():
        default = key.get_default(call_default_factory=True)
        absent = "" if default in (None, "", {}, []) else f"`{str(default).lower()}`"
        yield f"| `{name}` | {'obligatory' if default is PydanticUndefined else absent} | {key.description} |"


@pytest.mark.parametrize("section", [RespondentsFile, AgentSpec])
def test_its_tables_are_the_keys(section: type[Section]) -> None:
    assert table(section) in PAGE.read_text(encoding="utf-8"), table(section)


def test_every_word_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    wanted = [*KEYS, *WORDS, *VERIFIERS, *PerMillion.model_fields, "claim", "work", "bid"]
    assert {"claim", "work", "bid"} < set(FIELDS)
    assert [word for word in wanted if f"`{word}`" not in text and f"{word} = " not in text] == []


@pytest.mark.parametrize("name", LIVE)
def test_a_bundled_live_scenario_prints_what_show_prints_and_writes_beside_itself_nothing(name: str) -> None:
    before = sorted((ROOT / "scenarios").rglob("*"))
    said = bidlab("live", name, "--budget-usd", "20")
    assert said.code == 0, said.err
    assert sorted((ROOT / "scenarios").rglob("*")) == before
    assert Path("answers.jsonl").is_file()
    assert said.out.startswith(bidlab("show", f"out/{name}").out.rpartition("\n\n")[0])


def test_the_files_of_the_demo_are_sound(tmp_path: Path) -> None:
    for path in (*EXAMPLES.glob("*.toml"), ROOT / "scenarios" / "data" / "sums.jsonl"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert set(read_respondents(tmp_path / "respondents.toml").agents) == {"cold", "warm"}
    said = bidlab("live", "market.toml", "--dry-run")
    assert said.code == 0, said.err


def test_the_respondents_of_the_page_are_sound(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "respondents.toml").write_text(block)
    assert set(read_respondents(tmp_path / "respondents.toml").agents) == {"large", "small", "mine"}
