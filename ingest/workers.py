"""Reads files in other processes, several at once, each within limits of time and memory.

A file that crashes its reader, hangs it or swells in memory costs that file alone: the process is
ended and another takes its place. What reading means is for `ingest.parsing`.

No process outlives the ingest for long, not even when that is killed: each watches its parent.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Final

from ds542_tutor.errors import SourceError
from ingest.parsing import Parsed, Reading, parse
from ingest.sources import SourceFile

_SPAWN: Final = multiprocessing.get_context("spawn")
# The parent ends a worker on time; a worker whose parent was killed ends itself this much later.
_GRACE_S: Final = 30


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost: seconds of wall clock, bytes of address space of its process.

    A book of 900 pages takes some 12 seconds. Images take longest: `readers.ocr` gives those of a
    file 150 s of processor time, which on a busy machine is several times that by the clock.
    """

    seconds: float = 900.0
    memory: int = 6 << 30


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be read, and why."""

    reason: str


@dataclass
class _Worker:
    """A process, the line to it, and which file it is reading since when."""

    process: SpawnProcess
    line: Connection
    job: int
    began: float = field(default_factory=time.monotonic)

    def end(self) -> None:
        self.line.close()
        self.process.kill()
        self.process.join()
        self.process.close()


def read_files(
    sources: Sequence[SourceFile],
    reading: Reading,
    limits: Limits,
    processes: int | None = None,
) -> Iterator[tuple[int, Parsed | Failure]]:
    """Read `sources`; yield the position of each with what came of it, as they are done.

    Args:
        processes: how many at once; as many as there are cores by default.
    """
    most = min(processes or len(os.sched_getaffinity(0)), len(sources))
    # The largest first: begun last, it would keep the others waiting.
    waiting = sorted(range(len(sources)), key=lambda i: _size(sources[i]))
    idle: list[_Worker] = []
    busy: list[_Worker] = []
    try:
        while waiting or busy:
            while waiting and len(busy) < most:
                rested = bool(idle)
                worker = idle.pop() if rested else _start(reading, limits)
                busy.append(worker)
                worker.job, worker.began = waiting[-1], time.monotonic()
                try:
                    worker.line.send(sources[worker.job])
                except OSError:  # it is gone
                    if rested:  # for a reason that is not this file's: another takes it
                        busy.remove(worker)
                        worker.end()
                        continue
                waiting.pop()
            for worker, outcome, alive in _outcomes(busy, limits.seconds):
                busy.remove(worker)
                if alive:
                    idle.append(worker)
                else:
                    worker.end()
                yield worker.job, outcome
    finally:
        for worker in (*idle, *busy):
            worker.end()


def _outcomes(
    busy: Sequence[_Worker], seconds: float
) -> Iterator[tuple[_Worker, Parsed | Failure, bool]]:
    """Wait for at least one file; yield worker, outcome, and whether the worker can go on."""
    first = min(worker.began for worker in busy) + seconds
    ready = wait([w.line for w in busy], timeout=max(0.0, first - time.monotonic()))
    for worker in list(busy):
        if worker.line in ready:
            try:
                yield worker, worker.line.recv(), True
            except (EOFError, OSError):
                yield worker, Failure(_ended(worker.process)), False
        elif time.monotonic() - worker.began >= seconds:
            reason = (
                f"reading it took more than {seconds:.0f} s and was stopped; "
                "save the file anew, split it, or list it under [[skip]]"
            )
            yield worker, Failure(reason), False


def _ended(process: SpawnProcess) -> str:
    process.join()
    code = process.exitcode or 0
    how = signal.Signals(-code).name if code < 0 else f"status {code}"
    return (
        f"its reader ended without a word ({how}), so the file is damaged or beyond all measure; "
        "save it anew, or list it under [[skip]]"
    )


def _size(source: SourceFile) -> int:
    try:
        return source.path.stat().st_size
    except OSError:
        return 0


def _start(reading: Reading, limits: Limits) -> _Worker:
    ours, theirs = _SPAWN.Pipe()
    arguments = (theirs, reading, limits)
    process = _SPAWN.Process(target=_work, args=arguments, daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours, -1)


# --- in the worker -------------------------------------------------------------------------------


def _work(line: Connection, reading: Reading, limits: Limits) -> None:
    """Read one file after the other, until the other end of the line is gone."""
    # Ctrl+C reaches every process of a terminal; the parent ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    for what, most in ((resource.RLIMIT_AS, limits.memory), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(what, (most, resource.getrlimit(what)[1]))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            source: SourceFile = line.recv()
        except (EOFError, OSError):
            return
        # Code in C may keep the interpreter, and so the watching thread, waiting; a signal does not
        # ask for it.
        signal.alarm(math.ceil(limits.seconds) + _GRACE_S)
        outcome = _read(source, reading, limits)
        signal.alarm(0)
        line.send(outcome)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read(source: SourceFile, reading: Reading, limits: Limits) -> Parsed | Failure:
    try:
        return parse(source, reading)
    except SourceError as error:
        return Failure(str(error).removeprefix(f"{source.name}: "))
    except MemoryError:
        return Failure(
            f"reading it needs more than {limits.memory / 2**30:.1f} GiB of memory; split it, or "
            "list it under [[skip]]"
        )
    except RecursionError:
        return Failure("it is nested too deeply; save it anew, or list it under [[skip]]")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is about this file alone
        return Failure(
            f"its reader failed ({type(error).__name__}: {error}); save it anew, or list it under "
            "[[skip]]"
        )
