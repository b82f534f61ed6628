"""Help for the tests of reading: compiles the typst files in `data`, checks character alignment."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import typst

from ds542_tutor.documents import SourceKind, TextRun
from ingest.sources import SourceFile

DATA = Path(__file__).parent / "data"
STARTER = Path(__file__).parents[1] / "corpus" / "starter"


def compiled(name: str, folder: Path) -> Path:
    """Compile `data/<name>.typ` to a PDF in `folder`."""
    pdf = folder / f"{name}.pdf"
    pdf.write_bytes(typst.compile(str(DATA / f"{name}.typ"), ignore_system_fonts=True))
    return pdf


def source(path: Path, kind: SourceKind, **more: Any) -> SourceFile:
    """A source file named by its file name."""
    return SourceFile(path=path, name=path.name, kind=kind, **more)


def tokens(text: str) -> int:
    """A count of tokens that needs no model: words."""
    return len(text.split())


def raw_pages(path: Path, *numbers: int) -> dict[int, str]:
    """The raw text of these pages (default: all), as locators count it."""
    with pdfium.PdfDocument(path) as pdf:
        wanted = numbers or range(1, len(pdf) + 1)
        return {n: pdf[n - 1].get_textpage().get_text_range() for n in wanted}


def misaligned(text: str, runs: Iterable[TextRun], raw: dict[int, str]) -> list[tuple[str, str]]:
    """Stretches where the cleaned text and the raw text it claims to come from differ."""
    wrong = []
    for run in runs:
        shown = text[run.start : run.start + run.length]
        there = raw[run.page][run.source : run.source + run.length]
        if _folded(shown) != _folded(there):
            wrong.append((shown, there))
    return wrong


def _folded(text: str) -> str:
    """White space, bullets and line-end hyphens may be exchanged one for one, nothing else."""
    table = {ord("\ufffe"): "-"} | {ord(ch): "•" for ch in "●○▪■◆❖➢➤‣⁃\uf0b7\uf0a7\uf0d8\uf076"}
    table |= {ord(ch): "•" for ch in "\uf0fc\uf0df\uf0e0"} | {ord("*"): "-", ord("+"): "-"}
    table |= {0x0DCD: "∑", 0x0DD1: "∏", 0x0DB1: "∫", 0x0D24: "\u0305", 0x0D57: "/", 0x124A: "{"}
    table |= {0x0DDC: "\u0302", 0x0DE0: "\u0302", 0x0DE3: "\u0302"}
    table |= {ord("σ"): "∑", ord("ς"): "∏", ord("Τ"): "/"}
    plain = "".join(" " if ch.isspace() or ord(ch) < 32 else ch for ch in text.translate(table))
    return unicodedata.normalize("NFKC", plain)
