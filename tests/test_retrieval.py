"""Fusion, preferences and evidence, over the starter corpus."""

from collections.abc import Sequence
from dataclasses import replace

from ds542_tutor.assembly import LiveTutor
from ds542_tutor.langchain_retriever import CourseRetriever
from ds542_tutor.queries import standalone
from ds542_tutor.retrieval import evidence, reciprocal_rank_fusion


def test_fusion_adds_reciprocal_ranks_by_weight() -> None:
    fused = reciprocal_rank_fusion([([("a", 9.0), ("b", 1.0)], 1.0), ([("b", 5.0)], 2.0)], k=60)
    assert fused == {"a": 1 / 61, "b": 1 / 62 + 2 / 61}


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
        return evidence(query, tutor.retriever.search(query), tutor.generation.lexical.rarity)

    inside = judged("What does early stopping do with the validation set?")
    outside = judged("Which visa do I need for a summer internship in Lisbon?")
    assert outside < tutor.settings.retrieval.abstain_below < inside


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
