"""The command: `bidlab`, or `python -m bidlab`."""

from __future__ import annotations

import importlib
import os
import sys

_LEAST = 600 * 2**20
_REASONS = ("stands in the place of", "failed to map segment", "cannot allocate memory")  # no fault of the code


def main() -> None:
    """Run the command line; a module that shadows one of ours is named in one line."""
    if _address_space() < _LEAST:
        _end(f"needs {_LEAST >> 20} MiB of address space at least; ulimit -v allows {_address_space() >> 20} MiB", 2)
    try:
        one_thread = importlib.import_module("bidlab.kit.threads").ONE_THREAD
        for name, count in one_thread.items():  # before numpy is loaded; what the user has set stands
            os.environ.setdefault(name, count)
        os.environ["MPLBACKEND"] = "Agg"  # a notebook's own is for its own process
        importlib.import_module("bidlab.cli").main()
    except KeyboardInterrupt:  # while it loads
        _end("interrupted", 130)
    except MemoryError:
        _end("needs more memory than there is", 2)
    except ImportError as error:
        if not any(reason in str(error) for reason in _REASONS):
            raise
        _end(str(error), 1)


def _address_space() -> int:
    """Bytes this process may take; libraries of linear algebra hang where it is too little to load them."""
    try:
        import resource
    except ImportError:  # of Unix alone
        return _LEAST
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return _LEAST if limit == resource.RLIM_INFINITY else limit


def _end(reason: str, code: int) -> None:
    print(f"bidlab: {reason}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
