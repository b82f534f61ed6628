"""How a student credits the tutor: the comment header for code, and exports in every form.

Follows clauses 2 and 3 of the course's GAIA policy. The prompt is quoted as data: no text of a
student can leave the comment or the quotation it stands in. The appendix itself is laid out in
`appendix`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from ds542_tutor.dialogue import Disclosure, Turn
from ds542_tutor.errors import DisclosureError
from ds542_tutor.policy.appendix import FORMS as APPENDICES
from ds542_tutor.policy.appendix import Exchange, one_line, parts, plain_lines, template

USE = "Use: [ ] as is  [ ] modified somewhat  [ ] moderately  [ ] significantly"
"""The boxes of clause 3: how far generated code was changed."""

MAX_PROMPT_LINES = 12
"""A header longer than the code it heads helps nobody; the appendix has the whole prompt."""

_LINE_COMMENTS = {
    "//": "c h cpp c++ cc cxx cuda cu cs csharp c# java js javascript jsx ts typescript tsx go "
    "rust rs swift kotlin kt scala groovy php dart json jsonc json5 f# fsharp zig glsl hlsl wgsl "
    "proto verilog systemverilog objc objective-c metal opencl dot graphviz",
    "--": "sql postgresql mysql sqlite lua haskell hs ada elm vhdl applescript",
    "%": "matlab octave latex tex bibtex erlang prolog",
    "%%": "mermaid",
    ";": "lisp scheme clojure racket elisp ini asm nasm llvm",
    "!": "fortran f90",
    "'": "vb vbnet vba",
}
_BLOCK_COMMENTS = {
    ("<!--", "-->"): "html xml svg markdown md vue xhtml",
    ("/*", "*/"): "css scss less",
    ("(*", "*)"): "ocaml ml mathematica wolfram coq",
}

FORMS = ("code", "notebook", *APPENDICES)
"""What a disclosure can be exported as."""


def make_disclosure(
    question: str,
    answer_text: str,
    model: str,
    today: date,
    link: str,
    version: str,
    turns: Sequence[Turn] = (),
) -> Disclosure:
    """Return the disclosure of one answer.

    Args:
        question: the student's prompt, as typed.
        answer_text: what the tutor answered, for the appendix.
        model: which model spoke. today: day of the answer. link: of the tutor, or "".
        version: of this package.
        turns: the earlier messages of the conversation; the appendix shows the whole exchange.
    """
    tool = f"ds542_tutor {version}"
    partial = Disclosure(tool, model, today.isoformat(), question, USE, link, "", "")
    exchanges = (*_earlier(turns, partial), _exchange(partial, answer_text))
    return Disclosure(
        tool=tool,
        model=model,
        date=partial.date,
        prompt=question,
        use=USE,
        link=link,
        as_comment=comment_header(partial, "python"),
        as_appendix=template(exchanges),
    )


def comment_header(disclosure: Disclosure, language: str) -> str:
    """Return the header as a comment of `language` (a fence's info word; "#" when unknown)."""
    lines = _header_lines(disclosure)
    name = language.strip().lower()
    for (opening, closing), names in _BLOCK_COMMENTS.items():
        if name in names.split():
            # These would end the comment, or open another string or comment in it; "| " keeps a
            # line from being a Markdown fence.
            for mark, shown in (("--", "- -"), ("*/", "* /"), ("*)", "* )"), ("(*", "( *")):
                lines = [line.replace(mark, shown) for line in lines]
            safe = [line.replace('"', "''") if opening == "(*" else line for line in lines]
            return "\n".join([opening, *(f"| {line}" for line in safe), closing])
    sign = next((s for s, names in _LINE_COMMENTS.items() if name in names.split()), "#")
    if sign == "//":
        # Java reads \\u000a as a line break even in a comment, and C joins a line ending in \\.
        lines = [line.replace("\\u", "\\ u").rstrip("\\") for line in lines]
    return "\n".join(f"{sign} {line}".rstrip() for line in lines)


def _header_lines(disclosure: Disclosure) -> list[str]:
    """The header without comment signs.

    The prompt never reaches the first two lines: Python reads an encoding declaration there
    (PEP 263), even inside a comment.
    """
    prompt = plain_lines(disclosure.prompt)
    if len(prompt) > MAX_PROMPT_LINES:
        prompt = [*prompt[:MAX_PROMPT_LINES], "[the rest of the prompt is in the appendix]"]
    first, *rest = prompt or [""]
    return [
        f"AI assistance: {one_line(disclosure.tool)}, model {one_line(disclosure.model)}",
        f"Date: {one_line(disclosure.date)}",
        f"Prompt: {first}",
        *(f"        {line}" for line in rest),
        *([f"Link: {one_line(disclosure.link)}"] if disclosure.link else []),
        disclosure.use,
    ]


def export(
    exchanges: Sequence[Exchange], form: str, *, how: str = "", why: str = "", language: str = ""
) -> str:
    """Return the disclosure of one answer, or of a whole conversation, in one of `FORMS`.

    Args:
        exchanges: oldest first, each with the parts that were used.
        form: "code" is the comment header, "notebook" a cell of a notebook (JSON, nbformat 4.5);
            "markdown", "latex" and "text" are the appendix for written work.
        how, why: how the answers were used, and why; the student's own words.
        language: of the code that the header is for.

    Raises:
        DisclosureError: unknown form, nothing to disclose, a part that is not there, or an
            appendix that does not say how and why.
    """
    if form not in FORMS:
        raise DisclosureError(f"There is no form {form!r}; choose one of {', '.join(FORMS)}.")
    if not exchanges:
        raise DisclosureError("There is no answer to disclose; ask something first.")
    for number, exchange in enumerate(exchanges, start=1):
        count = len(parts(exchange.answer))
        wrong = sorted(part for part in exchange.used if not 1 <= part <= count)
        if wrong:
            raise DisclosureError(
                f"Answer {number} has no part {wrong[0]}; its parts are numbered 1 to {count}."
            )
    if form == "code":
        headers = [comment_header(_disclosed(e), language or "python") for e in exchanges]
        return "\n\n".join(headers) + "\n"
    if form == "notebook":
        return json.dumps(notebook_cell(exchanges), ensure_ascii=False, indent=1) + "\n"
    missing = [name for name, text in (("how", how), ("why", why)) if not one_line(text)]
    if missing:
        raise DisclosureError(
            f"Say {' and '.join(missing)} you used the tutor: the GAIA policy asks for it in the "
            "appendix of written work (clause 2), and only you know."
        )
    return APPENDICES[form](exchanges, how, why)


def notebook_cell(exchanges: Sequence[Exchange]) -> dict[str, Any]:
    """Return a code cell (nbformat 4.5): each header, with the Python code of its answer below.

    Of an answer with marked parts only their code is taken.
    """
    pieces = []
    for exchange in exchanges:
        disclosure = _disclosed(exchange)
        code = [
            _without_header(block)
            for number, part in enumerate(parts(exchange.answer), start=1)
            if (not exchange.used or number in exchange.used) and (block := _python(part))
        ]
        pieces.append("\n".join([comment_header(disclosure, "python"), *code]))
    source = "\n\n".join(pieces)
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": hashlib.sha256(source.encode()).hexdigest()[:8],
        "metadata": {},
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }


def _python(part: str) -> str:
    """The code of a fenced block of Python; "" for anything else."""
    lines = part.split("\n")
    fence = re.fullmatch(r"(\s*)(?:`{3,}|~{3,})\s*\{?\.?(\w*).*", lines[0])
    if not fence or fence[2].casefold() not in ("", "py", "python", "python3", "ipython"):
        return ""
    body = lines[1:-1] if re.fullmatch(r"\s*(?:`{3,}|~{3,})\s*", lines[-1]) else lines[1:]
    return "\n".join(line.removeprefix(fence[1]) for line in body)


def _without_header(code: str) -> str:
    """`code` without the header that `enforce` has put on it."""
    lines = code.split("\n")
    if lines[0].startswith("# AI assistance: ") and f"# {USE}" in lines:
        return "\n".join(lines[lines.index(f"# {USE}") + 1 :])
    return code


def _disclosed(exchange: Exchange) -> Disclosure:
    return Disclosure(
        exchange.tool, exchange.model, exchange.date, exchange.prompt, USE, exchange.link, "", ""
    )


def _exchange(disclosure: Disclosure, answer: str) -> Exchange:
    return Exchange(
        disclosure.prompt,
        answer,
        disclosure.tool,
        disclosure.model,
        disclosure.date,
        disclosure.link,
    )


def _earlier(turns: Sequence[Turn], disclosure: Disclosure) -> list[Exchange]:
    """The conversation so far as exchanges; what was not answered stands alone."""
    found: list[Exchange] = []
    for turn in turns:
        if turn.role == "user" or not found or found[-1].answer:
            prompt, answer = (turn.text, "") if turn.role == "user" else ("", turn.text)
            found.append(
                Exchange(
                    prompt,
                    answer,
                    disclosure.tool,
                    disclosure.model,
                    disclosure.date,
                    disclosure.link,
                )
            )
        else:
            last = found.pop()
            found.append(
                Exchange(last.prompt, turn.text, last.tool, last.model, last.date, last.link)
            )
    return found
