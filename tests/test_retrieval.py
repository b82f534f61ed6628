"""Search, preferences and evidence, over the starter corpus."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from index_samples import EMBEDDER, HashEmbedder, chunk, record, vector

from ds542_tutor.assembly import LiveTutor
from ds542_tutor.citations import cite, number
from ds542_tutor.dialogue import Hit
from ds542_tutor.documents import Chunk, Locator
from ds542_tutor.evidence import evidence, signals
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.index.manifest import Manifest
from ds542_tutor.langchain_retriever import CourseRetriever
from ds542_tutor.queries import standalone, subject
from ds542_tutor.retrieval import NEIGHBOUR, Retriever
from ds542_tutor.settings import RetrievalSettings


def test_hits_come_from_both_searchers_without_duplicates(starter_tutor: LiveTutor) -> None:
    hits = starter_tutor.tutor.retriever.search(standalone("What is the receptive field?", ()))
    assert len(hits) == 10
    assert len({hit.chunk.id for hit in hits}) == 10
    assert hits[0].retriever == "dense+lexical"
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(-1 <= hit.similarity <= 1.001 for hit in hits)


def test_a_named_lecture_is_preferred(starter_tutor: LiveTutor) -> None:
    hits = starter_tutor.tutor.retriever.search(standalone("noise in lecture 8", ()))
    assert {hit.chunk.lecture for hit in hits[:3]} == {8}


def test_evidence_tells_the_course_from_the_rest_of_the_world(starter_tutor: LiveTutor) -> None:
    tutor = starter_tutor.tutor

    def judged(question: str) -> float:
        query = standalone(question, ())
        return evidence(query, tutor.retriever.search(query), tutor.generation)

    inside = judged("What does early stopping do with the validation set?")
    outside = judged("Which visa do I need for a summer internship in Lisbon?")
    assert outside < tutor.settings.retrieval.abstain_below < inside


def test_a_value_that_no_number_gives_speaks_against_an_answer(starter_tutor: LiveTutor) -> None:
    retriever = starter_tutor.tutor.retriever

    def missing(question: str) -> float:
        query = standalone(question, ())
        hits = retriever.search(query)
        return signals(query, hits, starter_tutor.tutor.generation)["value missing"]

    assert missing("why does weight decay help") == 0.0
    assert missing("what is the learning rate") == 0.0
    assert missing("what determines batch size in training") == 0.0
    assert missing("how many masks does the Segment Anything data set have") > 0.7
    assert missing("how many parameters does a kernel of size 3 have") < 0.7


def test_langchain_sees_documents_with_their_places(starter_tutor: LiveTutor) -> None:
    retriever = CourseRetriever(retriever=starter_tutor.tutor.retriever, k=3)
    documents = retriever.invoke("What is weight decay?")
    assert len(documents) == 3
    assert documents[0].metadata["document"].startswith(("lectures/", "book/"))


class LongestFirst:
    """A reranker that likes long texts."""

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        return [float(len(text)) for text in texts]


def test_a_reranker_reorders_the_candidates_and_says_so(starter_tutor: LiveTutor) -> None:
    retriever = replace(starter_tutor.tutor.retriever, reranker=LongestFirst())
    hits = retriever.search(standalone("What is weight decay?", ()))
    lengths = [len(hit.chunk.search_text) for hit in hits]
    assert lengths == sorted(lengths, reverse=True)
    assert all(hit.retriever.endswith("+rerank") for hit in hits)


def test_how_the_course_is_run_is_read_on_its_own_pages(starter_tutor: LiveTutor) -> None:
    retriever = starter_tutor.tutor.retriever
    query = standalone("how much of the grade is the homework", ())
    hits = retriever.search(replace(query, about_course=True))
    assert hits[0].chunk.kind == "site" or hits[0].chunk.lecture == 1
    assert any(hit.chunk.kind == "site" for hit in hits[:3])
    assert not any(hit.chunk.kind == "book" for hit in hits)
    assert any(hit.chunk.kind == "book" for hit in retriever.search(standalone("dropout", ())))


def test_an_abbreviation_is_searched_as_the_course_spells_it(starter_tutor: LiveTutor) -> None:
    retriever = starter_tutor.tutor.retriever
    hits = retriever.search(standalone("how good is a low FID", ()))
    assert "inception distance" in hits[0].chunk.text.lower()


def test_slips_of_the_keyboard_find_what_was_meant(starter_tutor: LiveTutor) -> None:
    retriever = starter_tutor.tutor.retriever
    right = retriever.search(standalone("How does backpropagation reuse activations?", ()))
    wrong = retriever.search(standalone("How does backpropogation reuse actviations?", ()))
    assert [hit.chunk.id for hit in wrong] == [hit.chunk.id for hit in right]


def test_words_that_ask_for_a_slide_do_not_change_what_is_searched(
    starter_tutor: LiveTutor,
) -> None:
    retriever = starter_tutor.tutor.retriever
    query = standalone("which slide shows early stopping pls", ())
    assert query.locate
    assert subject(query) == "early stopping"
    assert retriever.search(query)[0].chunk.kind == "slides"


def test_the_same_question_is_searched_once(starter_tutor: LiveTutor) -> None:
    retriever = replace(starter_tutor.tutor.retriever)
    query = standalone("What is weight decay?", ())
    first = retriever.search(query)
    assert retriever.search(query) is first
    assert retriever.search(query, 3) == first[:3]
    other = replace(retriever, reranker=LongestFirst())
    assert other.search(query) != first  # nothing is kept across retrievers


def neighbourly(folder: Path, *chunks: Chunk) -> tuple[Retriever, list[Hit]]:
    """A retriever over `chunks`, and the first of them as the best hit before the last."""
    store = IndexStore(folder)
    with store.begin() as writer:
        writer.write([record("lectures/07.pdf", 1)], chunks, [vector(c.text) for c in chunks])
        writer.publish(Manifest(embedder=EMBEDDER, dimension=16, corpus="test"))
    retriever = Retriever(store.open_current(EMBEDDER), HashEmbedder(), RetrievalSettings())
    return retriever, [Hit(chunks[1], 1.0, "dense", 0.9), Hit(chunks[-1], 0.5, "dense", 0.4)]


def titled(title: str) -> Locator:
    return Locator(page=1, slide_title=title, section=("A", "B"))


def test_slides_under_one_title_are_read_together(tmp_path: Path) -> None:
    titles = ("Softmax", "Dropout", "Dropout (2)", "Weight decay")
    chunks = [chunk(f"Text {n}", ordinal=n, locator=titled(t)) for n, t in enumerate(titles)]
    retriever, hits = neighbourly(tmp_path, *chunks)
    joined = retriever.with_neighbours(hits)
    assert [hit.chunk.text for hit in joined] == ["Text 1", "Text 2", "Text 3"]
    assert [hit.retriever for hit in joined] == ["dense", NEIGHBOUR, "dense"]
    found_later = [hits[0], hits[1], Hit(chunks[2], 0.3, "lexical", 0.2)]
    again = retriever.with_neighbours(found_later)
    assert [hit.chunk.text for hit in again] == ["Text 1", "Text 2", "Text 3"]
    assert again[1].retriever == "lexical"
    assert retriever.with_neighbours([]) == []


def test_text_of_one_section_is_read_together_but_no_graded_work(tmp_path: Path) -> None:
    texts = [
        chunk("Before", ordinal=0, kind="book", locator=Locator(page=1, section=("5.6 Dropout",))),
        chunk("Best", ordinal=1, kind="book", locator=Locator(page=1, section=("5.6 Dropout",))),
        chunk("Next", ordinal=2, kind="book", locator=Locator(page=2, section=("5.7 Kaggle",))),
    ]
    retriever, hits = neighbourly(tmp_path, *texts)
    assert [hit.chunk.text for hit in retriever.with_neighbours(hits)] == ["Best", "Before", "Next"]
    for flag in ("graded", "exercise"):
        held = [replace(texts[0], **{flag: True}), *texts[1:]]
        retriever, hits = neighbourly(tmp_path / flag, *held)
        assert [hit.chunk.text for hit in retriever.with_neighbours(hits)] == ["Best", "Next"]


def test_a_slide_that_stands_twice_is_one_hit_with_both_places(tmp_path: Path) -> None:
    text = "Dropout sets each hidden unit to zero with probability {} at every training step"
    chunks = [
        chunk(text.format(0.5), ordinal=1),
        chunk(text.format(0.5), ordinal=2),
        chunk(text.format(0.2), ordinal=3),  # much the same, and not the same
        chunk(text.format(0.5), ordinal=4, graded=True),
        chunk(text.format(0.5), ordinal=5, term="fa2025"),
        chunk("Weight decay pulls weights towards zero", ordinal=6),
    ]
    retriever, _ = neighbourly(tmp_path, *chunks)
    hits = retriever.search(standalone("dropout probability 0.5 at every training step", ()))
    (dropout,) = [hit for hit in hits if "Dropout" in hit.chunk.text]
    assert {dropout.chunk.ordinal, *(c.ordinal for c in dropout.also)} == {1, 2}
    (passage,) = number([dropout], 1, 100)
    citation = cite(passage, 0, 7, 1.0, "Dropout")
    other = dropout.also[0].locator.describe()
    assert citation.notes == (f"The same stands in Lecture 7: Attention, {other}.",)
