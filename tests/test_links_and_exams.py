"""Recordings, slides and exams, and what else the calendar learned to say from students' habits."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ds542_tutor.calendar_answers import answer_from_course
from ds542_tutor.course import Assignment, Course, Lecture, Meeting, Statement
from ds542_tutor.dialogue import Turn

ZONE = ZoneInfo("America/New_York")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def lecture(number: int, day: str, title: str, reading: str, *links: tuple[str, str]) -> Lecture:
    starts = at(f"2026-{day}T15:30")
    return Lecture(number, title, starts, f"l/{number}.md", "", (reading,), None, links)


SLIDES = ("slides", "/decks/1.pdf")
COURSE = Course(
    "DS542",
    "sp2026",
    site_url="https://course.example/sp/",
    lectures=(
        lecture(
            1, "01-20", "Introduction", "Book, Chapter 1", SLIDES, ("recording", "https://v/1")
        ),
        lecture(2, "01-22", "Supervised Learning", "Book, Chapter 2", SLIDES),
        lecture(3, "01-27", "Backpropagation", "Book, Chapters 7.1 - 7.4", SLIDES),
        lecture(4, "01-29", "Initialization", "Book, Chapter 7.5"),
        lecture(5, "02-05", "Cluster Tutorial", "Manual, Chapter 9", SLIDES),
    ),
    assignments=(
        Assignment(
            "project1", "Project 1", "w/1.md", at("2026-02-01T08:00"), at("2026-02-17T23:59")
        ),
        Assignment(
            "project2", "Project 2", "w/2.md", at("2026-02-17T08:00"), at("2026-03-10T23:59")
        ),
    ),
    meetings=(
        Meeting("Lectures (A1)", "Tuesdays", "3:30pm -- 4:45pm", "CGS 505", "index.md"),
        Meeting("Discussion A2", "Fridays", "10:10pm -- 11:00am", "IEC 10", "index.md"),
    ),
    statements=(
        Statement("grading", "Homework: 15%; Projects: 70%; Discussions: 15%.", "index.md"),
        Statement("late", "Late work loses 20% up to two days after the deadline.", "late.yml"),
    ),
    weights=(("Homework", 15.0), ("Projects", 70.0), ("Discussions", 15.0)),
    late_penalty=0.2,
    late_hours=48.0,
)


def ask(question: str, now: str = "2026-02-01T12:00", *said: str, course: Course = COURSE) -> str:
    roles = ("user", "assistant")
    turns = [Turn(roles[i % 2], text) for i, text in enumerate(said)]  # type: ignore[arg-type]
    answer = answer_from_course(course, question, at(now), turns)
    return answer.text if answer else ""


@pytest.mark.parametrize(
    ("question", "says"),
    [
        (
            "is there a recording of lecture 1",
            "recording https://v/1; slides https://course.example",
        ),
        ("link to the recording of the backprop lecture? i had jury duty", "links no recording"),
        ("did they put the recordings up for week 1 yet", "Lecture 2, Supervised Learning"),
        ("where can i find the slides of lecture 3", "https://course.example/sp/decks/1.pdf"),
        ("are lectures recorded", "on the pages of 1 of 5 lectures"),
    ],
)
def test_where_recordings_and_slides_are(question: str, says: str) -> None:
    assert says in ask(question)


@pytest.mark.parametrize(
    "question",
    [
        "which slide shows the relu",
        "slides of lecture 4, link please",  # its page links none; the search may know
        "what do the slides say about dropout",
        "do you record the office hours",
    ],
)
def test_what_is_on_slides_is_no_question_for_slides(question: str) -> None:
    assert ask(question) == ""


@pytest.mark.parametrize("question", ["when's the final exam? i must book a flight",
                                      "is there a midterm", "are there any quizzes"])  # fmt: skip
def test_no_exam_is_told_by_what_the_grade_is_made_of(question: str) -> None:
    text = ask(question)
    assert "lists no exam or quiz" in text and "Projects (70%)" in text
    assert "The last deadline it has: Project 2 is due Tue Mar 10, 2026" in text


@pytest.mark.parametrize(
    "question",
    ["quiz me on dropout", "i study for the midterm of another class, explain attention",
     "in the exam, may i use ai", "practice exam questions on relu"],
)  # fmt: skip
def test_other_exams_are_not_meant(question: str) -> None:
    assert "lists no exam" not in ask(question)


def test_an_exam_that_counts_is_not_denied() -> None:
    course = replace(COURSE, weights=(*COURSE.weights, ("Final exam", 20.0)))
    assert "lists no exam" not in ask("is there a final exam", course=course)


@pytest.mark.parametrize(
    ("question", "now", "says"),
    [
        ("class is still in STH right?", "2026-01-20T12:00", "CGS 505"),
        ("where is discussion a2", "2026-01-20T12:00", "must be a slip for 10:10am"),
        ("which lecture dates does chapter 7 belong to", "2026-02-01T12:00", "Initialization"),
        ("gradescope stamped project 1 feb 19 11:58 pm. that's inside the window? whats the max i"
         " can get now", "2026-02-20T12:00", "a 100 becomes 80"),
        ("my grandfather died, will they waive the 20% for project 1 or give me extra days",
         "2026-02-16T12:00", "names no exceptions"),
        ("roughly how much of my grade is ONE project", "2026-02-01T12:00", "35% each"),
        ("whats my ceiling if i never hand in discussions", "2026-02-01T12:00", "At most 85%"),
        ("100s on homework and discussions but a 50 on projects, what do i end up with",
         "2026-02-01T12:00", "= 65%"),
    ],
)  # fmt: skip
def test_habits_of_asking(question: str, now: str, says: str) -> None:
    assert says in ask(question, now)


@pytest.mark.parametrize(
    ("question", "said", "says"),
    [
        ("whats the absolute latest for that first one if i just eat the penalty",
         ("what is due soon", "Project 1 is due Feb 17, project 2 is due Mar 10."),
         "until Thu Feb 19, 2026"),
        ("and the one after that? when do we even get it",
         ("when is project 1 due", "Project 1 is due Tue Feb 17."), "Project 2 will be released"),
        ("so if i never hand in a single one of those but am perfect otherwise, the most i can get"
         " is?", ("how much are the discussions worth", "Discussions count 15%."), "85%"),
    ],
)  # fmt: skip
def test_what_was_said_before_is_meant(question: str, said: tuple[str, ...], says: str) -> None:
    assert says in ask(question, "2026-02-10T12:00", *said)
