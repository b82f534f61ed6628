"""Who teaches, office hours and addresses, weights of the grade, regrades, first and last days."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ds542_tutor.calendar_answers.asking import Asking, work_name
from ds542_tutor.calendar_answers.sessions import lecture_fact, lecture_name
from ds542_tutor.calendar_answers.values import (
    CourseAnswer,
    CourseFact,
    Draft,
    day_name,
    moment_name,
)
from ds542_tutor.course import Person, Statement

_ROLES = (
    (
        "instructor",
        r"instructors?|professors?|teacher|lecturer|faculty|teaches|teaching(?! assistant)|teach",
    ),
    ("teaching assistant", r"tas?|t\.a\.s?|teaching assistants?|tfs?"),
    ("course assistant", r"cas?|course assistants?|graders?"),
)
_WHO = (
    r"who(?: else)? (?:is|are|teaches|teach|runs|grades|will|s)|names? of|instructor|professor|tas?"
    r"|teaching assistants?|course assistants?|cas|(?:course |teaching )?staff|office hours?"
    r"|office|oh"
    r"|e-?mails?|contact|reach"
)
_WHO_ASKS = (
    r"who|names?|when|what|where|how (?:do|can|many|should)|which|list|e-?mails?|office hours?"
    r"|contact"
)
_PEOPLE_VOCABULARY = (
    "who teaches teach teaching teacher instructor instructors professor lecturer faculty ta tas "
    "cas "
    "ca assistant assistants staff grader graders name names office hours hour oh email emails "
    "mail "
    "address contact reach hold holds held holding where located room number meet talk visit see "
    "find "
    "runs run lead leads team everyone message write send person list called available listed show "
    "dr grades weekly cds tf tfs someone's appointment"
)
_WEIGHTS = (
    r"(?:how much|what (?:percent\w*|percentage|fraction|portion|share|weight)|how (?:many|is"
    r"|are|does|do)|%|percent\w*)"
    r".{0,60}\b(?:worth|count|counts|weigh\w*|grade|graded|make up|contribute|final)"
    r"|grade? ?(?:breakdown|distribution|composition|weights?)|grading (?:breakdown|scheme"
    r"|weights?|policy|criteria)"
    r"|weight(?:s|ing|age)? (?:of|for)|how (?:am|are|is) (?:i|we|the course|the class|this class"
    r"|grades?|my grade|final grade)"
    r" ?(?:graded|computed|calculated|determined|weighted)?|breakdown of|worth"
)
_WEIGHTS_VOCABULARY = (
    "percent percentage fraction portion share weight weights weighted weighting weigh weightage "
    "worth "
    "count counts grade grades graded grading breakdown distribution composition scheme policy "
    "criteria "
    "make makes contribute final total overall homework homeworks hw project projects discussion "
    "discussions reflections reflection pre-work prework computed calculated determined component "
    "components part parts toward towards each syllabus value assignments assignment section "
    "sections "
    "work pre breakdowns split labs"
)
_REGRADE = (
    r"re-?grad(?:e|es|ing)|appeal|dispute|grade (?:complaint|review)|graded (?:wrong|incorrectly)"
)
_REGRADE_VOCABULARY = (
    "regrade regrades regrading re-grade re-grading request requests appeal dispute window "
    "deadline "
    "submit ask file grade grades grading graded released release returned wrong incorrectly hw "
    "homework project discussion assignment policy process gradescope within allowed limit make "
    "review complaint after put unfair mistake points score allowed"
)
_TERM = (
    r"(?:when|what (?:day|date)|date)\b.{0,20}(?:first|last|final) (?:day|lecture|class|discussion)"
    r"|(?:first|last|final) (?:day of|day|lecture of|class of)|when (?:does|did|do|is|will) "
    r"(?:the )?(?:semester"
    r"|term|course|class|classes|lectures)(?: \S+)? (?:start|begin|end|finish|over|done|ended"
    r"|started)"
)
_TERM_VOCABULARY = (
    "first last final day lecture lectures class classes discussion semester term course start "
    "starts "
    "started begin begins began end ends ended finish finishes over done instruction session"
)


def people(asking: Asking) -> CourseAnswer | None:
    """Answer who teaches, and the office, office hours and email of staff."""
    named = _named(asking)
    if not (asking.has(_WHO) or named) or not (asking.has(_WHO_ASKS) or named):
        return None
    own = " ".join(p.name.casefold() for p in asking.course.people)
    if asking.residue(f"{_PEOPLE_VOCABULARY} {own}") or asking.works or asking.lectures:
        return None
    roles = [role for role, words in _ROLES if asking.has(words)]
    chosen = named or [p for p in asking.course.people if p.role in roles]
    hours = asking.has(r"office hours?|oh")
    if not chosen and (
        hours or asking.has(r"staff|team|who (?:is|are) everyone|e-?mails?|contact")
    ):
        chosen = [p for p in asking.course.people if p.office_hours or not hours]
    if not chosen or not (named or roles or hours or asking.has("staff|team|e-?mails?|contact")):
        return None
    draft = Draft("people")
    for person in chosen:
        _say_person(draft, person, hours=hours, office=asking.has(r"office|where"))
    if hours and roles and all(not p.office_hours for p in chosen):
        # The one person whose hours are known is more help than a bare "not listed".
        for person in (p for p in asking.course.people if p.office_hours):
            _say_person(draft, person, hours=True, office=True)
    if len(draft.lines) > 2:
        draft.lines = [f"- {line}" for line in draft.lines]
    return draft.finish()


def weights(asking: Asking) -> CourseAnswer | None:
    """Answer how much each part counts towards the grade."""
    if not asking.course.weights or not asking.has(_WEIGHTS):
        return None
    if asking.residue(_WEIGHTS_VOCABULARY) or asking.lectures:
        return None
    if not asking.has(r"grades?|graded|grading|percent\w*|%|worth|weight\w*|count|counts"):
        return None
    facts = _statements(asking, "grading", r"\d+ ?%") or _statements(asking, "weight", r"\d+ ?%")
    if not facts:
        return None
    draft = Draft("weights")
    parts = [
        (what, percent) for what, percent in asking.course.weights if _asked_part(asking, what)
    ]
    for what, percent in parts or asking.course.weights:
        draft.say(f"{what}: {percent:g}% of the grade", *facts[:1])
    if asking.works and parts:
        draft.say(
            "The course site gives the weight of the part as a whole, not that of a single piece",
            *facts[:1],
        )
    if len(draft.lines) > 2:
        draft.lines = [f"- {line}" for line in draft.lines]
    return draft.finish()


def regrade(asking: Asking) -> CourseAnswer | None:
    """Answer how and until when a regrade can be asked for."""
    if not asking.has(_REGRADE) or len(asking.residue(_REGRADE_VOCABULARY)) > 1:
        return None
    facts = _statements(asking, "regrade", r"regrade")
    draft = Draft("regrade")
    for fact in facts[:2]:
        draft.say(fact.statement, fact)
    return draft.finish()


def term(asking: Asking) -> CourseAnswer | None:
    """Answer when the lectures of the term begin and end."""
    if not asking.has(_TERM) or asking.residue(_TERM_VOCABULARY) or asking.works:
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


def _named(asking: Asking) -> list[Person]:
    """Return the people one of whose names the question says."""
    words = {w.removesuffix("s") for w in re.findall(r"[a-z]+", asking.text)}
    words |= set(re.findall(r"[a-z]+", asking.text))
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
    draft.say(": ".join([known[0], ", ".join(known[1:])]), _person_fact(person))


def _person_fact(person: Person) -> CourseFact:
    parts = [person.name, person.role, person.email, person.office, person.office_hours]
    return CourseFact(person.source, f"{', '.join(p for p in parts if p)}.")


def _asked_part(asking: Asking, what: str) -> bool:
    """Say whether the question names one of the things that `what` lists."""
    text = asking.text.replace("hw", "homework")
    stems = [w[:6] for w in re.findall(r"[a-z]{4,}", what.casefold()) if w not in ("work", "class")]
    return any(re.search(rf"\b{re.escape(stem)}", text) for stem in stems)


def _statements(asking: Asking, topic: str, pattern: str) -> Sequence[CourseFact]:
    """Return the rules on `topic`, else those whose text has `pattern`, one a file."""
    said = asking.course.statements
    chosen: list[Statement] = [s for s in said if topic in s.topic]
    chosen = chosen or [s for s in said if re.search(pattern, s.text, re.I)]
    files: dict[str, list[str]] = {}
    for statement in chosen:
        files.setdefault(statement.source, []).append(statement.text)
    return [CourseFact(source, " ".join(texts)) for source, texts in files.items()]
