"""Names as they are written into files of another language, where they must stay names: one function for each.

latex      in running text, and in a comment, which a line break would end
markdown   in a paragraph or a cell of a table
html       in a page, and in a notebook
csv_name   in a CSV file that may be opened in a spreadsheet, where `=2+3` would be computed
"""

from __future__ import annotations

import re
from html import escape
from unicodedata import normalize

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "_": r"\_",
    "#": r"\#",
    "$": r"\$",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}
# Letters that pdflatex knows by a command; those it knows by a letter and an accent are taken apart.
_ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0327": "c",
}
_TEXT = {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i"}
_TEXT |= {"‘": "textquoteleft", "’": "textquoteright", "“": "textquotedblleft", "”": "textquotedblright"}
_TEXT |= {"–": "textendash", "—": "textemdash", "…": "textellipsis", "§": "S"}
_MATHS = {"×": "times", "±": "pm", "≤": "leq", "≥": "geq", "≠": "neq", "≈": "approx", "∞": "infty", "√": "surd"}
_MATHS |= {"→": "rightarrow", "←": "leftarrow", "·": "cdot", "−": "mathord-", "α": "alpha", "β": "beta"}
_MATHS |= {"γ": "gamma", "δ": "delta", "ε": "epsilon", "θ": "theta", "λ": "lambda", "μ": "mu", "µ": "mu", "π": "pi"}
_MATHS |= {"ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "χ": "chi", "ω": "omega", "Δ": "Delta", "Σ": "Sigma"}
_MARKDOWN = {"\\": "\\\\", "|": r"\|", "`": r"\`", "*": r"\*", "$": r"\$", "~": r"\~", "&": "&amp;"}
_MARKDOWN |= {"<": "&lt;", ">": "&gt;"}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-](inf|nan)")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of one


def latex(text: str) -> str:
    """The text on one line, without a letter that commands LaTeX; one that pdflatex does not know by its code point.

    >>> print(latex("a_1 50%"), latex("\\\\input{x}"), latex("é≥☃"))
    a\\_1 50\\% \\textbackslash{}input\\{x\\} \\'{e}$\\geq$\\texttt{U+2603}
    """
    line = "".join(_LATEX.get(letter) or _in_ascii(letter) for letter in normalize("NFC", _one_line(text)))
    return re.sub(r"([-`',])(?=\1)|([?!])(?=`)", r"\1\2{}", line)  # LaTeX would join them: -- is a dash, ?` a letter


def _in_ascii(letter: str) -> str:
    """The letter as LaTeX writes it in ASCII."""
    if letter.isascii() and letter.isprintable():
        return letter
    if letter in _TEXT:
        return f"\\{_TEXT[letter]}{{}}"
    if letter in _MATHS:
        return f"$\\{_MATHS[letter]}$"
    base, marks = normalize("NFD", letter)[:1], normalize("NFD", letter)[1:]
    if marks in _ACCENTS and base.isascii() and base.isalpha():
        return f"\\{_ACCENTS[marks]}{{{base}}}"
    return rf"\texttt{{U+{ord(letter):04X}}}"


def latex_comment(text: str) -> str:
    """The text as a comment, which ends with its one line.

    >>> latex_comment("a\\nb")
    '% a b'
    """
    return f"% {_one_line(text)}"


def markdown(text: str) -> str:
    """The text on one line, as a cell or within a paragraph, without a letter that commands Markdown or HTML.

    >>> print(markdown("a|b <b> $x$ [t](u) second_score"))
    a\\|b &lt;b&gt; \\$x\\$ [t]\\(u) second_score
    """
    line = "".join(_MARKDOWN.get(letter, letter) for letter in _one_line(text)).replace("](", r"]\(")
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", line)


def markdown_paragraph(text: str) -> str:
    """The same as a paragraph: it begins no heading, list or rule.

    >>> print(markdown_paragraph("# a"), markdown_paragraph("1. a"))
    \\# a 1\\. a
    """
    line = markdown(text)
    return re.sub(r"^(\d+)(?=[.)] )", r"\1\\", re.sub(r"^(?=[#=+-]+( |$|[#=+-]{2}))", r"\\", line))


def html(text: str) -> str:
    """The text as HTML shows it.

    >>> html("<script>")
    '&lt;script&gt;'
    """
    return escape(text)


def csv_name(text: str) -> str:
    """A text of a CSV file: one that a spreadsheet would compute has an apostrophe before it; numbers are left alone.

    >>> csv_name("=1+2"), csv_name("-0.5"), csv_name("agent"), csv_name("'=x")
    ("'=1+2", '-0.5', 'agent', "''=x")
    """
    return f"'{text}" if _computed(text) else text


def csv_name_back(text: str) -> str:
    """What `csv_name` was given.

    >>> csv_name_back(csv_name("=1+2")), csv_name_back("'quoted'")
    ('=1+2', "'quoted'")
    """
    return text[1:] if text.startswith("'") and _computed(text) else text


def _computed(text: str) -> bool:
    """It begins as a formula, behind any apostrophes, and is no number."""
    bare = text.lstrip("'")
    return len(bare) > 1 and bare.startswith(_FORMULA) and not _NUMBER.fullmatch(bare)


def _one_line(text: str) -> str:
    return " ".join(text.split())
