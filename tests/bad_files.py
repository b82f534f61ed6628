"""Course files that are wrong in every way that files are, made for tests."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image, ImageDraw
from pptx import Presentation
from pptx.util import Inches
from test_readers_pdf import ENCRYPTED

STARTER = Path(__file__).parents[1] / "corpus" / "starter"
DECK = STARTER / "lectures" / "05_regularization.pdf"
NOTEBOOK = STARTER / "notebooks" / "discussion_04.ipynb"
LATEX = "\\chapter{Loss}\nIt falls.\n\\begin{equation}\nL = 0\n\\end{equation}\n"


def picture(text: str = "") -> Image.Image:
    """A white page with black text painted on it."""
    image = Image.new("RGB", (800, 600), "white")
    ImageDraw.Draw(image).text((60, 200), text, fill="black", font_size=48)
    return image


def png() -> bytes:
    """A picture's bytes."""
    out = io.BytesIO()
    picture("a picture").save(out, "PNG")
    return out.getvalue()


def scanned(text: str) -> bytes:
    """A PDF of one page that is a picture of a text."""
    out = io.BytesIO()
    picture(text).save(out, "PDF")
    return out.getvalue()


def many_pages(count: int) -> bytes:
    """A PDF that repeats one page."""
    out = io.BytesIO()
    with pdfium.PdfDocument(DECK) as deck, pdfium.PdfDocument.new() as pdf:
        pdf.import_pages(deck, [3] * count)
        pdf.save(out)
    return out.getvalue()


def powerpoint() -> bytes:
    """A deck of PowerPoint with bullets, notes and a table on each slide."""
    deck = Presentation()
    for number in range(6):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = f"Step {number}"
        slide.placeholders[1].text = "Gradients point uphill\nSo we walk the other way"
        slide.notes_slide.notes_text_frame.text = "Say this slowly."
        table = slide.shapes.add_table(2, 2, Inches(1), Inches(4), Inches(4), Inches(1)).table
        table.cell(0, 0).text = "rate"
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def repacked(member: str, blocks: Iterable[bytes]) -> bytes:
    """That deck with another content of one of its members."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(powerpoint())) as deck,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for name in deck.namelist():
            if name != member:
                archive.writestr(name, deck.read(name))
        with archive.open(member, "w", force_zip64=True) as file:
            for block in blocks:
                file.write(block)
    return out.getvalue()


def archive_bomb(unpacked: int = 3 << 30) -> bytes:
    """A deck of some megabytes, one of whose slides unpacks to `unpacked` bytes of blanks."""
    block = b" " * (1 << 24)
    return repacked("ppt/slides/slide3.xml", (block for _ in range(unpacked // len(block))))


def entity_bomb() -> bytes:
    """A deck one of whose slides is XML that grows a billionfold when it is read."""
    names = "abcdefghij"
    entities = "".join(
        f'<!ENTITY {name} "{f"&{names[k - 1]};" * 10 if k else "laugh"}">'
        for k, name in enumerate(names)
    )
    with zipfile.ZipFile(io.BytesIO(powerpoint())) as deck:
        slide = deck.read("ppt/slides/slide3.xml")
    slide = slide.replace(b"<p:sld ", f"<!DOCTYPE x [{entities}]><p:sld ".encode(), 1)
    return repacked("ppt/slides/slide3.xml", [slide.replace(b"Step 2", b"&j;")])


def yaml_bomb() -> str:
    """YAML whose aliases grow a billionfold when they are written out."""
    lines = ["a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    for before, name in zip("abcdefghi", "bcdefghij", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    return "\n".join([*lines, "title: *j"])


def old_notebook() -> str:
    """A notebook in format 3, which Jupyter wrote until 2015."""
    cells = [
        {"cell_type": "heading", "level": 1, "metadata": {}, "source": ["Old momentum"]},
        {"cell_type": "markdown", "metadata": {}, "source": ["Momentum keeps an average."]},
        {
            "cell_type": "code", "language": "python", "metadata": {}, "collapsed": False,
            "input": ["velocity = 0.9 * velocity + gradient"], "outputs": [], "prompt_number": 1,
        },
    ]  # fmt: skip
    sheet = {"cells": cells, "metadata": {}}
    return json.dumps(
        {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [sheet]}
    )


def nested_notebook(depth: int = 100_000) -> str:
    """A notebook whose metadata hold a list in a list in a list."""
    whole = json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": {"a": 0}})
    return whole.replace("0}", "[" * depth + "]" * depth + "}")


GOOD: dict[str, str | bytes] = {
    "good.md": "# Attention\n\nAttention weighs values by how well keys match the query.\n",
    "good.ipynb": NOTEBOOK.read_bytes(),
    "good deck.pdf": DECK.read_bytes(),
    "good.tex": LATEX,
    "good.pptx": powerpoint(),
    "old format.ipynb": old_notebook(),
    """Übung 'eins' "zwei" – 深層 {x} %20 #1.md""": "# Übung\n\nDie Steigung zeigt bergauf.\n",
    "quotes.md": "# Deep quotes\n\n" + ">" * 10_000 + " It still says something.\n",
    "spaced out.md": "# Rows\n\n|" + " " * 20_000 + "x\n\n| a |" + " " * 20_000 + "\n",
    "site/_lectures/01.md": "---\ntitle: 1 - Start\ndate: 2026-01-20T15:30:00-5:00\n---\nHello.\n",
    "site/_lectures/02.md": "---\ntitle: 2 - Undated\ndate: some day\n---\nDates to follow.\n",
    "site/_lectures/03.md": "---\ntitle: 3 - Never\ndate: 2026-02-31T15:30:00\n---\nNo such day.\n",
    "site/loops.md": "---\ntitle: Loops\n---\nFirst.\n\n"
    + "{% for a in site.data.many %}" * 8 + "{% endfor %}" * 8 + "\n",
    "site/self.md": "---\ntitle: Self\n---\nFirst.\n\n{% include self.html %}\n",
    "site/_includes/self.html": "{% include self.html %} {% include self.html %}\n" * 20,
    "site/_data/many.yml": f"[{', '.join(map(str, range(200)))}]\n",
    "site/_config.yml": "title: Toy\n",
}  # fmt: skip
"""Files that can be read, strange as some are."""


def bad() -> dict[str, tuple[str | bytes, str]]:
    """Files that cannot be read, each with words that the report has about it."""
    deck = DECK.read_bytes()
    return {
        "truncated.pdf": (deck[: len(deck) // 3], "is damaged"),
        "truncated.ipynb": (NOTEBOOK.read_bytes()[:2000], "is not a notebook, or damaged"),
        "encrypted.pdf": (ENCRYPTED, "password protected"),
        "zero.pdf": (b"", "the file is empty"),
        "zero.md": (b"", "the file is empty"),
        "zero.ipynb": (b"", "the file is empty"),
        "zero.tex": (b"", "the file is empty"),
        "blank.md": ("\n \n", "the file is empty"),
        "picture.pdf": (png(), "is not a PDF, whatever its name says"),
        "deck.ipynb": (deck, "UTF-8"),
        "deck.md": (deck, "UTF-8"),
        "binary.md": (b"# Title\n\0\0\0", "is a binary file"),
        "latin.md": ("# Fläche\n".encode("latin-1"), "is not UTF-8 text"),
        "notes.ipynb": ("# Attention\n", "is not a notebook, or damaged"),
        "other.ipynb": ('{"cells": []}', "is JSON but not a Jupyter notebook"),
        "empty.ipynb": ('{"nbformat": 4, "cells": [], "metadata": {}}', "no text or code"),
        "nested.ipynb": (nested_notebook(), "is not a notebook, or damaged"),
        "bomb.pptx": (archive_bomb(), "unpacks to 3,072 MiB"),
        "laughs.pptx": (entity_bomb(), "is damaged"),
        "zero.pptx": (b"", "the file is empty"),
        "truncated.pptx": (powerpoint()[:9000], "damaged"),
        "deck.pptx": (deck, "is a PDF, whatever its name says"),
        "site/_lectures/04.md": ("---\ntitle: [4 - Broken\n---\nHello.\n", "its YAML cannot be"),
        "site/_lectures/05.md": ("---\n- title\n- date\n---\nHello.\n", "keys and values"),
        "site/_lectures/06.md": (f"---\n{yaml_bomb()}\n---\nHello.\n", "grow without measure"),
        "site/_lectures/07.md": ("---\nself: &a [*a]\n---\nHello.\n", "grow without measure"),
        "site/_lectures/08.md": (b"---\ntitle: \xff\n---\nHello.\n", "is not UTF-8 text"),
        "site/_lectures/09.md": ("---\ntitle: \x07\n---\nHello.\n", "its YAML cannot be read"),
        "site/_lectures/10.md": (f"---\na: {'[' * 5000}\n---\nHello.\n", "its YAML cannot be"),
        "site/_data/people.yml": ("instructors: [name: : :", "its YAML cannot be read"),
    }


TOML = """
[corpus]
name = "toy"
term = "sp2026"

[[source]]
files = ["*.md", "*.tex"]
kind = "notes"

[[source]]
files = "*.ipynb"
kind = "notebook"

[[source]]
files = ["*.pdf", "*.pptx"]
kind = "slides"

[[source]]
kind = "site"
site = "site"
"""


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    """Write the files below `folder`, making folders as needed."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
