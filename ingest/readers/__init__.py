"""Readers: one course file in, one `Document` out.

`read_document` picks the reader by what the sources file says the file is and by its suffix. The
readers find segments and their places; cutting them into chunks is `ingest.chunking`'s job.
"""

from __future__ import annotations

from ds542_tutor.documents import Document
from ds542_tutor.errors import SourceError
from ingest.readers import (
    beside_book,
    book,
    course_site,
    latex,
    margins,
    markdown,
    notebook,
    pptx,
    slides,
)
from ingest.readers.course_site import read_course
from ingest.sources import SourceFile

__all__ = ["read_course", "read_document"]


def read_document(source: SourceFile, images: bool = True) -> Document:
    """Read one file.

    Args:
        source: the file, and what the sources file says about it.
        images: read pages and slides without text off their images (needs the extra "ocr").

    Raises:
        SourceError: it cannot be read, or there is no reader for it; `EncryptedSourceError` and
            `EmptySourceError` say so more exactly. The message names the file and the remedy.
    """
    document = _read(source, images)
    if source.errata_for is not None:
        is_pdf = source.path.suffix.lower() == ".pdf"
        return beside_book.errata(document, margins.struck_out(source.path) if is_pdf else {})
    return beside_book.answers(document) if source.answers_for is not None else document


def _read(source: SourceFile, images: bool) -> Document:
    suffix = source.path.suffix.lower()
    if source.kind == "site":
        return course_site.read(source)
    if source.kind == "slides" and suffix == ".pdf":
        return slides.read(source, images)
    if source.kind == "slides" and suffix == ".pptx":
        return pptx.read(source, images)
    if suffix == ".pdf":
        return book.read(source, images)
    if suffix == ".ipynb":
        return notebook.read(source)
    if suffix == ".tex":
        return latex.read(source)
    if suffix in markdown.SUFFIXES:
        return markdown.read(source)
    raise SourceError(
        f"{source.name}: no reader for {suffix or 'a file without a suffix'} as {source.kind}; "
        "list it under [[skip]] in the sources file, or save it as PDF, PowerPoint (.pptx), "
        "Markdown or a notebook"
    )
