"""What every reader needs: a file's bytes and hash, a document built from a source, titles."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from ds542_tutor.course import term_name
from ds542_tutor.documents import Document, Segment
from ds542_tutor.errors import EmptySourceError, SourceError
from ingest import terms
from ingest.sources import SourceFile

_HALVES: Final = re.compile(r"[\ud800-\udfff]")
_SMALL_WORDS: Final = frozenset("a an and as at by for from in of on or the to vs with".split())
_UPPER_WORDS: Final = frozenset("cnn cnns gan gans gnn gnns llm llms rnn rnns scc vae vaes".split())


def read_bytes(source: SourceFile) -> bytes:
    """The file's bytes.

    Raises:
        SourceError: it cannot be read.  EmptySourceError: there are none.
    """
    try:
        data = source.path.read_bytes()
    except OSError as error:
        raise SourceError(
            f"{source.name}: cannot be read ({error.strerror}); check that it is there and readable"
        ) from error
    if not data.strip():
        raise EmptySourceError(f"{source.name}: the file is empty; put the real one in its place")
    return data


def read_text(source: SourceFile) -> str:
    """The file as text, as it stands (line ends unchanged).

    Raises:
        SourceError: it is not text in UTF-8.
    """
    data = read_bytes(source)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{source.name}: is not UTF-8 text (byte {error.start}); save it as UTF-8"
        ) from error
    if "\0" in text:
        raise SourceError(f"{source.name}: is a binary file, whatever its name says; replace it")
    return text


def encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON and YAML may have and UTF-8 has not.

    Each is replaced one for one, so that places stay.
    """
    return _HALVES.sub("\ufffd", text)


def build(
    source: SourceFile,
    segments: list[Segment],
    title: str,
    *,
    page_count: int = 0,
    warnings: tuple[str, ...] = (),
    blank: tuple[int, ...] = (),
) -> Document:
    """Make the document of `source`; its pages read off images are those of marked segments.

    Raises:
        EmptySourceError: no segment has any text.
    """
    if not any(segment.text.strip() for segment in segments):
        remedy = (
            "if its pages are images of text, install the extra ds542_tutor[ocr], or where that is "
            "installed give a copy that OCR was run over"
            if page_count
            else "fill or remove it"
        )
        raise EmptySourceError(f"{source.name}: no text in it; {remedy}")
    term, stale = terms.judge(
        source.term, source.term_given, source.path.stem, source.kind, segments
    )
    title = source.title or title
    if term is not None and term != source.term and term not in dict(terms.mentions(title)):
        # Wherever it is cited, its title says whose it is.
        title = f"{title} ({term_name(term)})"
    return Document(
        path=source.name,
        kind=source.kind,
        title=title,
        sha256=hashlib.sha256(source.path.read_bytes()).hexdigest(),
        segments=tuple(segments),
        term=term,
        lecture=source.lecture,
        assignment=source.assignment,
        graded=source.graded,
        url=source.url,
        licence=source.licence,
        page_count=page_count,
        warnings=(*warnings, *stale),
        blank=blank,
        ocr_pages=tuple(sorted({s.locator.page or 1 for s in segments if s.ocr})),
    )


def title_from_stem(stem: str) -> str:
    """'16_attention_and_transformers' -> 'Attention and Transformers'."""
    words = re.sub(r"^[\d_.\-]+", "", stem).replace("_", " ").split() or [stem]
    return " ".join(
        word.upper()
        if word in _UPPER_WORDS
        else word
        if (word in _SMALL_WORDS and number) or not word.islower()
        else word[0].upper() + word[1:]
        for number, word in enumerate(words)
    )


def document_title(source: SourceFile, found: str) -> str:
    """A title for lecture material: 'Lecture 16: Attention and Transformers'."""
    if source.lecture is None or re.match(rf"Lecture {source.lecture}\b", found):
        return found
    return f"Lecture {source.lecture}: {found}"
