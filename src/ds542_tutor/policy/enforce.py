"""What a decision does to a finished answer: solutions out, code headed, slop stripped.

Structural: code is compared with what graded work leaves to be written, no model is asked. Formulas
and inline code are never changed, but for an inline line that fills a stub of graded work.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass

from ds542_tutor.dialogue import Decision, Disclosure
from ds542_tutor.policy.disclosure import comment_header
from ds542_tutor.policy.graded import MIN_SHARED, GradedItems, defined_names, shingles
from ds542_tutor.policy.slop import strip_slop

MAX_HINT_LINES = 12
"""Longest code block in a hint: a worked example of another case fits into a dozen lines, a graded
function with its plumbing does not."""

COPIED_SHARE = 0.5
"""Share of a block's word runs found in one graded cell above which the block is that cell."""

REMOVED = "[Code that would solve graded work was left out here.]"

_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^\n`]*)$")
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


def enforce(text: str, decision: Decision, disclosure: Disclosure, graded: GradedItems) -> Enforced:
    """Return the answer as the policy lets it out.

    With a hint, code that solves graded work is taken out; every code block that stays starts with
    the disclosure as a comment in its language; flattery, closers, emojis and decorative headings
    go. Applying it twice changes nothing more.
    """
    graded = graded.of(decision.assignment)
    removed = headed = 0
    parts: list[str] = []
    for block in _blocks(text):
        if decision.action == "hint" and block.fence and solves(block.text, graded):
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


def solves(code: str, graded: GradedItems) -> bool:
    """Say whether a code block does what graded work leaves to be done, or may well do so.

    It does when it defines a function that an assignment asks for, computes one of the variables
    that an assignment leaves open, or repeats a cell with gaps, the gaps filled. A block that is
    too long for an example counts too.
    """
    if {name.casefold() for name in defined_names(code)} & set(graded.names):
        return True
    # As a whole, for statements over several lines, and by lines, for code that does not parse.
    if any(_fills_gap(part, graded) for part in (code, *code.splitlines())):
        return True
    runs = shingles(code)
    shared = max((len(runs & item.shingles) for item in graded.items if item.open), default=0)
    if shared >= MIN_SHARED and shared > COPIED_SHARE * len(runs):
        return True
    lines = [n for n in code.splitlines() if n.strip() and not n.lstrip().startswith("#")]
    return len(lines) > MAX_HINT_LINES


def _fills_gap(code: str, graded: GradedItems) -> bool:
    """Say whether a statement of `code` computes what graded work leaves open.

    `N = sum(...)` does, where `N = ...` is left open, and so does `np.exp(-preactivation)`, where
    `preactivation` is a parameter of a function to be written. A bare name or number computes
    nothing, and a sum of single letters is mathematics rather than code.
    """
    try:
        tree = ast.parse(textwrap.dedent(code).strip(" \n`"))
    except (SyntaxError, ValueError):
        return False
    for node in ast.walk(tree):
        value = getattr(node, "value", None)
        if not isinstance(node, ast.Assign | ast.AnnAssign | ast.Return | ast.Expr) or not value:
            continue
        targets = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & graded.stubs
        library = any(
            isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) for n in ast.walk(value)
        )
        used = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)} & graded.params
        computes = any(isinstance(n, ast.Call | ast.BinOp) for n in ast.walk(value))
        assigns = isinstance(node, ast.Assign | ast.AnnAssign) and bool(targets)
        if library and (used or assigns):
            return True
        if assigns and computes and any(len(name) > 1 for name in targets):
            return True
    return False


def _without_loose_code(prose: str, graded: GradedItems) -> tuple[str, int]:
    """Take solutions out of prose: inline code and calls that fill a gap, unfenced definitions."""
    count = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal count
        code = match.group().strip("`").strip()
        if not _fills_gap(code, graded) and not _defines(code, graded):
            return match.group()
        count += 1
        return REMOVED

    kept: list[str] = []
    depth: int | None = None  # indentation of the definition being dropped
    for line in prose.split("\n"):
        indent = len(line) - len(line.lstrip())
        if depth is not None and line.strip() and indent > depth:
            continue
        depth = depth if not line.strip() else None
        if _defines(line, graded) or _fills_gap(line, graded):
            depth = indent
            count += 1
            kept.append(REMOVED)
        else:
            kept.append(_LIBRARY_CALL.sub(replace, _INLINE_CODE.sub(replace, line)))
    return "\n".join(kept), count


def _defines(line: str, graded: GradedItems) -> bool:
    return bool({name.casefold() for name in defined_names(line)} & set(graded.names))


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
