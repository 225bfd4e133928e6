"""Files of results as rows, by the endings of their names: csv, tsv, json, jsonl, ndjson, yaml, parquet, and .gz."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from sim.importing.dotted import exploded
from sim.importing.source_row import SourceFile, SourceRow
from sim.kit.errors import TableError
from sim.kit.memory import gib
from sim.tables.table_file import READ_FACTOR, check_memory, csv_rows, jsonl_rows, once, short

Read = TypeVar("Read")
Unpack = Callable[[Any], Iterable[Any] | None]
_DOCUMENTS = (".json", ".yaml", ".yml")
_LINES = (".csv", ".tsv", ".jsonl", ".ndjson")
SUFFIXES = (*_LINES, *_DOCUMENTS, ".parquet")


def rows_of(file: SourceFile, rows: str | None, unpack: Unpack) -> list[SourceRow]:
    """The rows of a file. rows: where they stand in a document. unpack: may make them of it instead.

    Raises TableError in lines that name file and line.
    """
    suffix, content = _content(file)
    if suffix not in _DOCUMENTS:
        read = _of_parquet if suffix == ".parquet" else _of_lines
        return _named(file, suffix, lambda: list(read(file, suffix, content)))
    documents = _named(file, suffix, lambda: _documents(suffix, content))
    try:
        return list(_of_documents(file, documents, rows, unpack))
    except ValueError as error:  # what a reader says of a document; TableError is one
        raise error if isinstance(error, TableError) else TableError(f"{file.shown}: {error}") from None


def _named(file: SourceFile, suffix: str, read: Callable[[], list[Read]]) -> list[Read]:
    """What `read` gives; its errors name the file."""
    try:
        return read()
    except TableError:
        raise
    except UnicodeDecodeError:
        raise TableError(f"{file.shown}: is no UTF-8 text") from None
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        ours = type(error) is ValueError  # of this file, not of a library
        raise TableError(f"{file.shown}: {reason if ours else f'cannot be read as {suffix[1:]}: {reason}'}") from None


def is_document(file: SourceFile) -> bool:
    """It holds one document, in which rows stand somewhere, and not a row to a line."""
    return _suffix(file)[0] in _DOCUMENTS


def _suffix(file: SourceFile) -> tuple[str, bool]:
    """Its ending without .gz, and whether it is packed."""
    suffixes = [suffix.lower() for suffix in file.path.suffixes]
    packed = suffixes[-1:] == [".gz"]
    return "".join((suffixes[:-1] if packed else suffixes)[-1:]), packed


def _content(file: SourceFile) -> tuple[str, bytes]:
    """Its ending without .gz, and its bytes, unpacked."""
    suffix, packed = _suffix(file)
    if suffix not in SUFFIXES:
        raise TableError(f"{file.shown}: must end in {', '.join(SUFFIXES)}, or one of them and .gz")
    try:
        size = file.path.stat().st_size
        check_memory(file.path, f"a file of {gib(size)}", size * READ_FACTOR)
        content = file.path.read_bytes()
        content = gzip.decompress(content) if packed else content
    except (OSError, EOFError, zlib.error) as error:  # gzip's own error is an OSError
        raise TableError(f"{file.shown}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not content.strip():
        raise TableError(f"{file.shown}: the file is empty")
    return suffix, content


def _of_lines(file: SourceFile, suffix: str, content: bytes) -> Iterator[SourceRow]:
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    if suffix in (".jsonl", ".ndjson"):
        found, lines = jsonl_rows(file.shown, text)
        for number, (values, line) in enumerate(zip(found, lines, strict=True), start=1):
            yield SourceRow(file, number, line, values, _special(file, number))
        return
    headings, cells, lines = csv_rows(file.shown, text, "\t" if suffix == ".tsv" else ",")
    file.twice.update(name for name, count in Counter(headings).items() if count > 1)
    kept = [(place, name) for place, name in enumerate(headings) if name not in file.twice]
    for number, (row, line) in enumerate(zip(cells, lines, strict=True), start=1):
        yield SourceRow(file, number, line, {name: row[place] for place, name in kept}, _special(file, number))


def _of_parquet(file: SourceFile, suffix: str, content: bytes) -> Iterator[SourceRow]:
    import pyarrow.parquet as pq

    for number, values in enumerate(pq.read_table(io.BytesIO(content)).to_pylist(), start=1):
        yield SourceRow(file, number, None, values, _special(file, number))


def _documents(suffix: str, content: bytes) -> list[Any]:
    text = content.decode("utf-8-sig")
    if suffix != ".json":
        from sim.importing.plain_yaml import read_yaml

        return read_yaml(text)
    try:
        return [json.loads(text, object_pairs_hook=once)]
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is no JSON: {error}") from None


def _of_documents(file: SourceFile, documents: list[Any], rows: str | None, unpack: Unpack) -> Iterator[SourceRow]:
    number = 0
    for document in documents:
        made = unpack(document)
        found = exploded(document, rows or "") if made is None else ((values, {}) for values in made)
        for values, special in found:
            number += 1
            if not isinstance(values, dict):
                raise TableError(f"{file.shown}: row {number}: must be a table of keys; got {short(values)}")
            own = _special(file, number) | special | {"top": document}
            yield SourceRow(file, number, None, values, own)


def _special(file: SourceFile, number: int) -> dict[str, Any]:
    return {**file.fields, "row": number}
