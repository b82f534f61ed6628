"""The cases on the calendar: their form, and that the answers are exact.

They were written by somebody who had not seen the code; expected dates were counted by hand.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ds542_tutor.assembly import LiveTutor
from ds542_tutor.calendar_answers import answer_from_course
from ds542_tutor.calendar_answers.deadlines import UNKNOWN
from ds542_tutor.course import Course
from ds542_tutor.dialogue import Finished
from eval.cases import Case, load_cases
from eval.metrics.answer import forbidden, missing, normalise
from ingest.readers.course_site import read_course
from ingest.sources import load_sources

ROOT = Path(__file__).parents[1]
STARTER = ROOT / "eval" / "cases" / "calendar.jsonl"
MATERIALS = ROOT / "eval" / "cases" / "materials" / "calendar.jsonl"
ZONE = ZoneInfo("America/New_York")
DURING_TERM = datetime(2026, 2, 3, 12, tzinfo=ZONE)

MIN_EXACT = 0.95
"""Share of the questions that must be answered exactly, as the project's goal has it."""
MIN_COMPUTED = 0.85
"""Share of those with an answer that the calendar computes; pages of other kinds have the rest."""


def moment(case: Case) -> datetime:
    return datetime.combine(case.today, time(12), ZONE) if case.today else DURING_TERM


@pytest.mark.parametrize("file", [STARTER, MATERIALS], ids=lambda path: path.parent.name)
def test_the_cases_say_what_an_exact_answer_holds(file: Path) -> None:
    cases = load_cases([file])
    asked = Counter((normalise(c.question), c.history, c.today) for c in cases)
    assert [question for question, times in asked.items() if times > 1] == []
    for case in cases:
        assert case.kind in ("schedule", "logistics") and case.note, case.id
        assert case.expect in ("answer", "abstain"), case.id
        assert bool(case.relevant) == bool(case.must_say) == (case.expect == "answer"), case.id
        said = [phrase for group in case.must_say for phrase in group]
        assert all(p == p.lower() for p in [*said, *case.must_not_say]), case.id


def test_named_documents_exist() -> None:
    for case in load_cases([STARTER]):
        for gold in case.relevant:
            assert (ROOT / "corpus" / "starter" / gold.doc).is_file(), (case.id, gold.doc)


def test_named_materials_exist(shared: Path) -> None:
    for case in load_cases([MATERIALS]):
        for gold in case.relevant:
            assert (shared / "materials" / gold.doc).is_file(), (case.id, gold.doc)


def test_the_starter_course_is_answered_exactly(starter_tutor: LiveTutor) -> None:
    cases, wrong = load_cases([STARTER]), []
    for case in cases:
        *_, last = starter_tutor.answer(case.question, case.history, moment(case))
        assert isinstance(last, Finished)
        status = {"answer": "answered", "abstain": "abstained"}[case.expect]
        if last.answer.status != status or not exact(case, last.answer.text):
            wrong.append((case.id, last.answer.status, last.answer.text[:200]))
    assert len(wrong) <= (1 - MIN_EXACT) * len(cases), wrong


def test_the_calendar_computes_nothing_wrong_from_the_starter_course() -> None:
    check_computed(read_course(load_sources(ROOT / "corpus" / "starter.toml")), STARTER)


def test_the_calendar_computes_nothing_wrong_from_the_real_site(shared: Path) -> None:
    sources = load_sources(ROOT / "corpus" / "ds542-sp2026.toml", shared / "materials")
    check_computed(read_course(sources), MATERIALS)


def check_computed(course: Course, file: Path) -> None:
    computed, wrong, answerable = 0, [], 0
    for case in load_cases([file]):
        found = answer_from_course(course, case.question, moment(case), case.history)
        answerable += case.expect == "answer"
        if found is None or (found.topic == UNKNOWN and case.expect == "abstain"):
            continue
        computed += 1
        if case.expect != "answer" or not exact(case, found.text):
            wrong.append((case.id, found.text))
    assert wrong == []
    assert computed >= MIN_COMPUTED * answerable


def exact(case: Case, text: str) -> bool:
    return not missing(case, text) and not forbidden(case, text)
