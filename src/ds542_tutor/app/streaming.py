"""From the tutor's blocking iterator to an asynchronous one that can be stopped at any moment.

The tutor runs in a thread of its own. Events are handed over in batches, so that a fast model does
not redraw the page for every token.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import TypeVar

from ds542_tutor.dialogue import AnswerEvent

T = TypeVar("T")

# Between two redraws: text that appears ten to twenty times a second reads as flowing.
_BATCH_S = 0.06

# How often a silent model is checked for a stop, and how long it then has to hand over what it has.
_POLL_S = 0.1
GRACE_S = 3.0


async def relay(
    produce: Callable[[], Iterator[AnswerEvent]], cancel: threading.Event
) -> AsyncGenerator[list[AnswerEvent], None]:
    """Yield the events of `produce()` in batches.

    Ends early, without a last event, when `cancel` was set and the model does not react within
    `GRACE_S` seconds. `cancel` is set in any case when the iterator is left, also by a browser that
    went away. What `produce()` raises is raised here.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[AnswerEvent | Exception | None] = asyncio.Queue()

    def hand_over(item: AnswerEvent | Exception | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(queue.put_nowait, item)

    def work() -> None:
        try:
            for event in produce():
                hand_over(event)
            hand_over(None)
        except Exception as error:  # noqa: BLE001  raised again on the other side
            hand_over(error)

    threading.Thread(target=work, name="answer", daemon=True).start()
    stopped_at: float | None = None
    try:
        while True:
            events: list[AnswerEvent] = []
            last: Exception | None = None
            ended = False
            for item in await _take(queue):
                if item is None or isinstance(item, Exception):
                    ended, last = True, item
                else:
                    events.append(item)
            if events:
                yield events
            if last is not None:
                raise last
            if cancel.is_set():
                stopped_at = stopped_at or time.monotonic()
            if ended or (stopped_at and time.monotonic() - stopped_at > GRACE_S):
                return
    finally:
        cancel.set()


async def _take(queue: asyncio.Queue[T]) -> list[T]:
    """Wait a little for an item; return it with those that follow shortly after."""
    try:
        items = [await asyncio.wait_for(queue.get(), _POLL_S)]
    except TimeoutError:
        return []
    await asyncio.sleep(_BATCH_S)
    while not queue.empty():
        items.append(queue.get_nowait())
    return items
