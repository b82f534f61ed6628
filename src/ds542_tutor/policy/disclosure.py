"""How a student credits the tutor: the comment header for code, the appendix for written work.

Follows clauses 2 and 3 of the course's GAIA policy. The prompt is quoted as data: no text of a
student can leave the comment or the quotation it stands in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from ds542_tutor.dialogue import Disclosure, Turn

USE = "Use: [ ] as is  [ ] modified somewhat  [ ] modified moderately  [ ] modified significantly"
"""The boxes of clause 3: how far generated code was changed."""

MAX_PROMPT_LINES = 12
"""A header longer than the code it heads helps nobody; the appendix has the whole prompt."""

_LINE_COMMENTS = {
    "//": "c cpp c++ cc cuda cs csharp java js javascript jsx ts typescript tsx go rust rs swift "
    "kotlin scala php dart json jsonc",
    "--": "sql lua haskell hs ada",
    "%": "matlab octave latex tex erlang prolog",
    ";": "lisp scheme clojure ini asm",
}
_BLOCK_COMMENTS = {
    ("<!--", "-->"): "html xml svg markdown md",
    ("/*", "*/"): "css",
}


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
        model: which model spoke. today: day of the answer. link: of the saved answer, or "".
        version: of this package.
        turns: the earlier messages of the conversation; the appendix shows the whole exchange.
    """
    tool = f"ds542_tutor {version}"
    partial = Disclosure(tool, model, today.isoformat(), question, USE, link, "", "")
    exchange = (*turns, Turn("user", question), Turn("assistant", answer_text))
    return Disclosure(
        tool=tool,
        model=model,
        date=partial.date,
        prompt=question,
        use=USE,
        link=link,
        as_comment=comment_header(partial, "python"),
        as_appendix=_appendix(partial, exchange),
    )


def comment_header(disclosure: Disclosure, language: str) -> str:
    """Return the header as a comment of `language` (a fence's info word; "#" when unknown)."""
    lines = _header_lines(disclosure)
    name = language.strip().lower()
    for (opening, closing), names in _BLOCK_COMMENTS.items():
        if name in names.split():
            # "--" and "*/" would end the comment; "| " keeps a line from being a Markdown fence.
            safe = [line.replace("--", "- -").replace("*/", "* /") for line in lines]
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
    prompt = _plain_lines(disclosure.prompt)
    if len(prompt) > MAX_PROMPT_LINES:
        prompt = [*prompt[:MAX_PROMPT_LINES], "[the rest of the prompt is in the appendix]"]
    first, *rest = prompt or [""]
    return [
        f"AI assistance: {_one_line(disclosure.tool)}, model {_one_line(disclosure.model)}",
        f"Date: {disclosure.date}",
        f"Prompt: {first}",
        *(f"        {line}" for line in rest),
        *([f"Link: {_one_line(disclosure.link)}"] if disclosure.link else []),
        disclosure.use,
    ]


def _appendix(disclosure: Disclosure, exchange: Sequence[Turn]) -> str:
    who = {"user": "Prompt", "assistant": "Answer"}
    quoted = "\n\n".join(
        f"**{who[turn.role]}**\n\n"
        + "\n".join(f"> {line}".rstrip() for line in _plain_lines(turn.text))
        for turn in exchange
    )
    tool = f"{disclosure.tool}, model {_one_line(disclosure.model)}, {disclosure.date}"
    link = f"\nLink to this answer: <{_one_line(disclosure.link)}>\n" if disclosure.link else ""
    return (
        "## Appendix: use of generative AI\n\n"
        f"### Tool\n\n{tool}\n{link}\n"
        f"### Exchange\n\nHighlight the parts you used.\n\n{quoted}\n\n"
        "### How it was used\n\n"
        "_Fill in: for instance ideas, wording, an argument, code, a figure._\n\n"
        "### Why it was used\n\n"
        "_Fill in: for instance to get unstuck, to save time, to make the text clearer._\n"
    )


def _plain_lines(text: str) -> list[str]:
    """Split at every line break Unicode knows, and drop control and direction characters.

    Direction overrides can make a commented line look like code and code like a comment
    (https://trojansource.codes).
    """
    lines = re.split(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text.strip())
    return [_printable(line).rstrip() for line in lines]


def _printable(line: str) -> str:
    """Drop control (Cc), format (Cf) and lone surrogate (Cs) characters; tabs become spaces."""
    spaced = line.replace("\t", "    ")
    return "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def _one_line(text: str) -> str:
    return " ".join(" ".join(_plain_lines(text)).split())
