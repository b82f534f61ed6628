"""PowerPoint decks: what slides say, their notes and sections; files that are bad."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import pptx_samples
import pytest
from PIL import Image, ImageDraw
from pptx import Presentation
from pptx.util import Inches
from reading import source, tokens

from ds542_tutor.documents import Document, Segment
from ds542_tutor.errors import EmptySourceError, EncryptedSourceError, SourceError
from ingest.chunking import chunk_document
from ingest.readers import ocr, read_document
from ingest.sources import load_sources


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Document:
    path = pptx_samples.lecture(tmp_path_factory.mktemp("pptx") / "3_toys.pptx")
    return read_document(source(path, "slides", lecture=3))


def said(document: Document, page: int) -> Segment:
    return next(s for s in document.segments if s.locator.page == page)


def test_slides_have_kinds_titles_and_sections(deck: Document) -> None:
    assert deck.title == "Lecture 3: Toy networks: Smaller than small"
    assert deck.page_count == 7
    assert [
        (s.kind, s.locator.page, s.locator.slide_title, s.locator.section) for s in deck.segments
    ] == [
        ("title", 1, "Toy networks", ()),
        ("agenda", 2, "Agenda", ()),
        ("slide", 3, "Steps", ("Going down",)),
        ("notes", 3, "Steps", ("Going down",)),
        ("slide", 4, "Sums", ("Going down",)),
        ("slide", 6, "Formulas", ("Adding up",)),
        ("questions", 7, "Any questions?", ("Adding up",)),
    ]
    assert deck.warnings == ("slide 5 hidden in the file: left out",)


def test_bullets_keep_their_levels_and_footers_are_dropped(deck: Document) -> None:
    assert said(deck, 3).text == (
        "Steps\n• Walk downhill\n  • but not too fast\n• Stop at the bottom"
    )
    assert not any("Toy course" in segment.text for segment in deck.segments)


def test_tables_groups_and_charts_are_text(deck: Document) -> None:
    assert said(deck, 4).text == (
        "Sums\nLayer | Units\nfirst | 40\na box in a group\nloss: train: 0.5, test: 0.75"
    )


def test_formulas_and_raised_letters_are_readable(deck: Document) -> None:
    assert said(deck, 6).text == "Formulas\n• Weights: w_(t+1)^2 = ∑_i (a+b)/c\n• x^2 of the nth"


def test_speaker_notes_stand_with_their_slide_where_they_fit(deck: Document) -> None:
    chunks = chunk_document(deck, tokens)
    assert [(c.locator.page, c.pages) for c in chunks] == [(3, (3,)), (4, (4,)), (6, (6,))]
    assert chunks[0].text.endswith("bottom\n\nSpeaker notes:\nAsk who has been on a mountain.")
    assert chunks[0].locator.describe() == "slide 3: Steps"
    short = chunk_document(deck, tokens, 18)
    assert short == chunks  # a chunk always has room for a short slide


def test_long_speaker_notes_are_chunks_of_their_own(tmp_path: Path) -> None:
    talk = Presentation()
    talk.slides.add_slide(talk.slide_layouts[0]).shapes.title.text = "A talk"
    long = "This sentence is said about the step and has a few more words. " * 20
    pptx_samples.add(talk, "Steps", (0, "Walk downhill every day"), notes=long)
    talk.save(str(tmp_path / "talk.pptx"))
    document = read_document(source(tmp_path / "talk.pptx", "slides"))
    first, *rest = chunk_document(document, tokens, 120)
    assert first.text == "Steps\n• Walk downhill every day"
    assert rest and rest[0].text.startswith("Speaker notes:\nThis sentence")
    for chunk in rest:
        assert chunk.locator.describe() == "slide 2: Steps"
        assert chunk.search_text.startswith("A talk > Steps\n")
        assert chunk.text.endswith("more words.")


def test_a_build_up_keeps_the_notes_of_all_its_pages(tmp_path: Path) -> None:
    talk = Presentation()
    talk.slides.add_slide(talk.slide_layouts[0]).shapes.title.text = "A talk"
    pptx_samples.add(talk, "Steps", (0, "Walk downhill every day"), notes="First this.")
    pptx_samples.add(
        talk, "Steps", (0, "Walk downhill every day"), (0, "and rest"), notes="Then that."
    )
    talk.save(str(tmp_path / "talk.pptx"))
    (chunk,) = chunk_document(read_document(source(tmp_path / "talk.pptx", "slides")), tokens)
    assert (chunk.pages, chunk.locator.page) == ((2, 3), 3)
    assert "First this." in chunk.text and "Then that." in chunk.text


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A deck whose second slide is a picture of text, its third one of nothing."""
    talk = Presentation()
    talk.slides.add_slide(talk.slide_layouts[0]).shapes.title.text = "Pictures"
    for lines in (("Gradient descent walks downhill", "with a small learning rate"), ("?",)):
        slide = talk.slides.add_slide(talk.slide_layouts[6])
        slide.shapes.add_picture(
            pptx_samples.picture_of(*lines), Inches(1), Inches(1), Inches(8), Inches(5)
        )
    talk.save(str(tmp_path / "pictures.pptx"))
    return tmp_path / "pictures.pptx"


def test_a_slide_that_is_a_picture_is_read_off_it(pictures: Path) -> None:
    pytest.importorskip("rapidocr_onnxruntime")
    document = read_document(source(pictures, "slides"))
    seen = said(document, 2)
    assert seen.ocr and "learning rate" in seen.text and not seen.runs
    assert document.ocr_pages == (2,) and document.blank == (3,)
    assert document.warnings == ("no text on slide 3",)
    chunks = chunk_document(document, tokens)
    assert [(c.locator.page, c.ocr) for c in chunks] == [(1, False), (2, True)]


def test_without_the_extra_the_report_names_it(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "installed", lambda: False)
    document = read_document(source(pictures, "slides"))
    assert document.warnings == (
        "images on slides 2, 3 were not read: pip install 'ds542_tutor[ocr]' to read them",
    )
    # All that can be found of it is its title.
    assert [c.text for c in chunk_document(document, tokens)] == ["Pictures"]


def test_bad_files_are_named_with_a_remedy(tmp_path: Path) -> None:
    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    good = pptx_samples.lecture(tmp_path / "good.pptx").read_bytes()
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    with zipfile.ZipFile(tmp_path / "other.pptx", "w") as archive:
        archive.writestr("readme.txt", "no slides")
    with zipfile.ZipFile(tmp_path / "hollow.pptx", "w") as archive:
        archive.writestr("ppt/presentation.xml", "<p/>")
    cases = [
        (write("empty.pptx", b""), EmptySourceError, r"empty\.pptx: the file is empty"),
        (write("cut.pptx", good[: len(good) // 2]), SourceError, r"cut\.pptx: is damaged or cut"),
        (
            write("locked.pptx", ole + bytes(504) + "EncryptedPackage".encode("utf-16-le")),
            EncryptedSourceError,
            r"locked\.pptx: is password protected",
        ),
        (write("old.pptx", ole + bytes(600)), SourceError, r"before 2007; save it as \.pptx"),
        (write("pdf.pptx", b"%PDF-1.7\n"), SourceError, r"is a PDF.*name it \.pdf"),
        (write("text.pptx", b"hello there"), SourceError, r"is not a PowerPoint file"),
        (tmp_path / "other.pptx", SourceError, r"a zip file but not a PowerPoint file"),
        (tmp_path / "hollow.pptx", SourceError, r"hollow\.pptx: is damaged"),
        (tmp_path / "gone.pptx", SourceError, r"gone\.pptx: cannot be read"),
    ]
    for path, error, message in cases:
        with pytest.raises(error, match=message):
            read_document(source(path, "slides"))


def test_an_archive_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    big = pptx_samples.bomb(tmp_path / "big.pptx", 200 * 2**20, 3)
    dense = pptx_samples.bomb(tmp_path / "dense.pptx", 40 * 2**20)
    tracemalloc.start()
    for path, message in ((big, r"unpacks to 600 MiB"), (dense, r"times its size, as archive")):
        assert path.stat().st_size < 2**20
        with pytest.raises(SourceError, match=message):
            read_document(source(path, "slides"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20


def test_the_real_decks_of_figures_are_found_by_their_chapter(root: Path, shared: Path) -> None:
    sources = load_sources(root / "corpus" / "ds542-sp2026.toml", shared / "materials")
    decks = [s for s in sources.files if s.path.suffix == ".pptx"]
    assert [s.name.rpartition("/")[2] for s in decks] == ["UDLChap3.pptx", "UDLChap7.pptx"]
    for deck, pages, topic in zip(
        decks, (14, 7), ("Shallow Neural Networks", "Gradients and Initialization"), strict=True
    ):
        document = read_document(deck, images=False)
        assert document.page_count == pages and document.term is None
        assert document.blank == tuple(range(2, pages + 1))
        (chunk,) = chunk_document(document, tokens)
        assert topic in chunk.text and "license" not in chunk.text


def test_an_image_read_once_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("rapidocr_onnxruntime")
    image = Image.new("RGB", (900, 160), "white")
    ImageDraw.Draw(image).text((20, 40), "Gradient clipping bounds the step", "black", font_size=48)
    monkeypatch.setattr(ocr, "_kept", ocr._Kept())
    ocr.keep_in(tmp_path / "images")
    first = [(line.text.text, line.left, line.top) for line in ocr.lines(image, 450, 80)]
    assert "clipping" in first[0][0]

    def never() -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(ocr, "_engine", never)
    again = ocr.lines(image, 450, 80)
    assert [(line.text.text, line.left, line.top) for line in again] == first
    (kept,) = (tmp_path / "images").iterdir()
    kept.write_text("damaged")
    with pytest.raises(AssertionError, match="read again"):
        ocr.lines(image, 450, 80)
