"""Weights of the grade with simple arithmetic on them, and regrades."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ds542_tutor.calendar_answers.asking import Asking
from ds542_tutor.calendar_answers.scores import NUMBER, part_pattern, scores_in, target_in
from ds542_tutor.calendar_answers.values import CourseAnswer, CourseFact, Draft, day_name
from ds542_tutor.course import Course, Statement

_WEIGHTS = (
    r"(?:how much|how (?:big|heavy|important)|what (?:percent\w*|percentage|fraction|portion|share"
    r"|weight)|how (?:many|is"
    r"|are|does|do)|%|percent\w*)"
    r".{0,70}\b(?:worth|count|counts|weigh\w*|grade|graded|make up|contribute|final|percent\w*"
    r"|matter|for)"
    r"|grade? ?(?:breakdown|distribution|composition|weights?|weighting)|grading (?:breakdown"
    r"|scheme"
    r"|weights?|policy|criteria|works?)|(?:percent\w*|%) (?:is|are|of|for|comes?|do|does)"
    r"|weight(?:s|ing|age)? (?:of|for)|how (?:am|are|is) (?:i|we|the course|the class|this class"
    r"|grades?|my grade|(?:my |the )?final grade)"
    r" ?(?:graded|computed|calculated|determined|weighted)?|breakdown of|worth|weighted|weigh"
    r"|split|graded parts|percentages|share of|(?:hw|project|discussion) weights?|biggest|largest"
    r"|smallest|heaviest|(?:more|most) important|(?:is|are|its|was) (?:\S+ "
    r"){0,3}\d+ ?(?:%|percent)|count "
    r"(?:more"
    r"|most|for more|towards?)"
    r"|(?:third|half|quarter|fifth|majority) of|ceiling"
    r"|(?:max|maximum|highest|best|most)(?: \S+){0,4} (?:grade|get|score)|(?:final|overall|course"
    r"|total|my) (?:grade|score|average|total)"
    r"|what (?:would|will|do|does) (?:\S+ ){0,6}(?:need|get|end up|be)|(?:do|does) (?:\S+ "
    r"){1,4}count"
)
_WEIGHTS_VOCABULARY = (
    "percent percentage fraction portion share weight weights weighted weighting weigh weighs "
    "weightage worth count counts counted grade grades graded grading breakdown distribution "
    "composition scheme policy criteria contribute contributes final total overall homework "
    "homeworks hw project projects discussion discussions reflections reflection pre-work prework "
    "computed calculated determined component components part parts toward towards each syllabus "
    "value assignments assignment section sections work notebook reach do doing pre breakdowns "
    "split labs important "
    "importance matter matters together combined sum score scores average averages avg averaged "
    "lose losing ace aced acing perfect skip skipping skipped bomb bombed zero zeros fail failed "
    "failing tank tanked max maximum highest possible become calculate compute aim aiming "
    "reach hit target everything except besides non raise drop big bigger biggest heavy heavier "
    "lowest minimum everywhere single individual average end finish pass add adds notebooks friday "
    "fridays points "
    "mostly otherwise ceiling roughly third half quarter fifth majority fall show hand "
    "come comes works attend attending miss missing blow bombing carry weigh out"
)
_SURELY = (
    r"grades?|graded|grading|percent\w*|%|\d+ ?%|worth|weight\w*|weigh\w*|counts?|score|average|avg"
    r"|ceiling|important|matter|total|split|biggest|largest|smallest|heaviest"
)
_WEIGHS_MORE = (
    r"(?:worth|counts?|weighs?|matters?) (?:for )?more|more (?:important|weight)|bigger|heavier"
)
EXAM = (
    r"(?:final )?exams?|(?:the|a) final(?! \w*(?:grade|score|average|project|number|result|percent"
    r"|one|lecture|class|layer|day|date|week|deadline|answer|output|mark|weight|assignment|hw"
    r"|discussion))"
)
HOW_GRADED = (
    r"how (?:is|are|was|will) (?:the )?(?:project|hw|discussion) \d+ (?:be )?graded"
    r"|graded (?:on|for|by)(?! a)|correctness|(?:being|are) (?:right|correct)|effort"
)
_LETTER = r"an a[+-]?|a [bcdf][+-]?|[abcdf][+-]|letter grades?|gpa"
_NO_PART = r"mid ?terms?|quiz(?:zes)?|attendance|participation"
_REGRADE = (
    r"re-?grad(?:e|es|ed|ing)|appeal|dispute|grade (?:complaint|review)|graded (?:wrong"
    r"|incorrectly)"
    r"|(?:grad\w+|mistake|wrong).{0,40}\bcomplain\w*|grader made|grading (?:mistake|error)"
    r"|contest (?:a |my |the )?(?:\S+ )?grade"
)
_REGRADE_VOCABULARY = (
    "regrade regrades regraded regrading re-grade re-grading request requests requested requesting "
    "appeal dispute window deadline grader made complain complaining "
    "submit file filing grade grades grading graded released release returned wrong incorrectly hw "
    "homework project discussion assignment policy process within allowed limit "
    "review complaint unfair unfairly mistake points score scores possible posted published "
    "expired "
    "expire eligible contest error off challenge"
)
_SPELLED = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3}


def weights(asking: Asking) -> CourseAnswer | None:
    """Answer how much each part counts, and what scores on the parts come to."""
    if asking.has(EXAM) and not asking.has("grade|graded"):
        return None  # `exams` answers
    scores = sum(score is not None for score in _scores(asking).values())
    aims = scores and target_in(asking.text) is not None
    asks = asking.has(_WEIGHTS) and asking.has(_SURELY)
    if not asking.course.weights or not (asks or aims or scores > 1):
        return None
    if asking.has(HOW_GRADED):
        return None  # by what, not with what weight
    if asking.has(_LETTER) or (asking.works and asking.has("points?")):
        return None  # the site has no letter scale, and no points for a single piece of work
    if asking.has(
        f"{_NO_PART}|{EXAM}|late|penalty|deadline|due|regrade|drop.{0, 20}lowest"
        f"|lowest.{0, 30}drop|extra credit|curve"
    ):
        return None
    if not (_named_parts(asking) or asking.has("grades?|graded|grading|breakdown|syllabus")):
        return None
    # The more a question says of the grade, the more unknown words it may have.
    tolerated = 3 if scores > 1 else 2 if scores else 1 if _named_parts(asking) else 0
    if asking.strays(_WEIGHTS_VOCABULARY) > tolerated or asking.lectures:
        return None
    facts = statements_on(asking, "grading", r"\d+ ?%") or statements_on(
        asking, "weight", r"\d+ ?%"
    )
    if not facts:
        return None
    draft = Draft("weights")
    only_weighs = asking.has(_WEIGHS_MORE) and not re.search(NUMBER, asking.text)
    if (
        (only_weighs and len(_named_parts(asking)) > 1)
        or _claims(asking)
        or not (_say_total(draft, asking, facts[0]) or _say_sum(draft, asking, facts[0]))
    ):
        _say_weights(draft, asking, facts[0])
    return draft.finish()


def _say_weights(draft: Draft, asking: Asking, fact: CourseFact) -> None:
    parts = _named_parts(asking)
    for what, percent in parts or asking.course.weights:
        draft.say(f"{what}: {percent:g}% of the grade", fact)
    claims = _claims(asking)
    if len(parts) == 1 and len(claims) == 1:
        draft.lines[0] = f"{'Yes' if claims[0] == parts[0][1] else 'No'}: {draft.lines[0]}"
    single = asking.has(
        r"(?:each|a single|one|individual|a|every|per) (?:hw|homework|project|discussion"
        r"|assignment)"
    )
    if parts and (asking.works or single):
        draft.say(
            "The course site gives the weight of the part as a whole, not that of a single piece",
            fact,
        )
        for what, percent in parts[:1]:
            _say_share(draft, asking.course, what, percent, fact)
    if len(parts) > 1 and asking.has(r"more|most|bigger|biggest|heavier|important"):
        most = max(parts, key=lambda part: part[1])
        alike = len({percent for _, percent in parts}) == 1
        draft.say("They count the same" if alike else f"{most[0]} count most", fact)
    if len(parts or asking.course.weights) > 2:
        draft.lines = [f"- {line}" for line in draft.lines]


def _say_share(draft: Draft, course: Course, what: str, percent: float, fact: CourseFact) -> None:
    """Say what one piece of a part would count if all of them counted the same."""
    name = what.casefold()
    if re.search(r"\band\b|[,&/]", name):
        return  # pieces of several kinds
    listed = {
        "homework": sum(a.key.startswith("homework") for a in course.assignments),
        "project": sum(a.key.startswith("project") for a in course.assignments),
        "discussion": len(course.discussions),
    }
    count = next((n for kind, n in listed.items() if kind in name), 0)
    if count > 1:
        draft.say(f"Shared equally among {count}, that would be {percent / count:.3g}% each", fact)


def _claims(asking: Asking) -> list[float]:
    """Return the weights that the question supposes, as in "are projects 70%?"."""
    if asking.has("what|how|which|get|got|average|score|have|need|if"):
        return []
    return [float(n) for n in re.findall(rf"({NUMBER}) ?(?:%|percent)", asking.text)]


@dataclass(frozen=True, slots=True)
class _Total:
    """Scores on parts: (name, percent, score) where known, and the parts without one."""

    known: tuple[tuple[str, float, float], ...]
    open: tuple[tuple[str, float], ...]

    @property
    def points(self) -> float:
        return sum(percent * score / 100 for _, percent, score in self.known)

    @property
    def sum(self) -> str:
        return " + ".join(
            f"{percent:g}% of {score:g} ({name})" for name, percent, score in self.known
        )


def _say_total(draft: Draft, asking: Asking, fact: CourseFact) -> bool:
    """Say what the scores that the question names come to; False when it names none."""
    target = target_in(asking.text)
    scores = _scores(asking)
    found = _Total(
        tuple((what, p, s) for what, p in asking.course.weights if (s := scores[what]) is not None),
        tuple((what, p) for what, p in asking.course.weights if scores[what] is None),
    )
    if not found.known:
        return False
    if target is not None and len(found.open) == 1:
        what, percent = found.open[0]
        need = (target - found.points) / (percent / 100)
        draft.say(f"So far that is {found.sum} = {found.points:g} points", fact)
        draft.say(
            f"For {target:g} you need {need:.4g} on {what}, which count {percent:g}%"
            if need <= 100
            else f"{target:g} is out of reach: it would take {need:.4g} on {what}, which count"
            f" {percent:g}%",
            fact,
        )
        return True
    if found.open and target is not None:
        rest = sum(percent for _, percent in found.open)
        most = found.points + rest
        draft.say(
            f"{'Yes' if most >= target else 'No'}: with {found.sum} the most you can reach is"
            f" {most:g}%",
            fact,
        )
        return True
    if len(found.known) == 1 and found.open and asking.has(r"drop|lose|costs?|hurt|take off"):
        ((what, percent, score),) = found.known
        lost = percent * (100 - score) / 100
        draft.say(f"A {score:g} on {what}, which count {percent:g}%, costs {lost:g} points", fact)
        return True
    if found.open and asking.has(
        r"max\w*|ceiling|highest|best|most|still|possible|can i (?:still )?get"
    ):
        rest = sum(percent for _, percent in found.open)
        draft.say(
            f"At most {found.points + rest:g}%: {found.sum} = {found.points:g} points, and {rest:g}"
            f" with full scores on {' and '.join(what for what, _ in found.open)}",
            fact,
        )
        return True
    if len(found.known) == 1 and not asking.has(
        "grade|total|overall|final|lose|drop|contribute|points|worth|average"
    ):
        return False
    total = (
        f"{found.points:.4g} points of the final grade" if found.open else f"{found.points:.4g}%"
    )
    draft.say(f"That comes to {found.sum} = {total}", fact)
    for what, percent in found.open:
        draft.say(f"Without {what}, which count {percent:g}%", fact)
    return True


def _say_sum(draft: Draft, asking: Asking, fact: CourseFact) -> bool:
    """Say the weights of several parts together, or of all but one."""
    parts = _named_parts(asking)
    if len(parts) > 1 and asking.has(r"together|combined|sum|in total|altogether|plus|total"):
        named = " and ".join(f"{what} ({percent:g}%)" for what, percent in parts)
        draft.say(f"{named} together count {sum(p for _, p in parts):g}% of the grade", fact)
        return True
    if len(parts) == 1 and asking.has(
        r"not|besides|except|other than|non|everything else|isnt|arent|outside"
    ):
        ((what, percent),) = parts
        draft.say(
            f"{what} count {percent:g}%, so {100 - percent:g}% of the grade comes from the rest",
            fact,
        )
        return True
    return False


def _scores(asking: Asking) -> dict[str, float | None]:
    return scores_in(asking.text, [what for what, _ in asking.course.weights])


def _named_parts(asking: Asking) -> list[tuple[str, float]]:
    """Return the parts of the grade that the question names."""
    return [
        (what, percent)
        for what, percent in asking.course.weights
        if re.search(part_pattern(what), asking.text)
    ]


def regrade(asking: Asking) -> CourseAnswer | None:
    """Answer how and until when a regrade can be asked for."""
    if not asking.has(_REGRADE) or asking.strays(_REGRADE_VOCABULARY) > 2:
        return None
    facts = statements_on(asking, "regrade", r"regrade")
    draft = Draft("regrade")
    for fact in facts[:2]:
        draft.say(fact.statement, fact)
    span = asking.span
    days = next((d for fact in facts if (d := _window_days(fact.statement))), None)
    if span and span.single and days and facts and span.first <= asking.now.date():
        _say_window(draft, span.first, days, asking.now.date(), facts[0])
    return draft.finish()


def _window_days(text: str) -> int | None:
    match = re.search(r"within (?:\w+ )?(\d+|an?|one|two|three) (week|day)s?", text, re.I)
    if not match:
        return None
    number = match.group(1).casefold()
    count = int(number) if number.isdigit() else _SPELLED[number]
    return count * (7 if match.group(2) == "week" else 1)


def _say_window(draft: Draft, released: date, days: int, today: date, fact: CourseFact) -> None:
    """Say until when a grade of one day can be questioned."""
    last = released + timedelta(days)
    state = "that is still possible" if today <= last else "that is over"
    draft.say(
        f"For a grade released on {day_name(released)} that means until {day_name(last)}; as of"
        f" {day_name(today)} {state}",
        fact,
    )


def statements_on(asking: Asking, topic: str, pattern: str) -> Sequence[CourseFact]:
    """Return the rules on `topic`, else those whose text has `pattern`, one a file."""
    said = asking.course.statements
    chosen: list[Statement] = [s for s in said if topic in s.topic]
    chosen = chosen or [s for s in said if re.search(pattern, s.text, re.I)]
    files: dict[str, list[str]] = {}
    for statement in chosen:
        files.setdefault(statement.source, []).append(statement.text)
    return [CourseFact(source, " ".join(texts)) for source, texts in files.items()]
