"""What a day holds, from when to when work is open, and sums that habits of asking hid."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ds542_tutor.calendar_answers import answer_from_course
from ds542_tutor.course import Assignment, Course, Lecture, Link, Meeting, Person, Statement

ZONE = ZoneInfo("America/New_York")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


COURSE = Course(
    "DS542",
    "sp2026",
    lectures=(
        Lecture(6, "Cluster Tutorial", at("2026-02-05T15:30"), "l/6.md", "Staff of IT show it."),
        Lecture(7, "Fine Tuning", at("2026-02-10T15:30"), "l/7.md", "Also the adapter LORA."),
        Lecture(8, "Attention", at("2026-02-17T15:30"), "l/8.md"),
    ),
    assignments=(
        Assignment(
            "homework4", "Homework 4", "w/4.md", at("2026-02-09T10:00"), at("2026-02-17T23:59"),
            summary="Homework 4 -- Shared Cluster. Turn in online.",
        ),
        Assignment(
            "project2", "Project 2: Forests", "w/p2.md", at("2026-02-01T08:00"),
            at("2026-02-19T23:59"),
        ),
    ),
    people=(Person("Ada Teach", "instructor", "p.yml", "ada@x.edu", "R 1", "Mondays 1-2pm"),),
    meetings=(Meeting("Lectures (A1)", "Tuesdays", "3:30pm -- 4:45pm", "CGS 505", "i.md"),),
    links=(Link("Piazza", "https://piazza.example/c1", "urls.yml"),),
    statements=(
        Statement("grading", "Homework: 15%; Projects: 70%; Discussions: 15%.", "i.md"),
        Statement("late", "Late work loses 20% up to two days after the deadline.", "late.yml"),
    ),
    weights=(("Homework", 15.0), ("Projects", 70.0), ("Discussions", 15.0)),
    late_penalty=0.2,
    late_hours=48.0,
)  # fmt: skip


def ask(question: str, now: str = "2026-02-04T12:00") -> str:
    answer = answer_from_course(COURSE, question, at(now))
    return answer.text if answer else ""


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("tmr is the cluster tutorial right? who's giving it", "Yes: Lecture 6"),
        ("is tomorrow the one where LoRA is explained?", "No: Lecture 7, Fine Tuning, is on Tue F"),
        ("what is due on tuesday feb 17, and which lecture is it?", "Lecture 8, Attention"),
        ("project 2 time frame?", "is due Thu Feb 19"),
        ("project 2 time frame?", "Sun Feb 1"),
        ("how long till hw4 is due, and what is it about again", "It is about Shared Cluster"),
        ("when is project 2 due and what is it about", "It is about Forests"),
        ("how long is one lecture in minutes", "That is 75 minutes"),
        ("link to the piazza please", "https://piazza.example/c1"),
        ("whats worth more, discussions or homeworks? might be skipping fridays", "count the same"),
        ("if i do not go to any discussions and the rest is perfect, max grade?", "85%"),
        ("hw 85/100 but 30 hours late, what do i end up with?", "a 85 becomes 68"),
    ],
)
def test_says(question: str, says: str) -> None:
    assert says in ask(question)


def test_who_gives_it_is_told_from_its_page() -> None:
    assert "Staff of IT" in ask("tmr is the cluster tutorial right? who's giving it")


def test_only_who_supposes_a_day_gets_a_yes_or_no() -> None:
    told = ask("what is tomorrow's lecture on fine tuning about")
    assert not told.startswith(("Yes", "No"))
    assert ask("when is attention taught, feb 10 right?").startswith("No: Lecture 8")


def test_what_has_no_title_of_its_own_is_about_nothing_that_is_known() -> None:
    bare = replace(COURSE, assignments=(replace(COURSE.assignments[0], summary=""),))
    answer = answer_from_course(bare, "when is hw4 due and what is it about", at("2026-02-04"))
    assert answer is not None and "about" not in answer.text
    hidden = (replace(bare.assignments[0], published=False),)
    told = answer_from_course(
        replace(bare, assignments=hidden), "when is hw4 due and what is it about", at("2026-02-04")
    )
    assert told is not None and "What it asks for is not published yet" in told.text
    assert "about" not in ask("what about hw4, when is it due")


@pytest.mark.parametrize(
    "question",
    [
        "is tomorrow a good day to start the project",
        "where on piazza do i submit the notebook",
        "was attention invented before 2017, right?",
    ],
)
def test_is_silent_on_what_is_no_such_question(question: str) -> None:
    assert "Lecture" not in ask(question) and "piazza.example" not in ask(question)
