"""The calendar survives its JSON form, types included."""

import dataclasses
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ds542_tutor.course import Assignment, Course, Discussion, Lecture, Person, from_json, to_json

EASTERN = ZoneInfo("America/New_York")
COURSE = Course(
    name="DS542",
    term="sp2026",
    lectures=(
        Lecture(1, "Intro", datetime(2026, 1, 20, 15, 30, tzinfo=EASTERN), "l1.md", deck="01.pdf"),
    ),
    assignments=(
        Assignment("homework1", "Homework 1", "hw1.md", due=datetime(2026, 1, 27, 23, 59)),
        Assignment("project1", "Project 1", "p1.md", published=False, files=("p1.ipynb",)),
    ),
    discussions=(Discussion(4, "Gradients", date(2026, 2, 13), "d4.md"),),
    people=(Person("Ada", "instructor", "people.yml", email="ada@bu.edu"),),
    weights=(("Projects", 70.0), ("Discussions", 15.0)),
    late_penalty=0.2,
    late_hours=48.0,
)


def test_a_course_comes_back_from_json_as_it_was() -> None:
    assert from_json(Course, to_json(COURSE)) == COURSE


def test_an_unknown_key_of_a_newer_version_is_ignored() -> None:
    assert from_json(Course, {**to_json(COURSE), "mascot": "terrier"}) == COURSE


def test_work_that_is_not_published_is_withheld_by_key_and_by_file() -> None:
    assert COURSE.withholds("project1", "other.ipynb")
    assert COURSE.withholds(None, "p1.ipynb")
    assert not COURSE.withholds("homework1", "hw1.ipynb")
    assert not COURSE.withholds(None, "slides.pdf")


def test_work_is_out_by_its_planned_date_in_the_course_zone() -> None:
    (work,) = (w for w in COURSE.assignments if not w.published)
    zone = ZoneInfo(COURSE.timezone)
    planned = datetime(2026, 3, 22, 8, tzinfo=zone)
    course = dataclasses.replace(COURSE, assignments=(dataclasses.replace(work, released=planned),))
    assert course.out_by_date(planned) == ("project1",)
    assert course.out_by_date(datetime(2026, 3, 22, 7, 59)) == ()  # naive: the course's clock
    assert not course.withholds("project1", "p1.ipynb", course.out_by_date(planned))
    assert COURSE.out_by_date(planned) == ()  # without a date nothing is known to be out
    stale = dataclasses.replace(work, released=datetime(2025, 3, 1, tzinfo=zone))
    assert dataclasses.replace(COURSE, assignments=(stale,)).out_by_date(planned) == ()
