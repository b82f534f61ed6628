"""Whether a question goes on with the conversation, and what the search makes of it."""

from __future__ import annotations

from datetime import datetime

import pytest

from ds542_tutor.assembly import LiveTutor
from ds542_tutor.continuity import WEIGHTS, goes_on, signals
from ds542_tutor.dialogue import Finished, Turn
from ds542_tutor.queries import standalone

DROPOUT = (
    Turn("user", "What does dropout do to hidden units?"),
    Turn("assistant", "It sets each hidden unit to zero with probability p at every step [1]."),
)


@pytest.mark.parametrize(
    ("question", "follows"),
    [
        ("and why?", True),
        ("what happens to the units that stay", True),
        ("What is the receptive field of a convolutional layer?", False),
        ("How does the forward process of a diffusion model add noise?", False),
    ],
)
def test_new_topics_are_told_from_follow_ups(
    starter_tutor: LiveTutor, question: str, follows: bool
) -> None:
    retriever = starter_tutor.tutor.retriever
    query = retriever.query(question, DROPOUT)
    assert query == standalone(question, DROPOUT if follows else ())
    assert bool(query.context) is follows
    assert retriever.query(question) == standalone(question, ())


def test_signals_are_in_the_order_of_their_weights(starter_tutor: LiveTutor) -> None:
    retriever = starter_tutor.tutor.retriever
    query = standalone("and why?", DROPOUT)
    found = signals(query, retriever.embedder.embed_query, retriever.nearest)
    assert len(found) == len(WEIGHTS)
    assert found[:2] == [1.0, 1.0]
    assert all(-1 <= cosine <= 1.001 for cosine in found[2:])
    # Likeness to what was said speaks for going on, likeness to the corpus for a new topic.
    assert goes_on(query, lambda _: [1.0, 0.0], lambda _: 0.3)
    long = standalone("Explain the softmax function in multiclass classification", DROPOUT)
    apart = {long.original: [1.0, 0.0]}
    assert not goes_on(long, lambda text: apart.get(text, [0.0, 1.0]), lambda _: 0.7)


def test_a_follow_up_without_its_subject_finds_it(starter_tutor: LiveTutor) -> None:
    retriever = starter_tutor.tutor.retriever
    asked = "do i have to change anything at test time"
    alone = retriever.search(standalone(asked, ()))
    together = retriever.search(standalone(asked, DROPOUT))
    assert "ropout" not in alone[0].chunk.text
    assert "ropout" in together[0].chunk.text


def test_a_new_topic_is_answered_without_the_old_one(starter_tutor: LiveTutor) -> None:
    question = "How does the forward process of a diffusion model add noise?"
    moment = datetime(2026, 4, 20, 12)
    *_, last = starter_tutor.answer(question, DROPOUT, moment)
    assert isinstance(last, Finished)
    assert last.answer.standalone_question == question
    assert "ropout" not in last.answer.text


@pytest.mark.parametrize(
    "question", ["and at test time?", "do we still drop units at test time", "and when testing?"]
)
def test_test_time_is_no_test(starter_tutor: LiveTutor, question: str) -> None:
    *_, last = starter_tutor.answer(question, DROPOUT, datetime(2026, 4, 20, 12))
    assert isinstance(last, Finished)
    assert last.answer.status == "answered"
    assert "ropout" in last.answer.text
