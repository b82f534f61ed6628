"""A textbook as LaTeX sets it, and what stands beside it: errata, answers, equations."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from index_samples import EMBEDDER, HashEmbedder, record, vector
from reading import compiled, misaligned, raw_pages, source, tokens

from ds542_tutor.answer_json import answer_json
from ds542_tutor.documents import Chunk, Document
from ds542_tutor.errors import SettingsError, SourceError
from ds542_tutor.index.chunks import ChunkStore
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.index.manifest import Manifest
from ds542_tutor.policy.rules import load_policy
from ds542_tutor.queries import standalone
from ds542_tutor.replies import Reply
from ds542_tutor.retrieval import Retriever
from ds542_tutor.settings import RetrievalSettings
from ingest.chunking import chunk_document
from ingest.crossrefs import Tied, tie
from ingest.readers import read_document
from ingest.readers.latex import in_words
from ingest.sources import SourceFile, load_sources


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SourceFile]:
    folder = tmp_path_factory.mktemp("textbook")
    return {
        "textbook": source(compiled("textbook", folder), "book"),
        "errata": source(compiled("errata", folder), "notes", errata_for="text*.pdf"),
        "answers": source(compiled("answers", folder), "notes", answers_for="textbook.pdf"),
    }


@pytest.fixture(scope="module")
def documents(files: dict[str, SourceFile]) -> dict[str, Document]:
    return {name: read_document(file) for name, file in files.items()}


@pytest.fixture(scope="module")
def tied(files: dict[str, SourceFile], documents: dict[str, Document]) -> Tied:
    chunks = [c for document in documents.values() for c in chunk_document(document, tokens, 120)]
    return tie(chunks, files.values())


def carrying(chunks: tuple[Chunk, ...], document: str, label: str) -> Chunk:
    return next(c for c in chunks if c.document == document and label in c.labels)


def test_a_textbook_has_its_numbers_from_the_page(documents: dict[str, Document]) -> None:
    book = documents["textbook"]
    assert [s.locator.section[-1] for s in book.segments if s.kind == "heading"] == [
        "4 Deep networks",
        "4.1 Composing networks",
        "4.2 Counting regions",
        "4.3 Notes",
        "Problems",
        "B Mathematics",
    ]
    labels = {label: s for s in book.segments for label in s.labels}
    assert sorted(labels) == [
        "equation 4.1", "equation 4.7", "equation 4.8", "figure 4.2",
        "problem 4.1", "problem 4.2", "problem 4.3", "table 4.1",
    ]  # fmt: skip
    assert labels["table 4.1"].text.split("\n") == [
        "Table 4.1: Regions by depth.",
        "Depth Units Regions",
        "1 three 4",
        "2 three 16",
    ]
    where = labels["equation 4.7"].locator
    assert where.describe() == "p. 42 (4.2 Counting regions)"
    assert where.page == 3
    assert labels["problem 4.2"].kind == "exercise"
    assert labels["figure 4.2"].text.endswith("b) The second one repeats them in each region.")


def test_notes_in_the_margin_are_left_out_of_the_text(documents: dict[str, Document]) -> None:
    said = "\n".join(s.text for s in documents["textbook"].segments)
    assert "The second network folds the result again, so that" in said
    assert "depend on each other. The same holds for a network" in said
    assert "near the end of this page and which the reader has to follow" in said
    assert "Notebook 4.1" not in said and "Appendix B.3.2" not in said
    text = [s.text for s in documents["textbook"].segments if s.kind != "heading"]
    assert not any("4 Deep networks" in piece for piece in text)  # the running head


def test_what_is_read_stands_where_it_says(
    files: dict[str, SourceFile], documents: dict[str, Document]
) -> None:
    for name, document in documents.items():
        raw = raw_pages(files[name].path)
        for segment in document.segments:
            assert not misaligned(segment.text, segment.runs, raw)


def test_an_erratum_is_a_chunk_that_shows_what_was_deleted(tied: Tied) -> None:
    entries = [c for c in tied.chunks if c.document == "errata.pdf" and c.labels]
    assert [c.labels for c in entries] == [
        ("erratum 1", "section 4.2"),
        ("erratum 2", "equation 4.7"),
        ("erratum 3", "problem 4.3"),
        ("erratum 4", "figure 4.2"),
        ("erratum 5", "page 42"),
        ("erratum 6", "section 9.9"),
    ]
    assert entries[0].text == (
        "• Section 4.2: This number grows [deleted: slowly] quickly with depth."
    )
    assert entries[1].text.endswith("where 𝐾 counts the layers and nothing else.")
    assert entries[2].text.endswith("given [deleted: in the last line of it] has gone.")
    assert entries[5].locator.section == ("Minor changes", "Third printing (May 2024)")


def test_errata_are_tied_to_the_pages_of_their_book(tied: Tied, tmp_path: Path) -> None:
    found = [(e.page, e.page_label, e.printing[:5], e.serious) for e in tied.errata]
    assert found == [
        (3, "42", "Third", True),
        (3, "42", "Third", True),
        (4, "43", "Third", True),
        (2, "41", "First", True),
        (3, "42", "First", True),
    ]
    assert tied.errata[0].describe() == (
        "Erratum for p. 42, third printing (May 2024): Section 4.2: This number grows "
        "[deleted: slowly] quickly with depth."
    )
    store = ChunkStore.build(tmp_path / "c.sqlite", [], tied.chunks, tied.errata)
    assert len(store.errata("textbook.pdf", 3)) == 3
    assert store.errata("textbook.pdf", 1) == []
    assert store.errata("other.pdf", 3) == []
    assert store.labelled("figure 4.2")[0].document == "errata.pdf"
    store.close()


def test_errata_of_another_book_are_tied_to_none(
    files: dict[str, SourceFile], documents: dict[str, Document]
) -> None:
    chunks = [c for document in documents.values() for c in chunk_document(document, tokens, 120)]
    other = source(files["errata"].path, "notes", errata_for="book/Other*.pdf")
    assert tie(chunks, [other]) == Tied(tuple(chunks), ())


def test_a_problem_without_published_answer_is_graded(tied: Tied) -> None:
    for document in ("answers.pdf", "textbook.pdf"):
        graded = {
            label: c.graded
            for c in tied.chunks
            if c.document == document
            for label in c.labels
            if label.startswith("problem")
        }
        assert graded == {"problem 4.1": True, "problem 4.2": False, "problem 4.3": True}
    answered = carrying(tied.chunks, "answers.pdf", "problem 4.2")
    assert "Ten: three weights" in answered.text
    assert answered.text.endswith("Figure 4.1 Answer to problem 4.2, drawn.")
    assert answered.labels == ("problem 4.2",)
    others = [c for c in tied.chunks if not any("problem" in label for label in c.labels)]
    assert not any(c.graded for c in others)


def test_a_citation_of_a_page_with_errata_says_so(tied: Tied, tmp_path: Path) -> None:
    store = IndexStore(tmp_path)
    with store.begin() as writer:
        names = dict.fromkeys(c.document for c in tied.chunks)
        records = [record(name, 1) for name in names]
        vectors = [vector(c.search_text) for c in tied.chunks]
        writer.write(records, tied.chunks, vectors, errata=tied.errata)
        writer.publish(Manifest(embedder=EMBEDDER, dimension=16, corpus="test"))
    policy = load_policy(Path(__file__).parents[1] / "corpus" / "policy.toml")
    with store.open_current(EMBEDDER) as generation:
        reply = Reply("Where is eq. 4.7?", (), datetime.now(UTC), generation, policy)
        reply.query = standalone(reply.question, ())
        reply.decision = policy.decision("concept", "about the material")
        hits = Retriever(generation, HashEmbedder(), RetrievalSettings()).search(reply.query)
        answer = reply.locate(hits[:2])
    cited = {citation.document: citation for citation in answer.citations}
    notes = cited["textbook.pdf"].notes
    assert len(notes) == 3 and all(note.startswith("Erratum for p. 4") for note in notes)
    assert any("[deleted: slowly] quickly" in note for note in notes)
    assert cited["errata.pdf"].notes == ()
    shown = answer_json(answer)["citations"]
    assert [c["notes"] for c in shown] == [list(c.notes) for c in answer.citations]


LIST = """# Errors
## Second printing (2024)
- Section 1.1: One word was missing.
- Equation B. 4 has a wrong sign.
- 2.3 Two words.
"""


def test_errata_as_markdown_are_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "errata.md"
    path.write_text(LIST)
    segments = read_document(source(path, "notes", errata_for="b.pdf")).segments
    assert [s.labels for s in segments if s.kind != "heading"] == [
        ("erratum 1", "section 1.1"),
        ("erratum 2", "equation b.4"),
        ("erratum 3", "section 2.3"),
    ]


def test_a_formula_is_searched_in_words() -> None:
    formula = r"\begin{eqnarray}\label{eq:snn_many_hidden} y = \phi_{0}+\sum_{d=1}^{D}\frac{a}{2}"
    assert in_words(formula) == "many hidden: y = phi _0+ sum _d=1^D(a)/(2)"


@pytest.mark.parametrize(
    "text",
    [
        "\\begin{eqnarray} x &=& " * 20_000,
        "\\chapter{" * 20_000,
        "\\frac{a}{" * 2_000 + "}" * 2_000,
    ],
    ids=["never closed", "no end of a title", "nested fractions"],
)
def test_a_broken_latex_file_costs_no_time(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tex"
    path.write_text("\\begin{document}" + text)
    started = time.monotonic()
    assert read_document(source(path, "notes")).segments
    in_words(text)
    assert time.monotonic() - started < 10


def test_a_latex_file_far_too_long_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tex"
    path.write_text("word " * 500_000)
    with pytest.raises(SourceError, match=r"a\.tex: has 2,500,000 characters, 2,000,000 are read"):
        read_document(source(path, "notes"))
    path.write_bytes(bytes(range(256)) * 9)
    with pytest.raises(SourceError, match=r"a\.tex: is not UTF-8"):
        read_document(source(path, "notes"))


def test_which_book_is_meant_is_checked(tmp_path: Path) -> None:
    toml = tmp_path / "s.toml"
    (tmp_path / "e.pdf").write_bytes(b"x")
    head = '[corpus]\nname = "t"\nterm = "sp2026"\n[[source]]\nfiles = "e.pdf"\nkind = "notes"\n'
    toml.write_text(head + 'errata_for = "book/U*.pdf"\n')
    (file,) = load_sources(toml).files
    assert (file.errata_for, file.answers_for) == ("book/U*.pdf", None)
    for wrong in ('"/book.pdf"', "3", '"../b.pdf"', '""'):
        toml.write_text(head + f"answers_for = {wrong}\n")
        with pytest.raises(SettingsError, match=r"answers_for .* needs the book's path"):
            load_sources(toml)


def test_the_real_files_beside_the_book(shared: Path) -> None:
    folder = shared / "materials" / "udl"
    equations = read_document(source(folder / "UDL_Equations.tex", "notes"))
    by_label = {label: s.text for s in equations.segments for label in s.labels}
    # The errata and the notebooks of the book name these numbers.
    for number, part in {
        "4.15": r"\boldsymbol\Omega_{1}", "4.17": "N_{r}", "6.18": r"\gamma", "15.9": "D_{JS}",
        "16.22": "trace", "19.32": r"r[\boldsymbol\tau_{it}]", "19.40": r"\approx",
    }.items():  # fmt: skip
        assert part in by_label[f"equation {number}"], number
    errata = read_document(
        source(folder / "UDL_Errata.pdf", "notes", errata_for="book/Understanding*.pdf")
    )
    entries = [s for s in errata.segments if s.labels]
    assert 380 < len(entries) < 400
    assert sum(len(s.labels) > 1 for s in entries) > 0.98 * len(entries)
    assert entries[1].labels == ("erratum 2", "section 15.2.2")
    assert "[deleted: minimizes] maximizes" in entries[1].text
    booklet = read_document(
        source(folder / "UDL_Answer_Booklet_Students.pdf", "notes", answers_for="b.pdf")
    )
    graded = {label: s.graded for s in booklet.segments for label in s.labels}
    assert len(graded) > 180
    assert graded["problem 2.3"] is False and graded["problem 2.1"] is True
