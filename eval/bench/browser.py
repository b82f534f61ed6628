"""A browser tab on the chat page, without a browser: asks questions as Gradio's own script does.

The page's events are no endpoints for programs, so this speaks what the page itself speaks (Gradio
6, "sse_v3"): GET config names the events; those without a queue are POSTed to run/, the others to
queue/join, and what they yield arrives on the stream queue/data, first whole, then as differences.
How many tabs there are and what they ask is left to `load`.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Literal, Self

import httpx
from gradio_client import utils  # type: ignore[import-untyped]

from eval.bench.measuring import BenchError

Outcome = Literal["answered", "refused", "failed"]

# What the page shows: see `elem_id` in app/chat.py, and app/messages.py for the classes.
_BOX, _CHAT = "ds-question", "ds-chat"
_STAGE = '<div class="ds-stage"'  # stands in for an answer before its first word
_FINAL, _FAILURE = 'class="ds-by"', 'class="ds-failure"'

_PROTOCOL = "sse_v3"
_apply_diff: Callable[[Any, Any], Any] = utils.apply_diff


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: what became of it, and seconds since it was sent.

    `first_s`: until the first text of the answer could be read; `final_s`: until the checked answer
    stood there. None when it did not come to that. `problem`: why a question failed.
    """

    outcome: Outcome
    first_s: float | None = None
    final_s: float | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One handler of the page: its number, its inputs, and where the chat is in its outputs."""

    number: int
    inputs: tuple[int, ...]
    chat: int


@dataclass(frozen=True, slots=True)
class ChatPage:
    """What the page's config says: the box to type in, and the events of a question.

    `begin` shows the question, `answer` streams the answer, `failed` follows when that could not
    be had.
    """

    api: str
    box: int
    begin: Event
    answer: Event
    failed: Event

    @classmethod
    async def load(cls, client: httpx.AsyncClient) -> Self:
        """Read the config of the page that `client` points at.

        Raises:
            BenchError: nobody listens there, or it is not the tutor's chat page.
        """
        try:
            response = await client.get("config")
            response.raise_for_status()
            config = response.json()
        except httpx.TransportError as error:
            raise BenchError(
                f"No server answers at {client.base_url} ({type(error).__name__}); start one with "
                "`make serve`, or leave --url out."
            ) from error
        except (httpx.HTTPStatusError, ValueError) as error:
            raise BenchError(
                f"{client.base_url} does not serve a chat page; give the address that "
                "`ds542-tutor serve` prints."
            ) from error
        try:
            return cls._of(config)
        except (KeyError, StopIteration, TypeError, ValueError) as error:
            raise BenchError(
                f"{client.base_url} serves another page than this version's chat; give the address "
                "that `ds542-tutor serve` prints."
            ) from error

    @classmethod
    def _of(cls, config: Mapping[str, Any]) -> Self:
        if config["protocol"] != _PROTOCOL:
            raise ValueError(config["protocol"])
        named = {c["props"].get("elem_id"): c["id"] for c in config["components"]}
        box, chat = named[_BOX], named[_CHAT]
        events = config["dependencies"]

        def event(found: Mapping[str, Any]) -> Event:
            return Event(found["id"], tuple(found["inputs"]), found["outputs"].index(chat))

        begin = next(e for e in events if [box, "submit"] in e["targets"])
        answer = next(e for e in events if e["trigger_after"] == begin["id"] and e["queue"])
        failed = next(
            e for e in events
            if e["trigger_after"] == answer["id"] and e["trigger_only_on_failure"]
        )  # fmt: skip
        return cls(config["api_prefix"].strip("/"), box, event(begin), event(answer), event(failed))


class _BrokenError(Exception):
    """An event ended without a result."""


class Tab:
    """One student's tab, with a session of its own; use it as an asynchronous context manager."""

    def __init__(self, client: httpx.AsyncClient, page: ChatPage) -> None:
        """`client` may serve many tabs: what tells them apart is the session they send."""
        self._client = client
        self._page = page
        self._session = secrets.token_hex(8)
        self._seen = 0  # messages that stood in the chat after the last question
        self._heartbeat: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._heartbeat = asyncio.create_task(self._beat())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._heartbeat is not None:
            self._heartbeat.cancel()
            with suppress(asyncio.CancelledError):
                await self._heartbeat

    async def ask(self, question: str, timeout_s: float) -> Asked:
        """Ask, and wait for the final answer for `timeout_s` seconds at most. Raises nothing."""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(timeout_s):
                return await self._ask(question, began)
        except TimeoutError:
            return Asked("failed", problem=f"no final answer within {timeout_s:g} s")
        except httpx.HTTPStatusError as error:
            return Asked("failed", problem=f"status {error.response.status_code}")
        except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
            return Asked("failed", problem=f"{type(error).__name__}: {error}")

    async def _ask(self, question: str, began: float) -> Asked:
        page = self._page
        await self._run(page.begin, {page.box: question})
        joined = await self._post("queue/join", page.answer, {})
        if joined.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            await self._run(page.failed, {})
            return Asked("refused")
        joined.raise_for_status()
        first, now = None, 0.0
        outputs: list[Any] = []
        try:
            async with aclosing(self._messages(joined.json()["event_id"])) as messages:
                async for message in messages:
                    now = time.perf_counter() - began
                    outputs = _merged(outputs, message)
                    text = _last_text(outputs[page.answer.chat])
                    if first is None and text and not text.startswith(_STAGE):
                        first = now
        except _BrokenError as error:
            await self._run(page.failed, {})
            return Asked("failed", problem=str(error))
        return self._judge(outputs[page.answer.chat], first, now)

    def _judge(self, chat: Sequence[Any], first: float | None, final: float) -> Asked:
        """Say whether what stands on the page at the end is an answer to this question."""
        before, self._seen = self._seen, len(chat)
        text = _last_text(chat)
        if _FAILURE in text:
            return Asked("failed", problem=html.unescape(re.sub(r"<[^>]*>", "", text)).strip())
        if len(chat) <= before or _FINAL not in text:
            return Asked("failed", problem="the stream ended without a final answer")
        return Asked("answered", first, final)

    async def _messages(self, event: str) -> AsyncGenerator[Mapping[str, Any], None]:
        """Yield what the server sends about an event; the last one says that it is complete.

        Raises:
            _BrokenError: it failed, or the server went away.
        """
        where = f"{self._page.api}/queue/data"
        given = {"session_hash": self._session}
        async with self._client.stream("GET", where, params=given, timeout=None) as response:
            response.raise_for_status()
            async for line in response.aiter_lines():
                if not line.startswith("data:"):
                    continue
                message = json.loads(line.removeprefix("data:"))
                if message["msg"] == "unexpected_error":
                    raise _BrokenError(message["message"] or "unexpected error")
                if message.get("event_id") != event or "output" not in message:
                    continue
                if not message["success"]:
                    raise _BrokenError(message["output"].get("error") or "the server failed")
                yield message
                if message["msg"] == "process_completed":
                    return
        raise _BrokenError("the stream broke off")

    async def _run(self, event: Event, values: Mapping[int, str]) -> None:
        """Fire an event that has no queue."""
        (await self._post("run/predict", event, values)).raise_for_status()

    async def _post(self, route: str, event: Event, values: Mapping[int, str]) -> httpx.Response:
        """Send an event; inputs without a value are state, which the server keeps."""
        body = {
            "data": [values.get(component) for component in event.inputs],
            "event_data": None,
            "fn_index": event.number,
            "trigger_id": self._page.box,
            "session_hash": self._session,
        }
        return await self._client.post(f"{self._page.api}/{route}", json=body)

    async def _beat(self) -> None:
        """Hold the stream by which the server sees that the tab is open."""
        where = f"{self._page.api}/heartbeat/{self._session}"
        with suppress(httpx.HTTPError):
            async with self._client.stream("GET", where, timeout=None) as response:
                async for _ in response.aiter_raw():
                    pass


def _merged(outputs: list[Any], message: Mapping[str, Any]) -> list[Any]:
    """Return the outputs after a message: the first and the last are whole, others differences."""
    data = message["output"].get("data") or []
    if message["msg"] == "process_completed":
        return data or outputs
    return list(map(_apply_diff, outputs, data)) if outputs else data


def _last_text(chat: Any) -> str:
    """Return what the last message of the chat says, if the tutor says it."""
    if not isinstance(chat, list) or not chat or chat[-1]["role"] != "assistant":
        return ""
    return "".join(part.get("text", "") for part in chat[-1]["content"])
