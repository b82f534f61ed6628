"""Scores on the graded parts that a question names: "90 on projects", "skip all discussions"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

NUMBER = r"(?<![\w./:#])\d{1,3}(?:\.\d+)?(?!\w|[/:]\d)"
_TARGET = re.compile(
    r"(?:for (?:a |an )|(?:to |i |still |even )?(?:get|reach|hit|finish with|end (?:up )?with|want"
    r"|need|have) (?:at least |over |above )?(?:a |an )?"
    rf"|aim(?:ing)? for (?:a |an )?)(?P<target>{NUMBER})%?(?: ?percent)?"
    r"(?: (?:overall|total|in the (?:class|course)|final|as))?"
)
_AIMS = (
    r"\b(?:lowest|minimum|need(?:ed)?|have to (?:get|score)|must|can i(?: still)?(?: \w+)? (?:get"
    r"|reach|have)|"
    r"possible|out of reach)\b"
)
_HALF_OF = re.compile(
    r"\b(?:get|got|getting|earn(?:ed)?|scored?|did|do) (?:only |just )?half (?:of|on|in|for) "
    r"(?:the |my )?(\w+)"
)
_SCORE_FIRST = re.compile(rf"{NUMBER} ?%? (?:on|in|for)\b")
_CLAUSE = r"[,;]|\b(?:what|if|with|given|assuming|have|when|say)\b"
_OTHERS = "*"
"""Stands for the parts that a question does not name, as "everything but the discussions"."""
_THE_REST = (
    r"\b(?:otherwise|everywhere else|every ?thing(?: else)?|all the rest|(?:the )?rest|the others?"
    r"|(?:all|every|each) (?:my |the )?(?:parts?|scores|grades))\b"
)
_ALL = r"ace\w*|perfect|full (?:marks|points|credit|score)"
_NOTHING = (
    r"skip\w*|zeros?|bomb\w*"
    r"|(?:dont|do not|not|never) (?:do|go|attend|hand|submit|turn|show)|miss\w*|without|fail\w*"
    r"|blow off|ignore\w*|no"
)


def part_pattern(part: str) -> str:
    """Return a pattern for the ways to name a graded part such as "Homework and reflections"."""
    name = part.casefold()
    names = [rf"{word[:7]}\w*" for word in re.findall(r"[a-z]{5,}", name) if word != "class"]
    names += [r"hws?\d*"] if "homework" in name else []
    names += [r"sections?"] if "discussion" in name else []
    names += [r"pre-?work"] if re.search(r"pre-?work", name) else []
    return rf"(?<!\w)(?:{'|'.join(names)})(?!\w)"


def target_in(text: str) -> float | None:
    """Return the final grade that the question (lower case, plain words) aims at."""
    match = _target(text)
    return float(match["target"]) if match else None


def scores_in(text: str, parts: Sequence[str]) -> dict[str, float | None]:
    """Return the score on each of `parts` that `text` (lower case, plain words) gives.

    A part that the question asks for ("what do i need on projects") has none.
    """
    text = re.sub(r"\b(\d{2,3})s\b", r"\1", text)  # "100s on homework"
    # Scores stand before their parts, or all of them after.
    text = _HALF_OF.sub(r"50 on \1" if _SCORE_FIRST.search(text) else r"\1 50", text)
    target = _target(text)
    if target:
        text = text[: target.start()] + " " * len(target.group()) + text[target.end() :]
    asked = [
        m.span()
        for m in re.finditer(
            rf"(?:^|{_CLAUSE})(?:(?!{_CLAUSE}).)*\b(?:need|lowest|minimum)\b(?:(?!{_CLAUSE}).)*",
            text,
        )
    ]
    marks = sorted(
        mark for mark in _marks(text, parts)
        if isinstance(mark[1], float) or not any(a <= mark[0] < b for a, b in asked)
    )  # fmt: skip
    scores: dict[str, float | None] = dict.fromkeys((*parts, _OTHERS))
    if not any(isinstance(said, str) for _, said in marks):
        return dict.fromkeys(parts)
    first_is_score = isinstance(marks[0][1], float)
    current: float | None = None
    waiting: list[str] = []
    for place, (_, said) in enumerate(marks):
        after = [mark for _, mark in marks[place + 1 : place + 3]]
        if (
            said == _OTHERS
            and after
            and isinstance(after[0], float)
            and not (len(after) > 1 and isinstance(after[1], str))
        ):
            scores[said] = after[0]  # "but everything else is perfect"
        elif isinstance(said, float):
            current = said
            scores.update(dict.fromkeys(() if first_is_score else waiting, current))
            waiting = []
        elif first_is_score:
            scores[said] = current if scores[said] is None else scores[said]
        else:
            waiting.append(said)
    others = scores.pop(_OTHERS)
    return {part: others if score is None else score for part, score in scores.items()}


def _target(text: str) -> re.Match[str] | None:
    if not re.search(_AIMS, text):
        return None
    # "90 on projects" is a score that the student has.
    found = [
        m for m in _TARGET.finditer(text)
        if not re.match(r" (?:on|in|for|from|hws?|project|discussion)\b", text[m.end() :])
        and not re.search(r"\b(?:if|i|already) (?:i )?have $", text[: m.start("target")])
    ]  # fmt: skip
    return found[0] if found else None


def _marks(text: str, parts: Sequence[str]) -> Iterator[tuple[int, str | float]]:
    """Yield parts (as text) and scores (as numbers) with their places in `text`."""
    for part in parts:
        for match in re.finditer(part_pattern(part), text):
            yield match.start(), part
    for match in re.finditer(_THE_REST, text):
        yield match.start(), _OTHERS
    # "hw 2" names a piece of work, "hw 92" gives a score.
    clear = re.sub(
        r"\b(?:hw|project|discussion|lecture) ?#?1?\d\b(?! ?%)",
        lambda match: " " * len(match.group()),
        text,
    )
    for match in re.finditer(NUMBER, clear):
        if float(match.group()) <= 100:
            yield match.start(), float(match.group())
    for pattern, value in ((_ALL, 100.0), (_NOTHING, 0.0)):
        for match in re.finditer(rf"\b(?:{pattern})\b", clear):
            yield match.start(), value
