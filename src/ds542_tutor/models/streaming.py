"""Runs a model in a thread and hands its pieces to the consumer, who may stop at any time.

The consumer never waits for the model once it has cancelled: it leaves, and the thread notices at
its next piece. What the model is does not matter here.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass

from ds542_tutor.errors import EndpointError, ModelError

# How soon a cancelled consumer leaves; below what a person notices, above what costs CPU time.
_POLL_S = 0.05

_THINK_OPEN, _THINK_CLOSE = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class _End:
    """The last thing in the queue: how the producer ended."""

    error: BaseException | None = None


Produce = Callable[[Callable[[str], None], threading.Event], None]
"""Called in the thread as produce(emit, stop); returns soon after `stop` is set."""


def stream_from_thread(
    produce: Produce,
    cancel: threading.Event,
    *,
    silence_s: float | None = None,
    daemon: bool = False,
) -> Generator[str, None, None]:
    """Yield what `produce` emits, until it returns, `cancel` is set or the generator is closed.

    Args:
        produce: runs in a thread of its own.
        cancel: set by anybody to end the stream.
        silence_s: seconds without a piece after which the model counts as stuck; None: forever.
        daemon: the process may end without the thread. A thread inside native code must not be
            one, since ending it there aborts the process.

    Raises:
        EndpointError: nothing came for `silence_s` seconds.
        ModelError: `produce` raised; errors of the tree are passed on, others are wrapped.
    """
    pieces: queue.SimpleQueue[str | _End] = queue.SimpleQueue()
    stop = threading.Event()

    def run() -> None:
        try:
            produce(pieces.put, stop)
        except BaseException as error:  # noqa: BLE001  (whatever it is, the consumer must learn it)
            pieces.put(_End(error))
        else:
            pieces.put(_End())

    threading.Thread(target=run, name="chat-model", daemon=daemon).start()
    last = time.monotonic()
    try:
        while not cancel.is_set():
            try:
                piece = pieces.get(timeout=_POLL_S)
            except queue.Empty:
                if silence_s is not None and time.monotonic() - last > silence_s:
                    raise EndpointError(f"The model sent nothing for {silence_s:g} s.") from None
                continue
            last = time.monotonic()
            if isinstance(piece, _End):
                _raise(piece.error)
                return
            if piece:
                yield piece
    finally:
        stop.set()


def without_thinking(pieces: Generator[str, None, None]) -> Generator[str, None, None]:
    """Drop a reasoning model's `<think>…</think>` block at the start of an answer."""
    held, state = "", "unsure"
    with closing(pieces):
        for piece in pieces:
            if state == "answer":
                yield piece
                continue
            held += piece
            start = held.lstrip()
            if state == "unsure" and start.startswith(_THINK_OPEN):
                state = "thinking"
            elif state == "unsure" and not _THINK_OPEN.startswith(start):
                state = "answer"
                yield held
            if state == "thinking" and (rest := held.partition(_THINK_CLOSE)[2].lstrip()):
                state = "answer"
                yield rest
        if state == "unsure" and held:
            yield held


def until(pieces: Generator[str, None, None], stops: tuple[str, ...]) -> Iterator[str]:
    """Pass pieces on up to the first of the strings `stops`; no part of one is ever shown."""
    held = ""
    with closing(pieces):
        for piece in pieces:
            held += piece
            if found := [at for stop in stops if (at := held.find(stop)) >= 0]:
                if held[: min(found)]:
                    yield held[: min(found)]
                return
            # What could still become a stop string waits.
            wait = next(
                (n for n in range(len(held), 0, -1) if any(s.startswith(held[-n:]) for s in stops)),
                0,
            )
            if ready := held[: len(held) - wait]:
                yield ready
            held = held[len(held) - wait :]
        if held:
            yield held


def _raise(error: BaseException | None) -> None:
    if error is None:
        return
    if isinstance(error, ModelError):
        raise error
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    remedy = "use a smaller model or a shorter models.max_tokens"
    if "out of memory" in text.lower() or isinstance(error, MemoryError):
        raise ModelError(f"The model ran out of memory; {remedy}.") from error
    raise ModelError(f"The model failed while it was answering ({text}); ask again.") from error
