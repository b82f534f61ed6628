"""What all benchmarks share: repeated times summed up, and work in a process of its own.

What is measured is left to `ingest`, `retrieval`, `answer` and `load`, how it looks to `table`.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

from ds542_tutor.errors import TutorError
from eval.stats import quantile

P = ParamSpec("P")
T = TypeVar("T")

_LEAVE_S = 10.0  # what libraries may take to tidy up once the result is there


class BenchError(TutorError):
    """A benchmark cannot run, or what it measures failed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A typical and a slow time, in the unit of what was measured; `n` values were seen."""

    p50: float
    p95: float
    n: int


def spread(values: Sequence[float]) -> Spread:
    """Return median and 95th percentile of `values`.

    Raises:
        ValueError: there are none.
    """
    return Spread(quantile(values, 0.5), quantile(values, 0.95), len(values))


def spread_of_medians(repeats: Sequence[Sequence[float]]) -> Spread:
    """Return the spread over questions; each counts with the median of its own repeated times.

    So a pause of the machine in one repeat does not pass for a slow question.

    Raises:
        ValueError: there are no questions, or one has no times.
    """
    return spread([quantile(times, 0.5) for times in repeats])


def p50(found: Spread | None) -> float | None:
    """Return the median of what was found, if anything."""
    return found.p50 if found else None


def p95(found: Spread | None) -> float | None:
    """Return the slow end of what was found, if anything."""
    return found.p95 if found else None


def ratio(value: float | None, base: float | None) -> float | None:
    """Return value / base; None where one is missing or the base is 0."""
    return value / base if value is not None and base else None


def in_child(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Call `function` in a new process and return its result, so that its memory is its own.

    The process ends with this call, whatever happens. Everything passed must be picklable.

    Raises:
        BenchError: the process died, as when it was killed for want of memory.
        Exception: what `function` raised.
    """
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(sending, function, arguments, named), daemon=True)
    child.start()
    sending.close()  # the child's end is the only one left: its death ends the waiting
    try:
        result = receiving.recv()
        child.join(_LEAVE_S)
    except EOFError as error:
        child.join()
        raise BenchError(
            f"The process that was measured ended with status {child.exitcode}; killed for want "
            "of memory, most likely: choose something smaller, or free some memory."
        ) from error
    finally:
        child.kill()
        child.join()
        receiving.close()
    if isinstance(result, Exception):
        raise result
    value: T = result
    return value


def _work(
    sending: Connection, function: Callable[..., Any], arguments: Any, named: dict[str, Any]
) -> None:
    # Ctrl-C reaches the whole group; the parent ends this process and tidies up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        result = function(*arguments, **named)
    except Exception as error:  # noqa: BLE001  raised again on the other side
        result = error
    sending.send(result)
    sending.close()


def progress(text: str) -> None:
    """Tell on stderr what is being done, for whoever waits."""
    print(text, file=sys.stderr, flush=True)
