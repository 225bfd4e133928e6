"""How a command ends: whatever stops it is reported in a line for each fault, never by a traceback.

Exit code 2: a mistake of the user's, or something that the machine does not give. 130: interrupted. A reader that went
away, as in `bidlab show RUN | head`, ends the command in silence.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import NoReturn

import typer

from sim.cli.command import app
from sim.kit.errors import SimError, StoppedError

_WIDEST = 650  # letters of a line; what is longer loses its middle
_STOPPED = 130  # exit code after Ctrl-C


def main() -> None:
    """Entry point of the command line."""
    _open_streams()
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
        if code == _STOPPED:
            raise StoppedError("interrupted")
    except StoppedError as error:
        _fail(str(error), code=_STOPPED)
    except SimError as error:
        _fail(*map(str, error.args))
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted", code=_STOPPED)
    except MemoryError:
        _fail("needs more memory than there is; lower the replications, or give it more")
    except BrokenPipeError:
        _mute()
        sys.exit(1)
    except OSError as error:
        _mute()
        where = "output" if error.filename is None else str(error.filename)
        _fail(f"{where}: cannot be written or read: {error.strerror or error}")
    except Exception as error:
        # Whichever library parses the command line, its usage errors know how to say what is wrong.
        if not hasattr(error, "format_message"):
            raise
        if len(sys.argv) == 1:
            typer.echo(error.format_message())
            sys.exit(2)
        _fail(" ".join(error.format_message().split()))
    sys.exit(code if isinstance(code, int) else 0)


def _open_streams() -> None:
    """Have standard output and error be there, and write what their encoding lacks as an escape."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 -- it lives as long as we do
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _mute() -> None:
    """Have nothing more be written to standard output, what it still holds included."""
    with contextlib.suppress(OSError, ValueError), open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())  # none where a caller put a stream of its own in its place


def _fail(*faults: str, code: int = 2) -> NoReturn:
    """Say each fault in a line of its own, and end."""
    for whole in faults:
        fault = whole if len(whole) <= _WIDEST else f"{whole[: _WIDEST - 250]} ... {whole[-200:]}"
        typer.echo("bidlab: " + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in fault), err=True)
    sys.exit(code)
