"""Reference pages, made from registries, settings, docstrings and the command line each time the site is built.

    PAGES = {file name below docs/reference/: a function that gives its Markdown}

As an extension of Sphinx it writes them before anything is read; the folder is not kept.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

FOLDER = "reference"
_GROUPS = {
    "Run, compare, audit": ("run", "sweep", "compare", "power", "audit", "fit", "frontier", "load", "import_table"),
    "Worlds, scenarios, markets": ("World", "Scenario", "Market"),
    "Agents": ("Agent", "Bid", "Abstain", "Offer"),
    "What a mechanism reads and gives": ("Bids", "Menu", "Tender", "Notice", "Standing", "Award", "Status", "settle"),
    "Bases of parts of your own": ("Mechanism", "Promises", "CriticalScoreRule", "Importer", "Verdict"),
}
_ENTRY = re.compile(r"[\w*]+(, [\w*]+)*( \([^)]*\))*: ")
_SOURCES = re.compile(r"\s*Sources?: \[\w+\][^.\n]*\.")
_METHODS = ("World", "Market", "Agent", "Mechanism", "Importer")  # whose methods are for the reader


def setup(app: Any) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("builder-inited", lambda built: write_pages(Path(built.srcdir)))
    return {"parallel_read_safe": True}


def write_pages(source: Path) -> None:
    """Write every page below `source`; a page that did not change keeps its date, and is not read anew."""
    folder = source / FOLDER
    folder.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        path, text = folder / f"{name}.md", page()
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def python() -> str:
    """The front door: every name of `bidlab`, by what it is for."""
    import bidlab

    named = [name for names in _GROUPS.values() for name in names]
    others = [name for name in bidlab.__all__ if name not in named and name != "__version__"]
    rules = [name for name in others if _is_rule(getattr(bidlab, name))]
    registers = [name for name in others if name.startswith("register_")]
    rest = [name for name in others if name not in (*rules, *registers)]
    groups = {**_GROUPS, "Decorators": registers, "Errors and others": rest, "Rules": rules}
    parts = ["# Python: `import bidlab as bl`", "Made from the docstrings. `help(bl.run)` prints the same."]
    for title, names in groups.items():
        if names:
            parts += [f"## {title}", *(_object(bidlab, name) for name in names)]
    parts += ["## Results", *(_results())]
    return _page(parts)


def _is_rule(given: Any) -> bool:
    from bidlab import Mechanism

    return inspect.isclass(given) and issubclass(given, Mechanism)


def _results() -> Iterator[str]:
    """What runs, sweeps, markets, fits and frontiers give back."""
    from sim.front.economy_results import EconomyResults
    from sim.front.fit import Fit
    from sim.front.frontiers import Frontier
    from sim.front.market import Played
    from sim.front.results import Results
    from sim.front.sweep import SweepResults

    for kind in (Results, EconomyResults, SweepResults, Played, Fit, Frontier):
        yield _class(kind.__name__, kind, methods=True)


def _object(module: Any, name: str) -> str:
    given = getattr(module, name)
    if inspect.isclass(given):
        return _class(name, given, methods=name in _METHODS)
    return _directive("function", f"{name}{_signature(given)}", prose(given.__doc__))


def _class(name: str, given: type[Any], *, methods: bool) -> str:
    body = [prose(given.__doc__)]
    for own, member in sorted(vars(given).items()) if methods else ():
        if own.startswith("_") or not _documented(member):
            continue
        function = inspect.unwrap(getattr(member, "__func__", getattr(member, "fget", getattr(member, "func", member))))
        called = callable(member) or isinstance(member, staticmethod | classmethod)
        text = _directive(
            "method" if called else "attribute",
            f"{own}{_signature(function) if called else ''}",
            prose(function.__doc__),
            deep=True,
        )
        body.append(text)
    return _directive("class", f"{name}{_signature(given)}", "\n\n".join(filter(None, body)))


def _documented(member: Any) -> bool:
    return (
        isinstance(member, property | staticmethod | classmethod)
        or inspect.isfunction(member)
        or hasattr(member, "func")
    )


def _signature(given: Any) -> str:
    """Names and defaults; annotations are in the source."""
    try:
        found = inspect.signature(given)
    except (TypeError, ValueError):
        return "()"
    plain = [
        each.replace(annotation=inspect.Parameter.empty) for each in found.parameters.values() if each.name != "self"
    ]
    return str(found.replace(parameters=plain, return_annotation=inspect.Signature.empty))


def _directive(kind: str, signature: str, body: str, *, deep: bool = False) -> str:
    fence = ":::" if deep else "::::"
    return f"{fence}{{py:{kind}}} {signature}\n{body}\n{fence}"


def prose(text: str | None) -> str:
    """A docstring as Markdown: lists of `name: meaning`, indented code and examples fenced, the rest as it is.

    >>> print(prose("Adds.\\n\\n    >>> 1 + 1\\n    2\\n"))
    Adds.
    <BLANKLINE>
    ```python
    >>> 1 + 1
    2
    ```
    """
    blocks = re.split(r"\n\s*\n", inspect.cleandoc(text or ""))
    return "\n\n".join(_block(block) for block in blocks if block.strip())


def _block(block: str) -> str:
    lines = block.splitlines()
    if lines[0].lstrip().startswith(">>>") or all(line.startswith("    ") for line in lines):
        return f"```python\n{textwrap.dedent(block)}\n```"
    firsts = [line for line in lines if not line.startswith(" ")]
    if all(_ENTRY.match(line) for line in firsts) or all(re.match(r"\w+(\(.*\))?  +\S", line) for line in firsts):
        return "\n".join(line if line.startswith(" ") else f"- {_term(line)}" for line in lines).replace(
            "\n    ", "\n  "
        )
    return _escaped(block)


def _term(line: str) -> str:
    name, mark, rest = line.partition(": ") if _ENTRY.match(line) else (*re.split(r"  +", line, maxsplit=1), "")
    return f"`{name}`: {_escaped(rest)}" if mark == ": " else f"`{name}`: {_escaped(mark)}"


def _escaped(text: str) -> str:
    """Without what Markdown takes for mark-up outside of `code`."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([<>*_\[\]])", r"\\\1", part) for part in parts)


def mechanisms() -> str:
    """Every rule: what it does, what it promises, how it is asked, its parameters and its source."""
    from sim.cli.listing import promises_of
    from sim.mechanisms import lookup, names

    parts = [
        "# Mechanisms",
        "Made from the registry; `bidlab list mechanisms` prints the same. What the letters promise is in "
        "[](../rules.md), with proofs and what fails; worked examples are in [](../theory.md).",
    ]
    for name in names():
        rule = lookup(name)
        examples = rule.examples()
        promised = sorted({promises_of(each.promises) or "none" for each in examples})
        needs = sorted({need for each in examples for need in each.capabilities.needs})
        facts = {
            "class": f"`bidlab.{rule.__name__}`" if _at_the_front(rule) else f"`{rule.__module__}.{rule.__name__}`",
            "promises": " or ".join(promised),
            "needs": ", ".join(f"`{need}`" for need in needs) or "nothing beyond bids",
            "source": ", ".join(_cited(rule.source)) or "none",
        }
        parts += [f"## `{name}`", f"{rule.summary[0].upper()}{rule.summary[1:]}."]
        parts += [
            "\n".join(f"- {what}: {text}" for what, text in facts.items()),
            prose(_SOURCES.sub("", rule.__doc__ or "")),
        ]
        parts += [f"Bidders are told:\n\n> {_escaped(examples[0].told_to_bidders())}"]
        parts += [f"```toml\nmechanism = {_toml(name, examples[0])}\n```"]
    return _page(parts)


def _at_the_front(rule: Any) -> bool:
    import bidlab

    return getattr(bidlab, rule.__name__, None) is rule if rule.__name__ in bidlab.__all__ else False


def _cited(source: str) -> Iterator[str]:
    for key in filter(None, (part.strip() for part in source.split(","))):
        yield f"[{key}](../references.md)"


def _toml(name: str, rule: Any) -> str:
    """A rule as a scenario names it, with all of its parameters that TOML can hold."""
    held = {key: value for key, value in rule.parameters.items() if isinstance(value, str | int | float)}
    inside = ", ".join(f"{key} = {_value(value)}" for key, value in held.items())
    return f"{{ {name} = {{ {inside} }} }}" if inside else f'"{name}"'


def _value(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def parts_of_kinds() -> str:
    """What `bidlab list KIND` prints, for every kind but mechanisms, scenarios and settings."""
    from sim.cli.kinds_listing import tables

    parts = [
        "# Other parts",
        "Made from the registries: what `bidlab list KIND` prints. How to add one of each: [](../extending.md).",
    ]
    for name, build in tables().items():
        if name not in ("mechanisms", "scenarios", "settings", "quantities"):
            sheet, *notes = build()
            parts += [f"## {name.replace('_', ' ').capitalize()}", _entries(sheet), *map(_escaped, filter(None, notes))]
    return _page(parts)


def scenarios() -> str:
    """Every bundled scenario: question, finding, how to run it."""
    from sim.bundled import markets
    from sim.bundled import scenarios as bundled
    from sim.economies.economy_file import resolve_economy
    from sim.kit.toml_file import read_toml
    from sim.scenario.scenario import load_scenario

    parts = [
        "# Bundled scenarios",
        "Made from the files; `bidlab list scenarios` prints the same, `bidlab new scenario --like` copies one.",
    ]
    for name, path in bundled().items():
        found = load_scenario(path) if name in markets() else resolve_economy(path, read_toml(path))
        size = f"{len(found.arms)} arm(s), {found.replications} replication(s)"
        command = (
            f"bidlab live {name} --budget-usd 20"
            if "live = " in path.read_text(encoding="utf-8")
            else f"bidlab run {name}"
        )
        commands = [command, *([f"bidlab sweep {name}"] if getattr(found, "factors", ()) else [])]
        parts += [
            f"## `{name}`",
            f"**{_escaped(found.question)}**",
            _escaped(found.finding),
            _escaped(found.resolved.get("published", "")),
            _escaped(found.note),
            f"{size}.",
        ]
        parts += ["```bash\n" + "\n".join(commands) + "\n```"]
    return _page(filter(None, parts))


def settings() -> str:
    """Every key of a scenario, by section."""
    from sim.cli.listing import settings as listed

    (sheet,) = listed()
    keys, defaults, meanings = (column.cells for column in sheet.columns)
    parts, section = (
        [
            "# Settings of a scenario",
            "Made from the models that check a scenario; `bidlab list settings` prints the same.",
        ],
        None,
    )
    for key, default, meaning in zip(keys, defaults, meanings, strict=True):
        head = key.partition(".")[0] if "." in key else "at the top"
        if head != section:
            parts.append(f"## {'At the top' if head == 'at the top' else f'`[{head}]`'}")
            section = head
        stated = {"required": "*required*", "absent": "", "": ""}.get(default, f"default `{default}`")
        parts.append(f"{f'`{key}` {stated}'.rstrip()}\n: {_escaped(meaning)}")
    return _page(parts)


def quantities() -> str:
    """Every quantity of arms and of agents, and every column of the CSV files."""
    from analysis.quantities import quantities as declared
    from sim.cli.listing import columns

    parts = [
        "# Quantities and columns",
        "Made from the declarations; `bidlab show RUN --columns` prints the same. On sums: [](../quantities.md).",
    ]
    for level in ("arm", "agent"):
        rows = [
            (f"`{each.name}`", each.unit, "kept" if each.swept else "if asked", _escaped(each.meaning))
            for each in declared(level)
        ]
        parts += [f"## Of each {level}", _table(("quantity", "unit", "in sweeps", "meaning"), rows)]
    for sheet in columns():
        if isinstance(sheet, str) or not str(sheet.title).endswith(".csv"):
            continue
        names, meanings = (column.cells for column in sheet.columns)
        rows = [(f"`{name}`", _escaped(meaning)) for name, meaning in zip(names, meanings, strict=True)]
        parts += [f"## `{sheet.title}`", _table(("column", "meaning"), rows)]
    return _page(parts)


def command_line() -> str:
    """The help of every command."""
    import click
    from typer.main import get_command

    from sim.cli.command import app

    group: Any = get_command(app)
    parts = ["# Command line", "What `bidlab COMMAND --help` prints. What the commands are for: [](../commands.md)."]
    for name, command in group.commands.items():
        shown = command.get_help(
            click.Context(command, info_name=f"bidlab {name}", terminal_width=88, max_content_width=88)
        )
        parts += [f"## `{name}`", f"```text\n{shown.rstrip()}\n```"]
    return _page(parts)


def _entries(sheet: Any) -> str:
    """A table of sentences as a list of definitions: the first column names them."""
    heads = [column.head for column in sheet.columns]
    found = []
    for name, *cells in zip(*(column.cells for column in sheet.columns), strict=True):
        facts = [
            text if place == 0 else f"{head}: {text}"
            for place, (head, text) in enumerate(zip(heads[1:], cells, strict=True))
            if text
        ]
        found.append(f"`{name}`\n: " + "\n\n  ".join(_escaped(" ".join(fact.split())) for fact in facts))
    return "\n\n".join(found)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", r"\|").replace("\n", " ") for cell in line) + " |" for line in lines
    )


def _page(parts: Any) -> str:
    return "\n\n".join(parts) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "python": python,
    "mechanisms": mechanisms,
    "parts": parts_of_kinds,
    "settings": settings,
    "quantities": quantities,
    "scenarios": scenarios,
    "command_line": command_line,
}
