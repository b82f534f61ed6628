"""What a decision does to a finished answer: solutions out, code headed, slop stripped.

Structural: code is compared with what graded work leaves to be written, no model is asked. Formulas
and inline code are never changed, but for an inline line that fills a stub of graded work.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from ds542_tutor.dialogue import Decision, Disclosure
from ds542_tutor.policy.disclosure import comment_header, is_headed
from ds542_tutor.policy.graded import GradedItems, defined_names, shingles
from ds542_tutor.policy.slop import strip_slop

MAX_HINT_LINES = 12
"""Longest code block in a hint: a worked example of another case fits into a dozen lines, a graded
function with its plumbing does not."""

COPIED_SHARE = 0.5
"""Share of a block's word runs found in one graded cell above which the block is that cell."""

REMOVED = "[Code that would solve graded work was left out here.]"

_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^\n`]*)$")
_INLINE_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_ASSIGNMENT = re.compile(r"^\s*(\w+)\s*(?::[^=]+)?=(?!=)\s*(.+)$")


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


def enforce(text: str, decision: Decision, disclosure: Disclosure, graded: GradedItems) -> Enforced:
    """Return the answer as the policy lets it out.

    With a hint, code that solves graded work is taken out; every code block that stays starts with
    the disclosure as a comment in its language; flattery, closers, emojis and decorative headings
    go. Applying it twice changes nothing more.
    """
    removed = headed = 0
    parts: list[str] = []
    for block in _blocks(text):
        if decision.action == "hint" and block.fence and solves(block.text, graded, strict=True):
            parts.append(f"{block.indent}{REMOVED}")
            removed += 1
        elif block.fence:
            parts.append(_headed(block, disclosure).markdown())
            headed += 1
        elif decision.action == "hint":
            prose, count = _without_loose_code(block.text, graded)
            parts.append(strip_slop(prose))
            removed += count
        else:
            parts.append(strip_slop(block.text))
    notices = []
    if removed:
        notices.append("Code that would solve graded work was left out of this hint.")
    if headed:
        notices.append("Keep the comment at the top of each code block when you hand the code in.")
    return Enforced(_tidy(parts), tuple(notices))


def solves(code: str, graded: GradedItems, *, strict: bool = False) -> bool:
    """Say whether `code` does what graded work leaves to be done.

    It does when it defines a function that an assignment asks for, assigns one of the variables
    that an assignment leaves open, or repeats a graded cell. `strict` also counts a block that is
    too long for an example.
    """
    names = {name.casefold() for name in defined_names(code)}
    if names & set(graded.names):
        return True
    if any(_fills_stub(line, graded) for line in code.splitlines()):
        return True
    runs = shingles(code)
    if any(len(runs & i.shingles) > COPIED_SHARE * len(runs) for i in graded.items if runs):
        return True
    lines = [n for n in code.splitlines() if n.strip() and not n.lstrip().startswith("#")]
    return strict and len(lines) > MAX_HINT_LINES


def _fills_stub(line: str, graded: GradedItems) -> bool:
    """Say whether `line` computes a variable that graded work leaves open, as in `N = sum(…)`."""
    match = _ASSIGNMENT.match(line)
    if not match or match.group(1) not in graded.stubs:
        return False
    try:
        value = ast.parse(match.group(2).strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return True  # cut short or several statements: more than a constant in any case
    return not isinstance(value, (ast.Constant, ast.Name))


def _without_loose_code(prose: str, graded: GradedItems) -> tuple[str, int]:
    """Take solutions out of prose: inline code that fills a stub, unfenced definitions."""
    count = 0

    def inline(match: re.Match[str]) -> str:
        nonlocal count
        if not solves(match.group(2), graded):
            return match.group()
        count += 1
        return REMOVED

    kept: list[str] = []
    depth: int | None = None  # indentation of the definition being dropped
    for line in _INLINE_CODE.sub(inline, prose).split("\n"):
        indent = len(line) - len(line.lstrip())
        if depth is not None and (not line.strip() or indent > depth):
            continue
        depth = None
        if solves(line, graded):
            depth = indent
            count += 1
            kept.append(REMOVED)
        else:
            kept.append(line)
    return "\n".join(kept), count


def _headed(block: _Block, disclosure: Disclosure) -> _Block:
    if is_headed(block.text):
        return block
    language = block.info.split()[0] if block.info.split() else ""
    header = comment_header(disclosure, language.strip("{}."))
    indented = "\n".join(f"{block.indent}{line}".rstrip() for line in header.splitlines())
    return _Block(f"{indented}\n{block.text}", block.indent, block.fence, block.info)


def _blocks(text: str) -> list[_Block]:
    """Split Markdown into prose and fenced code; a fence left open is closed at the end."""
    blocks: list[_Block] = []
    lines: list[str] = []
    opening: re.Match[str] | None = None
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if opening is None and match:
            blocks.append(_Block("\n".join(lines)))
            opening, lines = match, []
        elif opening is not None and match and _closes(match, opening):
            blocks.append(_code(lines, opening))
            opening, lines = None, []
        else:
            lines.append(line)
    blocks.append(_code(lines, opening) if opening else _Block("\n".join(lines)))
    return [block for block in blocks if block.fence or block.text.strip()]


def _closes(line: re.Match[str], opening: re.Match[str]) -> bool:
    return line["fence"].startswith(opening["fence"]) and not line["info"].strip()


def _code(lines: list[str], opening: re.Match[str]) -> _Block:
    return _Block("\n".join(lines), opening["indent"], opening["fence"], opening["info"].strip())


def _tidy(parts: list[str]) -> str:
    joined = "\n\n".join(part.strip("\n") for part in parts if part.strip())
    return re.sub(r"\n{3,}", "\n\n", joined) if "```" not in joined else joined
