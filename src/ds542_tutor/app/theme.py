"""How the page looks: a restrained theme with bundled fonts, and the page's own style and script.

Nothing comes from another host. Rules of the layout stand in `static/style.css`.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr

STATIC = Path(__file__).parent / "static"
STATIC_ROUTE = "/tutor-static"

SCARLET = gr.themes.Color(
    name="scarlet",
    c50="#fdf3f3",
    c100="#fae3e3",
    c200="#f4c4c4",
    c300="#ea9797",
    c400="#dd5c5c",
    c500="#cc0000",
    c600="#b30000",
    c700="#950000",
    c800="#7a0505",
    c900="#660a0a",
    c950="#3a0202",
)
"""Shades of Boston University's scarlet, #CC0000, which is the middle one."""


def theme() -> gr.themes.Base:
    """Return the theme: Gradio's plain one, in scarlet and warm greys."""
    return gr.themes.Base(
        primary_hue=SCARLET,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_sm,
        text_size=gr.themes.sizes.text_md,
        # Of the fonts that Gradio carries, these two have all Latin letters in both weights.
        font=[
            gr.themes.LocalFont("Source Sans Pro", weights=(400, 700)),
            "system-ui",
            "Segoe UI",
            "sans-serif",
        ],
        font_mono=[gr.themes.LocalFont("IBM Plex Mono", weights=(400, 700)), "monospace"],
    ).set(
        body_background_fill="#faf9f7",
        body_background_fill_dark="#161412",
        block_border_width="0px",
        button_primary_background_fill="*primary_500",
        button_primary_background_fill_hover="*primary_600",
        button_primary_text_color="white",
        button_primary_background_fill_dark="*primary_500",
        button_primary_background_fill_hover_dark="*primary_600",
    )


def head() -> str:
    """Return what the page's head needs beside Gradio's own: style, script, description."""
    base = STATIC_ROUTE.lstrip("/")
    return (
        f'<link rel="stylesheet" href="{base}/style.css?{version()}">'
        f'<script src="{base}/page.js?{version()}" defer></script>'
        f'<script src="{base}/credit.js?{version()}" defer></script>'
        '<meta name="description" content="Course tutor: cited answers from the slides, the book '
        'and the syllabus.">'
    )


def version() -> int:
    """Return a number that changes with the static files, so that browsers fetch them anew."""
    return int(max(path.stat().st_mtime for path in STATIC.iterdir()))
