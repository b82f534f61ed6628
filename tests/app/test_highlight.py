"""Highlights: from ranges of a chunk's text to marks on the picture of its page."""

import io
import threading
from dataclasses import replace
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from fakes_app import chunk_of
from passages import SENTENCE, marked_pixels, range_of
from PIL import Image

from ds542_tutor.app import highlight
from ds542_tutor.app.highlight import Marks
from ds542_tutor.documents import Chunk, TextRun
from ds542_tutor.errors import SourceError


def text_under(path: Path, page: int, box: highlight.Box) -> str:
    """What pdfium itself reads inside a box: the check is independent of character offsets."""
    return pdfium.PdfDocument(path)[page - 1].get_textpage().get_text_bounded(*box).strip()


@pytest.mark.parametrize(
    "words",
    [
        SENTENCE,
        "Dividing by the square root keeps the scores near one.",
        "drive the softmax",
        # After formulas: there one character of Python is two of pdfium.
        "products, so it grows with the square root of",
    ],
)
def test_the_boxes_of_a_sentence_cover_its_words_and_nothing_else(
    pdf: Path, chunk: Chunk, words: str
) -> None:
    marks = highlight.locate(chunk, [range_of(chunk, words)])
    assert marks is not None
    boxes = highlight.boxes(pdf, marks)
    assert " ".join(text_under(pdf, 1, box) for box in boxes) == words


def test_a_sentence_over_two_lines_gets_a_box_a_line(pdf: Path, chunk: Chunk) -> None:
    start, _ = range_of(chunk, SENTENCE)
    _, end = range_of(chunk, "near one.")
    marks = highlight.locate(chunk, [(start, end)])
    assert marks is not None
    first, second = highlight.boxes(pdf, marks)
    assert SENTENCE in text_under(pdf, 1, first)
    assert "Dividing" in text_under(pdf, 1, second)
    assert first[1] > second[1], "lines come in reading order"


def test_every_supporting_sentence_is_marked_and_what_is_between_is_not(
    pdf: Path, chunk: Chunk
) -> None:
    words = ("A score is a sum", "drive the softmax", "keeps the scores near one.")
    marks = highlight.locate(chunk, [range_of(chunk, part) for part in words])
    assert marks is not None
    assert tuple(text_under(pdf, 1, box) for box in highlight.boxes(pdf, marks)) == words


@pytest.fixture
def two_pages(pdf: Path) -> Chunk:
    """Four letters from page 1, ten from page 2."""
    return Chunk(
        id="0" * 16, document="d", title="t", kind="slides", text="one two three.", search_text="",
        locator=chunk_of(pdf, 1).locator,
        runs=(TextRun(0, 4, 1, 10), TextRun(4, 10, 2, 50)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("spans", "marks"),
    [
        ([(4, 7)], Marks(2, ((50, 53),))),
        ([(0, 3)], Marks(1, ((10, 13),))),
        ([(0, 3), (4, 14)], Marks(2, ((50, 60),))),
        ([(0, 2), (4, 7), (8, 14)], Marks(2, ((50, 53), (54, 60)))),
        ([(0, 14)], Marks(2, ((50, 60),))),
        ([(0, 3), (4, 7)], Marks(1, ((10, 13),))),
        ([(4, 7), (90, 95), (9, 9)], Marks(2, ((50, 53),))),
    ],
    ids=["second", "first", "fuller", "several", "across", "the first of equals", "foreign"],
)
def test_the_page_that_has_most_of_the_marked_text_is_shown(
    two_pages: Chunk, spans: list[tuple[int, int]], marks: Marks
) -> None:
    assert highlight.locate(two_pages, spans) == marks


@pytest.mark.parametrize("spans", [[], [(0, 0)], [(5, 2)], [(-3, 4)], [(0, 10**6)]])
def test_nothing_is_marked_for_a_range_that_is_none(
    chunk: Chunk, spans: list[tuple[int, int]]
) -> None:
    assert highlight.locate(chunk, spans) is None


def test_a_range_that_was_mostly_never_on_the_page_is_not_marked(chunk: Chunk) -> None:
    sparse = replace(chunk, runs=(TextRun(0, 4, 1, 0),))
    assert highlight.locate(sparse, [(0, 40)]) is None
    assert highlight.locate(sparse, [(0, 4), (2, 60)]) == Marks(1, ((0, 4),))
    assert highlight.locate(replace(chunk, runs=()), [(0, 40)]) is None


def test_the_picture_has_the_marker_colour_under_the_words_only(pdf: Path, chunk: Chunk) -> None:
    marks = highlight.locate(chunk, [range_of(chunk, SENTENCE)])
    assert marks is not None
    marked = Image.open(io.BytesIO(highlight.picture(pdf, 1, marks))).convert("RGB")
    plain = Image.open(io.BytesIO(highlight.picture(pdf, 1, None))).convert("RGB")
    assert marked.size == highlight.size(pdf, 1) == (highlight.WIDTH, marked.height)
    (left, bottom, right, top), scale = (
        highlight.boxes(pdf, marks)[0],
        marked.width / (16 * 72 / 2.54),
    )
    inside = marked_pixels(marked)
    assert len(inside) > 0.5 * (right - left) * (top - bottom) * scale**2
    height = marked.height
    for x, y in inside:
        assert left * scale - 4 <= x <= right * scale + 4
        assert height - top * scale - 4 <= y <= height - bottom * scale + 4
    assert not marked_pixels(plain)


def test_a_page_that_is_not_there_is_named(pdf: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no page 99"):
        highlight.picture(pdf, 99)
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 cut off")
    with pytest.raises(SourceError, match=r"broken\.pdf cannot be opened"):
        highlight.picture(broken, 1)


def test_pages_can_be_drawn_from_many_threads(pdf: Path) -> None:
    drawn: list[bytes] = []
    different = [Marks(1, ((n, n + 20),)) for n in range(12)]
    threads = [
        threading.Thread(target=lambda m=marks: drawn.append(highlight.picture(pdf, 1, m)))
        for marks in different
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == len(different)
