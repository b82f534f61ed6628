"""What holds for every date of a site and every moment, told by a second method.

Dates are read off the front matter here with nothing but a regular expression, so that reader and
calendar are checked together.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ds542_tutor.calendar_answers import answer_from_course
from ds542_tutor.course import Assignment, Course, Lecture, Statement
from ingest.readers.course_site import read_course
from ingest.sources import load_sources

ROOT = Path(__file__).parents[1]
MATERIALS = ROOT.parent / "shared" / "materials"
ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 2, 3, 12, tzinfo=ZONE)
DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

DUE = ("when is {} due", "{} deadline??", "WHEN DO I HAVE TO HAND IN {} BY", "due date for {} pls")
NAMES = {
    "homework": ("hw{}", "homework {}", "HW #{}", "assignment {}", "home work {}"),
    "project": ("project {}", "proj{}", "Project #{}", "proj. {}"),
    "discussion": ("discussion {}", "disc {}", "disc{}"),
}


def site(name: str) -> tuple[Course, Path]:
    if name == "starter":
        return read_course(load_sources(ROOT / "corpus" / "starter.toml")), (
            ROOT / "corpus" / "starter" / "site"
        )
    if not MATERIALS.exists():
        pytest.skip("needs the materials beside the checkout")
    sources = load_sources(ROOT / "corpus" / "ds542-sp2026.toml", MATERIALS)
    return read_course(sources), MATERIALS / "sp2026"


def written(year: int, month: int, day: int, weekday: int) -> str:
    return f"{DAYS[weekday]} {MONTHS[month - 1]} {day}, {year}"


def front_matter_dates(folder: Path) -> list[tuple[str, str, str]]:
    """(kind, number, due date as answers write it) of every page that has one."""
    found = []
    for page in sorted(folder.glob("_assignments/*.md")):
        kind, number = re.match(r"([a-z]+)(\d+)", page.stem).groups()  # type: ignore[union-attr]
        due = re.search(r"due_event:.*?date:\s*(\d{4})-(\d\d)-(\d\d)", page.read_text(), re.S)
        if due:
            found.append((kind, number, due.groups()))
    for page in sorted(folder.glob("_discussions/*.md")):
        number = re.search(r"title:\s*Discussion (\d+)", page.read_text())
        day = re.search(r"^date:\s*(\d{4})-(\d\d)-(\d\d)", page.read_text(), re.M)
        assert number and day
        found.append(("discussion", number.group(1), day.groups()))
    written_out = []
    for kind, number, (year, month, day) in found:
        date = datetime(int(year), int(month), int(day))
        written_out.append((kind, number, written(date.year, date.month, date.day, date.weekday())))
    return written_out


@pytest.mark.parametrize("name", ["starter", "real"])
def test_every_due_date_in_every_wording_is_that_of_the_front_matter(name: str) -> None:
    course, folder = site(name)
    dates = front_matter_dates(folder)
    assert dates
    for kind, number, day in dates:
        for name_of in NAMES[kind]:
            for wording in DUE:
                question = wording.format(name_of.format(number))
                answer = answer_from_course(course, question, NOW)
                assert answer is not None, question
                assert f"due {day}, 11:59 pm" in answer.text, question
                (fact,) = answer.sources
                assert fact.document.startswith(("site/", "sp2026/")), question


@pytest.mark.parametrize("name", ["starter", "real"])
def test_every_lecture_is_found_by_its_day_and_number(name: str) -> None:
    course, _ = site(name)
    for lecture in course.lectures:
        day = written(
            lecture.starts.year, lecture.starts.month, lecture.starts.day, lecture.starts.weekday()
        )
        asked = f"{MONTHS[lecture.starts.month - 1]} {lecture.starts.day}"
        for question in (
            f"what is taught on {asked}",
            f"what do we cover {lecture.starts.month}/{lecture.starts.day}?",
            f"is there class on {asked}",
            f"when is lecture {lecture.number}",
        ):
            answer = answer_from_course(course, question, NOW)
            assert answer is not None, question
            assert f"on {day}, 3:30 pm" in answer.text, question
            assert lecture.source in {fact.document for fact in answer.sources}, question


@pytest.mark.parametrize("name", ["starter", "real"])
def test_unpublished_work_is_always_called_tentative(name: str) -> None:
    course, _ = site(name)
    for work in course.assignments:
        for question in (f"when is {work.key} due", f"is {work.key} out yet"):
            answer = answer_from_course(course, re.sub(r"(\d)", r" \1", question), NOW)
            assert answer is not None
            assert ("tentative" in answer.text) == answer.tentative == (not work.published)


def course_due(due: datetime) -> Course:
    return Course(
        "DS542",
        "sp2026",
        lectures=(Lecture(1, "Introduction", NOW, "lectures/01.md"),),
        assignments=(Assignment("homework1", "Homework 1", "work/1.md", None, due),),
        statements=(Statement("late", "Two days late at most, with a loss of 20%.", "late.yml"),),
        late_penalty=0.2,
        late_hours=48.0,
    )


@given(
    due=st.datetimes(datetime(2026, 3, 4), datetime(2026, 3, 11)),
    minutes=st.integers(-6 * 24 * 60, 6 * 24 * 60),
)
def test_lateness_around_the_change_of_the_clocks(due: datetime, minutes: int) -> None:
    """A moment before the deadline is on time, one two calendar days after it too late."""
    due = due.replace(hour=23, minute=59, second=0, microsecond=0, tzinfo=ZONE)
    # By the real clock, so that moments in the hour that March 8 lacks do not come up.
    moment = (due.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(ZONE)
    course = course_due(due)
    asked = f"{MONTHS[moment.month - 1]} {moment.day} at {moment:%I:%M %p}".lower()
    answer = answer_from_course(course, f"if i submit hw1 {asked} is it late", NOW)
    assert answer is not None
    wall, limit = moment.replace(tzinfo=None), due.replace(tzinfo=None) + timedelta(days=2)
    if wall <= due.replace(tzinfo=None):
        assert "is on time" in answer.text
    elif wall <= limit:
        assert "is late but still accepted" in answer.text and "20%" in answer.text
    else:
        assert "is too late" in answer.text
    said = written(limit.year, limit.month, limit.day, limit.weekday())
    assert f"{said}, 11:59 pm" in answer.text
    # Two calendar days over the night of March 8 are 47 hours; then the answer says so.
    crosses = due.replace(tzinfo=None) < datetime(2026, 3, 8, 2) < limit
    assert ("The clocks change" in answer.text) == crosses


@given(
    st.sampled_from(
        ["when is hw1 due", "what is due next", "can i still hand in hw1", "when is lecture 1",
         "is there class tomorrow", "what did we do last class", "when is the next class"]
    ),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 6, 30)),
)  # fmt: skip
def test_dates_are_always_in_full(question: str, now: datetime) -> None:
    course = course_due(datetime(2026, 3, 8, 23, 59, tzinfo=ZONE))
    answer = answer_from_course(course, question, now)
    if answer is not None:
        full = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} \d{1,2}, 2026"
        assert re.search(full, answer.text)
        # No month stands without its weekday and year.
        months = re.findall(rf"\b(?:{'|'.join(MONTHS)}) \d", answer.text)
        assert len(months) == len(re.findall(full, answer.text))
