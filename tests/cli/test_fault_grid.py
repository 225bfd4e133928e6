"""A grid of faults, every kind of input x every way to break it: a line each, exit code 2, nothing written."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import time
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.cli.command import HEADER, ROWS, SCENARIO, Said, bidlab, files

LONG, BIG, ZERO_WIDTH, BELL = "x" * 100_000, "9" * 401, "a\u200bb", "a\u0007b"
LETTER = {"composed": "caf\u00e9", "apart": "cafe\u0301"}

# A value in TOML that no number may be, and one that no text, no table and no list may be.
NOT_A_NUMBER = (
    "nan",
    "inf",
    "-inf",
    "-1",
    "1e308",
    BIG,
    '"1"',
    "true",
    "[1]",
    "{}",
    "{ a = 1 }",
    "1979-05-27",
    f'"{LONG}"',
)
NUMBERS = (
    *("tender.penalty", "tender.reserve", "tender.value", "market.window", "market.overhead", "market.repost_delay"),
    *("world.infra", "world.bid_cost", "world.nonresponse", "world.verifier.false_pass", "world.duration"),
    *("market.round", "tender.postings", "tender.deadline", "world.rerun"),
    *("market.attention", "market.escrow.holdback", "market.entry.bond", "bidders.most_bids", "tender.autarky"),
)
NOT_A_TEXT = ("3", "nan", "true", "[]", "[[]]", "{}", '""', f'"{LONG}"', '"no such \\u0007 word"', '"\\u200b"')
TEXTS = (
    "world.order",
    "world.table",
    "world.trials",
    "tender.exclude",
    "market.assignment",
    "bidders.policy",
    "tender.own",
)
NOT_A_TABLE = ("3", '"x"', "[]", "[1]", "nan", "{ nope = 1 }", "{ a = { b = { c = 1 } } }")
TABLES = (
    *("world.verifier", "tender.escalation", "market.inspection", "bidders.card", "world.columns"),
    *("market.escrow", "market.entry", "world.organisations"),
)
NOT_A_KEY = ("nope", "a.b", "penaltyy", '"\\u200b"', '"*"', "window2", LONG[:300])
SECTIONS = ("world", "tender", "market", "bidders", "standing")

CELLS = ("", " ", "nan", "inf", "-1", "1e308", "1e400", "1_0", "0x1", "\u0661", "85", "true!", "0,5", LONG[:500])
NUMBER_COLUMNS = ("claim", "cost", "belief")
NAMES = (ZERO_WIDTH, BELL, "*", "", "x" * 201, '"b\nc"', "a\u2028b", "a\u202eb", "\ufeffa\u0000")


class Fault(NamedTuple):
    """A scenario and a table of which at least one is wrong, and options of `run`."""

    scenario: str = SCENARIO
    table: bytes = (HEADER + ROWS).encode()
    name: str = "t.csv"
    options: tuple[str, ...] = ()


def of_settings() -> list[Fault]:
    """A key of the scenario holds what it may not, by --set."""
    pairs = [*itertools.product(NUMBERS, NOT_A_NUMBER), *itertools.product(TEXTS, NOT_A_TEXT)]
    pairs += [*itertools.product(TABLES, NOT_A_TABLE)]
    pairs += [(f"{section}.{key}", "1") for section, key in itertools.product(SECTIONS, NOT_A_KEY)]
    return [Fault(options=("--set", f"{key}={value}")) for key, value in pairs]


def of_cells() -> list[Fault]:
    """A cell of a table holds what it may not."""
    rows = [dict(zip(HEADER.strip().split(","), line.split(","), strict=True)) for line in ROWS.splitlines()]
    changes = [*itertools.product(NUMBER_COLUMNS, CELLS), *itertools.product(("agent", "task"), NAMES)]
    made = []
    for place, (column, cell) in enumerate(changes):
        changed = [dict(row) for row in rows]
        changed[place % len(rows)][column] = f'"{cell}"' if "," in cell else cell
        if (column, cell) in (("task", "*"), ("cost", "85"), ("belief", "85")):  # sound
            continue
        made.append(Fault(table=(HEADER + "".join(",".join(row.values()) + "\n" for row in changed)).encode()))
    both = "".join(f"{name},t1,.5,1,.3,.3\n" for name in LETTER.values())
    return [*made, Fault(table=(HEADER + both).encode())]


def of_files() -> list[Fault]:
    """A file is no table at all, or a broken one."""
    sound = (HEADER + ROWS).encode()
    parquet = io.BytesIO()
    columns: dict[str, Any] = {"agent": ["a", "b"], "task": ["t", "t"], "claim": [0.5, 0.6], "success": [1, 0]}
    columns |= {"cost": [0.1, 0.2], "belief": [0.1, 0.2]}
    pq.write_table(pa.table(columns), parquet)
    whole = parquet.getvalue()
    archive, arrays = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("t.csv", sound)
    np.savez(arrays, claim=np.ones(3))
    packed_forms = [
        archive.getvalue(),
        gzip.compress(sound),
        arrays.getvalue(),
        whole[:-9],
        whole[:60],
        b"PAR1",
        b"\0" * 99,
    ]
    made = []
    for kind in ("csv", "parquet", "jsonl", "xlsx", "npz", "csv.gz", "zip"):
        made += [Fault(table=content, name=f"t.{kind}") for content in packed_forms]
    for cut in range(8, len(whole) - 8, 97):
        made.append(Fault(table=whole[:cut] + whole[cut + 5 :], name="t.parquet"))
    for name, values in (
        ("agent", [b"a", b"b"]),
        ("claim", [b"1", b"0"]),
        ("success", [b"1", b"0"]),
        ("task", [[1], [2]]),
    ):
        out = io.BytesIO()
        pq.write_table(pa.table(columns | {name: values}), out)
        made.append(Fault(table=out.getvalue(), name="t.parquet"))
    row = {"agent": "a", "task": "t", "claim": 0.5, "success": 1, "cost": 0.1, "belief": 0.1}
    deep = "[" * 5000 + "]" * 5000
    lines = ["", "3", "[]", "{", deep, '{"agent": ' + deep + "}", json.dumps({f"k{i}": i for i in range(20_000)})]
    for key, value in itertools.product(row, (None, True, [1], {"a": 1}, 10**400, LONG)):
        if (key, value) not in (("success", None), ("success", True)):
            lines.append(json.dumps(row | {key: value}))
    return [*made, *(Fault(table=line.encode() + b"\n", name="t.jsonl") for line in lines)]


def of_texts() -> list[Fault]:
    """The scenario's own text is broken: cut short, nested, too long, of names that no one can tell apart."""
    texts = [SCENARIO[:cut] for cut in range(0, len(SCENARIO) - 30, 17)]
    texts += ["a." * 2000 + "a = 1", "a = " + "{a=" * 2000, SCENARIO + "[x" + ".y" * 500 + "]\n"]
    for old, new in itertools.product(('"Which?"', 'name = "x"'), (LONG, BELL, "a\\nb", " ")):
        head = old.split('"')[0]
        texts.append(SCENARIO.replace(old, f'{head}"{new}"'))
    two = (
        SCENARIO.replace('"x"', f'"{LETTER["composed"]}"')
        + f'[[arm]]\nname = "{LETTER["apart"]}"\nmechanism = "posted"\n'
    )
    return [Fault(text) for text in [*texts, two]]


def refused(fault: Fault, folder: Path) -> Said:
    """What `run` says of it; the folder is as it was before."""
    folder.mkdir()
    (folder / fault.name).write_bytes(fault.table)
    (folder / "s.toml").write_text(fault.scenario.replace("t.csv", fault.name), encoding="utf-8")
    before = files(folder)
    said = bidlab("run", folder / "s.toml", "--out", folder / "o", *fault.options)
    assert files(folder) == before, fault
    return said


def test_every_fault_of_the_grid_is_told_in_lines(tmp_path: Path) -> None:
    grid = [*of_settings(), *of_cells(), *of_files(), *of_texts()]
    assert len(grid) >= 500
    wrong = []
    for number, fault in enumerate(grid):
        begun = time.monotonic()
        said = refused(fault, tmp_path / str(number))
        lines = said.err.splitlines()
        sound = said.code == 2 and 1 <= len(lines) <= 21 and said.err.endswith("\n")
        sound = sound and all(line.startswith("bidlab: ") and len(line) < 700 for line in lines)
        if not sound or time.monotonic() - begun > 10:
            wrong.append(
                (fault.options, fault.name, fault.table[:200], fault.scenario[-80:], said.code, said.err[:400])
            )
    assert not wrong, f"{len(wrong)} of {len(grid)}: {wrong[:40]}"
