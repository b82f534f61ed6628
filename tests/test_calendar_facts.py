"""Calendar facts that join what was found, the term that a question is about, and days in words."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from ds542_tutor.assembly import LiveTutor
from ds542_tutor.calendar_answers import facts_for, term_asked
from ds542_tutor.calendar_answers.administration import must_name
from ds542_tutor.calendar_answers.dates import find_spans
from ds542_tutor.dialogue import Finished
from ds542_tutor.replies import COMPUTED

NOW = datetime(2026, 2, 3, 12, tzinfo=ZoneInfo("America/New_York"))  # a Tuesday


@pytest.mark.parametrize(
    ("question", "documents"),
    [
        (
            "can i get an extension on hw2, i have the flu and it's due thursday",
            {"site/_assignments/homework2.md", "site/_data/late_policy.yml", "site/index.md"},
        ),
        ("should i email yuki about my group before friday", {"site/_data/people.yml"}),
        (
            "my train arrives at 4 on march 3, how much of the lecture do i miss",
            {"site/_lectures/06_convolutional_networks.md"},
        ),
        (
            "my flight over spring break was moved, whom do i tell",
            {"site/_events/spring_recess_begins.md", "site/_events/spring_recess_ends.md"},
        ),
        (
            "is my regrade allowed to lower the score",
            {"site/_data/late_policy.yml", "site/index.md"},
        ),
        ("why does dropout help", set()),
        ("what does the loss of homework 2 measure", set()),
        ("when was hw2 due last fall", set()),
    ],
)
def test_facts_that_a_question_names(
    starter_tutor: LiveTutor, question: str, documents: set[str]
) -> None:
    facts = facts_for(starter_tutor.generation.course, question, NOW)
    assert {fact.document for fact in facts} == documents


def test_facts_are_passages_of_the_answer(starter_tutor: LiveTutor) -> None:
    question = "my roommate got an extension on homework 2, how do i ask the staff for one too"
    *_, last = starter_tutor.answer(question, (), NOW)
    assert isinstance(last, Finished)
    joined = [h for h in last.answer.hits if h.chunk.document == "site/_assignments/homework2.md"]
    assert joined and any(h.retriever == COMPUTED for h in last.answer.hits)


@pytest.mark.parametrize(
    ("question", "running", "term"),
    [
        ("who taught this last fall", "sp2026", "fa2025"),
        ("last semester's syllabus", "sp2026", "fa2025"),
        ("how was it last spring?", "sp2026", "sp2025"),
        ("the Fall 2025 offering", "sp2026", "fa2025"),
        ("in the fall '25 offering", "sp2026", "fa2025"),
        ("is it offered next semester", "sp2026", "fa2026"),
        ("last semester", "fa2025", "sp2025"),
        ("next spring", "fa2025", "sp2026"),
        ("is this spring 2026?", "sp2026", None),
        ("when is next spring break", "sp2026", None),
        ("last week", "sp2026", None),
        ("last fall", "", None),
    ],
)
def test_the_term_that_a_question_is_about(question: str, running: str, term: str | None) -> None:
    assert term_asked(question, running) == term


def day(month: int, number: int) -> date:
    return date(2026, month, number)


# Read off a wall calendar of 2026; the question is asked on Tuesday, February 3.
SPANS = [
    ("today", day(2, 3), day(2, 3)),
    ("the day after tomorrow", day(2, 5), day(2, 5)),
    ("this friday", day(2, 6), day(2, 6)),
    ("next friday", day(2, 13), day(2, 13)),
    ("friday of next week", day(2, 13), day(2, 13)),
    ("last thursday", day(1, 29), day(1, 29)),
    ("a week from thursday", day(2, 12), day(2, 12)),
    ("in two weeks", day(2, 17), day(2, 17)),
    ("three days ago", day(1, 31), day(1, 31)),
    ("in 36 hours", day(2, 5), day(2, 5)),
    ("this weekend", day(2, 7), day(2, 8)),
    ("next week", day(2, 9), day(2, 15)),
    ("the week after next", day(2, 16), day(2, 22)),
    ("the week of march 18", day(3, 16), day(3, 22)),
    ("the week after spring break", day(3, 16), day(3, 22)),
    ("in march", day(3, 1), day(3, 31)),
    ("the 17th", day(2, 17), day(2, 17)),
    ("tuesday the 24th", day(2, 24), day(2, 24)),
    ("the 2nd", day(2, 2), day(2, 2)),
    ("2/17", day(2, 17), day(2, 17)),
    ("17 feb", day(2, 17), day(2, 17)),
    ("monday, march 9", day(3, 9), day(3, 9)),
    ("between feb 10 and feb 20", day(2, 10), day(2, 20)),
    ("feb 10 - feb 20", day(2, 10), day(2, 20)),
    ("presidents' day", day(2, 16), day(2, 16)),
    ("patriots day", day(4, 20), day(4, 20)),
    ("spring break", day(3, 7), day(3, 15)),
]


@pytest.mark.parametrize(("words", "first", "last"), SPANS, ids=[words for words, *_ in SPANS])
def test_days_in_words(words: str, first: date, last: date) -> None:
    recess = {r"(?:spring )?break": (day(3, 7), day(3, 15))}
    (span,) = find_spans(words.replace("'", ""), NOW, (2026, 2026), recess)
    assert (span.first, span.last) == (first, last)


@pytest.mark.parametrize(
    ("words", "hour", "minute"),
    [
        ("feb 12 at 3am", 3, 0),
        ("feb 12, 11:59", 23, 59),
        ("tomorrow at noon", 12, 0),
        ("midnight on feb 5", 23, 59),
        ("11:30 at night on saturday", 23, 30),
        ("friday at 5", 17, 0),
        ("friday morning at 5:30", 5, 30),
        ("tonight", 23, 59),
    ],
)
def test_times_in_words(words: str, hour: int, minute: int) -> None:
    (span,) = find_spans(words, NOW, (2026, 2026))
    assert span.at is not None
    assert (span.at.hour, span.at.minute) == (hour, minute)


def test_one_at_night_is_the_day_after() -> None:
    (span,) = find_spans("tonight at 1 am", NOW, (2026, 2026))
    assert span.first == day(2, 4)


def test_hours_are_counted_on_the_real_clock() -> None:
    # On Sunday, March 8, 2026, the clocks go from 2 to 3 am.
    evening = datetime(2026, 3, 7, 20, tzinfo=ZoneInfo("America/New_York"))
    (span,) = find_spans("in 12 hours", evening, (2026, 2026))
    assert span.first == day(3, 8)
    assert span.at is not None and span.at.hour == 9


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("is the class graded on a curve", ("curve",)),
        ("how does the learning curve look", ()),
        ("do you drop the lowest homework", ("lowest",)),
        ("what is the lowest loss", ()),
        ("zoom link for thursday?", ("zoom",)),
        ("how many credits is this course", ("credits",)),
        ("do i give credit to chatgpt", ()),
        ("what's Ada Former's email", ("ada", "former")),
        ("yuki's email", ()),
        ("who invented backpropagation", ()),
    ],
)
def test_what_only_a_page_that_names_it_can_answer(
    starter_tutor: LiveTutor, question: str, words: tuple[str, ...]
) -> None:
    assert must_name(starter_tutor.generation.course, question, NOW) == words


@pytest.mark.parametrize(
    "question",
    ["is the lowest homework dropped at the end", "is this class graded on a curve?",
     "can i take the course pass/fail", "what's Ada Former's email, is she one of the TAs?"],
)  # fmt: skip
def test_what_no_page_names_is_not_guessed(starter_tutor: LiveTutor, question: str) -> None:
    *_, last = starter_tutor.answer(question, (), NOW)
    assert isinstance(last, Finished)
    assert last.answer.status == "abstained"


@pytest.mark.parametrize(
    "question",
    ["project 1 deadline pls", "days left for project 1?", "disc 4 sunday night, still possible?",
     "hw1 turned in tuesday 11:30pm = late?", "grade for hw1 came out feb 2, regrade until?",
     "which sections are in cgs 315"],
)  # fmt: skip
def test_what_the_calendar_answers_is_no_secret(starter_tutor: LiveTutor, question: str) -> None:
    *_, last = starter_tutor.answer(question, (), NOW)
    assert isinstance(last, Finished)
    answer = last.answer
    assert (answer.status, answer.decision.action, answer.model) == ("answered", "answer", COMPUTED)
