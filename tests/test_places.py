"""Questions for a place are told from questions on what stands there."""

from __future__ import annotations

import pytest

from ds542_tutor import places
from ds542_tutor.assembly import LiveTutor
from ds542_tutor.dialogue import Finished
from ds542_tutor.policy.findings import judged
from ds542_tutor.queries import standalone


def test_both_kinds_have_exemplars() -> None:
    kinds = [kind for kind, _ in places.exemplars()]
    assert min(kinds.count("locate"), kinds.count("content")) >= 200
    assert set(kinds) == {"locate", "content"}


@pytest.mark.parametrize(
    ("question", "is_place"),
    [
        ("need that slide with the table of layer sizes", True),
        ("where did we go over pruning", True),
        ("anything on weight decay in the deck?", True),
        ("knowledge distillation slide nr", True),
        ("what does the slide on weight decay say about momentum", False),
        ("where does the factor of two come from", False),
        ("in grokking, where is the progress happening if training loss is zero already?", False),
        ("and for transformers?", False),
    ],
)
def test_places_are_told(starter_tutor: LiveTutor, question: str, is_place: bool) -> None:
    tutor = starter_tutor.tutor
    vector = tutor.retriever.embedder.embed_query(judged(question))
    query = standalone(question, ())
    assert places.asks_for_a_place(query, tutor.places, vector) is is_place
    assert places.asks_for_a_place(query, None, vector) is query.locate


def test_the_answer_is_a_place(starter_tutor: LiveTutor) -> None:
    *_, last = starter_tutor.answer("need the slide on dropout", ())
    assert isinstance(last, Finished)
    assert last.answer.text.startswith("The best match is")
    assert "ropout" in last.answer.citations[0].text
