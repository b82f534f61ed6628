"""Numbered things: their labels read off text, stored by label, and found first by number."""

from __future__ import annotations

from pathlib import Path

import pytest
from index_samples import EMBEDDER, HashEmbedder, chunk, record, vector

from ds542_tutor.assembly import LiveTutor
from ds542_tutor.documents import Chunk, Locator
from ds542_tutor.evidence import evidence
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.index.manifest import Manifest
from ds542_tutor.labels import LABEL, caption_label, labels_in
from ds542_tutor.queries import standalone
from ds542_tutor.retrieval import Retriever
from ds542_tutor.settings import RetrievalSettings


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("what is eq. 11.3.2?", ("equation 11.3.2",)),
        ("explain equation (11.3.2) please", ("equation 11.3.2",)),
        ("Eqs. (3.1), (3.2) and (3.4)", ("equation 3.1", "equation 3.2", "equation 3.4")),
        ("Fig 6.7", ("figure 6.7",)),
        ("figures 3.3j and 3.3c", ("figure 3.3",)),
        ("see Table B.1 and problem 3.4", ("table b.1", "problem 3.4")),
        ("drop it with prob 0.5", ()),
        ("problem 3 of homework 2", ()),
        ("a table of 3.5 metres, section 4.2", ()),
    ],
)
def test_labels_are_read_off_a_text(text: str, labels: tuple[str, ...]) -> None:
    assert labels_in(text) == labels


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("Figure 1.4.1: Estimating a foot.", ("figure 1.4.1",)),
        ("Figure 6.7 Gradient descent. a) The loss", ("figure 6.7",)),
        ("Table 2.1. Sizes", ("table 2.1",)),
        ("Figure 6.7 shows that it falls", ()),
        ("Fig. 7.4.1 as input, it divides", ()),
    ],
)
def test_a_caption_is_told_from_a_mention(text: str, labels: tuple[str, ...]) -> None:
    assert caption_label(text) == labels


def retriever(root: Path, *chunks: Chunk) -> Retriever:
    """A retriever over these chunks, published with vectors by hash."""
    store = IndexStore(root)
    with store.begin() as writer:
        documents = [record(name, 1) for name in {c.document for c in chunks}]
        writer.write(documents, chunks, [vector(c.search_text) for c in chunks])
        writer.publish(Manifest(embedder=EMBEDDER, dimension=16, corpus="test"))
    return Retriever(store.open_current(EMBEDDER), HashEmbedder(), RetrievalSettings())


def numbered(document: str, title: str, kind: str, *labels: str) -> Chunk:
    text = f"What {document} says under {labels[0]}"
    where = Locator(page=1, section=("4 Deep",))
    return chunk(text, document, title=title, kind=kind, labels=labels, locator=where, lecture=None)


def test_what_is_asked_for_by_number_comes_first_and_is_evidence_enough(tmp_path: Path) -> None:
    slides = [chunk(f"equation 4.7 is mentioned on slide {n}", ordinal=n) for n in range(5)]
    search = retriever(
        tmp_path,
        *slides,
        numbered("u/errata.pdf", "Using Deep Lakes: Errata", "notes", "erratum 1", "equation 4.7"),
        numbered("u/eqs.tex", "Using Deep Lakes: Equations", "notes", "equation 4.7"),
        numbered("other/dive.pdf", "Dive", "book", "equation 4.7"),
    )

    def found(question: str) -> list[str]:
        query = standalone(question, ())
        hits = search.search(query)
        assert hits[0].retriever == LABEL
        assert evidence(query, hits, search.generation) == 1.0
        assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
        return [hit.chunk.document for hit in hits if hit.retriever == LABEL]

    assert found("Explain eq. 4.7") == ["other/dive.pdf", "u/eqs.tex", "u/errata.pdf"]
    assert found("Explain equation (4.7) of UDL")[0] == "u/eqs.tex"
    assert found("what is equation 4.7 in Using Deep Lakes")[0] == "u/eqs.tex"
    assert found("eq 4.7 in the dive book") == ["other/dive.pdf"]
    assert search.search(standalone("Explain eq. 9.9", ()))[0].retriever != LABEL


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("What does equation (1.5) say?", "equation 1.5"),
        ("eq 3.10 pls", "equation 3.10"),
        ("What can be seen in Fig 2.1?", "figure 2.1"),
        ("explain listing 3.1 to me", "listing 3.1"),
    ],
)
def test_the_starter_book_is_found_by_number(
    starter_tutor: LiveTutor, question: str, label: str
) -> None:
    best = starter_tutor.tutor.retriever.search(standalone(question, ()))[0]
    assert label in best.chunk.labels
    assert best.chunk.kind == "book"
