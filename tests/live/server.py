"""A chat completion server on this machine, which does what a script says; counts what it is sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Sent(NamedTuple):
    """What it was sent: headers, and the body as parsed."""

    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def prompt(self) -> str:
        return str(self.body["messages"][-1]["content"])


class Does(NamedTuple):
    """status, body and headers of a response. cut: letters of the body that are sent. hang: seconds before it."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = {}
    cut: int | None = None
    hang: float = 0.0


def says(text: str | None, finish: str = "stop", usage: Any = (10, 5), **message: Any) -> Does:
    """A completion. usage: tokens read and written, or a table, or None."""
    if isinstance(usage, tuple):
        usage = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
    return Does(body={"id": "1", "choices": [choice]} | ({} if usage is None else {"usage": usage}))


FAULTS = {
    "429": Does(429, {"error": {"message": "slow down"}}),
    "500": Does(500, {"error": {"message": "oh"}}),
    "503": Does(503, "<html>away</html>"),
    "html": Does(200, "<html>a portal</html>"),
    "cut": says("4")._replace(cut=30),
    "hang": says("4")._replace(hang=60.0),
    "empty 500": Does(500, ""),
}


class Server(ThreadingHTTPServer):
    """script(sent, nth): the response to the nth send of a prompt. sends: all there were."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, script: Callable[[Sent, int], Does]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.sends: list[Sent] = []
        self.lock = threading.Lock()
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def respond(self, sent: Sent) -> Does:
        with self.lock:
            self.sends.append(sent)
            nth = sum(each.prompt == sent.prompt for each in self.sends)
        return self.script(sent, nth)

    def handle_error(self, *_: Any) -> None:
        """A client that went away is no error."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        does = self.server.respond(Sent(dict(self.headers), json.loads(content)))
        if does.hang:
            self.server.ended.wait(does.hang)
        body = does.body if isinstance(does.body, str) else json.dumps(does.body)
        self.send_response(does.status)
        for name, value in {**does.headers, "Content-Length": str(len(body.encode()))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode()[: does.cut])
        if does.cut is not None:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def serving(script: Callable[[Sent, int], Does] | Does) -> Iterator[Server]:
    """A server that runs meanwhile."""
    server = Server(script if callable(script) else lambda sent, nth: script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
