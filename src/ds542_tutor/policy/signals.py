"""How likely a message asks for graded work to be done: signals, weighed.

Each signal is one thing that can be pointed at: the message names a graded function, quotes a
problem, asks for something to be written, asks for an explanation … Their weights are those of a
logistic regression over the project's own cases (docs/experiments.md has the command and the
figures). The decision is taken in `classify`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ds542_tutor.course import Course
from ds542_tutor.policy import requests
from ds542_tutor.policy.disguise import meant, plain, readings
from ds542_tutor.policy.gaps import leaves_a_gap
from ds542_tutor.policy.graded import MIN_SHARED, GradedItems, Likeness
from ds542_tutor.policy.kinds import BENIGN, WORK, Kinds

WEIGHTS: Mapping[str, float] = {
    "names or quotes a task": 2.83,
    "names a part": 2.31,
    "names an assignment": 0.94,
    "speaks of graded work": 1.58,
    "shows a gap": 2.35,
    "has a part's number": 1.70,
    "near in meaning": 2.57,
    "rare words": -0.64,
    "quotes": 2.05,
    "wants it done": 1.71,
    "wants an explanation": -0.60,
    "shows own work": -1.62,
    "reports an error": -2.58,
    "asks a fact": -0.45,
    "asks what is allowed": -0.88,
    "wants another example": -0.50,
    "reads like work (odds)": 0.32,
    "reads like work": 3.71,
    "reads like a concept": -1.52,
    "reads like own work": -1.11,
    "reads like course matters": -0.48,
    "reads like an example": -0.15,
    "graded, reads like work": 0.14,
    "graded, reads like a concept": -0.18,
    "graded, reads like own work": 0.51,
    "graded, reads like course matters": 0.47,
}
"""What each signal adds to the log-odds; fitted as docs/experiments.md tells."""

BIAS = -4.81

TIES = (
    "names or quotes a task",
    "names a part",
    "names an assignment",
    "speaks of graded work",
)
"""Ways to name graded work, the narrowest first."""

MIN_LIKE = 0.33
"""Cosine, or share of rare words, below which a message is about something else altogether."""

_FLOOR = 1e-3  # of a probability, so that its logarithm stays small


@dataclass(frozen=True, slots=True)
class Sense:
    """What a message means, as far as vectors tell.

    Attributes:
        vector: unit embedding of what the message is judged by (`findings.judged`).
        context: that of `disguise.meant` of the last messages and this one together; None without
            earlier ones.
        kinds: the regression over exemplars; None when there is none.
        likely: how likely each kind of request is, as `kinds` has it; empty where not known yet.
        parts: the sentences of a message that may ask for harm, each with its unit embedding.
    """

    vector: Sequence[float] | None = None
    context: Sequence[float] | None = None
    kinds: Kinds | None = None
    parts: tuple[tuple[str, Sequence[float]], ...] = ()
    likely: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signals:
    """The signals of one message, and the graded work it has to do with."""

    values: Mapping[str, float]
    likenesses: tuple[Likeness, ...]
    assignment: str | None

    @property
    def likely(self) -> float:
        """Probability that graded work is asked for."""
        odds = BIAS + sum(WEIGHTS.get(name, 0.0) * value for name, value in self.values.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))

    @property
    def tied(self) -> bool:
        """Whether the message has to do with graded work at all: names it, or is like some."""
        named = any(self.values[name] for name in (*TIES, "shows a gap", "has a part's number"))
        return named or max(self.values["near in meaning"], self.values["rare words"]) >= MIN_LIKE

    def strongest(self, count: int = 4) -> list[str]:
        """Return the names of the signals that speak most for graded work, strongest first."""
        # Odds and products say again what the plain signals say.
        plain_ones = (n for n in self.values if "(" not in n and not n.startswith("graded,"))
        speak = {n: WEIGHTS.get(n, 0.0) * self.values[n] for n in plain_ones}
        ranked = sorted((n for n in speak if speak[n] > 0), key=lambda n: (-speak[n], n))
        return ranked[:count]


def signals(
    question: str, graded: GradedItems, course: Course, sense: Sense, kinds: Mapping[str, float]
) -> Signals:
    """Return the signals of `question`. `kinds`: how likely each kind of request is."""
    texts = readings(question)
    first = texts[0]

    def says(test: Callable[[str], object]) -> float:
        return float(any(test(text) for text in texts))

    named = next((found for text in texts if (found := graded.named(text))), None)
    near, quoted = graded.nearest(sense.vector), graded.quoted(first)
    worded = graded.worded(plain(meant(question)))
    pasted = next((like for text in texts if (like := graded.pasted(text))), None)
    titled = next((key for text in texts if (key := titled_assignment(text, course))), None)
    by_name = next((key for text in texts if (key := requests.assignment_of(text))), None)
    tie = _tie(
        named is not None
        or bool(quoted and quoted.shared >= MIN_SHARED)
        or graded.states(question),
        says(lambda text: requests.names_graded_part(text) or graded.part(text, said=True)),
        by_name is not None or titled is not None,
        says(requests.mentions_graded),
    )
    gap = says(leaves_a_gap)
    tied = max(gap, *tie.values())
    odds = math.log((kinds[WORK] + _FLOOR) / (sum(kinds[kind] for kind in BENIGN) + _FLOOR))
    own = kinds["own-work"] + kinds["debugging"]
    matters = kinds["logistics"] + kinds["crediting"]
    values = {
        **tie,
        "shows a gap": gap,
        "has a part's number": says(graded.part),
        "near in meaning": near.score if near else 0.0,
        "rare words": worded.score * min(1.0, worded.shared / 4) if worded else 0.0,
        "quotes": min(1.0, quoted.shared / 8) if quoted else 0.0,
        "wants it done": says(requests.wants_solution),
        "wants an explanation": float(requests.asks_to_explain(first)),
        "shows own work": float(requests.shows_own_work(first)),
        "reports an error": float(requests.reports_error(first)),
        "asks a fact": float(requests.asks_a_fact(first)),
        "asks what is allowed": float(requests.asks_what_is_allowed(first)),
        "wants another example": float(requests.wants_another_example(first)),
        "reads like work (odds)": odds,
        "reads like work": 1 / (1 + math.exp(-odds)),
        "reads like a concept": kinds["concept"],
        "reads like own work": own,
        "reads like course matters": matters,
        "reads like an example": kinds["example"],
        "graded, reads like work": odds * tied,
        "graded, reads like a concept": kinds["concept"] * tied,
        "graded, reads like own work": own * tied,
        "graded, reads like course matters": matters * tied,
    }
    likenesses = tuple(
        like for like in (named[1] if named else None, pasted, quoted, worded, near) if like
    )
    assignment = by_name or titled or (named[1].assignment if named else None)
    if assignment is None and pasted:
        assignment = pasted.assignment
    return Signals(values, likenesses, assignment)


def _tie(strong: bool, part: float, assignment: bool, vague: float) -> dict[str, float]:
    """Return how a message names graded work: the narrowest way alone counts."""
    ways = dict(zip(TIES, (float(strong), part, float(assignment), vague), strict=True))
    narrowest = next((way for way, holds in ways.items() if holds), "")
    return {way: float(way == narrowest) for way in ways}


def titled_assignment(text: str, course: Course) -> str | None:
    """Return the assignment whose own title `text` says ("my shallow networks hw").

    Half of the title's words, by how they begin, beside a word for graded work.
    """
    if not requests.speaks_of_an_assignment(text):
        return None
    words = {word[:4] for word in text.replace("-", " ").split() if len(word) > 3}
    best: tuple[int, str] | None = None
    for assignment in course.assignments:
        title = requests.title_words(assignment.title)
        found = sum(word[:4] in words for word in title)
        # One word ("Attention") is a topic more often than a title.
        if len(title) > 1 and found > len(title) / 2 and (best is None or found > best[0]):
            best = (found, assignment.key)
    return best[1] if best else None
