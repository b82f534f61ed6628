"""The term of a document: what it says of itself counts, what it says of others does not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from reading import source

from ds542_tutor.course import term_name
from ds542_tutor.documents import Locator, Segment, SourceKind
from ingest import terms
from ingest.readers import read_document
from ingest.sources import load_sources


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Fall 2025 Syllabus", ["fa2025"]),
        ("DS 542 - 2025 Fall - Homework 3", ["fa2025"]),
        ("the fall of 2025", ["fa2025"]),
        ("Autumn '25, Summer ’26", ["fa2025", "su2026"]),
        ("homework2-fa25 and SP2026 and CDSDS 542 Sp2026", ["fa2025", "sp2026", "sp2026"]),
        ("Fall 25", ["fa2025"]),
        ("winter_2026", ["wi2026"]),
        ("prices fall 25 % and losses Fall 25%", []),
        ("accuracies fall 2025 times", ["fa2025"]),
        ("spring, 20 springs, a fall-back, Sp500, wifi 20, fa2, sp99", []),
        ("Gilbert Strang, Sixth Edition (2023)", []),
    ],
)
def test_terms_are_read_in_every_spelling(text: str, named: list[str]) -> None:
    assert [term for term, _ in terms.mentions(text)] == named


def judged(
    *texts: str, stem: str = "file", kind: SourceKind = "notes", given: bool = False
) -> tuple[str | None, str]:
    """The verdict on a file of Spring 2026 with these segments: its term and its warning."""
    segments = [Segment(text, Locator()) for text in texts]
    term, warnings = terms.judge("sp2026", given, stem, kind, segments)
    return term, " ".join(warnings)


@pytest.mark.parametrize(
    "texts",
    [
        ("DS 542 Deep Learning for Data Science Fall 2025 Syllabus Official Course Description",),
        ("# DS542", "Fall 2025 Syllabus"),
        ("DS 542 - 2025 Fall - Homework 3", "Solve these."),
        ("Homework 3, FA25", "See https://dl4ds.github.io/sp2026/"),
    ],
)
def test_a_title_of_another_term_settles_it(texts: tuple[str, ...]) -> None:
    term, warning = judged(*texts)
    assert term == "fa2025"
    assert "its title says Fall 2025, but its source says Spring 2026; kept out" in warning
    assert 'or give it an entry with term = "sp2026" in the sources file' in warning


def test_a_file_name_of_another_term_settles_it() -> None:
    term, warning = judged("Homework 2", stem="homework2-fa25")
    assert term == "fa2025" and "its file name says Fall 2025" in warning


def test_a_deck_of_another_term_is_reported_and_still_teaches() -> None:
    term, warning = judged("Using the SCC Fall 2025\nBrian Gregor", kind="slides")
    assert term == "sp2026"
    assert "its title says Fall 2025" in warning and "kept as this term's" in warning


@pytest.mark.parametrize(
    "texts",
    [
        ("Syllabus, Spring 2026",),
        ("Gradient Descent", "Adapted from the Fall 2024 course"),
        ("Gradient Descent\nhttps://dl4ds.github.io/sp2026/\nOriginal slides by T. A., Fall 2024",),
        ("Deep Learning", "https://dl4ds.github.io/fa2025/index.html"),
        ("Spring 2026", "This term we use the projects that were new in Fall 2025."),
        ("Attention", "Vaswani et al., 2017. Accessed: Mar. 18, 2024. arXiv, Dec. 04, 2020."),
        ("Introduction to Linear Algebra, Sixth Edition (2023)", "MIT Press, 2023"),
        ("AlphaGo", "It won its last game on Tuesday, March 15, 2016."),
        ("Homework 1", "Due Tuesday, January 27, 2026, 11:59 pm.", "See Wednesday, September 3."),
        ("Notes", "one", "two", "three", "Fall 2025 was different."),
        ("Plan", "Wednesday, February 30", "Friday, March 3"),
    ],
)
def test_what_is_said_of_others_is_no_alarm(texts: tuple[str, ...]) -> None:
    assert judged(*texts) == ("sp2026", "")


def test_a_term_in_a_sentence_is_only_reported() -> None:
    term, warning = judged("Welcome", "We are happy to see so many of you here in Fall 2025.")
    assert term == "sp2026"
    assert "mentions Fall 2025 at its beginning" in warning and "check that it is" in warning


def test_a_schedule_of_another_term_settles_it() -> None:
    days = ("Wednesday, September 3", "Monday, September 8", "Wednesday, Sep 10, 2025")
    term, warning = judged("Syllabus", "Official description", "Goals", "Rules", *days)
    assert term == "fa2025" and "its 3 dates are of Fall 2025" in warning


@pytest.mark.parametrize("text", ["Due Thursday, September 18, 2025.", "due on October 2, 2025"])
def test_a_day_outside_the_term_is_reported(text: str) -> None:
    term, warning = judged("Homework 3", text)
    assert term == "sp2026" and "names a day outside Spring 2026" in warning


def test_what_the_sources_file_names_is_not_second_guessed() -> None:
    assert judged("Fall 2025 Syllabus", given=True) == ("sp2026", "")
    assert terms.judge(None, False, "book-fa25", "book", []) == (None, ())
    assert terms.judge("term 3", False, "fa25", "notes", []) == ("term 3", ())


def test_terms_have_days_and_names() -> None:
    assert terms.window("sp2026") == (date(2026, 1, 1), date(2026, 5, 31))
    assert terms.window("2026") is None
    assert [terms.term_of(date(2026, m, 1)) for m in (1, 5, 6, 9)] == [
        "sp2026", "sp2026", "su2026", "fa2026",
    ]  # fmt: skip
    assert (term_name("fa2025"), term_name("wi2026"), term_name("x")) == (
        "Fall 2025", "Winter 2026", "x",
    )  # fmt: skip


def test_the_title_of_a_stale_document_says_whose_it_is(tmp_path: Path) -> None:
    path = tmp_path / "syllabus.md"
    path.write_text("# DS542\n\nFall 2025 Syllabus")
    stale = read_document(source(path, "notes", term="sp2026"))
    assert (stale.term, stale.title) == ("fa2025", "DS542 (Fall 2025)")
    path.write_text("# Fall 2025 Syllabus")
    assert read_document(source(path, "notes", term="sp2026")).title == "Fall 2025 Syllabus"
    same = read_document(source(path, "notes", term="fa2025"))
    assert (same.term, same.warnings) == ("fa2025", ())


def test_the_real_files_of_another_term_are_found(root: Path, shared: Path) -> None:
    sources = load_sources(root / "corpus" / "ds542-sp2026.toml", shared / "materials")
    files = [f for f in sources.files if f.kind != "book"]
    documents = [read_document(f, images=False) for f in files]
    stale = {d.path for d, f in zip(documents, files, strict=True) if d.term != f.term}
    folder = "sp2026/static_files/"
    assert stale == {f"{folder}syllabus.pdf"} | {
        f"{folder}assignments/{name}.ipynb"
        for name in (
            "homework2-fa25", "homework3", "homework4", "homework5", "project1", "project2",
            "project3",
        )
    }  # fmt: skip
    told = {d.path for d in documents if any("its source says" in w for w in d.warnings)}
    assert told == stale | {f"{folder}lectures/06_scc.pdf"}
    syllabus = next(d for d in documents if d.path.endswith("syllabus.pdf"))
    assert syllabus.title == "Syllabus (Fall 2025)"
