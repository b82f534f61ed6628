"""Figures as SVG for one HTML page: text stays text, ids are unique, the same data the same bytes.

What is drawn is left to `plots`. Figures are made without pyplot, which would keep global state.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

WIDTH = 4.8
"""Inches. A figure then fills a phone, two fit beside each other on a laptop, and its text of
11 points stays readable on both."""

INK, MUTED, GRID = "#1d2733", "#5a6675", "#d9dee5"
OURS, OTHER = "#0b4f8a", "#b3541e"
"""Blue and burnt orange: told apart by all common kinds of colour vision, and by shape anyway."""

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "ds542",
    "text.parse_math": False,  # a "$" in a label is a dollar
    "font.size": 11,
    "axes.labelsize": 11,
    "xtick.labelsize": 10.5,
    "ytick.labelsize": 10.5,
    "legend.fontsize": 10.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.handletextpad": 0.4,
    "legend.columnspacing": 1.2,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot with its words; `svg` is empty where the run has nothing to draw, as `caption` says.

    Attributes:
        name: of the plot within the page, a word. title: what there is to see. caption: how to
            read it.
    """

    name: str
    title: str
    caption: str
    svg: str = ""


@contextmanager
def figure(height: float) -> Iterator[Figure]:
    """Give a figure of the page's style, `height` inches high, to draw on and to `render` in it."""
    with rc_context(_STYLE):
        yield Figure((WIDTH, height), layout="constrained")


def render(drawn: Figure, name: str, alt: str) -> str:
    """Return a figure as an `<svg>` element for HTML.

    Args:
        name: of the figure within the page, a word. alt: what it shows, in words.
    """
    out = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    drawn.savefig(out, format="svg", metadata=nothing)
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.S)
    # matplotlib's own style sheet would apply to the whole page.
    text = re.sub(r"<style[^>]*>.*?</style>", "", text, flags=re.S)
    # Every figure of matplotlib has an "axes_1": ids get the figure's name before them.
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'xlink:href="#', f'href="#{name}-', text)
    text = text.replace("url(#", f"url(#{name}-")
    text = re.sub(r"\n\s*", "\n", text)
    box = re.search(r'viewBox="[^"]+"', text)
    assert box, "matplotlib writes a viewBox"
    head = f'<svg {box.group()} role="img" aria-label="{escape(alt)}">'
    return head + text[text.index(">") + 1 :].strip()
