"""What is read from another term's syllabus."""

from __future__ import annotations

import pytest

from ds542_tutor.calendar_answers.other_terms import names_running_term, without_term
from ds542_tutor.course import Course
from ds542_tutor.documents import Chunk, Locator
from ds542_tutor.former_terms import course_of

RUNNING = Course("DS100", "sp2026")
SYLLABUS = """Course information
\u2022 Lectures: Monday/Wednesday 9:05-9:55am (Barn 3)
\u2022 Discussions: Friday 1:25-2:15 (Mill 1), 2:30-3:20 (Mill 2)
\u2022 Instructor: Ida Olden
\u2022 Office: Barn 7
\u2022 Office Hours: Monday 2-3
\u2022 email: ida@example.edu
\u2022 Teaching Assistant: Ben Before
\u2022 email: ben@example.edu

Course assessment
\u2022 Homeworks: 25%
\u2022 Projects: 45%
\u2022 Discussions: 30%

Late work is accepted for three days, and loses 1% per hour. Ask early.
"""


def chunk(text: str) -> Chunk:
    return Chunk(
        "c", "old.txt", "Old syllabus", "notes", text, text, Locator(), (), 0, term="fa2025"
    )


def test_staff_meetings_weights_and_lateness_are_read() -> None:
    course = course_of("fa2025", [chunk(SYLLABUS)], RUNNING)
    assert course is not None and (course.name, course.term) == ("DS100", "fa2025")
    ida, ben = course.people
    assert (ida.name, ida.role, ida.office) == ("Ida Olden", "instructor", "Barn 7")
    assert (ida.office_hours, ida.email) == ("Monday 2-3", "ida@example.edu")
    assert (ben.role, ben.email, ben.office) == ("teaching assistant", "ben@example.edu", "")
    told = [(m.name, m.days, m.time, m.location) for m in course.meetings]
    assert told == [
        ("Lectures", "Monday/Wednesday", "9:05-9:55am", "Barn 3"),
        ("Discussions", "Friday", "1:25-2:15", "Mill 1"),
        ("Discussions", "Friday", "2:30-3:20", "Mill 2"),
    ]
    assert course.weights == (("Homeworks", 25.0), ("Projects", 45.0), ("Discussions", 30.0))
    late = [s.text for s in course.statements if s.topic == "late"]
    assert late == ["Late work is accepted for three days, and loses 1% per hour."]


def test_several_people_of_one_role_are_told_apart() -> None:
    course = course_of(
        "fa2025", [chunk("Teaching Assistants: Ann Lee, Bo Ray and Cy Dee")], RUNNING
    )
    assert course is not None
    assert [p.name for p in course.people] == ["Ann Lee", "Bo Ray", "Cy Dee"]
    assert {p.role for p in course.people} == {"teaching assistant"}


def test_percentages_that_are_no_whole_are_no_weights() -> None:
    course = course_of(
        "fa2025", [chunk("Instructor: Ida Olden\nAccuracy: 90%, Recall: 80%")], RUNNING
    )
    assert course is not None and course.weights == ()


def test_a_text_that_tells_nothing_gives_no_course() -> None:
    assert course_of("fa2025", [chunk("Gradients point uphill.")], RUNNING) is None
    assert course_of("fa2025", [], RUNNING) is None


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("who was the TA last fall", "who was the TA"),
        ("In the Fall 2025 offering, who taught?", "offering, who taught?"),
        ("where did the fall 2025 class meet", "where did class meet"),
        ("late policy of last semester?", "late policy ?"),
        ("what is dropout", "what is dropout"),
    ],
)
def test_words_for_a_term_are_taken_out(question: str, alone: str) -> None:
    assert without_term(question) == alone


def test_what_asks_for_both_terms() -> None:
    assert names_running_term("compared with this semester")
    assert names_running_term("is it the same now")
    assert not names_running_term("who taught it")
