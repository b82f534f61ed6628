"""Crediting an answer: the form under its sources, and the route that writes the disclosure.

The page sends what it shows, so nothing is looked up here and nobody's conversation can be read
through this route; nothing is kept either. What a disclosure says is `policy.disclosure`'s affair.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from ds542_tutor.app.markup import shorten
from ds542_tutor.dialogue import Answer
from ds542_tutor.errors import DisclosureError
from ds542_tutor.policy.appendix import Exchange, parts
from ds542_tutor.policy.disclosure import export

ROUTE = "/disclosure"

# A long conversation of long answers is some hundred kilobytes.
MAX_BYTES = 2_000_000

_PART_CHARS = 90

FORMS = (
    ("markdown", "Appendix, as Markdown", "ai-use.md"),
    ("latex", "Appendix, as LaTeX", "ai-use.tex"),
    ("text", "Appendix, as plain text", "ai-use.txt"),
    ("code", "Comment header for code", "ai-use-header.txt"),
    ("notebook", "Notebook cell", "ai-use-cell.json"),
)
"""Form of the disclosure, its name on the page, and the file it is downloaded as."""


def form(identifier: str, answer: Answer) -> str:
    """Return the form that exports the disclosure of one answer, or of the conversation.

    Args:
        identifier: of the answer within the page.
    """
    options = "".join(f'<option value="{name}">{label}</option>' for name, label, _ in FORMS)
    boxes = "".join(
        f'<label class="ds-part"><input type="checkbox" name="used" value="{number}">'
        f"<span>{escape(shorten(part, _PART_CHARS))}</span></label>"
        for number, part in enumerate(parts(answer.text), start=1)
    )
    made = f"made-{identifier}"
    data = json.dumps(_data(answer), ensure_ascii=False)
    return (
        f'<form class="ds-export" id="export-{identifier}" novalidate>'
        f'<pre class="ds-exchange" hidden>{escape(data)}</pre>'
        "<h3>Write the disclosure</h3>"
        '<fieldset class="ds-scope"><legend>Of</legend>'
        '<label><input type="radio" name="scope" value="turn" checked> this answer</label>'
        '<label><input type="radio" name="scope" value="all"> the whole conversation</label>'
        f'</fieldset><label class="ds-field">As<select name="form">{options}</select></label>'
        f'<fieldset class="ds-used"><legend>The parts you used</legend>{boxes}</fieldset>'
        '<label class="ds-field ds-asked">How did you use it?<textarea name="how" rows="2" '
        'placeholder="Ideas, wording, an argument, code, a figure …"></textarea></label>'
        '<label class="ds-field ds-asked">Why did you use it?<textarea name="why" rows="2" '
        'placeholder="To get unstuck, to save time, to make the text clearer …"></textarea></label>'
        '<button type="submit" class="ds-make">Write it</button>'
        '<p class="ds-wrong" role="alert" hidden></p>'
        f'<div class="ds-made" hidden><pre id="{made}" tabindex="0"></pre>'
        f'<button type="button" class="ds-copy" value="{made}">Copy the disclosure</button>'
        '<a class="ds-download">Download</a></div></form>'
    )


def router() -> APIRouter:
    """Return the route that writes disclosures."""
    routes = APIRouter()

    @routes.post(ROUTE, include_in_schema=False)
    async def write(request: Request) -> JSONResponse:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > MAX_BYTES:
                return _refusal("This conversation is too long to export at once; take one answer.")
        try:
            made = await run_in_threadpool(_written, body)
        except DisclosureError as error:
            return _refusal(str(error))
        return JSONResponse(made)

    return routes


def _refusal(reason: str) -> JSONResponse:
    return JSONResponse({"error": reason}, status_code=400)


def _written(body: bytes) -> dict[str, str]:
    """Write what a request asks for.

    Raises:
        DisclosureError: it is no such request, or the disclosure lacks something.
    """
    try:
        asked = json.loads(body)
        exchanges = [_exchange(item) for item in asked["exchanges"]]
        name, how, why = (str(asked.get(key, "")) for key in ("form", "how", "why"))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DisclosureError("The page sent something incomplete; reload it.") from error
    text = export(exchanges, name, how=how, why=why)
    file = next(file for form_name, _, file in FORMS if form_name == name)
    return {"text": text, "file": file}


def _exchange(item: Any) -> Exchange:
    texts = [item[key] for key in ("prompt", "answer", "tool", "model", "date", "link")]
    used = item.get("used", [])
    if not all(isinstance(text, str) for text in texts) or not all(type(n) is int for n in used):
        raise TypeError("texts and numbers are expected")
    prompt, answer, tool, model, date, link = texts
    return Exchange(prompt, answer, tool, model, date, link, frozenset(used))


def _data(answer: Answer) -> dict[str, Any]:
    credit = answer.disclosure
    exchange = Exchange(
        answer.question, answer.text, credit.tool, credit.model, credit.date, credit.link
    )
    return {key: value for key, value in asdict(exchange).items() if key != "used"}
