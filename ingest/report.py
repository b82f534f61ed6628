"""What an ingest tells: events while it runs, a report at its end, and both as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import ClassVar, Literal

FileStatus = Literal["read", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Started:
    """The list of files is known."""

    event: ClassVar[str] = "start"
    corpus: str
    files: int


@dataclass(frozen=True, slots=True)
class FileDone:
    """One file was read, skipped or failed. `reason`: why not; `done` of `total` files are done.

    `blank`: 1-based pages on which there was nothing to read. `ocr`: pages read off an image.
    """

    event: ClassVar[str] = "file"
    path: str
    status: FileStatus
    reason: str = ""
    chunks: int = 0
    pages: int = 0
    blank: tuple[int, ...] = ()
    ocr: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Embedded:
    """`done` of `total` texts have a vector; `cached` of them had one from an earlier ingest."""

    event: ClassVar[str] = "embed"
    done: int
    total: int
    cached: int


@dataclass(frozen=True, slots=True)
class Phase:
    """The ingest went on to "write", "check" or "gate"."""

    event: ClassVar[str] = "phase"
    name: Literal["write", "check", "gate"]


@dataclass(frozen=True, slots=True)
class Broken:
    """A question that the index in use answers rightly and the new one does not, and why."""

    id: str
    question: str
    problem: str


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """Whether the new index may replace the one in use.

    `reasons`: why not. `broken`: questions that broke, also those that alone are no reason.
    `report`: file with the evaluation of the new index.
    """

    green: bool
    reasons: tuple[str, ...] = ()
    broken: tuple[Broken, ...] = ()
    report: str = ""


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """A document that is new, changed or gone, and how many of its chunks are."""

    path: str
    title: str
    added: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """What sets a new index apart from the one in use.

    `since`: id of the generation compared with; None when there is none, and all is new.
    `changed`: documents whose chunks or file differ. `chunks_added` and `chunks_removed` are of the
    whole index.
    """

    since: str | None = None
    added: tuple[DocumentChange, ...] = ()
    changed: tuple[DocumentChange, ...] = ()
    removed: tuple[DocumentChange, ...] = ()
    unchanged: int = 0
    chunks_added: int = 0
    chunks_removed: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """The end of an ingest. `generation`: what was published; None when the old one stays.

    `staged`: a generation that is complete and waits to be published. `unchanged`: nothing is new,
    so the index in use stays. `changes`: against the index in use; None where nothing was read.
    `warnings` are about the corpus as a whole, such
    as contradictions in the course calendar.
    `gate`: the verdict of the gate, where one was asked.
    """

    event: ClassVar[str] = "done"
    generation: str | None
    files: tuple[FileDone, ...] = field(repr=False)
    chunks: int
    embedded: int
    seconds: float
    warnings: tuple[str, ...] = ()
    gate: GateVerdict | None = None
    staged: str | None = None
    changes: Changes | None = None
    dry_run: bool = False
    unchanged: bool = False

    def count(self, status: FileStatus) -> int:
        """Return how many files ended that way."""
        return sum(file.status == status for file in self.files)


Event = Started | FileDone | Embedded | Phase | Report
OnEvent = Callable[[Event], None]


def to_json_line(event: Event) -> str:
    """Return one line of JSON; its key "event" names the kind. A report gives counts, no files."""
    data: dict[str, object] = {"event": event.event, **asdict(event)}
    if isinstance(event, Report):
        del data["files"]
        statuses: tuple[FileStatus, ...] = ("read", "skipped", "failed")
        data |= {status: event.count(status) for status in statuses}
    return json.dumps(data, ensure_ascii=False)


def file_line(file: FileDone) -> str:
    """Return the line of the summary that says what became of a file."""
    if file.status != "read":
        return f"{file.status:<8} {file.path}: {file.reason}"
    pages = f"{plural(file.pages, 'page')}, " if file.pages else ""
    lines = [f"read     {file.path}: {pages}{plural(file.chunks, 'chunk')}"]
    if file.ocr:
        lines.append(f"         read off images: pages {_numbers(file.ocr)}")
    if file.blank:
        lines.append(f"         nothing to read on pages {_numbers(file.blank)}")
    return "\n".join(lines + [f"         note: {warning}" for warning in file.warnings])


def _numbers(pages: tuple[int, ...]) -> str:
    return ", ".join(map(str, pages))


def totals(report: Report) -> str:
    """Return the last lines of the summary: counts, what differs, and which index is in use."""
    lines = [f"note: {warning}" for warning in report.warnings]
    lines.append(
        f"{plural(len(report.files), 'file')}: {report.count('read')} read, "
        f"{report.count('skipped')} skipped, {report.count('failed')} failed; "
        f"{plural(report.chunks, 'chunk')}, {report.embedded} embedded anew; "
        f"{report.seconds:.1f} s."
    )
    if report.changes:
        lines += change_lines(report.changes)
    if report.gate:
        lines += gate_lines(report.gate)
    return "\n".join([*lines, _outcome(report)])


def _outcome(report: Report) -> str:
    if report.unchanged:
        return f"Nothing has changed; generation {report.generation} stays in use."
    if report.generation:
        return f"Generation {report.generation} is now in use."
    if report.staged:
        return (
            f"Generation {report.staged} is staged; `python -m ingest publish {report.staged}` "
            "puts it to use."
        )
    if report.dry_run:
        return "A dry run: nothing was built; the index in use is unchanged."
    if report.gate:
        return "Nothing was published; the index in use is unchanged."
    return (
        "Nothing was published; the index in use is unchanged. Mend the files that failed, "
        "list them under [[skip]], or pass --allow-partial."
    )


def change_lines(changes: Changes) -> list[str]:
    """Say what differs from the index in use: documents by name, chunks by number."""
    if changes.since is None:
        return []
    kinds = (("new", changes.added), ("changed", changes.changed), ("gone", changes.removed))
    lines = [
        f"  {word}: {d.path} (+{d.added} -{d.removed} chunks)" for word, ds in kinds for d in ds
    ]
    return [
        f"Against {changes.since}: {plural(len(changes.added), 'document')} new, "
        f"{len(changes.changed)} changed, {len(changes.removed)} gone, {changes.unchanged} the "
        f"same; {changes.chunks_added:,} chunks in, {changes.chunks_removed:,} out.",
        *lines,
    ]


def gate_lines(gate: GateVerdict) -> list[str]:
    """Say what the gate found: its verdict, reasons, and the questions that broke."""
    lines = [f"The gate is {'green' if gate.green else 'red'}; its report is {gate.report}."]
    lines += [f"  because {reason}" for reason in gate.reasons]
    lines += [f"  broke: {b.id}: {b.question} ({b.problem})" for b in gate.broken]
    return lines


def plural(number: int, noun: str) -> str:
    """Return "1 chunk" or "6,364 chunks"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
