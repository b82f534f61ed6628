"""Decks and books as PDF: what each page says, what it is, and where its characters stand."""

from __future__ import annotations

import time
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from reading import STARTER, compiled, misaligned, raw_pages, source

from ds542_tutor.documents import Document
from ds542_tutor.errors import EmptySourceError, EncryptedSourceError, SourceError
from ingest.readers import read_document


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Document:
    path = compiled("deck", tmp_path_factory.mktemp("deck"))
    return read_document(source(path, "slides", lecture=4, term="sp2026"))


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return read_document(source(compiled("book", tmp_path_factory.mktemp("book")), "book"))


def test_a_deck_has_a_segment_a_slide_with_title_and_kind(deck: Document) -> None:
    assert deck.title == "Lecture 4: Learning rates"
    assert deck.page_count == 8
    assert [(s.kind, s.locator.page, s.locator.slide_title) for s in deck.segments] == [
        ("title", 1, "Learning rates"),
        ("agenda", 2, "Agenda"),
        ("slide", 3, "How large a step?"),
        ("slide", 4, "How large a step?"),
        ("slide", 5, "The update"),
        ("questions", 6, "Any questions?"),
        ("slide", 7, "Momentum in one picture"),
        ("slide", 8, "The end"),
    ]


def test_a_slide_keeps_its_bullets_and_loses_its_footer(deck: Document) -> None:
    assert deck.segments[3].text == (
        "How large a step?\n"
        "• Too small a step wastes time.\n"
        "• Too large a step overshoots the minimum and may even move away from it, so that the "
        "loss grows.\n"
        "  • It diverges above 2/𝜆."
    )
    assert not any("Toy course · Lecture" in segment.text for segment in deck.segments)


def test_a_formula_stands_on_one_line(deck: Document) -> None:
    assert deck.segments[4].text.splitlines()[-1] == "𝜙 ← 𝜙 − 𝛼 𝜕𝐿/𝜕𝜙"


def test_the_part_set_apart_on_an_agenda_names_the_section(deck: Document) -> None:
    assert deck.segments[0].locator.section == ()
    assert {s.locator.section for s in deck.segments[1:]} == {("Choosing a step",)}


def test_a_book_has_sections_labels_and_kinds(book: Document) -> None:
    assert book.title == "Toy notes"
    assert {s.kind for s in book.segments if s.locator.page in (1, 4)} <= {
        "bibliography",
        "heading",
    }
    by_kind = {s.kind: s for s in book.segments if s.kind in ("caption", "exercise")}
    assert by_kind["caption"].text == "Figure 1.1: A box that stands for a plot."
    assert by_kind["exercise"].locator.section == ("1 Gradients", "1.2 Exercises")
    assert by_kind["exercise"].locator.page_label == "2"
    assert by_kind["exercise"].locator.page == 3
    assert next(s for s in book.segments if s.locator.page == 1).locator.page_label == "i"


def test_a_formula_stays_inside_its_sentence_with_its_number(book: Document) -> None:
    step = next(s for s in book.segments if "uphill" in s.text)
    assert "Each step is\n𝑥 ← 𝑥 − 𝛼∇𝐿 (1.1)\nwhere the learning rate 𝛼 is positive." in step.text


def test_a_sentence_cut_by_the_page_turn_comes_out_whole(book: Document) -> None:
    whole = next(s for s in book.segments if "The sentence that runs" in s.text)
    assert "page break in the middle of it." in whole.text
    assert {run.page for run in whole.runs} == {2, 3}
    assert not any("1 Gradients" in s.text for s in book.segments if s.kind == "text")


@pytest.mark.parametrize("name", ["deck", "book"])
def test_locators_and_runs_point_at_the_raw_text(name: str, tmp_path: Path) -> None:
    path = compiled(name, tmp_path)
    document = read_document(source(path, "slides" if name == "deck" else "book"))
    raw = raw_pages(path)
    for segment in document.segments:
        assert not misaligned(segment.text, segment.runs, raw)
        where = segment.locator
        here = [run for run in segment.runs if run.page == where.page]
        if here:
            assert where.start == min(run.source for run in here)
            assert where.end == max(run.source + run.length for run in here)
            assert where.end <= len(raw[where.page or 0])


@pytest.mark.parametrize("path", sorted(STARTER.glob("lectures/*.pdf"))[:3], ids=lambda p: p.stem)
def test_starter_decks_are_aligned_and_have_no_stray_numbers(path: Path) -> None:
    document = read_document(source(path, "slides"))
    raw = raw_pages(path)
    for segment in document.segments:
        assert not misaligned(segment.text, segment.runs, raw)
        assert segment.locator.slide_title
        assert not segment.text.rstrip().endswith(f"\n{segment.locator.page}")


def test_a_real_book_page_reads_as_a_person_would(shared: Path) -> None:
    path = shared / "materials" / "book" / "d2l-book.pdf"
    document = read_document(source(path, "book"))
    page = [s for s in document.segments if s.locator.page == 131]
    assert page[0].locator.page_label == "91"
    assert page[0].locator.section[-2:] == ("3.7 Weight Decay", "3.7.1 Norms and Weight Decay")
    text = "\n".join(s.text for s in page)
    assert "3.7. Weight Decay 91" not in text  # the running head
    assert "bias penalty 𝑏^2 can vary across" in text  # an exponent on a line of its own
    assert "    def __init__(self, num_train" in text  # code keeps its indent
    raw = raw_pages(path, 130, 131, 132)
    assert not [bad for s in page for bad in misaligned(s.text, s.runs, raw)]
    assert all(s.kind in ("bibliography", "heading") for s in document.segments
               if (s.locator.page or 0) >= 869 or (s.locator.page or 0) < 28)  # fmt: skip


PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def test_bad_pdfs_are_named_with_a_remedy(tmp_path: Path) -> None:
    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    good = compiled("deck", tmp_path).read_bytes()
    cases = [
        (write("empty.pdf", b""), EmptySourceError, r"empty\.pdf: the file is empty; put"),
        (write("image.pdf", PNG), SourceError, r"image\.pdf: is not a PDF.*export it as PDF"),
        (write("half.pdf", b"%PDF-1.7\n" + b"garbage" * 99), SourceError, r"half\.pdf: is damaged"),
        (write("locked.pdf", ENCRYPTED), EncryptedSourceError, r"locked\.pdf: .*password"),
        (tmp_path / "gone.pdf", SourceError, r"gone\.pdf: cannot be read"),
    ]
    for path, error, said in cases:
        with pytest.raises(error, match=said):
            read_document(source(path, "slides"))
        with pytest.raises(error, match=said):
            read_document(source(path, "book"))
    # PDFium mends a truncated file or refuses it; either way nothing else comes out.
    for share in (0.3, 0.6, 0.9, 0.99):
        path = write("cut.pdf", good[: int(len(good) * share)])
        try:
            assert read_document(source(path, "slides")).segments
        except SourceError as error:
            assert "cut.pdf" in str(error)


def test_a_pdf_without_text_says_so(tmp_path: Path) -> None:
    path = tmp_path / "blank.pdf"
    with pdfium.PdfDocument.new() as pdf:
        pdf.new_page(200, 200)
        pdf.save(path)
    with pytest.raises(EmptySourceError, match=r"blank\.pdf: no text in it.*ocr"):
        read_document(source(path, "slides"))


WORDS = b"BT /F1 10 Tf 20 150 Td (Some words on a page that says hardly anything.) Tj ET"
ONE_PAGE = [
    b"<</Type/Catalog/Pages 2 0 R/Outlines 6 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R"
    b"/Resources<</Font<</F1 5 0 R>>>>>>",
    b"<</Length %d>>stream\n%s\nendstream" % (len(WORDS), WORDS),
    b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    b"<</Type/Outlines/First 7 0 R/Last 7 0 R/Count 1>>",
]
"""Objects of a page with words; bookmarks follow from number 7 on."""


@pytest.mark.parametrize(
    "marks",
    [
        [
            b"<</Title(A)/Dest[3 0 R/Fit]/Next 8 0 R/First 8 0 R/Last 8 0 R>>",
            b"<</Title(B)/Dest[3 0 R/Fit]/Next 7 0 R/First 7 0 R/Last 7 0 R>>",
        ],
        [
            b"<</Title(L)/Dest[3 0 R/Fit]/First %d 0 R/Last %d 0 R>>" % (n + 8, n + 8)
            for n in range(3000)
        ],
        [b"<</Title(Nowhere)/Dest[99 0 R/Fit]/Next 7 0 R>>"],
    ],
    ids=["circular", "three thousand levels deep", "to no page"],
)
def test_strange_bookmarks_do_not_stop_a_reader(marks: list[bytes], tmp_path: Path) -> None:
    path = tmp_path / "marks.pdf"
    path.write_bytes(_pdf([*ONE_PAGE, *marks], b""))
    started = time.monotonic()
    document = read_document(source(path, "book"))
    assert "Some words on a page" in document.segments[-1].text
    assert time.monotonic() - started < 5


def _pdf(objects: list[bytes], trailer: bytes) -> bytes:
    """A PDF of these objects, the first of which is the catalogue."""
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    count = len(objects) + 1
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        data
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n" % (count, table)
        + b"<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (count, trailer, len(data))
    )


def _encrypted() -> bytes:
    """A one-page PDF with the standard security handler and a user password nobody knows."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>",
        b"<</Filter/Standard/V 1/R 2/P -44/O<" + b"41" * 32 + b">/U<" + b"42" * 32 + b">>>",
    ]
    return _pdf(objects, b"/Encrypt 4 0 R/ID[<00><00>]")


ENCRYPTED = _encrypted()
