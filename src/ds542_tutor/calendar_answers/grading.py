"""Weights of the grade with simple arithmetic on them, and regrades."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ds542_tutor.calendar_answers.asking import Asking
from ds542_tutor.calendar_answers.values import CourseAnswer, CourseFact, Draft, day_name
from ds542_tutor.course import Statement

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
    r"|(?:more|most) important|(?:is|are|its|was) (?:\S+ ){0,3}\d+ ?(?:%|percent)|count (?:more"
    r"|most|for more|towards?)"
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
    "value assignments assignment section sections work pre breakdowns split labs important "
    "importance matter matters together combined sum score scores average averages avg averaged "
    "lose losing ace aced acing perfect skip skipping skipped bomb bombed zero zeros fail failed "
    "failing tank tanked max maximum highest possible become calculate compute aim aiming "
    "reach hit target everything except besides non raise drop big bigger biggest heavy heavier "
    "everywhere single individual average end finish pass add adds notebooks friday fridays points "
    "mostly "
    "come comes works attend attending miss missing blow bombing carry weigh out"
)
_SURELY = (
    r"grades?|graded|grading|percent\w*|%|\d+ ?%|worth|weight\w*|weigh\w*|counts?|score|average|avg"
    r"|important|matter|total"
)
_EXAM = r"(?:final )?exams?|final(?! \w*(?:grade|score|average|project|number|result|percent))"
_LETTER = r"an a[+-]?|a [bcdf][+-]?|[abcdf][+-]|letter grades?|gpa"
_NO_PART = r"mid ?terms?|quiz(?:zes)?|attendance|participation"
_NUMBER = r"(?<![\w./:#])\d{1,3}(?:\.\d+)?(?!\w|[/:]\d)"
_TARGET = re.compile(
    r"(?:for (?:a |an )|(?:to |i )?(?:get|reach|hit|finish with|end (?:up )?with|want|need) (?:at "
    r"least )?(?:a |an )?"
    rf"|aim(?:ing)? for (?:a |an )?)(?P<target>{_NUMBER})%?(?: ?percent)?(?: (?:overall|total|in "
    rf"the (?:class|course)|final|as))?"
)
_CLAUSE = r"[,;]|\b(?:what|if|with|given|assuming|have|when)\b"
_THE_REST = r"\b(?:everywhere else|everything else|all the rest|the rest|the others?)\b"
_ALL, _NOTHING = (
    r"ace\w*|perfect|full (?:marks|points|credit)",
    (r"skip\w*|zeros?|bomb\w*|dont do|never (?:do|go|attend)|miss\w*|without|fail\w*|blow off|no"),
)
_REGRADE = (
    r"re-?grad(?:e|es|ed|ing)|appeal|dispute|grade (?:complaint|review)|graded (?:wrong"
    r"|incorrectly)"
    r"|contest (?:a |my |the )?(?:\S+ )?grade"
)
_REGRADE_VOCABULARY = (
    "regrade regrades regraded regrading re-grade re-grading request requests requested requesting "
    "appeal dispute window deadline "
    "submit file filing grade grades grading graded released release returned wrong incorrectly hw "
    "homework project discussion assignment policy process within allowed limit "
    "review complaint unfair unfairly mistake points score scores possible posted published "
    "expired "
    "expire eligible contest error off challenge"
)
_SPELLED = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3}


def weights(asking: Asking) -> CourseAnswer | None:
    """Answer how much each part counts, and what scores on the parts come to."""
    if asking.has(_EXAM) and not asking.has("grade|graded"):
        return _no_exam(asking)
    if not asking.course.weights or not asking.has(_WEIGHTS) or not asking.has(_SURELY):
        scores = _scores(asking)
        if not asking.course.weights or sum(s is not None for s in scores.values()) < 2:
            return None
    if asking.has(_LETTER) or (asking.works and asking.has("points?")):
        return None  # the site has no letter scale, and no points for a single piece of work
    if asking.has(_NO_PART) or asking.has(
        "late|penalty|deadline|due|regrade|lowest|extra credit|curve"
    ):
        return None
    if asking.has(_EXAM):
        return _no_exam(asking)
    if not (_named_parts(asking) or asking.has("grades?|graded|grading|breakdown|syllabus")):
        return None
    if (
        len(asking.residue(_WEIGHTS_VOCABULARY)) > (1 if _named_parts(asking) else 0)
        or asking.lectures
    ):
        return None
    facts = _statements(asking, "grading", r"\d+ ?%") or _statements(asking, "weight", r"\d+ ?%")
    if not facts:
        return None
    draft = Draft("weights")
    if _claim(asking) is not None or not (
        _say_total(draft, asking, facts[0]) or _say_sum(draft, asking, facts[0])
    ):
        _say_weights(draft, asking, facts[0])
    return draft.finish()


def _say_weights(draft: Draft, asking: Asking, fact: CourseFact) -> None:
    parts = _named_parts(asking)
    for what, percent in parts or asking.course.weights:
        draft.say(f"{what}: {percent:g}% of the grade", fact)
    claim = _claim(asking)
    if len(parts) == 1 and claim is not None:
        draft.lines[0] = f"{'Yes' if claim == parts[0][1] else 'No'}: {draft.lines[0]}"
    single = asking.has(
        r"(?:each|a single|one|individual|a|every|per) (?:hw|homework|project|discussion"
        r"|assignment)"
    )
    if parts and (asking.works or single):
        draft.say(
            "The course site gives the weight of the part as a whole, not that of a single piece",
            fact,
        )
    if len(parts) > 1 and asking.has(r"more|most|bigger|biggest|heavier|important"):
        most = max(parts, key=lambda part: part[1])
        draft.say(f"{most[0]} count most", fact)
    if len(draft.lines) > 2:
        draft.lines = [f"- {line}" for line in draft.lines]


def _claim(asking: Asking) -> float | None:
    """Return the weight that the question supposes, as in "are projects 70%?"."""
    if asking.has("what|how|which|get|got|average|score|have|need|if"):
        return None
    claimed = re.search(rf"({_NUMBER}) ?(?:%|percent)", asking.text)
    return float(claimed.group(1)) if claimed else None


def _no_exam(asking: Asking) -> CourseAnswer | None:
    """Give the site's word that there is no exam; without one, retrieval may know more."""
    asks = r"is there|are there|do we have|does|worth|percent\w*|how much|count|have|when"
    vocabulary = f"{_WEIGHTS_VOCABULARY} exam exams even scheduled held"
    facts = _statements(asking, "no exam", r"\bno (?:final |midterm )?exams?\b")
    if not facts or not asking.has(asks) or asking.works or asking.residue(vocabulary):
        return None
    draft = Draft("weights")
    draft.say(facts[0].statement, facts[0])
    return draft.finish()


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
    target = _target(asking)
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
    if found.open and asking.has(r"max\w*|highest|best|most|still|possible|can i (?:still )?get"):
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


def _target(asking: Asking) -> float | None:
    match = _TARGET.search(asking.text) if asking.has(r"need|needed|have to get|must") else None
    while match and re.match(r" (?:on|in|for) ", asking.text[match.end() :]):
        match = _TARGET.search(asking.text, match.end())
    return float(match["target"]) if match else None


def _scores(asking: Asking) -> dict[str, float | None]:
    """Return the score on each part that the question gives: "90 on projects", "hw: 80"."""
    text = asking.text
    target = _TARGET.search(text) if _target(asking) is not None else None
    if target:
        last = [
            m for m in _TARGET.finditer(text) if not re.match(r" (?:on|in|for) ", text[m.end() :])
        ]
        text = text[: last[0].start()] + " " * len(last[0].group()) + text[last[0].end() :]
    marks: list[tuple[int, str, float | str]] = []
    for what, _ in asking.course.weights:
        marks += [(m.start(), "part", what) for m in re.finditer(_part_pattern(what), text)]
    if not any(kind == "part" for _, kind, _ in marks):
        return {what: None for what, _ in asking.course.weights}
    clear = re.sub(
        r"\b(?:hw|project|discussion|lecture) ?#?1?\d\b(?! ?%)",
        lambda m: " " * len(m.group()),
        text,
    )
    marks += [(m.start(), "score", float(m.group())) for m in re.finditer(_NUMBER, clear)
              if float(m.group()) <= 100]  # fmt: skip
    asked = [
        m.span()
        for m in re.finditer(
            rf"(?:^|{_CLAUSE})(?:(?!{_CLAUSE}).)*\bneed\b(?:(?!{_CLAUSE}).)*", text
        )
    ]
    for pattern, value in ((_ALL, 100.0), (_NOTHING, 0.0)):
        marks += [(m.start(), "score", value) for m in re.finditer(rf"\b(?:{pattern})\b", clear)]
    scores: dict[str, float | None] = {what: None for what, _ in asking.course.weights}
    before = min(marks)[1] == "score"
    current: float | None = None
    waiting: list[str] = []
    for at, kind, said in sorted(marks):
        if kind == "part" and any(first <= at < last for first, last in asked):
            continue  # "what do i need on projects" asks for this one
        if kind == "score":
            current = float(said)
            for what in () if before else waiting:
                scores[what] = current
            waiting = []
        elif before and current is not None:
            scores[str(said)] = current if scores[str(said)] is None else scores[str(said)]
        else:
            waiting.append(str(said))
    if current is not None and re.search(_THE_REST, text):
        scores = {what: current if score is None else score for what, score in scores.items()}
    return scores


def _part_pattern(what: str) -> str:
    """Return a pattern for the ways to name a graded part such as "Homework and reflections"."""
    part = what.casefold()
    names = [rf"{word[:7]}\w*" for word in re.findall(r"[a-z]{5,}", part) if word != "class"]
    names += [r"hws?\d*"] if "homework" in part else []
    names += [r"pre-?work"] if re.search(r"pre-?work", part) else []
    return rf"(?<!\w)(?:{'|'.join(names)})(?!\w)"


def _named_parts(asking: Asking) -> list[tuple[str, float]]:
    """Return the parts of the grade that the question names."""
    return [
        (what, percent)
        for what, percent in asking.course.weights
        if re.search(_part_pattern(what), asking.text)
    ]


def regrade(asking: Asking) -> CourseAnswer | None:
    """Answer how and until when a regrade can be asked for."""
    if not asking.has(_REGRADE) or len(asking.residue(_REGRADE_VOCABULARY)) > 2:
        return None
    facts = _statements(asking, "regrade", r"regrade")
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


def _statements(asking: Asking, topic: str, pattern: str) -> Sequence[CourseFact]:
    """Return the rules on `topic`, else those whose text has `pattern`, one a file."""
    said = asking.course.statements
    chosen: list[Statement] = [s for s in said if topic in s.topic]
    chosen = chosen or [s for s in said if re.search(pattern, s.text, re.I)]
    files: dict[str, list[str]] = {}
    for statement in chosen:
        files.setdefault(statement.source, []).append(statement.text)
    return [CourseFact(source, " ".join(texts)) for source, texts in files.items()]
