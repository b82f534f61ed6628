"""Chunks: build-ups folded, sentences whole, places exact, sizes kept; two documents as golden.

`python tests/test_chunking.py` writes the golden files anew; look at the difference before
committing it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from reading import compiled, source, tokens

from ds542_tutor.documents import (
    Chunk,
    Document,
    Locator,
    Segment,
    SegmentKind,
    SourceKind,
    TextRun,
)
from ingest.chunking import chunk_document
from ingest.packing import heading_path
from ingest.readers import read_document
from ingest.sources import load_sources

GOLDEN = Path(__file__).parent / "golden"


def slide(page: int, title: str, body: str, kind: SegmentKind = "slide", part: str = "") -> Segment:
    text = f"{title}\n{body}".strip()
    locator = Locator(page=page, slide_title=title, section=(part,) if part else (), end=len(text))
    return Segment(text, locator, kind, (TextRun(0, len(text), page, 0),))


def prose(text: str, *section: str, kind: SegmentKind = "text", page: int = 1) -> Segment:
    runs = (TextRun(0, len(text), page, 100),)
    return Segment(text, Locator(page=page, page_label=f"p{page}", section=section), kind, runs)


def deck(*slides: Segment) -> Document:
    return Document("d.pdf", "slides", "Lecture 1: Toys", "0" * 64, slides, page_count=len(slides))


def book(*segments: Segment) -> Document:
    return Document("b.pdf", "book", "Toys", "0" * 64, segments, page_count=9)


def test_a_build_up_is_one_chunk_that_cites_its_fullest_page() -> None:
    chunks = chunk_document(
        deck(
            slide(1, "Steps", ""),
            slide(2, "Steps", "• the first step is small"),
            slide(3, "Steps", "• the first step is small\n• the second is larger"),
            slide(4, "Steps", "• the first step is small"),
            slide(5, "Steps", "Something else is said here under the same title"),
            slide(6, "Ends", "Something else is said here under the same title"),
        ),
        tokens,
    )
    assert [(c.pages, c.locator.page) for c in chunks] == [((1, 2, 3, 4), 3), ((5,), 5), ((6,), 6)]
    assert chunks[0].text == "Steps\n• the first step is small\n• the second is larger"
    assert chunks[0].search_text.startswith("Lecture 1: Toys > Steps\n• the first")


def test_a_build_up_does_not_cross_parts_or_other_slides() -> None:
    body = "• the first step is small"
    apart = chunk_document(
        deck(slide(1, "S", body, part="A"), slide(2, "S", body + " too", part="B")), tokens
    )
    assert [c.pages for c in apart] == [(1,), (2,)]
    asked = chunk_document(
        deck(slide(1, "S", body), slide(2, "Any questions?", "", "questions"), slide(3, "S", body)),
        tokens,
    )
    assert [c.pages for c in asked] == [(1,), (3,)]


def test_slides_that_answer_nothing_are_left_out() -> None:
    chunks = chunk_document(
        deck(
            slide(1, "Toys", "A Lecturer, A University", "title"),
            slide(2, "Agenda", "1. one\n2. two", "agenda"),
            slide(3, "A picture", "x y"),
            slide(4, "", "Rule 1:\nRule 2:\nRule 3:"),
            slide(5, "", "-1.0 0.0 1.0 2.0 3.0 -1.0 0.0 1.0"),
            slide(6, "Any questions?", "See you on Piazza tomorrow", "questions"),
            slide(7, "Steps", "• the first step is small"),
            slide(8, "Sums", "• the sum of all steps is large"),
            slide(9, "Ends", "• the last step is the smallest"),
        ),
        tokens,
    )
    assert [c.pages for c in chunks] == [(7,), (8,), (9,)]


def test_a_deck_of_pictures_is_found_by_its_title_slide() -> None:
    chunks = chunk_document(
        deck(
            slide(1, "Toys", "All the pictures of toys", "title"),
            slide(2, "A picture", "x y"),
            slide(3, "Another picture", ""),
        ),
        tokens,
    )
    assert [c.text for c in chunks] == ["Toys\nAll the pictures of toys"]


def test_untitled_slides_fold_when_they_agree_in_a_good_deal() -> None:
    rules = "Rule one says so much\nRule two says a little more than that"
    chunks = chunk_document(
        deck(
            slide(1, "", rules),
            slide(2, "", rules + "\nand a conclusion"),
            slide(3, "", "and a conclusion that is drawn"),
        ),
        tokens,
    )
    assert [c.pages for c in chunks] == [(1, 2), (3,)]


def test_a_long_slide_is_divided_between_its_lines() -> None:
    lines = [f"• line {n} " + "word " * 20 for n in range(20)]
    chunks = chunk_document(deck(slide(7, "Long", "\n".join(lines))), tokens, max_tokens=120)
    assert len(chunks) > 1
    assert all(c.pages == (7,) and tokens(c.search_text) <= 125 for c in chunks)
    assert sum(c.text.count("• line") for c in chunks) == 20


def test_prose_is_packed_by_section_and_never_cut_inside_a_sentence() -> None:
    sentence = "Every step of this walk goes downhill, e.g. Fig. 3 shows one by A. Cauchy (1847). "
    chunks = chunk_document(
        book(
            prose("A", "1 A", kind="heading"),
            prose(sentence * 12, "1 A"),
            prose("B", "2 B", kind="heading", page=2),
            prose("Another chapter says more.", "2 B", page=2),
        ),
        tokens,
        max_tokens=110,
    )
    assert chunks[-1].text == "Another chapter says more."
    assert chunks[-1].locator.section == ("2 B",)
    assert chunks[-1].pages == (2,)
    for chunk in chunks[:-1]:
        assert chunk.text.startswith("Every step") and chunk.text.endswith("(1847).")
        assert tokens(chunk.search_text) <= 110


def test_a_formula_is_not_parted_from_its_sentence() -> None:
    sentence = "The loss of every step in this long walk is\nL = 1 + 2 (3.1)\nwhere L is a number. "
    ended = "Every step in this long walk that goes downhill has a loss of\nL = 1 + 2 . (3.1)\n"
    for chunk in chunk_document(book(prose(ended * 9, "1 A")), tokens, max_tokens=100):
        assert chunk.text.startswith("Every step") and chunk.text.endswith("(3.1)")
    chunks = chunk_document(book(prose(sentence * 9, "1 A")), tokens, max_tokens=100)
    assert len(chunks) > 1
    for chunk in chunks:
        assert chunk.text.startswith("The loss") and chunk.text.endswith("is a number.")


def test_a_formula_is_found_in_the_chunk_where_it_stands() -> None:
    words = "The loss of every step in this long walk grows and falls as it likes to. " * 6
    text = f"{words}Its value is\nL = 1 + 2 (3.1)\nwhere L is a number. {words}"
    segment = replace(prose(text, "1 A"), labels=("equation 3.1",))
    chunks = chunk_document(book(segment), tokens, max_tokens=100)
    assert [c.labels for c in chunks if "(3.1)" in c.text] == [("equation 3.1",)]
    assert sum(bool(c.labels) for c in chunks) == 1 < len(chunks)


def test_a_listing_is_one_chunk_and_a_very_long_one_is_cut_between_statements() -> None:
    method = "    def f{n}(self):\n        y = (1 +\n             2)\n        return y\n"
    short = "class A:\n" + "".join(method.replace("{n}", str(n)) for n in range(20))
    long = "class B:\n" + "".join(method.replace("{n}", str(n)) for n in range(90))
    for code, count in ((short, 1), (long, 9)):
        chunks = chunk_document(book(prose(code.rstrip(), "1 A", kind="code")), tokens, 100)
        assert len(chunks) == count or count > 1 < len(chunks)
        assert all(c.text.rstrip().endswith(("return y", "class B:")) for c in chunks)
    assert tokens(short) > 100


def test_small_neighbouring_sections_share_a_chunk_with_their_headings() -> None:
    chunks = chunk_document(
        book(
            prose("1.1 One", "1 A", "1.1 One", kind="heading"),
            prose("The first is short.", "1 A", "1.1 One"),
            prose("1.2 Two", "1 A", "1.2 Two", kind="heading", page=2),
            prose("The second is a little longer than it.", "1 A", "1.2 Two", page=2),
            prose("3 Last", "3 Last", kind="heading", page=3),
        ),
        tokens,
    )
    assert len(chunks) == 1
    assert chunks[0].text == (
        "The first is short.\n\n1.2 Two\nThe second is a little longer than it."
    )
    assert chunks[0].pages == (1, 2)
    assert (chunks[0].locator.page, chunks[0].locator.page_label) == (2, "p2")
    assert chunks[0].locator.section == ("1 A", "1.2 Two")


def test_exercises_stand_apart_and_back_matter_is_left_out() -> None:
    chunks = chunk_document(
        book(
            prose("Text that explains.", "1 A"),
            prose("1. Show that it is so.", "1 A", kind="exercise"),
            prose("An Author. A title. 1999.", "References", kind="bibliography"),
        ),
        tokens,
    )
    assert [(c.text, c.exercise) for c in chunks] == [
        ("Text that explains.", False),
        ("1. Show that it is so.", True),
    ]


def test_code_is_cut_at_blank_lines_and_keeps_the_line_that_leads_to_it() -> None:
    function = "def f{n}(x):\n    y = x + 1 + 2 + 3\n    return y * y\n\n"
    code = "".join(function.replace("{n}", str(n)) for n in range(12)).strip()
    cells = (
        Segment("Some words about it. " * 12, Locator(section=("N",), cell=0)),
        Segment("Here are the functions:", Locator(section=("N",), cell=0)),
        Segment(code, Locator(section=("N",), cell=1), "code", (TextRun(0, len(code), 1, 0),)),
    )
    chunks = chunk_document(Document("n.ipynb", "notebook", "N", "", cells), tokens, max_tokens=100)
    assert chunks[0].text.endswith("about it.")
    assert chunks[1].text.startswith("Here are the functions:\n\ndef f0(x):")
    for chunk in chunks[1:]:
        assert chunk.text.endswith("return y * y")
        assert chunk.pages == ()
    assert (chunks[-1].locator.cell, chunks[-1].locator.end) == (1, len(code))


def test_heading_paths_say_each_name_once_and_plainly() -> None:
    assert heading_path("N", ("N", "Part 𝑥"), "Slide") == "N > Part x > Slide"


@pytest.fixture(scope="module")
def starter_chunks(root: Path) -> list[tuple[Document, list[Chunk]]]:
    documents = map(read_document, load_sources(root / "corpus" / "starter.toml").files)
    return [(document, chunk_document(document, tokens, 160)) for document in documents]


def test_chunks_of_the_starter_corpus_hold_what_they_promise(
    starter_chunks: list[tuple[Document, list[Chunk]]],
) -> None:
    for document, chunks in starter_chunks:
        assert chunks, document.path
        assert [c.ordinal for c in chunks] == list(range(len(chunks)))
        for chunk in chunks:
            assert chunk.text == chunk.text.strip("\n") and chunk.text
            assert chunk.document == document.path and chunk.sha256 == document.sha256
            assert (chunk.pages == ()) == (document.page_count == 0)
            assert chunk.pages == tuple(sorted(set(chunk.pages)))
            if chunk.pages:
                assert chunk.locator.page in chunk.pages
            last = 0
            for run in chunk.runs:
                assert last <= run.start and run.start + run.length <= len(chunk.text)
                assert not chunk.pages or run.page in chunk.pages
                last = run.start + run.length


def test_no_sentence_of_the_starter_corpus_is_lost(
    starter_chunks: list[tuple[Document, list[Chunk]]],
) -> None:
    for document, chunks in starter_chunks:
        if document.kind != "slides":
            said = "".join("".join(chunk.text.split()) for chunk in chunks)
            for segment in document.segments:
                if segment.kind in ("text", "exercise", "code", "front_matter", "caption"):
                    assert "".join(segment.text.split())[:60] in said, segment


def as_text(document: Document, chunks: list[Chunk]) -> str:
    """Chunks as a person reads them, for the golden files."""
    parts = [f"{document.title} | {document.kind} | {document.page_count} pages\n"]
    for chunk in chunks:
        marks = f"pages {chunk.pages} | {chunk.locator.describe()} | {chunk.locator.section}"
        parts.append(f"=== {marks}{' | exercise' if chunk.exercise else ''}\n{chunk.text}\n")
    return "\n".join(parts)


def golden_texts(folder: Path) -> dict[str, str]:
    """What the golden files should hold."""
    found = {}
    kinds: dict[str, SourceKind] = {"deck": "slides", "book": "book"}
    for name, kind in kinds.items():
        document = read_document(source(compiled(name, folder), kind))
        found[f"chunks_{name}.txt"] = as_text(document, chunk_document(document, tokens, 120))
    return found


def test_golden_chunks(tmp_path: Path) -> None:
    for name, text in golden_texts(tmp_path).items():
        assert text == (GOLDEN / name).read_text(encoding="utf-8"), name


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        for name, text in golden_texts(Path(scratch)).items():
            (GOLDEN / name).write_text(text, encoding="utf-8")
