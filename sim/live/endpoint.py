"""A model behind an OpenAI-compatible chat completion endpoint, of any server: one POST a send.

What a send may cost: the bytes of all texts that go out, plus 16 tokens a message, at the input's price, since a token
covers at least one byte; plus the cap at the output's price. Where a server counts more input than that (a chat
template may add to it), the bound grows by the difference.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import time
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sim.kit.errors import RunError, ScenarioError
from sim.live.completion import Completion, read_completion, retry_after, said
from sim.live.endpoint_faults import CAPS, MEND, endpoint_faults
from sim.live.question import Answer, Question, canonical
from sim.live.respondent import Failed, Stopped
from sim.live.response_form import response_format
from sim.live.secret import Secret
from sim.live.token_price import Price

_A_MESSAGE = 16  # tokens around each
_MOST_BYTES = 16_000_000  # of a response
_SHOWN = 200  # letters of what a server says
_LATER = (408, 409, 425, 429)  # refused for now


class Reply(NamedTuple):
    """A whole response."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Endpoint:
    """Answers for `agent`.

    endpoint: URL up to /v1. key: name of the environment variable with the key, "" where none is sent.
    usd_per_million: as Price.of takes it. output: how far the server can be held to JSON. cap: how it calls the most
    tokens of an answer; becomes the other of CAPS where it does not know that. parameters: passed on, temperature and
    seed among them. timeout: seconds from send to last byte. Raises ScenarioError with all that is wrong, and RunError
    where httpx is not installed.
    """

    def __init__(
        self,
        agent: str,
        *,
        endpoint: str,
        model: str,
        usd_per_million: Any,
        key: str = "",
        output: str = "schema",
        cap: str = "max_tokens",
        parameters: Mapping[str, Any] | None = None,
        timeout: float = 120.0,
    ) -> None:
        parameters = dict(parameters or {})
        if faults := endpoint_faults(endpoint, usd_per_million, output, cap, parameters, timeout):
            raise ScenarioError(*(f"agent {agent!r}: {fault}" for fault in faults))
        if importlib.util.find_spec("httpx") is None:
            raise RunError(f'agent {agent!r}: endpoints are asked by httpx: pip install "bidlab[live]"')
        self.agent, self.cap, self.price = agent, cap, Price.of(usd_per_million)
        self.fingerprint = canonical({"model": model, "output": output, "parameters": parameters})
        self._model, self._output, self._parameters, self._timeout = model, output, parameters, timeout
        self._url, self._host = _url(endpoint), urlsplit(endpoint).netloc
        self._secret = Secret(key)
        self._extra = 0  # tokens of input that the server counts beyond the bound
        self._unknown_caps: set[str] = set()
        self._http: Any = None

    def __repr__(self) -> str:
        """Which model where."""
        return f"Endpoint({self.agent!r}, {self._model!r} at {self._host})"

    def fault(self) -> str:
        """Why it cannot be asked as things are, such as a key that is not set; "" where it can."""
        found = self._secret.fault()
        return found and f"agent {self.agent!r}: {found} of {self._host}"

    def most_usd(self, question: Question) -> float:
        """Input bound and cap at their prices; raises RunError where a priced answer has no cap."""
        if not question.most_tokens and self.price.output:
            raise RunError(f"agent {self.agent!r}: a {question.purpose} without most_tokens may cost any sum")
        return self.price.usd(self._bound(question) + self._extra, question.most_tokens)

    async def answer(self, question: Question) -> Answer:
        """One POST."""
        found = await self._sent(question)
        if isinstance(found, Exception):  # raised here, where nothing is held of request and response
            raise found
        return found

    async def close(self) -> None:
        """Close its connections."""
        if self._http is not None:
            await self._http.aclose()

    async def _sent(self, question: Question) -> Answer | Failed | Stopped:
        if fault := self.fault():
            return Stopped(fault)
        most, began, cap = self.most_usd(question), time.monotonic(), self.cap
        reply = await self._post(self._body(question, cap), most)
        if isinstance(reply, Failed):
            return reply
        if reply.status != 200:
            return self._refusal(reply, most, cap)
        try:
            found = read_completion(reply.content)
        except ValueError:
            return Failed("unreadable", most)
        text = self._secret.scrub(found.text)
        usd = self._usd(question, found)
        return Answer(text, found.finish, *found[2:], usd, round(time.monotonic() - began, 4))

    def _usd(self, question: Question, found: Completion) -> float:
        """What the answer cost; its reserve where the server does not count."""
        if found.input_tokens is None or found.output_tokens is None:
            return self.most_usd(question)
        self._extra = max(self._extra, found.input_tokens - self._bound(question))
        return self.price.usd(found.input_tokens, found.output_tokens)

    def _bound(self, question: Question) -> int:
        """Tokens that the question can be at most: its bytes, and what stands around messages."""
        form = response_format(question.shape, self._output)
        texts = (question.system, question.prompt, json.dumps(form) if form else "", _text(self._parameters))
        messages = 1 + bool(question.system)
        return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) + _A_MESSAGE * messages

    def _body(self, question: Question, cap: str) -> bytes:
        system = [{"role": "system", "content": question.system}] if question.system else []
        body = {
            **self._parameters,
            "model": self._model,
            "messages": [*system, {"role": "user", "content": question.prompt}],
        }
        if question.most_tokens:
            body[cap] = question.most_tokens
        if form := response_format(question.shape, self._output):
            body["response_format"] = form
        return json.dumps(body).encode()

    async def _post(self, body: bytes, most: float) -> Reply | Failed:
        """The response, or why there is none."""
        client, httpx = self._client()
        try:
            async with (
                asyncio.timeout(self._timeout),
                client.stream("POST", self._url, content=body, auth=self._sign) as response,
            ):
                content = bytearray()
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > _MOST_BYTES:
                        return Failed("unreadable", most)
                return Reply(response.status_code, dict(response.headers), bytes(content))
        except TimeoutError:
            return Failed("timeout", most)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Failed("refused", note=f"{self._host}: {self._shown(str(error))}")
        except httpx.DecodingError:
            return Failed("unreadable", most)
        except httpx.HTTPError:
            return Failed("cut body", most)

    def _sign(self, request: Any) -> Any:
        if self._secret.name:
            request.headers["Authorization"] = self._secret.header()
        return request

    def _refusal(self, reply: Reply, most: float, cap: str) -> Failed | Stopped:
        """What a status other than 200 means."""
        status, note = reply.status, self._shown(said(reply.content))
        if (status >= 500 and not reply.content) or 200 < status < 300:
            return Failed("cut body", most)
        if status >= 500 or status in _LATER:
            note = f"{self._host}: {note}"
            return Failed(str(status), wait=retry_after(reply.headers), ends=status == 500, note=note)
        if status in (400, 422) and cap in said(reply.content) and self._other_cap(cap):
            return Failed(str(status), wait=0.0, note=note)
        line = f"agent {self.agent!r}: {self._host} answered {status}: {note or 'nothing'}"
        mend = MEND.get(status, "settings")
        return Stopped(f"{line}; mend its {mend} in the respondents' file, then run again to go on", str(status))

    def _other_cap(self, cap: str) -> bool:
        """Use the other word for the cap, where the server has not refused that too."""
        self._unknown_caps.add(cap)
        left = [each for each in CAPS if each not in self._unknown_caps]
        self.cap = left[0] if left else self.cap
        return bool(left)

    def _shown(self, text: str) -> str:
        clean = self._secret.scrub(text)
        return clean if len(clean) <= _SHOWN else f"{clean[:_SHOWN]}..."

    def _client(self) -> tuple[Any, Any]:
        import httpx

        if self._http is None:
            for name in ("httpx", "httpcore"):  # httpcore's debugging shows headers, in which a server may echo a key
                logging.getLogger(name).setLevel(max(logging.getLogger(name).level, logging.WARNING))
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=32)
            timeout = httpx.Timeout(None, connect=min(10.0, self._timeout / 2))
            self._http = httpx.AsyncClient(limits=limits, timeout=timeout, verify=_certificates())
        return self._http, httpx


@cache
def _certificates() -> Any:
    """Whom servers of this process are known by; read once."""
    import httpx

    return httpx.create_ssl_context()


def _text(parameters: Mapping[str, Any]) -> str:
    return canonical(parameters) if parameters else ""


def _url(endpoint: str) -> str:
    end = "/chat/completions"
    return endpoint if endpoint.endswith(end) else endpoint.rstrip("/") + end
