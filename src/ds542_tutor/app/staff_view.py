"""How the staff page looks: gathers what is shown and fills the templates.

Everything is escaped by the templates, and the pages load nothing but this server's own style and
script. Changes nothing; who may see it is `staff_gate`'s business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from starlette.responses import HTMLResponse

from ds542_tutor.app import theme
from ds542_tutor.app.job import Job
from ds542_tutor.app.staff_jobs import IngestJobs
from ds542_tutor.app.uploads import Change, Materials
from ds542_tutor.course import term_name
from ds542_tutor.errors import TutorError
from ds542_tutor.index.chunks import DocumentRecord
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.index.manifest import Manifest
from ds542_tutor.policy.rules import assignment_name

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
}

_KINDS = {
    "slides": "Slides",
    "book": "Book",
    "site": "Course site",
    "notebook": "Notebook",
    "notes": "Notes",
}

_KIND_ORDER = {
    name: place for place, name in enumerate(("Slides", "Book", "Notes", "Notebook", "Course site"))
}

_CHANGES_SHOWN = 6

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as the table shows it.

    `belongs`: lecture or assignment. `order`: what sorting by `belongs` goes by. `remarks`: (kind
    "warning", "blank" or "ocr"; words). `file`: address of the stored PDF, "" for other types.
    """

    title: str
    path: str
    kind: str
    belongs: str
    order: str
    term: str
    pages: int
    chunks: int
    remarks: tuple[tuple[str, str], ...] = ()
    file: str = ""


def document_row(document: DocumentRecord, generation: str) -> DocumentRow:
    """Return the row of one document."""
    belongs = order = ""
    if document.lecture is not None:
        belongs, order = f"Lecture {document.lecture}", f"lecture {document.lecture:04}"
    elif document.assignment:
        belongs = assignment_name(document.assignment).capitalize()
        order = document.assignment
    pdf = document.path.lower().endswith(".pdf")
    return DocumentRow(
        title=document.title,
        path=document.path,
        kind=_KINDS.get(document.kind, document.kind),
        belongs=belongs,
        order=order,
        term=term_name(document.term) if document.term else "",
        pages=document.page_count,
        chunks=document.chunks,
        remarks=remarks(document.warnings, document.blank, document.ocr_pages),
        file=f"files/{generation}/{document.sha256}.pdf" if pdf else "",
    )


def remarks(
    warnings: Sequence[str], blank: Sequence[int] = (), ocr: Sequence[int] = ()
) -> tuple[tuple[str, str], ...]:
    """Return what staff should know about a document, as (kind, words)."""
    found = [("warning", _sentence(warning)) for warning in warnings]
    if blank:
        found.append(("blank", f"No text on {pages(blank)}"))
    if ocr:
        found.append(("ocr", f"Read off an image (OCR): {pages(ocr)}"))
    return tuple(found)


def _sentence(words: str) -> str:
    """Return `words` with a capital, unless they begin with a file or another name."""
    first = words.split(" ")[0]
    return words[:1].upper() + words[1:] if first.isalpha() else words


def pages(numbers: Sequence[int]) -> str:
    """Return "page 3" or "pages 1–4, 7"."""
    ranges: list[list[int]] = []
    for number in sorted(set(numbers)):
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1][1:] = [number]
        else:
            ranges.append([number])
    words = ", ".join("–".join(map(str, found)) for found in ranges)
    return f"page{'s' if len(numbers) > 1 else ''} {words}"


class Pages:
    """The staff page, and the progress that it follows."""

    def __init__(self, store: IndexStore, jobs: IngestJobs, materials: Materials) -> None:
        """Look at these; nothing is kept."""
        self._store = store
        self._jobs = jobs
        self._materials = materials

    def staff(self, account: str) -> HTMLResponse:
        """Return the page for a member of staff."""
        # Before the rest is looked at: what changes meanwhile makes the page load anew.
        state = self._state()
        manifest, problem = self._current()
        job = self._jobs.look()
        changes = self._materials.changes()
        documents = [document_row(d, manifest.id) for d in manifest.documents] if manifest else []
        documents.sort(key=lambda row: (_KIND_ORDER.get(row.kind, 99), row.order, row.path))
        return render(
            "staff.html",
            account=account,
            state=state,
            manifest=manifest,
            problem=problem,
            documents=documents,
            kinds=sorted({row.kind for row in documents}),
            generations=self._generations(),
            job=job,
            notes=[(note, remarks(note.warnings, note.blank, note.ocr)) for note in job.notes]
            if job
            else [],
            changes=_undoable(changes[:_CHANGES_SHOWN]),
            later=_later(changes, job),
            activity=self._jobs.activity(),
            max_mb=self._materials.max_bytes // 1_000_000,
        )

    def progress(self) -> dict[str, Any]:
        """Return the progress of the re-ingest; `state` is another one when the page is stale."""
        job = self._jobs.look()
        return {"state": self._state(), "job": job.progress() if job else None}

    def _state(self) -> str:
        """Return what stands for all that the page shows, but for progress."""
        job = self._jobs.look()
        run = f"{job.started} {job.state} {job.staged}" if job else ""
        return f"{self._store.current_id()} {self._jobs.noted} {run}"

    def _current(self) -> tuple[Manifest | None, str]:
        try:
            return self._store.current_manifest(), ""
        except TutorError as error:
            return None, str(error)

    def _generations(self) -> list[tuple[Manifest, str]]:
        """Return (manifest, "current", "staged" or ""), the latest first."""
        current, published = self._store.current_id(), set(self._store.published())
        return [
            (one, "current" if one.id == current else "" if one.id in published else "staged")
            for one in reversed(self._store.generations())
        ]


def _undoable(changes: Sequence[Change]) -> list[tuple[Change, bool]]:
    """Say of each change whether it is the last one of its file, which can be undone."""
    seen: set[str] = set()
    found = []
    for change in changes:
        found.append((change, change.path not in seen))
        seen.add(change.path)
    return found


def _later(changes: Sequence[Change], job: Job | None) -> list[str]:
    """Return the files that changed after the staged index was begun: they are not in it."""
    if job is None or job.staged is None:
        return []
    return sorted({change.path for change in changes if change.at >= job.started})


def sign_in_form(
    account: str = "", error: str = "", status: int = 200, retry_after: int = 0
) -> HTMLResponse:
    """Return the form to sign in, with what was wrong with the last try."""
    page = render("sign_in.html", status, account=account, error=error)
    if retry_after:
        page.headers["Retry-After"] = str(retry_after)
    return page


def refusal(account: str, words: str, status: int, root: str = "") -> HTMLResponse:
    """Return the page that an account without the right sees; `root`: see `render`."""
    return render("refusal.html", status, root, account=account, words=words)


def set_up(words: str, *, explain: bool, status: int, root: str = "") -> HTMLResponse:
    """Return the page of a server without staff passwords; `explain` how to set one."""
    return render("set_up.html", status, root, words=words, explain=explain)


def render(template: str, status: int = 200, root: str = "", **values: Any) -> HTMLResponse:
    """Return a page from its template; `root`: the way from its address to the chat's."""
    html = _TEMPLATES.get_template(template).render(version=theme.version(), root=root, **values)
    return HTMLResponse(html, status, headers=_HEADERS)
