"""Calendar answers: computed right, cited, and silent on everything else.

Expected dates were written by hand from a wall calendar of 2026, not taken from the code.
"""

import json
import re
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ds542_tutor.calendar_answers import CourseAnswer, answer_from_course
from ds542_tutor.course import (
    Assignment,
    Course,
    Discussion,
    Event,
    Lecture,
    Meeting,
    Person,
    Statement,
)
from ds542_tutor.dialogue import Turn

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
ZONE = ZoneInfo("America/New_York")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def lecture(number: int, day: str, title: str, tldr: str = "", *readings: str) -> Lecture:
    starts = at(f"2026-{day}T15:30")
    return Lecture(number, title, starts, f"lectures/{number:02}.md", tldr, readings)


def work(key: str, title: str, out: str, due: str, published: bool = True) -> Assignment:
    released, deadline = at(f"2026-{out}T08:00"), at(f"2026-{due}T23:59")
    return Assignment(key, title, f"work/{key}.md", released, deadline, published)


def discussion(number: int, month: int, day: int, title: str) -> Discussion:
    return Discussion(number, title, date(2026, month, day), f"discussions/{number:02}.md")


COURSE = Course(
    "DS542",
    "sp2026",
    lectures=(
        lecture(1, "01-20", "Introduction", "", "Book, Chapter 1"),
        lecture(2, "01-22", "Supervised Learning", "", "Book, Chapter 2"),
        lecture(3, "01-29", "Deep Networks"),
        lecture(4, "02-03", "Loss Functions", "Losses from maximum likelihood.", "Book, Chapter 5"),
        lecture(5, "02-05", "Gradient Descent", "", "Book, Chapter 6"),
        lecture(6, "02-12", "Backpropagation", "", "Book, 7.1 to 7.4"),
        lecture(7, "03-05", "Convolutional Networks"),
        lecture(8, "03-17", "Residual Networks"),
        lecture(9, "03-24", "Attention and Transformers", "Queries, keys and values."),
        lecture(10, "04-30", "Diffusion Models"),
    ),
    assignments=(
        work("homework1", "Homework 1 -- Algebra Refresher", "01-20", "01-27"),
        work("homework2", "Homework 2 -- Small Networks", "01-28", "02-05"),
        work("homework3", "Homework 3", "02-01", "02-10", published=False),
        work("project1", "Project 1", "02-22", "03-10", published=False),
    ),
    discussions=(
        discussion(1, 1, 23, "Tensors"),
        discussion(2, 1, 30, "Autograd"),
        discussion(3, 2, 6, "Cluster"),
        discussion(4, 3, 6, "Filters"),
    ),
    events=(
        Event("Start of Spring Recess", at("2026-03-07T00:00"), "Recess", "events/begin.md"),
        Event("End of Spring Recess", at("2026-03-15T23:59"), "Recess", "events/end.md"),
    ),
    people=(
        Person("Ada Lovelace", "instructor", "people.yml", "ada@bu.edu", "CDS 99", "Mondays 1-2pm"),
        Person("Alan Turing", "teaching assistant", "people.yml", "alan@bu.edu"),
        Person("Grace Hopper", "course assistant", "people.yml", "grace@bu.edu"),
    ),
    meetings=(
        Meeting("Lectures (A1)", "Tuesdays and Thursdays", "3:30pm -- 4:45pm", "CGS 5", "index.md"),
        Meeting("Discussion Session A2", "Fridays", "10:10pm -- 11:00am", "IEC 1", "index.md"),
        Meeting("Discussion Session A3", "Fridays", "11:15am -- 12:05pm", "MUG 2", "index.md"),
    ),
    statements=(
        Statement("late", "Two days late at most, with a loss of 20%.", "late.yml"),
        Statement("late", "Late homework loses 20%.", "index.md"),
        Statement("late", "Discussions: up to 48 hours late, 20% penalty.", "index.md"),
        Statement("regrade", "Regrades within a week of the grade.", "late.yml"),
        Statement("grading", "Homework: 15%; Projects: 70%; Discussions: 15%.", "index.md"),
    ),
    weights=(("Homework", 15.0), ("Projects", 70.0), ("Discussions", 15.0)),
    late_penalty=0.2,
    late_hours=48.0,
)
TUESDAY = "2026-02-03"


def ask(question: str, now: str = TUESDAY, *turns: Turn) -> CourseAnswer | None:
    moment = datetime.fromisoformat(now if "T" in now else f"{now}T12:00")
    return answer_from_course(COURSE, question, moment, turns)


COMPUTED = [
    json.loads(line)
    for line in (ROOT / "tests" / "data" / "calendar_cases.jsonl").read_text("utf-8").splitlines()
]
"""Cases: `now` (moment of the question), `question`, `says` (part of the answer), `source`."""
QUESTIONS = [case["question"] for case in COMPUTED]

SILENT = """\
what does the loss do next to the optimizer
how does next token prediction work
what is late fusion
is it too late to stop training after the loss rises
what does the attention layer project the queries to
when do we use dropout
when should i use adam vs sgd
where is the softmax applied in the transformer
what is the next step after backprop in training
who invented the transformer
do they drop your lowest discussion score?
how many unexcused absences do i get before it hurts my attendance grade
what is the class token in ViT
what class does the model output
how many classes does CIFAR have
what is the learning rate schedule
which slide shows the transformer layer
what did the professor say about momentum on thursday
when does gradient descent converge
what is due process
how do i submit to gradescope
how do i start hw2 question 1
explain homework 2 question 3
can you help me with project 1
what is the weight of each layer
how much weight decay should i use
what are the weights in attention
what time complexity does attention have
how long does training on the cluster take
is there a class in pytorch for attention
what is on the final exam
when is lecture 28
can i get an extension on hw2 because i'm sick
is attendance mandatory
what textbook do we use
which chapter of the book explains residual connections
what should i read about attention
hw2 question 3 why is my answer off by one
how is the loss calculated
summarize lecture 6
quiz me on lecture 4
is the update late in momentum
can i submit hw2 as a pdf
my laptop doesnt have a gpu, what am i supposed to use for the projects
if i use chatgpt for part of a coding project what exactly do i have to put in the notebook?
is it mandatory to run my writeup thru an AI detector before i turn it in?
Explain how backpropagation reuses intermediate results of the forward pass. Also when is hw2 due?
?  ...
""".splitlines()


@pytest.mark.parametrize("case", COMPUTED, ids=QUESTIONS)
def test_computed(case: dict[str, str]) -> None:
    answer = ask(case["question"], case["now"])
    assert answer is not None
    assert case["says"] in answer.text
    assert case["source"] in [fact.document for fact in answer.sources]


@pytest.mark.parametrize("question", SILENT)
def test_silent_on_everything_else(question: str) -> None:
    assert ask(question) is None


@pytest.mark.parametrize("case", COMPUTED, ids=QUESTIONS)
def test_every_sentence_is_cited_and_every_source_used(case: dict[str, str]) -> None:
    answer = ask(case["question"], case["now"])
    assert answer is not None
    lines = answer.text.replace("- ", "").splitlines()
    sentences = [s for line in lines for s in re.split(r"(?<=\]\.) ", line)]
    for sentence in sentences:
        assert re.search(r" (?:\[\d+\])+\.$|:$", sentence), sentence
    marked = {int(n) for n in re.findall(r"\[(\d+)\]", answer.text)}
    assert marked == set(range(1, len(answer.sources) + 1))


def test_unpublished_work_is_tentative() -> None:
    answer = ask("when is hw3 due")
    assert answer is not None and answer.tentative and "date is tentative" in answer.text
    published = ask("when is hw2 due")
    assert published is not None and not published.tentative


def test_days_and_hours_are_right_across_the_change_to_summer_time() -> None:
    # 2026-03-08, 2 am: clocks go forward. Saturday noon to Sunday noon is 23 hours.
    course = Course(
        "DS542", "sp2026", assignments=(work("homework1", "Homework 1", "03-01", "03-08"),),
        lectures=COURSE.lectures, late_penalty=0.2, late_hours=48.0, statements=COURSE.statements,
    )  # fmt: skip
    saturday = datetime(2026, 3, 8, 0, 59)
    answer = answer_from_course(course, "when is hw1 due", saturday)
    assert answer is not None and "11:59 pm, in about 22 hours" in answer.text
    late = answer_from_course(course, "latest i can turn in hw1", saturday)
    assert late is not None and "until Tue Mar 10, 2026, 11:59 pm" in late.text


def test_now_is_taken_into_the_zone_of_the_course() -> None:
    # 2 am UTC on the 6th is still the evening of the 5th in Boston: hw2 can be handed in.
    now = datetime(2026, 2, 6, 2, tzinfo=ZoneInfo("UTC"))
    answer = answer_from_course(COURSE, "can i still submit hw2", now)
    assert answer is not None and "is on time" in answer.text


FOLLOW_UPS = [
    ("when is hw2 due", "and hw3?", "Tue Feb 10, 2026"),
    ("when is hw2 due", "what about project 1", "Tue Mar 10, 2026"),
    ("what is lecture 5 about", "and lecture 6", "Backpropagation"),
    ("i am working on hw2", "when is it due?", "Thu Feb 5, 2026"),
    ("is there class on march 10", "and march 17?", "Yes, there is class on Tue Mar 17"),
]


@pytest.mark.parametrize(("before", "question", "says"), FOLLOW_UPS)
def test_follow_ups(before: str, question: str, says: str) -> None:
    answer = ask(question, TUESDAY, Turn("user", before), Turn("assistant", "..."))
    assert answer is not None and says in answer.text


@pytest.mark.parametrize("question", ["why?", "and dropout?", "explain it", "thanks"])
def test_other_follow_ups_are_left_alone(question: str) -> None:
    assert ask(question, TUESDAY, Turn("user", "when is hw2 due")) is None


def test_a_course_without_a_calendar_answers_nothing() -> None:
    empty = Course("DS542", "sp2026")
    for question in QUESTIONS:
        assert answer_from_course(empty, question, datetime(2026, 2, 3)) is None


def real_course() -> Course:
    from ingest.readers.course_site import read_course
    from ingest.sources import load_sources

    return read_course(load_sources(ROOT / "corpus" / "ds542-sp2026.toml", SHARED / "materials"))


@pytest.mark.skipif(
    not (SHARED / "cases").exists(), reason="needs the materials beside the checkout"
)
def test_development_cases_on_the_real_site() -> None:
    course, answered, wrong = real_course(), [], []
    for line in (SHARED / "cases" / "dev.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        now = datetime.fromisoformat(f"{case['today'] or TUESDAY}T12:00")
        turns = [Turn(who, text) for who, text in case["history"]]
        answer = answer_from_course(course, case["question"], now, turns)
        if answer is None:
            continue
        answered.append(case["kind"])
        said = answer.text.casefold()
        right = (
            {fact.document for fact in answer.sources} <= {r["doc"] for r in case["relevant"]}
            and all(any(words in said for words in group) for group in case["must_say"])
            and not any(words in said for words in case["must_not_say"])
        )
        if not right:
            wrong.append((case["id"], answer.text))
    assert wrong == []
    assert answered.count("schedule") == 4
    assert set(answered) <= {"schedule", "logistics", "attack"}


@pytest.mark.skipif(not (SHARED / "materials").exists(), reason="needs the materials")
@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("when is hw2 due", "Thu Feb 5, 2026, 11:59 pm"),
        ("who teaches this", "Thomas Gardos"),
        ("is there class on March 10", "spring recess"),
        ("which week do we do cnns", "Thu Mar 5, 2026"),
        ("when's the transformers lecture", "Tue Mar 24, 2026"),
        ("what is on thursday", "Shared Compute Cluster"),
    ],
)
def test_the_real_site(question: str, says: str) -> None:
    answer = answer_from_course(real_course(), question, datetime(2026, 2, 3, 12))
    assert answer is not None and says in answer.text


@pytest.mark.parametrize(
    ("question", "today", "said"),
    [
        ("forgot friday's discussion, its saturday. can i still submit", "02-07", "still accepted"),
        ("i forgot to submit friday's discussion. it's monday now, too late?", "02-09", "too late"),
        ("forgot friday's discussion. what do i lose if i submit it sunday", "02-07", "Sun Feb 8"),
        ("is it too late to submit last friday's discussion", "02-10", "too late: late work"),
        ("can i turn in friday's discussion on saturday", "02-05", "late but still accepted"),
    ],
)
def test_a_day_that_names_the_work_is_not_the_moment_of_handing_in(
    question: str, today: str, said: str
) -> None:
    answer = answer_from_course(COURSE, question, at(f"2026-{today}T12:00"))
    assert answer is not None
    assert "Fri Feb 6, 2026" in answer.text
    assert said in answer.text
