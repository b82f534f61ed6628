"""From a blocking tutor to a stream of events that can be stopped."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from ds542_tutor.app import streaming
from ds542_tutor.dialogue import AnswerEvent, Delta, Stage
from ds542_tutor.errors import ModelError


def collect(produce, cancel: threading.Event, stop_after: int | None = None) -> list[AnswerEvent]:
    """Run `relay` to its end; set `cancel` after some events."""

    async def run() -> list[AnswerEvent]:
        events: list[AnswerEvent] = []
        async with aclosing(streaming.relay(produce, cancel)) as batches:
            async for batch in batches:
                events.extend(batch)
                if stop_after is not None and len(events) >= stop_after:
                    cancel.set()
        return events

    return asyncio.run(run())


def test_every_event_arrives_in_order_and_in_few_batches() -> None:
    events = [Stage("writing"), *(Delta(str(n)) for n in range(500))]
    assert collect(lambda: iter(events), threading.Event()) == events


def test_what_the_tutor_raises_is_raised_after_what_it_said() -> None:
    def fail() -> Iterator[AnswerEvent]:
        yield Delta("a")
        raise ModelError("the server is down")

    seen: list[AnswerEvent] = []

    async def run() -> None:
        async for batch in streaming.relay(fail, threading.Event()):
            seen.extend(batch)

    with pytest.raises(ModelError, match="down"):
        asyncio.run(run())
    assert seen == [Delta("a")]


def test_a_model_that_does_not_react_to_stop_is_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming, "GRACE_S", 0.3)
    release = threading.Event()

    def stuck() -> Iterator[AnswerEvent]:
        yield Delta("a")
        release.wait(20)
        yield Delta("too late")

    begun = time.monotonic()
    assert collect(stuck, threading.Event(), stop_after=1) == [Delta("a")]
    assert time.monotonic() - begun < 5
    release.set()


def test_leaving_early_cancels_the_model() -> None:
    cancel = threading.Event()

    async def run() -> None:
        async with aclosing(streaming.relay(lambda: endless(cancel), cancel)) as batches:
            async for _ in batches:
                break

    asyncio.run(run())
    assert cancel.is_set()


def endless(cancel: threading.Event) -> Iterator[AnswerEvent]:
    while not cancel.wait(0.01):
        yield Delta("x")
