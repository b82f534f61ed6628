"""Lecture decks as PowerPoint files: one segment a slide, and one for what its speaker notes say.

A slide's number is its place in the file, hidden slides counted, as PowerPoint numbers them.
Hidden slides are left out. Folding build-ups is `ingest.chunking`'s business, text of shapes that
of `pptx_shapes`.
"""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree
from PIL import Image, UnidentifiedImageError
from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.exc import PythonPptxError

from ds542_tutor.documents import Document, Locator, Segment
from ds542_tutor.errors import SourceError
from ingest.readers import archives, common, pptx_shapes, slide_rules
from ingest.readers.ocr import FEW_LETTERS, PICTURE_SHARE, Reader, listed, says_something
from ingest.readers.slide_text import bulleted, items
from ingest.sources import SourceFile

NOTES: Final = "Speaker notes:"
_P14: Final = "{http://schemas.microsoft.com/office/powerpoint/2010/main}"
_FURNITURE: Final = frozenset(
    {PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER}
)
_TITLES: Final = frozenset(
    {PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE, PP_PLACEHOLDER.VERTICAL_TITLE}
)
_UNNAMED: Final = frozenset({"", "default section", "untitled section"})
# A text box that stands at one place on a fifth of the slides is furniture.
SHARE: Final = 0.2
# A picture of more pixels than this would take gigabytes to unpack.
MAX_PIXELS: Final = 60_000_000
# Whatever a damaged file makes the libraries trip over.
_DAMAGED: Final = (
    PythonPptxError, etree.LxmlError, zipfile.BadZipFile, zlib.error, struct.error, OSError,
    EOFError, LookupError, ValueError, AttributeError, TypeError, ArithmeticError, RuntimeError,
    AssertionError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Slide:
    """One slide: its number from 1, title, the other lines, speaker notes, layout's name."""

    number: int
    title: str
    body: str
    notes: str
    layout: str
    ocr: bool = False

    @property
    def text(self) -> str:
        return "\n".join(part for part in (self.title, self.body) if part)


def read(source: SourceFile, images: bool = True) -> Document:
    """Read one deck.

    Args:
        source: a .pptx file.
        images: read slides off their images where they have hardly any text.

    Raises:
        SourceError: it is damaged, encrypted, no PowerPoint file, without text, or unpacks to
            more than fits in memory.
    """
    archives.check_office(source, "ppt/presentation.xml", "PowerPoint")
    try:
        deck = Presentation(str(source.path))
        return _read(source, deck, Reader("slide") if images else None)
    except SourceError:
        raise
    except _DAMAGED as error:
        raise SourceError(
            f"{source.name}: is damaged ({type(error).__name__}: {str(error)[:80]}); "
            "export or fetch it again"
        ) from error


def _read(source: SourceFile, deck: Any, reader: Reader | None) -> Document:
    shown = list(enumerate(deck.slides, start=1))
    hidden = [n for n, slide in shown if slide._element.get("show") in ("0", "false")]
    shown = [(n, slide) for n, slide in shown if n not in hidden]
    if not shown:
        raise SourceError(f"{source.name}: has no slide that is not hidden; show or remove them")
    furniture = _furniture([slide for _, slide in shown], deck)
    slides = [_slide(n, slide, deck, furniture, reader) for n, slide in shown]
    parts = _parts(deck)
    section: tuple[str, ...] = ()
    segments: list[Segment] = []
    for slide in slides:
        first = slide.body.partition("\n")[0]
        kind = slide_rules.kind(slide.number, slide.title, first, slide.text)
        divider = slide.layout.lower().startswith("section") and bool(slide.title)
        kind = "agenda" if divider and kind == "slide" else kind
        section = parts.get(slide.number, section)
        if divider and not parts:
            section = (slide.title,)
        locator = Locator(page=slide.number, slide_title=slide.title, section=section)
        segments.append(Segment(slide.text, locator, kind, ocr=slide.ocr))
        if slide.notes:
            segments.append(Segment(f"{NOTES}\n{slide.notes}", locator, "notes"))
    blank = tuple(s.number for s in slides if not s.text and not s.notes)
    told = list(reader.warnings() if reader else ())
    if hidden:
        told.append(f"{listed(hidden, 'slide')} hidden in the file: left out")
    if blank and not (reader and reader.unread):
        told.append(f"no text on {listed(blank, 'slide')}")
    return common.build(
        source,
        segments,
        common.document_title(source, _title(source, deck, slides)),
        page_count=len(deck.slides),
        warnings=tuple(told),
        blank=blank,
    )


def _title(source: SourceFile, deck: Any, slides: Sequence[_Slide]) -> str:
    """What the title slide says: its title, and a subtitle that names the topic."""
    first = slides[0]
    below = first.body.partition("\n")[0]
    if first.title and first.layout == "Title Slide":
        return f"{first.title}: {below}" if 0 < len(below) <= 80 else first.title
    named = (deck.core_properties.title or "").strip()
    if named and named != "PowerPoint Presentation":
        return named
    return common.title_from_stem(source.path.stem)


def _parts(deck: Any) -> dict[int, tuple[str, ...]]:
    """The sections of the file, by the number of their first slide."""
    numbers = {str(slide.slide_id): number for number, slide in enumerate(deck.slides, start=1)}
    parts: dict[int, tuple[str, ...]] = {}
    for section in deck.part._element.iter(f"{_P14}section"):
        name = " ".join(section.get("name", "").split())
        members = [numbers.get(e.get("id", "")) for e in section.iter(f"{_P14}sldId")]
        first = min((n for n in members if n is not None), default=None)
        if first is not None:
            parts[first] = () if name.lower() in _UNNAMED else (name,)
    return parts


def _key(shape: Any) -> tuple[str, int, int]:
    text = pptx_shapes.text_of(shape)
    return "".join(ch for ch in text if not ch.isdigit()), int(shape.top or 0), int(shape.left or 0)


def _edge(shape: Any, deck: Any) -> bool:
    """Whether a shape stands in the highest or lowest eighth of the slide."""
    middle = int(shape.top or 0) + int(shape.height or 0) / 2
    return not 0.12 < middle / deck.slide_height < 0.88


def _furniture(slides: Sequence[Any], deck: Any) -> frozenset[tuple[str, int, int]]:
    """Text boxes that recur at one place at the edge of the slides, such as a licence line."""
    counts: Counter[tuple[str, int, int]] = Counter()
    for slide in slides:
        shapes = [s for s in slide.shapes if not s.is_placeholder and s.has_text_frame]
        counts.update({_key(shape) for shape in shapes if _edge(shape, deck)})
    needed = max(3, SHARE * len(slides))
    return frozenset(key for key, count in counts.items() if count >= needed)


def _slide(
    number: int,
    slide: Any,
    deck: Any,
    furniture: frozenset[tuple[str, int, int]],
    reader: Reader | None,
) -> _Slide:
    title = ""
    texts: list[str] = []
    pictures: list[Any] = []
    for shape in pptx_shapes.flat(slide.shapes):
        kind = shape.placeholder_format.type if shape.is_placeholder else None
        if kind in _FURNITURE:
            continue
        if hasattr(shape, "image") or kind == PP_PLACEHOLDER.PICTURE:
            pictures.append(shape)
        text = pptx_shapes.text_of(shape)
        if kind in _TITLES and not title:
            title = " ".join(line.strip(" •") for line in text.splitlines())
        elif text and not slide_rules.is_credit(text) and _key(shape) not in furniture:
            texts.append(text)
    ocr = False
    if reader and pictures and sum(ch.isalpha() for text in texts for ch in text) < FEW_LETTERS:
        found = [text for picture in pictures if (text := _seen(number, picture, deck, reader))]
        texts, ocr = texts + found, bool(found)
    notes = _notes(slide)
    return _Slide(number, title, "\n".join(texts), notes, slide.slide_layout.name, ocr)


def _notes(slide: Any) -> str:
    if not slide.has_notes_slide or slide.notes_slide.notes_text_frame is None:
        return ""
    body = slide.notes_slide.notes_text_frame._txBody
    paragraphs = body.findall("{http://schemas.openxmlformats.org/drawingml/2006/main}p")
    return "\n".join(filter(None, map(pptx_shapes.paragraph, paragraphs)))


def _seen(number: int, shape: Any, deck: Any, reader: Reader) -> str:
    """What a picture says, where it is large and holds text."""
    width, height = int(shape.width or 0), int(shape.height or 0)
    if width * height < PICTURE_SHARE * deck.slide_width * deck.slide_height:
        return ""
    if not reader.may_read(number):
        return ""
    image = _image(shape)
    if image is None:
        return ""
    found = reader.read(number, image, width / 12_700, height / 12_700)
    if not says_something(found):
        return ""
    return "\n".join(text.text for text in bulleted(items(found)))


def _image(shape: Any) -> Image.Image | None:
    """A shape's picture; None where it is linked, damaged, far too large or a drawing."""
    try:
        blob = shape.image.blob
        blob = _bitmap(blob) if blob[40:44] == b" EMF" else blob
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(io.BytesIO(blob))
        if image.width * image.height > MAX_PIXELS:
            return None
        image.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, *_DAMAGED):
        return None
    return image


def _bitmap(emf: bytes) -> bytes:
    """The bitmap that a Windows metafile holds, as a .bmp file; b"" where it draws lines.

    Format: [MS-EMF], records EMR_STRETCHDIBITS (81) with its offsets at byte 48.
    """
    at = 0
    while at + 80 <= len(emf):
        kind, size = struct.unpack_from("<II", emf, at)
        if kind == 81:
            header, header_size, bits, bits_size = struct.unpack_from("<4I", emf, at + 48)
            start = 14 + header_size
            head = b"BM" + struct.pack("<IHHI", start + bits_size, 0, 0, start)
            info = emf[at + header : at + header + header_size]
            return head + info + emf[at + bits : at + bits + bits_size]
        if size < 8:
            break
        at += size
    return b""
