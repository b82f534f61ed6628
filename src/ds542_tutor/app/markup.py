"""Text of models, course files and students, made safe to show as Markdown or HTML.

A message keeps its Markdown and formulas; HTML in it is shown as text, images are never loaded,
links lead nowhere and show their address, and markers such as [1] become links to the source they
name. The browser's sanitizer and the page's content security policy stand behind this; nothing here
relies on them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from html import escape

from ds542_tutor.dialogue import Support

LATEX_DELIMITERS: list[dict[str, str | bool]] = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": r"\[", "right": r"\]", "display": True},
    {"left": r"\(", "right": r"\)", "display": False},
    {"left": "$", "right": "$", "display": False},
]
"""What the page typesets as formulas."""

Said = Mapping[int, Sequence[Support | None]]
"""What the check said at each place of each marker, see `citations.support_by_marker`."""

_IN_PART = "it says this only in part"

# Parts of Markdown that are shown literally or typeset, in the order in which they take precedence.
# Inline "$" must hug its formula and not be followed by a digit, so that "$5 and $6" are prices.
_SPECIAL = re.compile(
    r"(?P<fence>^(?P<ticks>`{3,}|~{3,})[^\n]*\n.*?(?:^(?P=ticks)[`~]*[ \t]*$|\Z))"
    r"|(?P<code>(?P<tick>`+)(?!`).+?(?<!`)(?P=tick)(?!`))"
    r"|(?P<math>\$\$.+?\$\$|\\\[.+?\\\]|\\\(.+?\\\)|\$(?![\s$])[^$\n]*?(?<![\s\\])\$(?!\d))",
    re.DOTALL | re.MULTILINE,
)
_MARKER = re.compile(r" ?\[(\d{1,3})\]")  # with its space: a marker must not start a line
# A link says one thing and may lead elsewhere: the words stay, the address is shown and not linked.
_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\(<?((?:https?://|mailto:)[^\s)>]+)>?[^)\n]{0,200}\)")
_ADDRESS = re.compile(r"(?<![`\w])(?:https?://|ftp://|www\.)[^\s`<>()\[\]]*[\w/]")
_ANY_LINK = re.compile(r"\]\(")
_DEFINITION = re.compile(r"^([ \t]{0,3})\[([^\]\n]{1,200})\]:", re.MULTILINE)
_DOLLAR = re.compile(r"(?<!\\)\$")


def safe_markdown(text: str, link: Callable[[int], str] | None = None) -> str:
    """Return Markdown that shows `text` and can do nothing else.

    Args:
        text: Markdown from anywhere. link: gives the HTML that stands for a marker.
    """
    out, end = [], 0
    for part in _SPECIAL.finditer(text):
        out.append(_prose(text[end : part.start()], link))
        if part["math"]:
            # Inside a formula, escapes would be typeset; these commands draw the same signs.
            out.append(part["math"].replace("<", r"\lt ").replace(">", r"\gt "))
        else:
            out.append(part[0])
        end = part.end()
    out.append(_prose(text[end:], link))
    return "".join(out)


def marker_link(answer: str, known: Collection[int], said: Said) -> Callable[[int], str]:
    """Return how the markers of one answer are shown: as links to its `known` sources.

    What the check said at each place is shown where the source says only a part: `said`.
    """
    places = _Places(said)

    def link(marker: int) -> str:
        support = places.next(marker)
        if marker not in known:
            return f" &#91;{marker}&#93;"
        note = f": {_IN_PART}" if support == "weak" else ""
        return (
            f'<a class="ds-marker{_badge(support)}" href="#{source_id(answer, marker)}" '
            f'title="Show source {marker}{note}">{marker}</a>'
        )

    return link


def marker_badge(said: Said) -> Callable[[int], str]:
    """Return how markers are shown while an answer is written: a number, and what the check said.

    There is nothing to link to yet.
    """
    places = _Places(said)

    def badge(marker: int) -> str:
        support = places.next(marker)
        return f'<span class="ds-marker{_badge(support) or " ds-open"}">{marker}</span>'

    return badge


class _Places:
    """Hands out what was said at the places of each marker, one after the other."""

    def __init__(self, said: Said) -> None:
        self._left = {marker: iter(supports) for marker, supports in said.items()}

    def next(self, marker: int) -> Support | None:
        return next(self._left.get(marker, iter(())), None)


def _badge(support: Support | None) -> str:
    return f" ds-{support}" if support else ""


def source_id(answer: str, marker: int) -> str:
    """The HTML id of one source of one answer."""
    return f"source-{answer}-{marker}"


def credit_id(form: str, answer: str) -> str:
    """The HTML id of one text to copy that credits one answer."""
    return f"{form}-{answer}"


def shorten(text: str, limit: int) -> str:
    """Return the first line or so of `text`: at most `limit` characters, cut at a word."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    return line[: limit - 1].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def _prose(text: str, link: Callable[[int], str] | None) -> str:
    safe = escape(text, quote=False).replace("&gt;", ">")  # a quotation mark of Markdown; harmless
    safe = safe.replace("![", "!&#91;")  # an image would be fetched from wherever it points
    safe = _LINK.sub(lambda found: f"{found[1]} ({found[2]})", safe)
    safe = _ANY_LINK.sub("]&#40;", _DEFINITION.sub(r"\1&#91;\2]:", safe))
    safe = _ADDRESS.sub(lambda found: f"`{found[0].replace('&amp;', '&')}`", safe)
    # What is left of "$" opens no formula: a formula never spans two elements.
    safe = _DOLLAR.sub("<span>&#36;</span>", safe)
    if link is None:
        return safe
    return _MARKER.sub(lambda found: link(int(found[1])), safe)
