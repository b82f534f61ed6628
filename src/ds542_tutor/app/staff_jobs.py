"""Runs the re-ingest: one child process at a time, its progress kept for everybody who looks.

    <data>/staff/job.json        the last re-ingest with its report: it outlives the server
    <data>/staff/activity.jsonl  who did what

The child stages a new index and never moves the pointer, so that whatever becomes of it the index
in use goes on answering.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from ds542_tutor.app.ingest_commands import IngestCommands, environment, last_line
from ds542_tutor.app.job import Job, job_from_json
from ds542_tutor.errors import JobError
from ds542_tutor.index import storage

INTERRUPT_S, TERMINATE_S = 10.0, 5.0
"""How long a child may take to end after SIGINT, and then after SIGTERM; then it is killed."""

_STOPPED = "The server stopped while this ran. The index in use is unchanged; re-ingest again."
_STDERR_TAIL = 16_384  # bytes

log = logging.getLogger(__name__)


class IngestJobs:
    """The one re-ingest that may run, and the short commands, which must not meet it."""

    def __init__(
        self,
        commands: IngestCommands,
        data: Path,
        grace_s: tuple[float, float] = (INTERRUPT_S, TERMINATE_S),
    ) -> None:
        """Take up the last job from `data`. `grace_s`: see `INTERRUPT_S`, `TERMINATE_S`."""
        self.commands = commands
        self._folder = data / "staff"
        self._grace_s = grace_s
        self._lock = threading.RLock()
        self._busy = threading.Lock()  # held while files or the pointer change
        self._child: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._job = self._last()
        self.noted = 0
        """How many actions this server has noted: changes whenever one is."""

    def look(self) -> Job | None:
        """Return the last re-ingest, running or over; None before the first."""
        with self._lock:
            return self._job

    def start(self, by: str, *, allow_partial: bool = False) -> None:
        """Begin a re-ingest.

        Raises:
            JobError: one is running, or it cannot be started.
        """
        with self.exclusively(), self._lock:
            # A file, not a pipe: nobody need read it while the child writes.
            errors = tempfile.TemporaryFile()  # noqa: SIM115  # the reader closes it
            try:
                self._child = subprocess.Popen(
                    self.commands.stage(allow_partial=allow_partial),
                    env=environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    # A group of its own: Ctrl+C at the server is passed on by `close`, once.
                    start_new_session=True,
                )
            except OSError as error:
                errors.close()
                raise JobError(f"The ingest cannot be started ({error.strerror}).") from error
            earlier = (self._job and self._job.staged) or ""
            self._set(Job(by, _now(), allow_partial=allow_partial, earlier=earlier))
            self._save()
            self._reader = threading.Thread(
                target=self._read, args=(self._child, errors), name="staff-ingest", daemon=True
            )
            self._reader.start()
            threading.Thread(target=_sweep, args=(self._child,), daemon=True).start()

    def cancel(self) -> None:
        """Ask the running re-ingest to stop; it is ended if it does not.

        Raises:
            JobError: none is running.
        """
        with self._lock:
            if self._job is None or not self._job.active or self._child is None:
                raise JobError("No re-ingest is running.")
            if self._job.state == "cancelling":
                return
            self._set(dataclasses.replace(self._job, state="cancelling"))
            threading.Thread(target=self._end, args=(self._child,), daemon=True).start()

    @contextlib.contextmanager
    def exclusively(self) -> Iterator[None]:
        """Keep a re-ingest from starting, while files or the pointer change.

        Raises:
            JobError: one is running, or somebody else is changing something.
        """
        if not self._busy.acquire(blocking=False):
            raise JobError("Somebody else is changing something at this moment; try again.")
        try:
            job = self.look()
            if job is not None and job.active:
                raise JobError(
                    f"{job.by} started a re-ingest at {job.started[11:16]} UTC, which still runs; "
                    "wait for it, or cancel it."
                )
            yield
        finally:
            self._busy.release()

    def settle(self, words: str) -> None:
        """Say what became of the staged index, which then no longer waits."""
        with self._lock:
            if self._job is not None and self._job.report is not None:
                report = {**self._job.report, "staged": None, "settled": words}
                self._set(dataclasses.replace(self._job, report=report))
                self._save()

    def note(self, by: str, what: str) -> None:
        """Write down who did what."""
        self.noted += 1
        line = json.dumps({"at": _now(), "by": by, "what": what}, ensure_ascii=False)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._lock, (self._folder / "activity.jsonl").open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            log.warning("%s did this, which could not be written down (%s): %s", by, error, what)

    def activity(self, most: int = 20) -> list[dict[str, str]]:
        """Return the latest entries of `note`, the newest first."""
        try:
            lines = (self._folder / "activity.jsonl").read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return []
        found = []
        for line in reversed(lines[-most:]):
            with contextlib.suppress(ValueError):  # cut short by a kill
                found.append(json.loads(line))
        return found

    def close(self) -> None:
        """End the child when the server stops."""
        with self._lock:
            child, reader = self._child, self._reader
        if child is not None and child.poll() is None:
            self._end(child, hurry=True)
        if reader is not None:
            reader.join(5)

    def _read(self, child: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        """Follow one child to its end."""
        assert child.stdout is not None
        with child.stdout as lines, errors:
            for line in lines:
                try:
                    event = json.loads(line)
                except ValueError:
                    continue  # something a library printed
                if isinstance(event, dict):
                    with self._lock:
                        assert self._job is not None
                        self._set(self._job.take(event))
            status = child.wait()
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - _STDERR_TAIL))
            told = last_line(errors.read().decode("utf-8", "replace"))
        with self._lock:
            assert self._job is not None
            ended = _ended(self._job, status, told)
        if ended.earlier and ended.staged:
            with contextlib.suppress(JobError):  # it stays in the list, where it can be discarded
                self.commands.discard(ended.earlier)
        with self._lock:
            self._set(ended)
            self._child = None
            self._save()

    def _end(self, child: subprocess.Popen[bytes], hurry: bool = False) -> None:
        """Ask, then insist, then kill the child and whatever it started."""
        interrupt, terminate = self._grace_s
        for number, patience in (
            (signal.SIGINT, 1.0 if hurry else interrupt),
            (signal.SIGTERM, 0.5 if hurry else terminate),
            (signal.SIGKILL, 5.0),
        ):
            with contextlib.suppress(ProcessLookupError):
                # SIGINT to the child alone, which ends its workers in order.
                if number == signal.SIGINT:
                    child.send_signal(number)
                else:
                    os.killpg(child.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(patience)
                break

    def _set(self, job: Job) -> None:
        self._job = job

    def _save(self) -> None:
        assert self._job is not None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            text = json.dumps(dataclasses.asdict(self._job), ensure_ascii=False)
            storage.write_atomically(self._folder / "job.json", text)
        except OSError as error:
            log.warning("the last re-ingest could not be written down: %s", error)

    def _last(self) -> Job | None:
        try:
            data: dict[str, Any] = json.loads(
                (self._folder / "job.json").read_text(encoding="utf-8")
            )
            job = job_from_json(data)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if job.active:
            return dataclasses.replace(job, state="failed", error=_STOPPED, ended=_now())
        return job


def _sweep(child: subprocess.Popen[bytes]) -> None:
    """Kill workers that outlive the child: they would also keep its output open."""
    child.wait()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def _ended(job: Job, status: int, told: str) -> Job:
    """Return the job after its process ended with `status`, `told` last on stderr."""
    ended = dataclasses.replace(job, ended=_now())
    if job.report is not None:
        return dataclasses.replace(ended, state="done")
    if job.state == "cancelling":
        return dataclasses.replace(ended, state="cancelled", error="")
    error = job.error or told or "It said nothing."
    if status < 0:
        error = f"The ingest was ended from outside ({signal.Signals(-status).name}): {error}"
    elif not job.error:
        error = f"The ingest ended with status {status}: {error}"
    return dataclasses.replace(ended, state="failed", error=error)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
