"""Short messages that refer to what was said before, and answers put together of several."""

from __future__ import annotations

from datetime import datetime

import pytest

from ds542_tutor.assembly import LiveTutor
from ds542_tutor.calendar_answers import CourseAnswer, CourseFact, answer_from_course
from ds542_tutor.calendar_answers.cards import joined, work_card
from ds542_tutor.calendar_answers.follow_ups import in_context
from ds542_tutor.calendar_answers.wording import clauses
from ds542_tutor.course_questions import Asking
from ds542_tutor.dialogue import Finished, Turn

LECTURE = ("next lecture?", "The next lecture is Thursday, February 26, 2026: 05 - Regularization.")
SECTION = ("where does A3 meet", "Discussion section A3 meets in MUG 205 (771 Commonwealth Ave).")
PEOPLE = ("who are the TAs", "The teaching assistants are Johnathan Finizio and Yuki Li.")
RECESS = ("when is spring recess", "It runs from Saturday, March 7 to Sunday, March 15, 2026.")
HOMEWORK = ("hw2 due?", "Homework 2 is due on Thursday, February 5, 2026 at 11:59 pm.")


def asked(live: LiveTutor, before: tuple[str, str], question: str, today: str) -> str:
    turns = (Turn("user", before[0]), Turn("assistant", before[1]))
    *_, last = live.answer(question, turns, datetime.fromisoformat(f"{today}T12:00:00"))
    assert isinstance(last, Finished)
    assert last.answer.model == "calendar", last.answer.text
    return last.answer.text


@pytest.mark.parametrize(
    ("before", "question", "today", "said"),
    [
        (LECTURE, "what about the one after that", "2026-02-20", "Convolutional"),
        (LECTURE, "and what should i read before it", "2026-02-20", "Chapters 8 and 9"),
        (SECTION, "and a4", "2026-01-21", "CGS 315"),
        (PEOPLE, "how do i reach the second one by mail", "2026-01-27", "yukili@bu.edu"),
        (HOMEWORK, "and if i hand it in the day after that", "2026-02-03", "Feb 6, 2026"),
        (HOMEWORK, "is it out already", "2026-02-03", "released on Wed Jan 28, 2026"),
        (RECESS, "and the first class after it?", "2026-03-02", "Tue Mar 24, 2026"),
    ],
)
def test_what_was_named_before_is_meant(
    starter_tutor: LiveTutor, before: tuple[str, str], question: str, today: str, said: str
) -> None:
    assert said in asked(starter_tutor, before, question, today)


@pytest.mark.parametrize(
    "question", ["what is dropout", "why does it overfit when the network is large, in your view"]
)
def test_a_question_of_its_own_takes_nothing_along(starter_tutor: LiveTutor, question: str) -> None:
    turns = (Turn("user", HOMEWORK[0]), Turn("assistant", HOMEWORK[1]))
    *_, last = starter_tutor.answer(question, turns, datetime(2026, 2, 3, 12))
    assert isinstance(last, Finished)
    assert last.answer.model != "calendar"


def test_what_breaks_is_no_recess(starter_tutor: LiveTutor) -> None:
    said = "Different initial weights break the symmetry between hidden units [1]."
    turns = (Turn("user", "why random weights"), Turn("assistant", said))
    course = starter_tutor.generation.course
    texts = list(in_context(course, "and what happens after that?", turns, datetime(2026, 2, 3)))
    assert not [text for text in texts if "spring break" in text]


def test_without_earlier_messages_there_is_no_context(starter_tutor: LiveTutor) -> None:
    course = starter_tutor.generation.course
    assert list(in_context(course, "and that one?", (), datetime(2026, 2, 3, 12))) == []


def test_a_card_has_all_dates_of_the_work(starter_tutor: LiveTutor) -> None:
    course = starter_tutor.generation.course
    local = datetime.fromisoformat("2026-02-03T12:00:00-05:00")
    card = work_card(Asking(course, clauses("hw2 possible?")[0], local))
    assert card is not None
    for part in ("Wed Jan 28, 2026", "Thu Feb 5, 2026, 11:59 pm", "Sat Feb 7, 2026", "loses 20%"):
        assert part in card.text
    closed = work_card(Asking(course, "hw 2", datetime.fromisoformat("2026-02-08T12:00:00-05:00")))
    assert closed is not None
    assert "not accepted any more" in closed.text


def test_joined_answers_say_nothing_twice_and_cite_each_file_once() -> None:
    one = CourseAnswer("A is due Monday [1].", (CourseFact("a.md", "A."),), False, "due")
    two = CourseAnswer(
        "A is due Monday [1]. B is late [2][1].",
        (CourseFact("a.md", "A."), CourseFact("b.md", "B.")),
        True,
        "late",
    )
    both = joined([one, two])
    assert both.text == "A is due Monday [1]. B is late [2][1]."
    assert [fact.document for fact in both.sources] == ["a.md", "b.md"]
    assert both.tentative and both.topic == "due"
    turned = joined([CourseAnswer("B [1].", (CourseFact("b.md", "B."),), False, "x"), two])
    assert turned.text == "B [1]. A is due Monday [2]. B is late [1][2]."


@pytest.mark.parametrize(
    ("question", "today", "parts"),
    [
        (
            "which day did they hand out homework two and when do they want it back",
            "2026-02-02",
            ("Jan 28", "Feb 5"),
        ),
        ("what is the first lecture after the break and what do i read for it", "2026-03-09",
         ("Mar 24", "hapter")),
        ("how many lectures are left and which is the very last one", "2026-04-08",
         ("1 lecture", "Apr 16")),
    ],
)  # fmt: skip
def test_two_questions_in_one_get_two_answers(
    starter_tutor: LiveTutor, question: str, today: str, parts: tuple[str, ...]
) -> None:
    *_, last = starter_tutor.answer(question, (), datetime.fromisoformat(f"{today}T12:00:00"))
    assert isinstance(last, Finished)
    for part in parts:
        assert part in last.answer.text


def test_three_questions_on_one_work_say_each_date_once(starter_tutor: LiveTutor) -> None:
    question = "hw2: when was it out, when is it due and can i still hand it in"
    *_, last = starter_tutor.answer(question, (), datetime(2026, 2, 6, 12))
    assert isinstance(last, Finished)
    text = last.answer.text
    assert "released on Wed Jan 28, 2026" in text
    assert (text.count("Thu Feb 5, 2026"), text.count("Sat Feb 7, 2026")) == (1, 1)


@pytest.mark.parametrize(
    ("question", "today", "said"),
    [
        ("are any homeworks out yet", "2026-01-21", "Homework 1"),
        ("which assignment is open now", "2026-02-03", "Homework 2"),
        ("what lectures and deadlines are left in the semester", "2026-04-10", "Diffusion"),
        ("what is due on march 10 and does anything new come out", "2026-03-09", "Project 1"),
        ("which lectures have i missed so far", "2026-02-01", "Lecture 2"),
        ("my hw2 is worth maybe 95. one day late makes it how much", "2026-02-06", "becomes 76"),
        ("hw2 is in. next project deadline after hw2?", "2026-02-06", "Project 1"),
        ("is there a discussion a week from this friday", "2026-03-03", "recess"),
        ("hw2, i submitted it friday 11pm", "2026-02-08", "Fri Feb 6, 2026, 11:00 pm"),
    ],
)
def test_more_wordings_are_read(
    starter_tutor: LiveTutor, question: str, today: str, said: str
) -> None:
    course = starter_tutor.generation.course
    answer = answer_from_course(course, question, datetime.fromisoformat(f"{today}T12:00:00"))
    assert answer is not None
    assert said in answer.text


@pytest.mark.parametrize(
    "question",
    [
        "where can i park near the lecture",
        "what did the class get on average in homework 2",
        "whats the cutoff for an A minus, is it 90 or 92",
        "when do grades for project 1 come out",
    ],
)
def test_what_no_calendar_computes_is_not_computed(starter_tutor: LiveTutor, question: str) -> None:
    *_, last = starter_tutor.answer(question, (), datetime(2026, 3, 20, 12))
    assert isinstance(last, Finished)
    assert last.answer.status == "abstained", last.answer.text
