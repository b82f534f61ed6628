"""The little Liquid that a course site's pages use: loops, conditions, includes, a few filters.

Enough to show a page as a browser does, staff list and all, while the page's own characters keep
their places in the file; an include's characters have none there. Layouts, and filters that draw
or sort, are left out.
https://shopify.github.io/liquid/, https://jekyllrb.com/docs/includes/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ingest import cleaning
from ingest.cleaning import Aligned

# The length limit keeps a file full of opened and never closed marks from taking minutes.
_MARK: Final = re.compile(r"\{%-?(.{0,500}?)-?%\}|\{\{-?(.{0,500}?)-?\}\}", re.S)
_STEP: Final = re.compile(r"""([\w-]+)|\[\s*(?:"([^"]*)"|'([^']*)'|(\d+))\s*\]""")
_FOR: Final = re.compile(r"for\s+([\w-]+)\s+in\s+(\S+)")
_ASSIGN: Final = re.compile(r"assign\s+([\w-]+)\s*=\s*(.+)", re.S)
_INCLUDE: Final = re.compile(r"include(?:_relative)?\s+([\w./-]+)(.*)", re.S)
_PARAMETER: Final = re.compile(
    r"""([\w-]+)\s*=\s*("[^"]*"|'[^']*'|[\w.-]+(?:\[[^\]]*\][\w.-]*)*)"""
)
_WORDS: Final[Mapping[str, Callable[[str], str]]] = {
    "upcase": str.upper,
    "downcase": str.lower,
    "capitalize": str.capitalize,
    "strip": str.strip,
}
_END_RAW: Final = re.compile(r"\{%-?\s*endraw\s*-?%\}")
INCLUDES: Final = "\0includes"
"""Key of the context for the texts of includes by name; no page can name it."""
_LEVEL: Final = "\0level"
MAX_INCLUDES: Final = 5
# A page of nested loops over the same data grows without bound; no course page comes near this.
MAX_CHARACTERS: Final = 2_000_000
# Tags nested deeper than this are a broken file.
MAX_DEPTH: Final = 50


# What a step costs, in characters: loops within loops that print nothing would go on for ever.
STEP: Final = 20


@dataclass(slots=True)
class _Budget:
    """What may still be rendered of a page, in characters."""

    left: int = MAX_CHARACTERS


@dataclass(frozen=True, slots=True)
class _Token:
    """Literal text, a tag's words, or an output's expression (exactly one is set)."""

    text: Aligned | None = None
    tag: str | None = None
    output: str | None = None


def render(text: Aligned, context: Mapping[str, Any]) -> Aligned:
    """Render a page with the variables of `context`. What is unknown renders as nothing.

    A page whose tags nest too deeply to mean anything comes back as it is.
    """
    tokens = list(_tokens(text))
    if _nesting(tokens) > MAX_DEPTH:
        return text
    parts, _ = _block(tokens, 0, dict(context), (), _Budget())
    return cleaning.join(parts, "")


def _nesting(tokens: Sequence[_Token]) -> int:
    depth = deepest = 0
    for token in tokens:
        word = (token.tag or "").split(maxsplit=1)[:1]
        depth += word in (["for"], ["if"], ["unless"], ["comment"], ["raw"])
        depth -= word in (["endfor"], ["endif"], ["endunless"], ["endcomment"], ["endraw"])
        deepest = max(deepest, depth)
    return deepest


def _tokens(text: Aligned) -> Iterator[_Token]:
    last = 0
    for match in _MARK.finditer(text.text):
        if match.start() < last:
            continue  # shown as it stands
        yield _Token(text=text[last : match.start()])
        if match.group(1) is not None and match.group(1).strip() == "raw":
            end = _END_RAW.search(text.text, match.end())
            shown, last = (end.start(), end.end()) if end else (len(text), len(text))
            yield _Token(text=text[match.end() : shown])
            continue
        if match.group(1) is not None:
            yield _Token(tag=match.group(1).strip())
        else:
            yield _Token(output=match.group(2).strip())
        last = match.end()
    yield _Token(text=text[last:])


def _block(
    tokens: Sequence[_Token],
    index: int,
    scope: dict[str, Any],
    ends: tuple[str, ...],
    budget: _Budget,
) -> tuple[list[Aligned], int]:
    """Render up to a tag that starts with one of `ends`; returns the parts and its index."""
    parts: list[Aligned] = []
    while index < len(tokens) and budget.left > 0:
        budget.left -= STEP
        token = tokens[index]
        new: list[Aligned] = []
        if token.text is not None:
            new = [token.text]
            budget.left -= len(token.text)
        elif token.output is not None:
            value = evaluate(token.output, scope)
            new = [Aligned(str(value))] if isinstance(value, (str, int, float)) else []
            budget.left -= sum(map(len, new))
        elif token.tag is not None:
            word = token.tag.split(maxsplit=1)[0] if token.tag else ""
            if word in ends:
                return parts, index
            if word == "for":
                new, index = _loop(tokens, index, scope, budget)
            elif word in ("if", "unless"):
                new, index = _condition(tokens, index, scope, budget)
            elif word == "comment":
                _, index = _block(tokens, index + 1, scope, ("endcomment",), budget)
            elif word == "assign" and (assigned := _ASSIGN.match(token.tag)):
                scope[assigned.group(1)] = evaluate(assigned.group(2), scope)
            elif word in ("include", "include_relative"):
                new = _included(token.tag, scope, budget)
        parts += new
        index += 1
    return parts, index


def _included(tag: str, scope: dict[str, Any], budget: _Budget) -> list[Aligned]:
    """The text of `{% include staff.html people=site.data.people %}`; nothing when it is not there.

    Its own `include`s are resolved as well, a few levels deep: a file may include itself.
    """
    match = _INCLUDE.match(tag)
    known = scope.get(INCLUDES)
    if match is None or not isinstance(known, Mapping) or match.group(1) not in known:
        return []
    if scope.get(_LEVEL, 0) >= MAX_INCLUDES or budget.left <= 0:
        return []
    text = Aligned(str(known[match.group(1)]))
    budget.left -= len(text)  # taking it to pieces is work, even when nothing of it is shown
    tokens = list(_tokens(text))
    if _nesting(tokens) > MAX_DEPTH:
        return []
    given = {key: evaluate(value, scope) for key, value in _PARAMETER.findall(match.group(2))}
    inner = {**scope, "include": given, _LEVEL: scope.get(_LEVEL, 0) + 1}
    return _block(tokens, 0, inner, (), budget)[0]


def _loop(
    tokens: Sequence[_Token], index: int, scope: dict[str, Any], budget: _Budget
) -> tuple[list[Aligned], int]:
    match = _FOR.match(tokens[index].tag or "")
    values = lookup(match.group(2), scope) if match else None
    parts: list[Aligned] = []
    end = index
    items = list(values) if isinstance(values, (list, tuple)) else []
    for item in items:
        inner = {**scope, match.group(1): item} if match else scope
        new, end = _block(tokens, index + 1, inner, ("endfor",), budget)
        parts += new
        if budget.left <= 0:
            break
    if not items:
        _, end = _block(tokens, index + 1, scope, ("endfor",), budget)
    return parts, end


def _condition(
    tokens: Sequence[_Token], index: int, scope: dict[str, Any], budget: _Budget
) -> tuple[list[Aligned], int]:
    tag = tokens[index].tag or ""
    close = "endunless" if tag.startswith("unless") else "endif"
    wanted = not tag.startswith("unless")
    chosen: list[Aligned] | None = None
    holds = _holds(tag.partition(" ")[2], scope) == wanted
    while True:
        parts, index = _block(tokens, index + 1, scope, (close, "else", "elsif"), budget)
        if holds and chosen is None:
            chosen = parts
        tag = (tokens[index].tag or "") if index < len(tokens) else close
        if tag.startswith("elsif"):
            holds = _holds(tag.partition(" ")[2], scope)
        elif tag.startswith("else"):
            holds = True
        else:
            return chosen or [], index


def _holds(expression: str, scope: Mapping[str, Any]) -> bool:
    """Whether a condition holds: a variable that is set, or one compared by == or !=."""
    for sign in ("==", "!="):
        left, found, right = expression.partition(sign)
        if found:
            same = str(lookup(left.strip(), scope)) == str(lookup(right.strip(), scope))
            return same == (sign == "==")
    value = lookup(expression.strip(), scope)
    return value is not None and value is not False


def evaluate(expression: str, scope: Mapping[str, Any]) -> Any:
    """The value of an expression with its filters; those that are not known change nothing."""
    first, *filters = re.split(r"""\|(?=(?:[^"']|"[^"]*"|'[^']*')*$)""", expression[:1000])
    value = lookup(first.strip(), scope)
    for step in filters:
        name, _, argument = step.strip().partition(":")
        value = _filtered(name.strip(), value, lookup(argument.strip(), scope))
    return value


def _filtered(name: str, value: Any, argument: Any) -> Any:
    if name == "default":
        return argument if value in (None, False, "") else value
    if isinstance(value, (list, tuple)):
        if name == "join":
            return str(" " if argument is None else argument).join(map(str, value))
        if name in ("first", "last"):
            return (value[0] if name == "first" else value[-1]) if value else None
    if name == "size" and isinstance(value, (str, list, tuple, Mapping)):
        return len(value)
    if isinstance(value, str):
        if name in _WORDS:
            return _WORDS[name](value)
        if name in ("append", "prepend") and isinstance(argument, str):
            return value + argument if name == "append" else argument + value
    return value


def lookup(expression: str, scope: Mapping[str, Any]) -> Any:
    """The value of `site.data.urls["piazza"].url`, a quoted text or a number; None if unknown."""
    if expression[:1] in "\"'" and expression[-1:] == expression[:1] and len(expression) > 1:
        return expression[1:-1]
    value: Any = scope
    for step in _STEP.finditer(expression):
        name = next(group for group in step.groups() if group is not None)
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, (list, tuple)) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return None if value is scope else value
