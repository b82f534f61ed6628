"""The sources panel: what an answer cites, page by page, and how to credit the tutor.

Plain HTML, built from an `Answer` and the generation it came from. Every text is escaped here.
"""

from __future__ import annotations

from html import escape
from urllib.parse import quote as percent

from ds542_tutor.app import credit, highlight
from ds542_tutor.app.files import MAX_SPANS, CourseFiles, page_address
from ds542_tutor.app.highlight import Span
from ds542_tutor.app.markup import credit_id, shorten, source_id
from ds542_tutor.dialogue import Answer, Citation
from ds542_tutor.documents import Chunk
from ds542_tutor.errors import TutorError

# The heading names the question; a line and a half of it is enough to recognise it.
_QUESTION_CHARS = 110

_SUPPORT = {
    "supported": "The cited passage says so.",
    "weak": "The cited passage says so only in part: read it before you rely on it.",
    "unsupported": "The cited passage does not say so: don't rely on it.",
}

EMPTY = (
    '<div class="ds-empty"><h2>Sources</h2><p>The slide, page or rule behind each sentence of an '
    "answer appears here, with the passage marked.</p></div>"
)


def panel(identifier: str, answer: Answer, files: CourseFiles) -> str:
    """Return the part of the panel that belongs to one answer.

    Args:
        identifier: of the answer within the page. files: where its pages are found.
    """
    checked = answer.status in ("answered", "hinted")
    seen: set[int] = set()
    items = []
    for citation in answer.citations:
        if citation.marker not in seen:
            seen.add(citation.marker)
            items.append(_source(identifier, citation, answer.generation, files, checked))
    title = "Sources" if checked or answer.status == "refused" else "Nearest places"
    missing = "This answer cites no source." if checked else "Nothing near the question was found."
    body = "".join(items) or f'<p class="ds-none">{missing}</p>'
    return (
        f'<section class="ds-answer-sources" id="sources-{identifier}" aria-label="{title}">'
        f'<h2>{title}</h2><p class="ds-question">{escape(_short(answer.question))}</p>'
        f"{body}{_credit(identifier, answer)}</section>"
    )


def _source(
    identifier: str, citation: Citation, generation: str, files: CourseFiles, checked: bool
) -> str:
    chunk = files.chunk(generation, citation.chunk_id)
    path = files.pdf(generation, citation.sha256)
    marks = highlight.locate(chunk, _spans(citation)) if chunk else None
    page = marks.page if marks else chunk.locator.page if chunk else citation.page
    pdf = f"files/{percent(generation)}/{citation.sha256}.pdf#page={page}" if path else ""
    image = ""
    if chunk and path and page:
        try:
            size = highlight.size(path, page)
            image = _picture(citation, generation, page, pdf, size, marks is not None)
        except TutorError:
            pdf = ""  # the file is damaged; the passage below still shows what was cited
    passage = _passage(citation, chunk)
    return (
        f'<article class="ds-source" id="{source_id(identifier, citation.marker)}" tabindex="-1">'
        f'<header><span class="ds-number" aria-hidden="true">{citation.marker}</span>'
        f"<div><h3>{escape(citation.title)}</h3>"
        f'<p class="ds-place">{escape(citation.locator)}</p></div>'
        f"{_badge(citation) if checked else ''}</header>{_notes(citation)}{image}"
        f"{_folded(passage) if image else passage}{_open_link(citation, pdf)}</article>"
    )


def _spans(citation: Citation) -> tuple[Span, ...]:
    return citation.spans[:MAX_SPANS]


def _picture(
    citation: Citation, generation: str, page: int, pdf: str, size: tuple[int, int], marked: bool
) -> str:
    address = escape(page_address(generation, citation.chunk_id, _spans(citation)))
    note = ", with the cited passage marked" if marked else ""
    alt = escape(f"Page {page} of {citation.title}{note}")
    return (
        f'<a class="ds-page" href="{escape(pdf)}" target="_blank" rel="noopener" tabindex="-1">'
        f'<img src="{address}" alt="{alt}" width="{size[0]}" height="{size[1]}" loading="lazy"></a>'
    )


def _passage(citation: Citation, chunk: Chunk | None) -> str:
    """The passage with what supports the answer marked; the saved text where the chunk is gone.

    Spans count in the chunk's text: elsewhere only the quote, which is verbatim, can be found.
    """
    text, spans = (chunk.text, citation.spans) if chunk else (citation.text, ())
    if not spans and citation.quote and (start := text.find(citation.quote)) >= 0:
        spans = ((start, start + len(citation.quote)),)
    parts, done = [], 0
    for start, end in spans:
        parts.append(f"{escape(text[done:start])}<mark>{escape(text[start:end])}</mark>")
        done = end
    body = "".join(parts) + escape(text[done:])
    return f'<blockquote class="ds-passage">{body.strip()}</blockquote>'


def _folded(passage: str) -> str:
    return f"<details><summary>Passage as text</summary>{passage}</details>"


def _open_link(citation: Citation, pdf: str) -> str:
    if not pdf:
        return f'<p class="ds-links"><span>{escape(citation.document)}</span></p>'
    place = citation.locator.partition(":")[0].partition(" (")[0] or "this page"
    return (
        f'<p class="ds-links"><a href="{escape(pdf)}" target="_blank" rel="noopener">'
        f"Open the PDF at {escape(place)}</a></p>"
    )


def _notes(citation: Citation) -> str:
    """What else is known of the place: errata of a book's page."""
    items = "".join(f"<li>{escape(note)}</li>" for note in citation.notes)
    return f'<ul class="ds-notes">{items}</ul>' if items else ""


def _badge(citation: Citation) -> str:
    meaning = _SUPPORT[citation.support]
    return (
        f'<span class="ds-support ds-{citation.support}" title="{escape(meaning)}">'
        f"{citation.support}</span>"
    )


def _credit(identifier: str, answer: Answer) -> str:
    """How the course's GAIA policy wants the help to be credited: ready to copy, or written."""
    forms = (
        ("comment", "In code: a comment above it", answer.disclosure.as_comment),
        ("appendix", "In written work: an appendix", answer.disclosure.as_appendix),
    )
    blocks = "".join(
        f'<div class="ds-form"><h3>{title}</h3>'
        f'<button type="button" class="ds-copy" value="{credit_id(name, identifier)}" '
        f'aria-label="Copy the {name}">Copy</button></div>'
        f'<pre id="{credit_id(name, identifier)}" tabindex="0">{escape(text)}</pre>'
        for name, title, text in forms
    )
    return (
        '<details class="ds-credit"><summary>Credit this answer</summary>'
        "<p>The course's GAIA policy asks you to say when generative AI helped. "
        f"Copy the form that fits, or have it written.</p>{blocks}"
        f"{credit.form(identifier, answer)}</details>"
    )


def _short(question: str) -> str:
    return shorten(question, _QUESTION_CHARS)
