"""The words and the markup of the chat: masthead, welcome, messages, footer."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ds542_tutor.app.markup import credit_id, marker_badge, marker_link, safe_markdown
from ds542_tutor.citations import support_by_marker
from ds542_tutor.course import term_name
from ds542_tutor.dialogue import Answer, Verdict
from ds542_tutor.markers import normalise_markers

WELCOME = (
    "### What would you like to understand?\n"
    "Answers come from the lecture slides, the book and the syllabus, and show the page they rest "
    "on. On graded work you get hints, not solutions."
)

# A pasted file of 100,000 characters need not be drawn again to be recognised.
_SHOWN_CHARS = 4000

_STAGES = {
    "waiting": "Waiting for a free place",
    "searching": "Searching the course materials",
    "writing": "Writing",
    "checking": "Checking every sentence against its source",
}

_LABELS = {
    "hinted": "Hint only",
    "refused": "Not something I can do",
    "abstained": "Not in the course materials",
}

# Who speaks when no language model does.
_SPEAKERS = {
    "quotes": "quotes (no language model)",
    "calendar": "Computed from the course calendar",
    "policy": "The course's own rules",
    "none": "No model was asked",
}


def masthead(title: str, term: str) -> str:
    """The top of the page."""
    where = f"Boston University · {term_name(term)}" if term else "Boston University"
    return (
        '<header class="ds-masthead"><p class="ds-title" role="heading" aria-level="1">'
        f'{escape(title)}</p><p class="ds-subtitle">Deep Learning for Data Science<i> · </i>'
        f"<span>{escape(where)}</span></p></header>"
    )


def footer(model: str) -> str:
    """The bottom of the page: what speaks, and what becomes of a conversation."""
    return (
        '<p class="ds-footer">Check what matters against the source. '
        f"Model: {escape(_speaker(model))}. Conversations are saved without your name. "
        '<a href="staff">Course staff</a></p>'
    )


def question(text: str) -> str:
    """A student's message."""
    cut = text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]} […]"
    return safe_markdown(cut) or "*(nothing)*"


def working(stage: str) -> str:
    """What stands in for an answer before its first word."""
    return f'<div class="ds-stage" role="status">{_STAGES.get(stage, escape(stage))}</div>'


def draft(text: str, stage: str, verdicts: Sequence[Verdict] = ()) -> str:
    """An answer while it is written; its markers settle as the check gets to their sentences."""
    if not text:
        return working(stage)
    badge = marker_badge(support_by_marker(text, verdicts))
    return f"{safe_markdown(normalise_markers(text), badge)}\n\n{working(stage)}"


def stopped(text: str) -> str:
    """An answer that was stopped before it could be checked."""
    note = _note("Stopped. What was written so far has not been checked.")
    return f"{safe_markdown(text)}\n\n{note}" if text else _note("Stopped.")


def failure(reason: str) -> str:
    """One line in place of an answer."""
    return f'<div class="ds-failure" role="alert">{escape(reason)}</div>'


def answer(identifier: str, given: Answer, notices: Sequence[str]) -> str:
    """A checked answer with its markers as links to the sources `identifier` has in the panel."""
    known = {citation.marker for citation in given.citations}
    said = support_by_marker(given.text, given.verdicts)
    text = safe_markdown(given.text, marker_link(identifier, known, said))
    label = _LABELS.get(given.status)
    parts = [
        f'<div class="ds-label ds-{given.status}">{label}</div>' if label else "",
        text,
        *(_note(notice) for notice in notices),
        _credit(identifier) if given.status in ("answered", "hinted") else "",
        f'<div class="ds-by">{escape(_speaker(given.model))} · index '
        f"{escape(given.generation)}</div>",
    ]
    return "\n\n".join(part for part in parts if part)


def _credit(identifier: str) -> str:
    """Buttons for the two forms in which the course wants help credited; `sources` has the texts.

    A button names its text by `value`: Gradio's sanitizer drops data attributes.
    """
    buttons = "".join(
        f'<button type="button" class="ds-copy" value="{credit_id(form, identifier)}">'
        f"{label}</button>"
        for form, label in (("comment", "Copy code comment"), ("appendix", "Copy appendix"))
    )
    buttons += (
        f'<button type="button" class="ds-write" value="export-{identifier}">'
        "Write a disclosure</button>"
    )
    return (
        f'<div class="ds-credit"><span>Using this in graded work? Credit it:</span>{buttons}</div>'
    )


def _note(text: str) -> str:
    return f'<div class="ds-note">{escape(text)}</div>'


def _speaker(model: str) -> str:
    return _SPEAKERS.get(model, model)
