"""One re-ingest as the staff page shows it: folded from the events of `python -m ingest --json`.

Values only; who runs the process is `staff_jobs`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["running", "cancelling", "done", "cancelled", "failed"]

_STEPS = {
    "write": "Writing the new index",
    "check": "Checking the new index",
    "gate": "Asking the evaluation cases",
}


@dataclass(frozen=True, slots=True)
class FileNote:
    """What there is to say about a file: `reason` why it failed, warnings, pages without text."""

    path: str
    reason: str = ""
    warnings: tuple[str, ...] = ()
    blank: tuple[int, ...] = ()
    ocr: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A re-ingest under way or over.

    Attributes:
        by, started, ended: account; ISO 8601, UTC; "" while it runs.
        step: what it is doing, in words. done, total: of this step; total 0 when unknown.
        failed, notes: files that failed; files that have remarks.
        report: the "done" event, once there is one. error: why it ended without.
        allow_partial: asked to go on without files that fail.
        earlier: id of a generation that waited before; the new one takes its place.
    """

    by: str
    started: str
    state: State = "running"
    step: str = "Starting"
    done: int = 0
    total: int = 0
    failed: tuple[FileNote, ...] = ()
    notes: tuple[FileNote, ...] = ()
    report: Mapping[str, Any] | None = None
    error: str = ""
    ended: str = ""
    allow_partial: bool = False
    earlier: str = ""

    @property
    def active(self) -> bool:
        """The process still runs."""
        return self.state in ("running", "cancelling")

    @property
    def staged(self) -> str | None:
        """Id of the generation that waits to be published."""
        staged = self.report.get("staged") if self.report else None
        return staged if isinstance(staged, str) else None

    def take(self, event: Mapping[str, Any]) -> Job:
        """Return the job after one event; unknown events and odd values change nothing."""
        match event:
            case {"event": "start", "files": int(files)}:
                return dataclasses.replace(self, step="Reading files", done=0, total=files)
            case {"event": "file", "path": str(), "done": int(done), "total": int(total)}:
                return self._file(event, done, total)
            case {"event": "embed", "done": int(done), "total": int(total)}:
                return dataclasses.replace(self, step="Embedding text", done=done, total=total)
            case {"event": "phase", "name": str(name)}:
                step = _STEPS.get(name, name.capitalize())
                return dataclasses.replace(self, step=step, done=0, total=0)
            case {"event": "done"}:
                return dataclasses.replace(self, step="Finished", report=dict(event))
            case {"event": "error", "message": str(message)}:
                return dataclasses.replace(self, error=message)
        return self

    def _file(self, event: Mapping[str, Any], done: int, total: int) -> Job:
        note = FileNote(
            event["path"],
            str(event.get("reason", "")),
            tuple(map(str, event.get("warnings", ()))),
            tuple(event.get("blank", ())),
            tuple(event.get("ocr", ())),
        )
        after = dataclasses.replace(self, step="Reading files", done=done, total=total)
        if event.get("status") == "failed":
            return dataclasses.replace(after, failed=(*self.failed, note))
        if note.warnings or note.blank or note.ocr:
            return dataclasses.replace(after, notes=(*self.notes, note))
        return after

    def progress(self) -> dict[str, Any]:
        """Return what changes while it runs, as JSON for the page."""
        return {
            "state": self.state,
            "step": self.step,
            "done": self.done,
            "total": self.total,
            "failed": len(self.failed),
            "by": self.by,
            "started": self.started,
            "error": self.error,
        }


def job_from_json(data: Mapping[str, Any]) -> Job:
    """Rebuild a job from `dataclasses.asdict`.

    Raises:
        KeyError, TypeError: it is not one.
    """
    notes = {
        key: tuple(
            FileNote(
                n["path"], n["reason"], tuple(n["warnings"]), tuple(n["blank"]), tuple(n["ocr"])
            )
            for n in data[key]
        )
        for key in ("failed", "notes")
    }
    return Job(**{**data, **notes})
