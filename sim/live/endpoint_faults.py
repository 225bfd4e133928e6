"""What can be wrong with the settings of an endpoint, before anything is sent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sim.kit.errors import closest, several
from sim.live.question import canonical
from sim.live.token_price import Price

CAPS = ("max_tokens", "max_completion_tokens")
OUTPUTS = ("schema", "object", "text")
MEND = {400: "parameters, or what it says of output", 401: "key", 402: "account", 403: "key", 404: "model or endpoint"}
OWN = ("model", "messages", "response_format", "stream", "n", *CAPS)  # what no parameter may set


def endpoint_faults(
    endpoint: str, price: Any, output: str, cap: str, parameters: Mapping[str, Any], timeout: float
) -> list[str]:
    """A line for each."""
    found = []
    if not _bare(endpoint):
        found.append("endpoint must be http://HOST/PATH or https://HOST/PATH, without user, password, ? or #")
    try:
        Price.of(price)
    except ValueError as error:
        found.append(str(error))
    for name, value, allowed in (("output", output, OUTPUTS), ("cap", cap, CAPS)):
        if value not in allowed:
            found.append(f"{name} must be one of {', '.join(allowed)}; got {value!r}{closest(value, allowed)}")
    if own := [name for name in parameters if name in OWN]:
        found.append(f"parameters must not set {several(own)}")
    try:
        canonical(parameters)
    except (TypeError, ValueError):
        found.append("parameters must be what JSON can hold")
    if not 0 < timeout < math.inf:
        found.append(f"timeout must be seconds > 0; got {timeout!r}")
    return found


def _bare(endpoint: str) -> bool:
    """A URL of nothing but server and path."""
    try:
        parts = urlsplit(endpoint)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return fine and not (parts.username or parts.password or parts.query or parts.fragment)
