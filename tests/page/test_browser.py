"""Pages in a browser: nothing fails, nothing leaves the machine, and everything is reached by keyboard.

Skipped where playwright or Chromium is not there; BIDLAB_CHROMIUM names another one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import bidlab
from tests.market.folders import GOLDEN
from tests.page.folders import small_sweep
from tests.page.test_hostile_page import hostile_page

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = Path(os.environ.get("BIDLAB_CHROMIUM", "/usr/bin/chromium"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZES = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
_MOST_TABS = 400


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    bonds = ("liability_exit", "--replications", "1", "--set", "world.tasks=30")
    for name, arguments in {"auctions": (GOLDEN / "auctions.toml",), "bonds": bonds}.items():
        assert bidlab("run", *arguments, "--out", folder / name).code == 0
        assert bidlab("report", folder / name).code == 0
    assert bidlab("report", small_sweep(folder)).code == 0
    aside = folder / "hostile"
    aside.mkdir()
    (folder / "hostile.html").write_text(hostile_page(aside), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in ("auctions", "bonds", "sweep", "hostile")}


class Browser:
    """One page of a browser, and what it complained of or asked for."""

    def __init__(self, page: Any) -> None:
        self.page, self.said, self.asked = page, list[str](), list[str]()
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", lambda dialog: self.said.append(dialog.message))
        page.on("request", lambda request: self.asked.append(request.url))

    def go(self, path: Path, width: int = 1280, scheme: str = "light") -> Any:
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme=scheme)
        self.page.goto(path.as_uri())
        return self.page

    def tab_to(self, test: str) -> None:
        """Press Tab until the focus is where the JavaScript condition on `at` holds."""
        for _ in range(_MOST_TABS):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(f"(() => {{ const at = document.activeElement; return {test}; }})()"):
                return
        raise AssertionError(f"Tab never leads to {test}")

    def sound(self) -> None:
        """Nothing was complained of, nothing asked of a network."""
        assert self.said == []
        assert all(url.startswith(("file:", "data:")) for url in self.asked)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        aside = str(tmp_path_factory.mktemp("profile"))
        chromium = started.chromium
        made = chromium.launch_persistent_context(
            aside, executable_path=str(CHROMIUM), headless=True, args=list(_FLAGS)
        )
        yield made
        made.close()


@pytest.fixture
def browser(context: Any) -> Iterator[Browser]:
    page = context.new_page()
    yield Browser(page)
    page.close()


@pytest.mark.parametrize(("width", "scheme"), SIZES)
@pytest.mark.parametrize("name", ["auctions", "bonds", "sweep", "hostile"])
def test_nothing_fails_leaves_or_runs_over_the_edge(
    browser: Browser, pages: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    page = browser.go(pages[name], width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, paper[4:-1].split(", "))) > 3 * 128) == (scheme == "light")
    if name != "sweep":
        assert page.locator("#auction .posting").count() >= 1
        assert page.locator("#auction .time svg rect").count() >= 1
    browser.sound()


def test_a_policy_forbids_the_network(browser: Browser, pages: dict[str, Path]) -> None:
    page = browser.go(pages["auctions"])
    asked = "fetch('https://example.org/').then(() => 'came', (error) => error.name)"
    assert page.evaluate(asked) == "TypeError"
    assert "Content Security Policy" in " ".join(browser.said)


def test_a_column_is_sorted_by_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    page = browser.go(pages["bonds"])
    browser.tab_to("at.matches('#arms th.number button.sort')")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    read = (
        "() => { const head = document.activeElement.closest('th');"
        " const at = [...head.parentNode.children].indexOf(head);"
        " return [head.getAttribute('aria-sort'), [...head.closest('table').tBodies[0].rows].map("
        "(row) => Number(row.cells[at].dataset.v))]; }"
    )
    way, before = page.evaluate(read)
    assert way == "none"
    page.keyboard.press("Enter")
    assert page.evaluate(read) == ["descending", sorted(before, reverse=True)]
    page.keyboard.press("Space")
    assert page.evaluate(read) == ["ascending", sorted(before)]
    assert "sorted by" in page.locator("#announced").text_content()
    browser.sound()


def test_a_table_is_filtered(browser: Browser, pages: dict[str, Path]) -> None:
    page = browser.go(pages["bonds"], 390)
    browser.tab_to("at.matches('#parameters .filter input')")
    page.keyboard.type("tender.penalty")
    shown = page.locator("#parameters .table:has(input) tbody tr:visible")
    assert shown.count() == 1
    assert "tender.penalty" in shown.first.text_content()
    browser.sound()


@pytest.mark.parametrize("width", [1280, 390])
def test_auctions_are_walked_through_by_arrow_keys(browser: Browser, pages: dict[str, Path], width: int) -> None:
    page = browser.go(pages["bonds"], width)
    browser.tab_to("at.id === 'list'")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    titles = [page.locator("#auction-title").text_content()]
    for key in ("ArrowDown", "ArrowDown", "End", "ArrowDown", "ArrowUp", "Home"):
        page.keyboard.press(key)
        titles.append(page.locator("#auction-title").text_content())
        at = page.locator("#list").get_attribute("aria-activedescendant")
        assert page.locator(f"#{at}").get_attribute("aria-selected") == "true"
        assert page.locator("#list [aria-selected=true]").count() == 1
    assert len(set(titles[:4])) == 4
    assert titles[3] == titles[4] != titles[5]
    assert titles[6] == titles[0]
    browser.sound()


def test_a_task_is_found_and_stays_where_the_arm_changes(browser: Browser, pages: dict[str, Path]) -> None:
    page = browser.go(pages["bonds"])
    browser.tab_to("at.id === 'task'")
    page.keyboard.type("task 17")
    assert page.locator("#list [role=option]").count() == 1
    assert page.locator("#auction-title").text_content() == "task 17, replication 0, arm always gpt-5-mini"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowDown")
    assert page.locator("#auction-title").text_content() == "task 17, replication 0, arm second price"
    page.locator("#task").fill("nowhere")
    assert page.locator("#auction").text_content() == "No auction of this arm has these words."
    browser.sound()


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("auctions", "tie", ("decided by a tie", "lottery", "is the lowest of the tied")),
        ("auctions", "repost", ("posted again", "offer 2 of", "The posting ended: reposted.")),
        ("auctions", "regret", ("largest regret of its arm", "What would have been best")),
        ("bonds", "bond", ("a bond binds", "its bond binds", "without a limit the rule would take more on failure")),
    ],
)
def test_notable_auctions_are_jumped_to(
    browser: Browser, pages: dict[str, Path], name: str, kind: str, words: tuple[str, ...]
) -> None:
    page = browser.go(pages[name], 390)
    browser.tab_to(f"at.dataset.kind === '{kind}'")
    page.keyboard.press("Enter")
    text = page.locator("#auction").text_content()
    assert all(word in text for word in words)
    assert page.locator("#auction .badge").count() >= 1
    browser.sound()


def test_what_no_auction_has_is_said(browser: Browser, pages: dict[str, Path]) -> None:
    assert "no bond binds" in browser.go(pages["auctions"]).locator(".jumps").text_content()
    said = browser.go(pages["bonds"]).locator(".jumps").text_content()
    assert "none was decided by a tie" in said
    assert "none was posted again" in said
    browser.sound()


def test_parts_of_a_bar_add_up_to_the_score(browser: Browser, pages: dict[str, Path]) -> None:
    """The widths of the terms of a score, signed, end where the mark of the score stands."""
    page = browser.go(pages["bonds"])
    page.locator("[data-kind=bond]").click()
    bars = page.evaluate(
        "() => [...document.querySelectorAll('#auction .bids .bar svg')].map((svg) => ({"
        "zero: Number(svg.querySelector('line').getAttribute('x1')),"
        "mark: Number(svg.querySelector('path').getAttribute('d').slice(1).split(' ')[0]),"
        "parts: [...svg.querySelectorAll('rect')].map((box) => [Number(box.getAttribute('x')),"
        " Number(box.getAttribute('width'))])}))"
    )
    assert len(bars) >= 3
    for bar in bars:
        signed = sum(width if left >= bar["zero"] - 0.01 else -width for left, width in bar["parts"])
        assert bar["mark"] == pytest.approx(bar["zero"] + signed, abs=1.1)  # a part is drawn a pixel wide at least
    browser.sound()
