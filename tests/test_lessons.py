"""Questions on content that name a class by its day."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ds542_tutor.assembly import LiveTutor
from ds542_tutor.calendar_answers.lessons import lectures_meant, without_days
from ds542_tutor.course import Course, Lecture
from ds542_tutor.dialogue import Finished

ZONE = ZoneInfo("America/New_York")
TODAY = datetime(2026, 2, 11, 12, tzinfo=ZONE)  # a Wednesday


def lecture(number: int, month: int, day: int, deck: str | None = None) -> Lecture:
    starts = datetime(2026, month, day, 15, 30, tzinfo=ZONE)
    return Lecture(number, f"Lecture {number}", starts, f"{number}.md", deck=deck)


COURSE = Course(
    "DS542",
    "sp2026",
    lectures=(
        lecture(4, 2, 3),
        lecture(5, 2, 5, "06_losses.pdf"),  # decks may be numbered otherwise than lectures
        lecture(6, 2, 10),
        lecture(7, 2, 12),
    ),
)


@pytest.mark.parametrize(
    ("question", "lectures"),
    [
        ("explain the loss from yesterday's lecture", (6,)),
        ("What did he mean by a saddle point last Thursday?", (6,)),
        ("why does momentum help, like we saw last week", (4, 6)),
        ("in the last lecture, what was the point of dropout?", (6,)),
        ("what is on slide 12 of tomorrow's deck", (7,)),
        ("explain dropout", ()),
        ("explain dropout, the exam is tomorrow", ()),
        ("explain lecture 5, i missed it on tuesday", ()),  # what it names by number is meant
        ("hw2 is due friday and i missed class, why does sgd need a schedule", ()),
        ("all that we covered this semester on dropout", ()),
        ("what did we cover in class last month", ()),
    ],
)
def test_days_become_decks(question: str, lectures: tuple[int, ...]) -> None:
    assert lectures_meant(COURSE, question, TODAY) == lectures


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("explain the loss from yesterday's lecture", "explain the loss"),
        ("in the last lecture, what was the point of dropout?", ", what was the point of dropout?"),
        ("What did he mean by StepLR last Tuesday?", "What did he mean by StepLR ?"),
        ("tomorrow", "tomorrow"),
    ],
)
def test_words_of_days_are_left_out_of_the_search(question: str, left: str) -> None:
    assert without_days(question) == left


def test_the_deck_of_that_day_comes_first(starter_tutor: LiveTutor) -> None:
    question = "explain the loss for several classes from last week's lecture"
    *_, last = starter_tutor.answer(question, (), datetime(2026, 2, 10, 9, tzinfo=ZONE))
    assert isinstance(last, Finished)
    assert last.answer.status == "answered"
    assert last.answer.hits[0].chunk.lecture == 3


def test_what_a_class_was_about_is_still_computed(starter_tutor: LiveTutor) -> None:
    moment = datetime(2026, 2, 11, 9, tzinfo=ZONE)
    for question in ("what was yesterday's lecture about?", "why is there no class on march 10?"):
        *_, last = starter_tutor.answer(question, (), moment)
        assert isinstance(last, Finished)
        assert last.answer.model == "calendar"
    *_, last = starter_tutor.answer("why do we need backprop in yesterday's lecture", (), moment)
    assert isinstance(last, Finished)
    assert last.answer.model != "calendar"
