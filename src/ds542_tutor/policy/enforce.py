"""What a decision does to a finished answer: solutions out, code headed, slop stripped.

Which code is a solution is judged in `solutions`, from its structure; no model is asked. Formulas
are never changed, inline code only where it solves graded work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt

from ds542_tutor.dialogue import Decision, Disclosure, Passage
from ds542_tutor.policy.budget import Budget, words_for
from ds542_tutor.policy.code_forms import code_lines, defined_names
from ds542_tutor.policy.disclosure import comment_header
from ds542_tutor.policy.graded import GradedItems
from ds542_tutor.policy.rules import NOTICES
from ds542_tutor.policy.slop import strip_slop, without_unasked
from ds542_tutor.policy.solutions import OpenWork, fills_gap, is_pseudocode, solves

CREDIT_WORDS = 260
"""For the clauses on crediting AI, each with its source."""

REMOVED = "[Code that would solve graded work was left out here.]"

_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^\n`]*)$")
_COMMONMARK = MarkdownIt("commonmark")
_INLINE_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_LIBRARY_CALL = re.compile(r"\b(?:np|numpy|math|torch|F)\.[\w.]+\([^`\n]*\)")


@dataclass(frozen=True, slots=True)
class Enforced:
    """An answer after enforcement. `notices`: what was changed, in words for the student."""

    text: str
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Block:
    """A fenced code block, or a stretch of prose (`fence` is "")."""

    text: str
    indent: str = ""
    fence: str = ""
    info: str = ""

    def markdown(self) -> str:
        if not self.fence:
            return self.text
        return f"{self.indent}{self.fence}{self.info}\n{self.text}\n{self.indent}{self.fence}"


def enforce(
    text: str,
    decision: Decision,
    disclosure: Disclosure,
    graded: GradedItems,
    passages: Sequence[Passage] = (),
    wording: Mapping[str, str] = NOTICES,
) -> Enforced:
    """Return the answer as the policy lets it out.

    With a hint, code that solves graded work is taken out; every code block that stays starts with
    the disclosure as a comment in its language; flattery, closers, emojis, decorative headings and
    what nobody asked for go, and prose ends where the question's budget does. Applying it twice
    changes nothing more.

    Args:
        passages: what the answer was written from; code of the teaching materials among them may
            be shown in a hint. wording: of the notices, by name.
    """
    blocks = _blocks(_fenced(text))
    removed = headed = 0
    if decision.action == "hint":
        work = OpenWork.of(graded, decision.assignment)
        blocks, removed = _without_solutions(blocks, work, taught_code(passages))
    words = words_for(disclosure.prompt, hint=decision.action == "hint")
    # How to credit AI is told with all its clauses, however the question is put.
    budget = Budget(max(words, CREDIT_WORDS) if decision.rule == "crediting" else words)
    parts: list[str] = []
    for index, block in enumerate(blocks):
        if block.fence:
            parts.append(_headed(block, disclosure).markdown())
            headed += 1
            continue
        asked, ended = _plain(block.text)
        introduces = not ended and index + 1 < len(blocks) and bool(blocks[index + 1].fence)
        parts.append(budget.fit(asked, introduces=introduces))
        if ended:
            break
    notices = []
    if removed:
        notices.append(wording["code-removed"])
    if headed:
        notices.append(wording["keep-header"])
    return Enforced(with_headers(_tidy(parts), disclosure), tuple(notices))


def with_headers(text: str, disclosure: Disclosure) -> str:
    """Return any text with the disclosure on every block of code in it."""
    plain = _fenced(text)
    blocks = _blocks(plain)
    if not any(block.fence for block in blocks):
        return text
    return _tidy([_headed(b, disclosure).markdown() if b.fence else b.text for b in blocks])


def _fenced(text: str) -> str:
    """Return `text` with all its code in fences; text without any as it is.

    What follows a block that is taken out of a list may be code only then: until nothing changes.
    """
    for _ in range(_MOST_NESTED):
        blocks = _blocks(text)
        if not any(block.fence for block in blocks):
            break
        before, text = text, _tidy([block.markdown() for block in blocks])
        if before == text:
            break
    return text


_MOST_NESTED = 20


def _plain(prose: str) -> tuple[str, bool]:
    """Prose without slop, and whether the answer ends there: a model went on by itself."""
    ended, before = False, ""
    while before != prose:  # what is taken away may leave something more to take away
        before = prose
        prose, turned = without_unasked(prose)
        prose, ended = strip_slop(prose), ended or turned
    return prose, ended


def taught_code(passages: Sequence[Passage]) -> frozenset[str]:
    """Return the lines of what explains, not of what is graded or set as an exercise."""
    return frozenset(
        line
        for passage in passages
        if not (passage.chunk.graded or passage.chunk.assignment or passage.chunk.exercise)
        for line in code_lines(passage.text)
    )


def _without_solutions(
    blocks: list[_Block], work: OpenWork, taught: frozenset[str]
) -> tuple[list[_Block], int]:
    """Take solutions out of fenced blocks and of prose; return what is left and how many went.

    A solution handed over in pieces is one all the same: blocks that solve only together all go.
    """
    fenced = [block for block in blocks if block.fence]
    alone = [solves(block.text, work, taught) for block in fenced]
    foreign = [b for b in fenced if not set(code_lines(b.text)) <= taught]
    together = len(foreign) > 1 and solves("\n".join(b.text for b in foreign), work, taught)
    left: list[_Block] = []
    count = 0
    for block in blocks:
        if not block.fence:
            prose, found = _without_loose_code(block.text, work)
            left.append(_Block(prose))
            count += found
        elif (together and block in foreign) or alone[fenced.index(block)]:
            left.append(_Block(f"{block.indent}{REMOVED}"))
            count += 1
        else:
            left.append(block)
    return left, count


def _without_loose_code(prose: str, work: OpenWork) -> tuple[str, int]:
    """Take solutions out of prose: inline code, calls, unfenced definitions, pseudocode."""
    count = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal count
        code = match.group().strip("`").strip()
        if not (fills_gap(code, work) or _defines(code, work) or _is_expression_of(code, work)):
            return match.group()
        count += 1
        return REMOVED

    kept: list[str] = []
    depth: int | None = None  # indentation of the definition being dropped
    for paragraph in re.split(r"(\n\s*\n)", prose):
        if paragraph.strip() and is_pseudocode(paragraph.split("\n"), work):
            kept.append(REMOVED)
            count += 1
            continue
        lines = []
        for line in paragraph.split("\n"):
            indent = len(line) - len(line.lstrip())
            if depth is not None and line.strip() and indent > depth:
                continue
            depth = depth if not line.strip() else None
            if _defines(line, work) or fills_gap(line, work):
                depth = indent
                count += 1
                lines.append(REMOVED)
            else:
                lines.append(_LIBRARY_CALL.sub(replace, _INLINE_CODE.sub(replace, line)))
        kept.append("\n".join(lines))
    return "".join(kept), count


def _is_expression_of(code: str, work: OpenWork) -> bool:
    """Whether inline code computes something at all, and that is what graded work asks for."""
    return bool(re.search(r"\(.*\w.*\)|[*@]|\blambda\b", code)) and solves(code, work)


def _defines(line: str, work: OpenWork) -> bool:
    return bool({name.casefold() for name in defined_names(line)} & set(work.graded.names))


def _headed(block: _Block, disclosure: Disclosure) -> _Block:
    """Put the disclosure on top, unless this very header is there already.

    A header that says something else was written by the model or pasted in; it stays below ours.
    """
    language = block.info.split()[0] if block.info.split() else ""
    header = comment_header(disclosure, language.strip("{}."))
    indented = "\n".join(f"{block.indent}{line}".rstrip() for line in header.splitlines())
    if block.text.startswith(indented):
        return block
    return _Block(f"{indented}\n{block.text}", block.indent, block.fence, block.info)


def _blocks(text: str) -> list[_Block]:
    """Split Markdown into prose and code, as CommonMark reads it.

    A fence left open is closed at its end. Code in a quotation, in the first line of a list item or
    indented by four spaces is code as well; it comes out as a fenced block of its own.
    """
    text = re.sub(r"\r\n?", "\n", text)
    lines = text.split("\n")
    blocks: list[_Block] = []
    done = 0
    for token in _COMMONMARK.parse(text):
        if token.type not in ("fence", "code_block") or token.map is None:
            continue
        start, end = token.map
        if start < done:
            continue
        blocks.append(_Block("\n".join(lines[done:start])))
        blocks.append(_code(token.content, token.info, lines[start]))
        done = end
    blocks.append(_Block("\n".join(lines[done:])))
    return [block for block in blocks if block.fence or block.text.strip()]


def _code(content: str, info: str, opening: str) -> _Block:
    """A block of code: where its fence is plainly indented, as in a list item, it stays so."""
    plain = _FENCE.match(opening)
    indent = plain["indent"] if plain else ""
    longest = max(map(len, re.findall(r"`+", content)), default=0)
    fence = plain["fence"] if plain else "`" * max(3, longest + 1)
    body = content.removesuffix("\n").split("\n")
    text = "\n".join(f"{indent}{line}" if line.strip() else line for line in body)
    return _Block(text, indent, fence, info.strip())


def _tidy(parts: list[str]) -> str:
    joined = "\n\n".join(part.strip("\n") for part in parts if part.strip())
    return re.sub(r"\n{3,}", "\n\n", joined) if "```" not in joined else joined
