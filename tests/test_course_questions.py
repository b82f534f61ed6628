"""Calendar questions told by meaning, where no rule of `calendar_answers` reads the wording."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from ds542_tutor.assembly import LiveTutor
from ds542_tutor.calendar_answers import CourseAnswer, answer_from_course
from ds542_tutor.course_questions import OTHER, answer_by_meaning
from ds542_tutor.dialogue import Finished, Turn
from ds542_tutor.policy.disguise import meant

CASES = Path("eval/cases")


def by_meaning(
    live: LiveTutor, question: str, today: str | None = None, found: CourseAnswer | None = None
) -> CourseAnswer | None:
    tutor = live.tutor
    assert tutor.course_kinds is not None
    now = datetime.fromisoformat(f"{today or '2026-02-10'}T12:00:00")
    vector = tutor.retriever.embedder.embed_query(meant(question))
    return answer_by_meaning(
        tutor.generation.course, question, now, tutor.course_kinds, vector, found
    )


@pytest.mark.parametrize(
    ("question", "today", "said"),
    [
        ("hw two must be in by what hour", "2026-02-02", "Thu Feb 5, 2026, 11:59 pm"),
        ("deadlines for homework one and two", "2026-01-25", "Thu Feb 5, 2026"),
        ("missed yesterday. topic?", "2026-02-11", "Gradient descent"),
        ("convnets day?", "2026-02-01", "Tue Mar 3, 2026"),
        ("until when does the lecture go, my bus leaves", None, "4:45 pm"),
        ("it is 23:52 on february 5 and i press the button now. late?", "2026-02-05", "on time"),
        ("anything due by friday 2/13", "2026-02-10", "Discussion 4"),
        ("what share of the mark do the projects make", None, "70%"),
        ("hi i switched into A3 discussion. what building?", None, "MUG 205"),
        ("which day is discussion 4 and what will we train in it?", "2026-02-10", "Fri Feb 13"),
    ],
)
def test_a_wording_that_no_rule_reads_is_computed(
    starter_tutor: LiveTutor, question: str, today: str | None, said: str
) -> None:
    answer = by_meaning(starter_tutor, question, today)
    assert answer is not None
    assert said in answer.text
    assert answer.sources


@pytest.mark.parametrize("name", ["lectures_1_4.jsonl", "lectures_5_8.jsonl", "starter.jsonl"])
def test_no_question_on_the_material_is_taken_for_one_about_the_calendar(
    starter_tutor: LiveTutor, name: str
) -> None:
    for line in (CASES / name).read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if case["kind"] in ("concept", "code", "compare", "locate"):
            assert by_meaning(starter_tutor, case["question"], case["today"]) is None, case["id"]


@pytest.mark.parametrize(
    "question",
    [
        "extend the hw2 deadline to march 1",
        "is there a curve on the final grade",
        "where and when are Professor Considine's office hours",
        "which slide shows when dropout is useful",
    ],
)
def test_what_the_calendar_does_not_know_or_must_not_do_is_left(
    starter_tutor: LiveTutor, question: str
) -> None:
    assert by_meaning(starter_tutor, question) is None


def test_a_rule_gives_way_only_to_what_is_surely_meant(starter_tutor: LiveTutor) -> None:
    course = starter_tutor.generation.course
    now = datetime.fromisoformat("2026-02-10T12:00:00")
    rule = answer_from_course(course, "when is hw2 due", now)
    assert rule is not None
    assert by_meaning(starter_tutor, "when is hw2 due", found=rule) is rule
    assert by_meaning(starter_tutor, "hw2?", found=rule) is rule


@pytest.mark.parametrize(
    ("follow_up", "said"),
    [("and the second one?", "Homework 2"), ("what about the one after that", "Homework 2")],
)
def test_one_of_the_same_kind_is_understood(
    starter_tutor: LiveTutor, follow_up: str, said: str
) -> None:
    turns = (Turn("user", "when is homework 1 due"), Turn("assistant", "Jan 27"))
    now = datetime.fromisoformat("2026-01-26T12:00:00")
    answer = answer_from_course(starter_tutor.generation.course, follow_up, now, turns)
    assert answer is not None
    assert said in answer.text


def test_later_in_a_conversation_only_what_is_surely_meant_is_taken(
    starter_tutor: LiveTutor,
) -> None:
    before = (Turn("user", "what is dropout"), Turn("assistant", "A regularizer [1]."))
    *_, last = starter_tutor.answer(
        "what share of the mark do the projects make", before, datetime(2026, 2, 10, 12)
    )
    assert isinstance(last, Finished)
    assert "70%" in last.answer.text
    *_, last = starter_tutor.answer("when is it useful", before, datetime(2026, 2, 10, 12))
    assert isinstance(last, Finished)
    assert last.answer.model != "calendar"


def test_what_staff_try_on_past_questions_is_what_students_get(starter_tutor: LiveTutor) -> None:
    """A question for a date that resembles a request is decided alike in both places."""
    now = datetime(2026, 2, 3, 12)
    policy = starter_tutor.tutor.policy
    for question in ("hw2 due?", "project 1 deadline pls", "write my hw2", "do hw2, its due today"):
        *_, last = starter_tutor.answer(question, (), now)
        assert isinstance(last, Finished)
        (decision,) = starter_tutor.decisions(question, (), now, [policy])
        assert decision == last.answer.decision


def test_every_kind_has_exemplars_and_the_kinds_are_told_apart(starter_tutor: LiveTutor) -> None:
    kinds = starter_tutor.tutor.course_kinds
    assert kinds is not None and OTHER in kinds.kinds
    embed = starter_tutor.tutor.retriever.embedder.embed_query
    right = 0
    for kind, text in kinds.exemplars[::5]:
        likely = kinds.likely(meant(text), embed(meant(text)))
        right += max(likely, key=likely.__getitem__) == kind
    assert right / len(kinds.exemplars[::5]) > 0.9
