"""Lectures and discussions as sentences and facts, and which of them lie where."""

from __future__ import annotations

import re
from datetime import date, datetime

from ds542_tutor.calendar_answers.asking import work_name
from ds542_tutor.calendar_answers.values import (
    CourseFact,
    Draft,
    day_name,
    join_words,
    moment_name,
)
from ds542_tutor.course import Course, Discussion, Lecture


def lecture_name(lecture: Lecture) -> str:
    """Return "Lecture 8, Fitting Models" from a title such as "08 - Fitting Models"."""
    title = re.sub(r"^(?:lecture )?\d+\s*(?:--|–|-|:|\.)\s*", "", lecture.title, flags=re.I)
    return f"Lecture {lecture.number}, {title}" if lecture.number is not None else title


def lectures_on(course: Course, first: date, last: date) -> list[Lecture]:
    """Return the lectures from day `first` to day `last`."""
    return [lec for lec in course.lectures if first <= lec.starts.date() <= last]


def discussions_on(course: Course, first: date, last: date) -> list[Discussion]:
    """Return the discussions from day `first` to day `last`."""
    return [d for d in course.discussions if first <= d.day <= last]


def say_lecture(draft: Draft, lecture: Lecture, now: datetime, *, told: bool = False) -> None:
    """Say when a lecture is; `told`: also what the site says that it is about."""
    word = "was" if lecture.starts < now else "is"
    sentence = f"{lecture_name(lecture)}, {word} on {moment_name(lecture.starts)}"
    draft.say(sentence + _about(lecture.tldr if told else ""), lecture_fact(lecture))


def say_readings(draft: Draft, lecture: Lecture) -> None:
    """Say what to read for a lecture, when the site lists something."""
    if lecture.readings:
        draft.say(
            f"To read for {lecture_name(lecture)}: {'; '.join(lecture.readings)}",
            lecture_fact(lecture),
        )


def say_discussion(
    draft: Draft, discussion: Discussion, now: datetime, *, told: bool = False
) -> None:
    """Say when a discussion is; `told`: also what the site says that it is about."""
    word = "was" if discussion.day < now.date() else "is"
    sentence = f"{work_name(discussion)} {word} on {day_name(discussion.day)}"
    draft.say(sentence + _about(discussion.tldr if told else ""), discussion_fact(discussion))


def lecture_fact(lecture: Lecture) -> CourseFact:
    """Return date, title, summary and readings of a lecture as one fact."""
    parts = [f"{lecture_name(lecture)}: {moment_name(lecture.starts)}."]
    if lecture.tldr:
        parts.append(lecture.tldr)
    if lecture.readings:
        parts.append(f"Readings: {join_words(lecture.readings)}.")
    return CourseFact(lecture.source, " ".join(parts))


def discussion_fact(discussion: Discussion) -> CourseFact:
    """Return date and summary of a discussion as one fact."""
    about = f" {discussion.tldr}" if discussion.tldr else ""
    return CourseFact(
        discussion.source, f"{work_name(discussion)}: {day_name(discussion.day)}.{about}"
    )


def _about(tldr: str) -> str:
    return f". The site says: {tldr.strip().rstrip('.')}" if tldr else ""
