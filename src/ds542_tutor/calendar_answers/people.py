"""Who teaches, office hours and addresses; the first and last days of the term."""

from __future__ import annotations

import re

from ds542_tutor.calendar_answers.asking import Asking, work_name
from ds542_tutor.calendar_answers.lectures import lecture_fact, lecture_name
from ds542_tutor.calendar_answers.recess import in_recess
from ds542_tutor.calendar_answers.values import (
    CourseAnswer,
    CourseFact,
    Draft,
    day_name,
    moment_name,
)
from ds542_tutor.calendar_answers.weekdays import DAYS
from ds542_tutor.calendar_answers.wording import STOP
from ds542_tutor.course import Person

_ROLES = (
    (
        "instructor",
        r"instructors?|professors?|teacher|lecturer|faculty|teaches|teaching(?! assistant)|teach"
        r"|lectures|runs? (?:this|the) (?:course|class)",
    ),
    ("teaching assistant", r"tas?|t\.a\.s?|teaching assistants?|tfs?|(?<!course )assistants"),
    ("course assistant", r"cas?|course assistants?|graders?|(?<!teaching )assistants"),
)
_WHO = (
    r"who(?: else)? (?:is|are|teaches|teach|runs|grades|will|s)|names? of|instructor|professor|tas?"
    r"|teaching assistants?|course assistants?|cas|(?:course |teaching )?staff|office hours?"
    r"|office|oh|e-?mails?|contact|reach|teaches|teaching|lecturer|role|teach|who lectures"
)
_WHO_ASKS = (
    r"who|whose|names?|how (?:do|can|many|should)|which|list|e-?mails?|office(?: hours?)?|oh"
    r"|contact"
    r"|teaches|teaching|teach|(?:when|where) (?:is|are|can|do|does)|all"
)
_PEOPLE_VOCABULARY = (
    "besides except who whose lectures teaches teach teaching taught teacher instructor "
    "instructors professor "
    "lecturer "
    "faculty ta tas cas ca assistant assistants staff grader graders name names office offices "
    "hours "
    "hour oh email emails mail address contact reach hold holds held holding where located room "
    "number meet meets talk visit see find runs run lead leads team message write send list "
    "called available listed show dr grades weekly cds tf tfs someone's appointment appt role "
    "position head main schedule stop drop swing come appointments spell spelled full discussion "
    "discussions section sections course department bu edu virtual zoom profs chat question"
)
_CALLS = (
    r"of|for|to|with|is|does|do|can|professor|prof\.?|dr\.?|mr\.?|ms\.?|mrs\.?|ta|ca|instructor|email"
    r"|e-mail|mail|contact|reach|meet|see|find|and|what is|named|called"
)
_MOST_NAMES = 2  # words of a name
_TERM = (
    r"(?:when|what (?:day|date)|date)\b.{0,20}(?:first|last|final) (?:day|lecture|class|discussion)"
    r"|(?:first|last|final) (?:day of|day|lecture of|class of)|when (?:does|did|do|is|will) "
    r"(?:the )?(?:semester"
    r"|term|course|class|classes|lectures)(?: \S+)? (?:start|begin|end|finish|over|done|ended"
    r"|started)"
)
_TERM_VOCABULARY = (
    "first last final day lecture lectures class classes discussion semester term course start "
    "starts started begin begins began end ends ended finish finishes over done instruction "
    "session enrolled joined registered new"
)


def people(asking: Asking) -> CourseAnswer | None:
    """Answer who teaches, and the office, office hours and email of staff."""
    named = named_people(asking)
    if not named and not (asking.has(_WHO) and asking.has(_WHO_ASKS)):
        return None
    course = asking.course
    if asking.has(r"[abc]\d") and not asking.has("e-?mails?|contact|office"):
        return None  # who leads which section, the site does not say
    own = " ".join(f"{word} {word}s" for p in course.people for word in p.name.casefold().split())
    if asking.residue(f"{_PEOPLE_VOCABULARY} {own}") or asking.works or asking.lectures:
        return None
    roles = [role for role, words in _ROLES if asking.has(words)]
    hours = asking.has(r"office hours?|oh|hours|meet|appointment|stop by|drop by|talk")
    everyone = asking.has(r"staff|team|who (?:is|are) everyone|e-?mails?|contact")
    others = asking.has("other|others|else|rest")
    of_roles = [p for p in course.people if p.role in roles]
    several = roles and asking.has(r"tas|t\.a\.s|teaching assistants|course assistants|cas")
    if named and several and not others:
        chosen = [*of_roles, *(p for p in named if p not in of_roles)]
    else:
        chosen = (named if not (others and roles) else []) or of_roles
    if not chosen and (asking.has(r"office hours?|oh|office") or everyone):
        chosen = [p for p in course.people if p.office_hours or everyone]
    if not chosen or not (
        asking.has(_WHO)
        or asking.has("who|where|when|hours|ta|ca|reach|mail|meet|appointment|free")
    ):
        return None
    draft = Draft("people")
    if len(chosen) > 1 and asking.has(r"how many"):
        draft.say(f"The course site lists {len(chosen)}", *map(person_fact, chosen))
    for person in chosen:
        _say_person(draft, person, hours=hours, office=asking.has(r"office|where"))
    if hours and any(not p.office_hours for p in chosen):
        _say_other_hours(draft, asking, chosen)
    if len(draft.lines) > 2:
        draft.lines = [f"- {line}" for line in draft.lines]
    if hours and asking.span:
        _say_hours_on(draft, asking, [p for p in chosen if p.office_hours])
    return draft.finish()


def _say_other_hours(draft: Draft, asking: Asking, said: list[Person]) -> None:
    """Say where office hours are told that the list of people lacks, and whose are known."""
    for statement in asking.course.statements:
        if statement.topic == "office hours":
            draft.say(statement.text, CourseFact(statement.source, statement.text))
            return
    # The one person whose hours are known is more help than a bare "not listed".
    for person in (p for p in asking.course.people if p.office_hours and p not in said):
        _say_person(draft, person, hours=True, office=True)


def _say_hours_on(draft: Draft, asking: Asking, chosen: list[Person]) -> None:
    """Say whether the office hours fall on the one day that the question names."""
    span = asking.span
    if span is None or not span.single or len(chosen) != 1:
        return
    (person,) = chosen
    named = {
        DAYS[i]
        for i, day in enumerate(DAYS)
        if re.search(rf"\b{day[:3]}", person.office_hours, re.I)
    }
    if not named:
        return
    day = span.first
    if in_recess(asking.course, day):
        draft.say(
            f"{day_name(day)} lies in spring recess, so ask before you come", person_fact(person)
        )
    elif DAYS[day.weekday()] in named:
        draft.say(f"{day_name(day)} is one of these days", person_fact(person))
    else:
        draft.say(f"{day_name(day)} is none of these days", person_fact(person))


def term(asking: Asking) -> CourseAnswer | None:
    """Answer when the lectures of the term begin and end."""
    if asking.spans or not asking.has(_TERM) or asking.residue(_TERM_VOCABULARY) or asking.works:
        return None
    course = asking.course
    if not course.lectures:
        return None
    begin = asking.has(r"first|start|starts|started|begin|begins|began")
    draft = Draft("term")
    if asking.has("discussions?") and course.discussions:
        discussion = (min if begin else max)(course.discussions, key=lambda d: d.day)
        word = "first" if begin else "last"
        fact = CourseFact(
            discussion.source, f"{work_name(discussion)}: {day_name(discussion.day)}."
        )
        draft.say(
            f"The {word} discussion is {work_name(discussion)}, on {day_name(discussion.day)}", fact
        )
        return draft.finish()
    lecture = (min if begin else max)(course.lectures, key=lambda lec: lec.starts)
    word = "first" if begin else "last"
    draft.say(
        f"The {word} lecture of the term is {lecture_name(lecture)}, on "
        f"{moment_name(lecture.starts)}",
        lecture_fact(lecture),
    )
    return draft.finish()


def unknown_names(asking: Asking) -> list[str]:
    """Return the words for a person whom the course site does not list, when one is asked for."""
    asks = r"e-?mails?|office(?: hours?)?|phone|one of (?:the|your|our) \w+|(?:a|the) (?:ta|ca)"
    if not asking.has(asks) or named_people(asking) or asking.works or asking.lectures:
        return []
    strays = asking.residue(_PEOPLE_VOCABULARY)
    if not 1 <= len(strays) <= _MOST_NAMES or not asking.has(rf"(?:{_CALLS}) {strays[0]}"):
        return []
    return strays


def named_people(asking: Asking) -> list[Person]:
    """Return the people one of whose names the question says."""
    words = {w.removesuffix("s") for w in re.findall(r"[a-z]+", asking.text)}
    words |= set(re.findall(r"[a-z]+", asking.text))
    # A surname or first name that is also a word of asking ("will", "may") is no name.
    words -= STOP
    return [
        p
        for p in asking.course.people
        if words & {n for n in p.name.casefold().split() if len(n) > 2}
    ]


def _say_person(draft: Draft, person: Person, *, hours: bool, office: bool) -> None:
    known = [f"{person.name} ({person.role})"]
    if person.email:
        known.append(f"email {person.email}")
    if person.office and (office or hours or person.role == "instructor"):
        known.append(f"office {person.office}")
    if person.office_hours:
        known.append(f"office hours {person.office_hours}")
    elif hours or office:
        known.append("no office hours on the course site")
    draft.say(": ".join([known[0], ", ".join(known[1:])]), person_fact(person))


def person_fact(person: Person) -> CourseFact:
    """Return who a person is and how to reach them as one fact."""
    parts = [person.name, person.role, person.email, person.office, person.office_hours]
    return CourseFact(person.source, f"{', '.join(p for p in parts if p)}.")
