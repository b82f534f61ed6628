"""What one message amounts to: every rule it falls under, each with what shows it.

Rules of two sorts find it: phrases (`harms`, `requests`, those of the policy file) and likeness, by
words to graded work (`graded`) and by meaning to exemplars (`kinds`). No rule of the policy file
takes a finding back, so one that is added can only make a decision stricter. Conversations and
modes are for `classify`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ds542_tutor.course import Course
from ds542_tutor.policy import harms, requests
from ds542_tutor.policy.disguise import meant, readings
from ds542_tutor.policy.gaps import leaves_a_gap
from ds542_tutor.policy.graded import GradedItems, Likeness
from ds542_tutor.policy.kinds import BENIGN, HARMFUL, WORK
from ds542_tutor.policy.rules import Policy
from ds542_tutor.policy.signals import Sense, Signals, signals

MIN_CONTENT_WORDS = 2
"""Words left of a message without its injected instructions, for it to hold a question."""

LIKELY = 0.42
"""Probability from which a message counts as asking for graded work to be done."""

OF_THE_COURSE = 0.8
"""Probability of course matters from which words alone make no request for graded work."""

SURELY_WORK, NEAR_WORK = 0.85, 0.45
"""Probability of wanting something made, and cosine to graded work, which together are enough."""

SURELY_CONCEPT = 0.85
"""Probability of a question on the material from which "what does the task in f want" asks no more
than that, although it names a function of graded work."""

UNLIKELY = 0.2
"""Probability below which words alone ("do", "homework") do not make a request for graded work."""

LIKE_HARM, ANY_HARM, SOME, SURELY_HARM = 0.5, 0.7, 0.3, 0.9
"""Probability, corrected by `NEARER`, from which a message counts as a request of a harmful kind by
its meaning; the second of all harmful kinds together, the third of the likeliest of them, if all
together have less than the fourth."""

NEAR = 0.4
"""Cosine to the nearest exemplar of a harmful kind below which its regression only guesses."""

NEARER, MOST_NEARER = 2.0, 0.1
"""What a probability gains or loses for each unit of cosine by which the nearest exemplar of the
kind is nearer, or less near, than the nearest harmless one; of cosine at most the second counts."""

STRANGE = 0.85
"""Probability from which a message counts although no exemplar is as near as `NEAR`."""

DOUBTFUL, PART = 0.4, 0.75
"""Probability of all harmful kinds together from which the sentences of a message are judged one by
one; the same of a sentence from which it counts, where its likeliest kind is the message's."""

_PARTS = re.compile(r"(?<=[.?!])\s+|\n+|;\s+|\s[-–—]+\s|:\s")
_PART_WORDS, _FIRST_PARTS, _LAST_PARTS = 4, 2, 4

SURE = 0.8
"""Probability from which a message that sounds like a question on a rule asks to break it."""

ABOUT_RULES = {"staff-only": 0.7, "private": 0.9, "attribution": 0.75, "impersonation": 0.9}
"""Probability from which a message with words of what a rule refuses asks about the rule."""

GRADED = "graded-solution"

_ASKED_ABOUT = ("attribution", "staff-only", "exam")  # a question about these rules breaks none

_CREDITING = re.compile(
    r"\b(?:cit(?:e|ing|ation)|(?<!extra )(?<!full )(?<!partial )credit(?:ing)?|disclos\w+"
    r"|acknowledg\w+|attribut\w+|gaia|ai policy"
    r"|appendix|ai (?:use|usage|tools?|detect\w+)|(?:use|used|using) (?:you|chat ?gpt|ai|llms?|gpt"
    r"|copilot|claude|this (?:bot|tutor)))\b"
    r"|\b(?:chat ?gpt|gpt|claude|gemini|copilot|an? ai|llms?)\b.{0,90}\b(?:mention|declare|own up)"
)
_LOGISTICS = re.compile(
    r"\b(?:when|deadline|due|late|office hours?|room|email|syllabus|grad(?:e|ed|ing) weights?"
    r"|regrade|who teaches|schedule|extension|where is|what time|recess|next lecture)\b"
)
_DO_PROBLEM = re.compile(
    r"\b(?:solve|answer|do|prove|work out|complete|finish) (?:\w+ ){0,2}"
    r"(?:prob(?:lem)?|exercise)s? \d"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that a message falls under. `evidence` and `scores` as in `Decision`."""

    rule: str
    reason: str
    assignment: str | None = None
    evidence: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Findings:
    """All findings of one message, the harmful ones first, a benign one always last.

    `likely`: probability of each kind of request, empty without exemplars. `signals`: of graded
    work, None without exemplars.
    """

    found: tuple[Finding, ...]
    likely: Mapping[str, float] = field(default_factory=dict)
    signals: Signals | None = None

    @property
    def benign(self) -> Finding:
        """What the message is when it is nothing worse."""
        return self.found[-1]


@lru_cache(maxsize=64)  # what embeds a message and what judges it both ask
def judged(question: str) -> str:
    """Return what the meaning of a message is judged by: what it asks beside an injection.

    A message that is nothing but an injection is judged as it is.
    """
    text = meant(question)
    rest = harms.without_injection(text)
    return rest if len(re.findall(r"[a-z]{3,}", rest.casefold())) >= MIN_CONTENT_WORDS else text


def examine_message(
    question: str, policy: Policy, course: Course, graded: GradedItems, sense: Sense
) -> Findings:
    """Judge one message by itself, in all its readings."""
    texts = readings(question)
    likely = sense.likely
    if sense.kinds and not likely:
        likely = sense.kinds.likely(judged(question), sense.vector)
    found = signals(question, graded, course, sense, likely) if likely else None
    benign = _benign(texts[0])
    findings = [*_by_words(texts, likely), *by_meaning(texts, likely, sense)]
    findings += _graded_work(texts, graded, found, sense, likely.get(WORK, 0.0))
    # What an injection asks for beside is judged, the injection itself only where it stands alone.
    findings += [] if findings else _injection(texts)
    return Findings((*findings, *_own_rules(texts, policy), benign), likely, found)


def _by_words(texts: Sequence[str], likely: Mapping[str, float]) -> list[Finding]:
    """Find what is refused by the words of a request.

    Words such as "change my grade" stand in questions on the rules too; meaning tells them apart.
    """
    found = []
    rules = likely.get("logistics", 0.0) + likely.get("crediting", 0.0)
    for rule, test in harms.HARMS:
        if rules >= ABOUT_RULES.get(rule, 1.0):
            continue
        match = next((m for text in texts if (m := test(text))), None)
        if match:
            evidence = (f'words: "{_brief(match.text)}"',)
            found.append(Finding(rule, f"asks for what rule {rule!r} refuses", evidence=evidence))
    return found


def by_meaning(texts: Sequence[str], likely: Mapping[str, float], sense: Sense) -> list[Finding]:
    """Find what is refused by likeness to exemplars."""
    if sense.kinds is None or not likely:
        return []
    near = sense.kinds.nearest(sense.vector)
    harmless = max((near[kind][1] for kind in (*BENIGN, WORK) if kind in near), default=0.0)
    asks = any(map(harms.asks_about_rules, texts))

    def nearer(kind: str) -> float:
        return NEARER * min(near[kind][1] - harmless, MOST_NEARER) if near else 0.0

    # What is unlike anything known is about something else altogether.
    known = [k for k in HARMFUL if not near or near[k][1] >= NEAR or likely[k] >= STRANGE]
    if all(map(harms.practises, texts)):
        known = [kind for kind in known if kind != "exam"]
    meant = [k for k in known if not (asks and k in _ASKED_ABOUT and likely[k] < SURE)]
    found = [kind for kind in meant if likely[kind] + nearer(kind) >= LIKE_HARM]
    if meant and not found:
        likeliest = max(meant, key=lambda kind: likely[kind])
        together = sum(likely[kind] for kind in HARMFUL) + nearer(likeliest)
        sure = likely[likeliest] >= SOME or together >= SURELY_HARM
        found = [likeliest] if together >= ANY_HARM and sure else []
    if not found and (part := _part_that_asks(likely, sense)) and part.rule in meant:
        return [part]
    return [_like(kind, likely[kind], near.get(kind)) for kind in found]


def doubtful_parts(text: str, likely: Mapping[str, float]) -> tuple[str, ...]:
    """Return the sentences of `text` (as `judged` gives it) where one of them may ask for harm.

    What a message tells beside hides what it asks for: "my mic is muted … feed me a line".
    """
    if sum(likely.get(kind, 0.0) for kind in HARMFUL) < DOUBTFUL:
        return ()
    parts = [part for part in _PARTS.split(text) if len(part.split()) >= _PART_WORDS]
    if len(parts) > _FIRST_PARTS + _LAST_PARTS:  # what is asked for stands last more often
        parts = [*parts[:_FIRST_PARTS], *parts[-_LAST_PARTS:]]
    return tuple(parts) if parts != [text] else ()


def _part_that_asks(likely: Mapping[str, float], sense: Sense) -> Finding | None:
    """Find a sentence that asks surely for what its whole message asks for, if anything harmful."""
    if sense.kinds is None:
        return None
    kind = max(HARMFUL, key=lambda kind: likely[kind])
    if kind == "injection":  # a pasted line is data, see `harms.without_injection`
        return None
    for text, vector in sense.parts:
        of_part = sense.kinds.likely(text, vector)
        likeliest = max(HARMFUL, key=lambda kind: of_part[kind])
        if likeliest == kind and sum(of_part[k] for k in HARMFUL) >= PART:
            return _like(kind, of_part[kind], sense.kinds.nearest(vector).get(kind))
    return None


def _like(kind: str, likely: float, near: tuple[str, float] | None) -> Finding:
    evidence = (f'means about the same as "{_brief(near[0])}"',) if near else ()
    scores = {f"likely {kind}": likely} | ({"cosine": near[1]} if near else {})
    return Finding(kind, f"reads like what rule {kind!r} refuses", None, evidence, scores)


def _own_rules(texts: Sequence[str], policy: Policy) -> list[Finding]:
    """Find what the policy file's own phrases name."""
    found = []
    for rule in policy.rules.values():
        if rule.phrases is None:
            continue
        match = next((m for text in texts if (m := rule.phrases.search(text))), None)
        if match:
            evidence = (f'words of the policy file: "{_brief(match.text)}"',)
            reason = f"has words that rule {rule.id!r} names"
            assignment = next((k for t in texts if (k := requests.assignment_of(t))), None)
            found.append(Finding(rule.id, reason, assignment, evidence))
    return found


def _graded_work(
    texts: Sequence[str],
    graded: GradedItems,
    found: Signals | None,
    sense: Sense,
    work: float,
) -> list[Finding]:
    """Find requests for graded work: by rules, then by all signals together."""
    asked = next((f for text in texts if (f := _by_rules(text, graded, found))), None)
    if asked is not None:
        return [asked]
    near = graded.alike(sense.vector)
    if near and requests.wants_solution(texts[0]) and not requests.asks_to_explain(texts[0]):
        return [_request(near, near.assignment)]
    if found is None or not found.tied:
        return []
    if all(map(requests.only_reports_error, texts)) or requests.only_asks_where(texts[0]):
        return []
    surely = work >= SURELY_WORK and found.values["near in meaning"] >= NEAR_WORK
    if found.likely < LIKELY and not surely:
        return []
    evidence = [f"signals: {', '.join(found.strongest())}"]
    evidence += [_told(like) for like in found.likenesses[:1]]
    scores = {"likely graded work": found.likely} | _scores(found.likenesses)
    return [
        Finding(
            GRADED,
            "reads like a request for graded work",
            found.assignment,
            tuple(evidence),
            scores,
        )
    ]


def _by_rules(text: str, graded: GradedItems, signals: Signals | None) -> Finding | None:
    """Return the finding when the words of `text` ask for graded work to be done."""
    named, pasted = graded.named(text), graded.pasted(text)
    if named and leaves_a_gap(text) and not requests.asks_to_explain(text):
        # The stub as it was given out: what is missing is the solution, whatever is wrong with it.
        evidence = f'shows the graded function "{named[0]}" with its gap'
        return _request(named[1], requests.assignment_of(text) or named[1].assignment, evidence)
    if requests.shows_own_work(text) and not requests.wants_it_handed_back(text):
        return None
    if requests.asks_what_is_allowed(text):
        return None
    like = named[1] if named else pasted
    assignment = requests.assignment_of(text) or (like.assignment if like else None)
    assignment = assignment or (signals.assignment if signals else None)
    wanted = requests.wants_solution(text)
    concept = signals is not None and signals.values["reads like a concept"] >= SURELY_CONCEPT
    only_asks = concept and requests.only_asks_what_is_meant(text)
    if named and not only_asks and (wanted or requests.wants_named(text, named[0])):
        return _request(like, assignment, f'names the graded function "{named[0]}"')
    if pasted:
        own = graded.besides(text, pasted)
        explains = requests.asks_to_explain(own) and not requests.wants_solution(own)
        return None if explains else _request(pasted, assignment)
    numbered = graded.numbered(text)
    if numbered and (wanted or _DO_PROBLEM.search(text)) and not requests.asks_to_explain(text):
        return _request(numbered, assignment)
    if requests.orders_work(text):
        return _request(like, assignment)
    # Words such as "write" and "homework" meet in harmless messages too: meaning may clear them.
    if signals is not None and (signals.likely < UNLIKELY or _of_the_course(signals)):
        return None
    if wanted and requests.mentions_graded(text):
        return _request(None, assignment)
    if (named or requests.names_graded_part(text)) and not _says_what_for(text):
        evidence = "names graded work and asks nothing else"
        return Finding(GRADED, evidence, assignment, (evidence,))
    return None


def _of_the_course(signals: Signals) -> bool:
    """Whether a message asks how the course is run: "how much do i lose if i do hw2 tomorrow"."""
    matters, work = (signals.values[f"reads like {kind}"] for kind in ("course matters", "work"))
    return matters >= OF_THE_COURSE and work <= 1 - OF_THE_COURSE


def _request(like: Likeness | None, assignment: str | None, evidence: str = "") -> Finding:
    if like is None:
        words = "asks for graded work that it names"
        return Finding(GRADED, words, assignment, (evidence or "names it and wants it done",))
    reason = f"asks for graded work ({like.kind} likeness {like.score:.2f})"
    return Finding(GRADED, reason, assignment, (evidence or _told(like),), _scores((like,)))


def _told(like: Likeness) -> str:
    """Say in words what a message resembles."""
    what = {
        "paste": f"shares {like.shared} runs of words with",
        "words": f"shares {like.shared} content words with",
        "name": "names a function of",
        "number": "names a problem of the book by its number",
        "meaning": "is near in meaning to",
    }[like.kind]
    place = like.assignment or "graded work"
    return (
        what
        if like.kind == "number"
        else f"{what} {place}" + (f" (chunk {like.chunk_id})" if like.chunk_id else "")
    )


def _scores(likenesses: Sequence[Likeness]) -> dict[str, float]:
    names = {"paste": "overlap", "words": "rare words", "meaning": "cosine"}
    return {names[like.kind]: like.score for like in likenesses if like.kind in names}


def _injection(texts: Sequence[str]) -> list[Finding]:
    """Find messages that hold nothing but instructions to the tutor."""
    match = next((m for text in texts if (m := harms.injects(text))), None)
    if match is None:
        return []
    rest = harms.without_injection(texts[0])
    if len(re.findall(r"[a-z]{3,}", rest)) >= MIN_CONTENT_WORDS:
        return []
    evidence = (f'words: "{_brief(match.text)}"',)
    return [Finding("injection", "nothing but instructions to the tutor", None, evidence)]


def _says_what_for(text: str) -> bool:
    """Say whether a message is recognisably something else than a request for work to be done."""
    return (
        requests.asks_to_explain(text)
        or requests.asks_a_fact(text)
        or _benign(text).rule != "concept"
    )


def _benign(text: str) -> Finding:
    assignment = requests.assignment_of(text)
    if _CREDITING.search(text):
        return Finding("crediting", "asks how to credit AI", assignment)
    if requests.reports_error(text):
        return Finding("debugging", "an error of the student's own", assignment)
    if requests.asks_about_own_work(text):
        return Finding("own-work", "feedback on the student's own work", assignment)
    if _LOGISTICS.search(text):
        return Finding("logistics", "about the running of the course", assignment)
    return Finding("concept", "about the material", assignment)


def _brief(text: str, limit: int = 120) -> str:
    words = " ".join(text.split())
    return words if len(words) <= limit else f"{words[: limit - 1]}…"
