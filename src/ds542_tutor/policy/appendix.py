"""The appendix for written work, as clause 2 asks: the exchange, the tool, how it was used and why.

As Markdown, LaTeX or plain text. What a student typed and a model answered stands in quotations
that no text can leave, and which parts were used is said outside of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ds542_tutor.policy.latex import PREAMBLE, latex_lines, latex_text

TITLE = "Appendix: use of generative AI"
_BULLET = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+\S")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A prompt and its answer, from the tool `tool` with the model `model` on `date` (ISO).

    `used`: numbers, from 1, of the `parts` of the answer that went into the work.
    """

    prompt: str
    answer: str
    tool: str
    model: str
    date: str
    link: str = ""
    used: frozenset[int] = frozenset()


def parts(answer: str) -> tuple[str, ...]:
    """Return what can be marked as used, in order: paragraphs, list items and pieces of code."""
    found: list[list[str]] = [[]]
    fence = ""
    for line in answer.strip("\n").split("\n"):
        opening = re.match(r"\s*(`{3,}|~{3,})", line)
        if fence:
            found[-1].append(line)
            if opening and opening[1].startswith(fence) and line.strip() == opening[1]:
                fence = ""
                found.append([])
        elif opening:
            fence = opening[1]
            found.append([line])
        elif not line.strip():
            found.append([])
        elif _BULLET.match(line):
            found.append([line])
        else:
            found[-1].append(line)
    return tuple("\n".join(lines) for lines in found if any(map(str.strip, lines)))


def markdown(exchanges: Sequence[Exchange], how: str, why: str) -> str:
    """The appendix as Markdown."""
    return _markdown(exchanges, _quoted(how), _quoted(why), marked=True)


def template(exchanges: Sequence[Exchange]) -> str:
    """The appendix as Markdown with how and why still to be filled in, and nothing marked."""
    how = "_Fill in: for instance ideas, wording, an argument, code, a figure._"
    why = "_Fill in: for instance to get unstuck, to save time, to make the text clearer._"
    return _markdown(exchanges, how, why, marked=False)


def _markdown(exchanges: Sequence[Exchange], how: str, why: str, *, marked: bool) -> str:
    tools = "\n\n".join(
        tool + (f"\n\nLink: <{link}>" if link else "") for tool, link in _tools(exchanges)
    )
    if not marked:
        note = "Highlight the parts you used."
    elif any(exchange.used for exchange in exchanges):
        note = 'The parts that went into the work are headed "Answer, used".'
    else:
        note = "No part of the answers is marked as used."
    quoted = "\n\n".join(
        f"**{label}**\n\n{_quoted(text)}"
        for exchange in exchanges
        for label, text in _pieces(exchange, marked=marked)
    )
    return (
        f"## {TITLE}\n\n### Tool\n\n{tools}\n\n### Exchange\n\n{note}\n\n{quoted}\n\n"
        f"### How it was used\n\n{how}\n\n### Why it was used\n\n{why}\n"
    )


def plain(exchanges: Sequence[Exchange], how: str, why: str) -> str:
    """The appendix as plain text; quoted lines begin with a bar."""

    def quoted(text: str) -> str:
        return "\n".join(f"  | {line}".rstrip() for line in plain_lines(text))

    tools = "\n".join(
        tool + (f"\nLink: {link}" if link else "") for tool, link in _tools(exchanges)
    )
    pieces = "\n\n".join(
        f"{label}:\n{quoted(text)}" for exchange in exchanges for label, text in _pieces(exchange)
    )
    return (
        f"{TITLE.upper()}\n\nTOOL\n{tools}\n\nEXCHANGE\n\n{pieces}\n\n"
        f"HOW IT WAS USED\n{quoted(how)}\n\nWHY IT WAS USED\n{quoted(why)}\n"
    )


def latex(exchanges: Sequence[Exchange], how: str, why: str) -> str:
    """The appendix as LaTeX to be read into a document (`\\input`); it needs no package."""

    def quoted(text: str, *, code: bool = False) -> str:
        font = r"\ttfamily\small" if code else ""
        lines = latex_lines(plain_lines(text))
        return f"\\begin{{quote}}{font}\\raggedright\n{lines}\n\\end{{quote}}"

    tools = "\\par\n".join(
        rf"\noindent {latex_text(tool)}" + (f"\\\\\n\\mbox{{}}{latex_text(link)}" if link else "")
        for tool, link in _tools(exchanges)
    )
    pieces = "\n\n".join(
        f"\\paragraph*{{{latex_text(label)}}}\n"
        + quoted(text, code=bool(re.search(r"^\s*(?:```|~~~)", text, re.M)))
        for exchange in exchanges
        for label, text in _pieces(exchange)
    )
    return (
        f"{PREAMBLE}\n\\section*{{{TITLE}}}\n\n\\subsection*{{Tool}}\n{tools}\n\n"
        f"\\subsection*{{Exchange}}\n{pieces}\n\n"
        f"\\subsection*{{How it was used}}\n{quoted(how)}\n\n"
        f"\\subsection*{{Why it was used}}\n{quoted(why)}\n"
    )


FORMS: dict[str, Callable[[Sequence[Exchange], str, str], str]] = {
    "markdown": markdown,
    "latex": latex,
    "text": plain,
}


def _pieces(exchange: Exchange, *, marked: bool = True) -> Iterator[tuple[str, str]]:
    """The prompt, then the answer in runs of parts that were used and parts that were not."""
    if exchange.prompt:
        yield "Prompt", exchange.prompt
    if not exchange.used or not marked:
        if exchange.answer:
            yield "Answer", exchange.answer
        return
    numbered = enumerate(parts(exchange.answer), start=1)
    for used, run in groupby(numbered, key=lambda numbered: numbered[0] in exchange.used):
        yield f"Answer, {'used' if used else 'not used'}", "\n\n".join(text for _, text in run)


def _tools(exchanges: Sequence[Exchange]) -> list[tuple[str, str]]:
    """Each tool, model and day once, with the link of its first answer."""
    seen: dict[str, str] = {}
    for e in exchanges:
        seen.setdefault(one_line(f"{e.tool}, model {e.model}, {e.date}"), one_line(e.link))
    return list(seen.items())


def _quoted(text: str) -> str:
    """Text as a Markdown quotation that stays one: no HTML, images or link definitions in it."""
    lines, fence = [], ""
    for line in plain_lines(text):
        match = _FENCE.match(line)
        if not fence:
            fence = match[1] if match else ""
        elif match and match[1].startswith(fence) and line.strip() == match[1]:
            fence = ""
        if not fence:
            line = re.sub(r"<(?=[A-Za-z/!?])", "&lt;", line).replace("![", r"!\[")
            line = re.sub(r"^(\s*(?:(?:[-*+>]|\d+[.)])\s+)*)\[(?=[^\]]+\]:)", r"\1\\[", line)
        lines.append(f"> {line}".rstrip())
    return "\n".join(lines)


def plain_lines(text: str) -> list[str]:
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


def one_line(text: str) -> str:
    """`text` on one line, without control characters."""
    return " ".join(" ".join(plain_lines(text)).split())
