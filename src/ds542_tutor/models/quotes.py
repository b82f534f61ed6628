"""`quotes`: answers with the passages' own sentences, without a language model.

The best-supported sentences are chosen by meaning, shared words and the passage's rank, put into
reading order, and each carries its marker. The method is extractive summarisation by maximal
marginal relevance (Carbonell and Goldstein 1998, https://doi.org/10.1145/290941.291025). What can
be quoted at all is decided in `excerpts`.
"""

from __future__ import annotations

import math
import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ds542_tutor.dialogue import Prompt
from ds542_tutor.models.code_excerpts import code_for, lead_of
from ds542_tutor.models.excerpts import Excerpt, cut, word_count
from ds542_tutor.models.rule_excerpts import around, parts_of, with_part
from ds542_tutor.models.scored import Scored, overlap, reading_order, says_the_same
from ds542_tutor.protocols import Embedder
from ds542_tutor.vectors import dot
from ds542_tutor.words import content_words

_MAX_SENTENCES = 4
_MAX_WORDS = 130  # about what a student reads without scrolling on a phone

# Weights of the score; cosine, word coverage and passage rank all lie in [0, 1]. Found by reading
# answers to the development questions, not fitted.
_MEANING = 0.7
_WORDS = 0.3
_RANK = 0.2
_RULE_RANK = 0.4  # on the running of the course: a page that is about it, not one that shares words
_OWN = 0.3  # in a conversation: of the question itself, beside it with the one before
_MATTER = 0.3  # of the words of pages on the matter that is asked about
_LEANING = 0.06  # begins with "This", "However"; twice that where the sentence before is unfit
_FLAW = 0.4  # what readers dislike about a sentence by itself
_TASK = 0.25  # it sets a task; students ask for explanations

# A further sentence must reach this share of the best score, ...
_RELATIVE_FLOOR = 0.65
# ... this cosine to the question, and this share of the best sentence's cosine, ...
_MEANING_FLOOR = 0.3
_RELATIVE_MEANING = 0.65
# ... a neighbour of a chosen sentence a little less, since reading on is easy.
_NEIGHBOUR_BONUS = 0.05
# The passage that answers best is quoted at some length: a slide is one thought cut into bullets,
# and a sentence of a book is half of one without its neighbours.
_THOUGHT_WORDS, _THOUGHT_FLAW, _THOUGHT_MEANING = 80, 0.5, 0.4
_TOTAL_WORDS = 140  # with what other passages add
_REDUNDANCY = 0.35  # weight of the likeness to what has been chosen already
_SHORTLIST = 36  # excerpts that are embedded; a short sentence takes about 5 ms on one core

# Orders that writers are given: what stands near the sentence that answers may have been planted.
_IMPERATIVE = re.compile(
    r"(?:please |now )?(?:explain|draft|break down|replace|write|compose|translate|summari[sz]e"
    r"|list|describe|create|generate|give|provide|tell|show|convert|rewrite|rearrange|remove|insert|add"
    r"|visit|click|check out|buy|try|recommend|mention|discuss|outline|design|develop|suggest|share"
    r"|help|find|calculate|solve|teach|analy[sz]e|compare|identify|what|how|who|where|when|why)\b",
    re.I,
)

# What questions ask for, how a sentence shows that it has it, and what that is worth: a reason, a
# number, a formula, what is enough.
_WANTED = (
    (
        re.compile(r"\b(?:why|how come|reason|purpose|what for|point of)\b|^y\b", re.I),
        re.compile(
            r"\b(?:because|since|so that|in order to|therefore|thus|hence|due to|otherwise"
            r"|prevents?|avoids?|ensures?|keeps?|allows?|leads? to|causes?|reason"
            r"|to (?:make|keep|reduce|avoid|prevent|ensure))\b",
            re.I,
        ),
        0.08,
    ),
    (
        re.compile(
            r"\bhow (?:many|much|big|large|long|high|deep|small|far|often)\b|%|\bdefault\b"
            r"|\bwhat (?:number|value|rate|size|percent\w*|learning rate|year|dimension)",
            re.I,
        ),
        re.compile(r"\d"),
        0.1,
    ),
    (
        re.compile(
            r"\b(?:formula|equation|expression|math|compute[ds]?|calculat\w*|update rule"
            r"|derivative|gradient of)\b",
            re.I,
        ),
        re.compile(r"=|\$|∑|∂"),
        0.08,
    ),
    (
        re.compile(r"\b(?:links?|urls?|enough|suffic\w*|formal(?:ly)?|format)\b", re.I),
        re.compile(r"\b(?:links?|suffic\w*|enough)\b(?!://)", re.I),
        0.15,
    ),
)


class QuotesModel:
    """A ChatModel that quotes. It needs an embedder and no other model."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    @property
    def name(self) -> str:
        return "quotes"

    def stream(self, prompt: Prompt, cancel: threading.Event) -> Iterator[str]:
        """Yield the answer sentence by sentence; nothing when no passage has a fit sentence.

        In hint mode only explanations are quoted: no code, no task, nothing from graded work.
        """
        chosen = self._choose(prompt)
        before: Excerpt | None = None
        for excerpt in chosen:
            if cancel.is_set():
                return
            yield _separator(before, excerpt) + _quoted(excerpt)
            before = excerpt

    def _choose(self, prompt: Prompt) -> list[Excerpt]:
        excerpts = [e for p in prompt.passages for e in cut(p)]
        prose = [e for e in excerpts if e.kind != "code" and _allowed(e, prompt)]
        if not prose:
            return []
        ranked = self._rank(prompt, prose)
        if prompt.rules:
            return self._rules(prompt, ranked, prose)
        chosen = _completed(_select(ranked), ranked, prose)
        if prompt.action == "answer":
            chosen = _with_code(chosen, excerpts, prose, prompt.question)
        return reading_order(chosen)

    def _rules(self, prompt: Prompt, ranked: list[Scored], prose: list[Excerpt]) -> list[Excerpt]:
        """Choose rules of the course, for each question of a message that asks several."""
        chosen = around(ranked, prose)
        for part in parts_of(prompt.question):
            asked = replace(prompt, question=part)
            chosen = with_part(chosen, self._rank(asked, prose), prose)
        return reading_order(chosen)

    def _rank(self, prompt: Prompt, excerpts: list[Excerpt]) -> list[Scored]:
        """Score excerpts, best first. Only those that share most words with it are embedded."""
        words = [frozenset(content_words(f"{e.context} {e.text}")) for e in excerpts]
        asked = prompt.own or prompt.question
        wanted = [(has, worth) for asks, has, worth in _WANTED if asks.search(asked)]
        plain = [
            _WORDS * covered
            + (_RULE_RANK if prompt.rules else _RANK) / (1 + 0.25 * (e.passage.number - 1))
            + sum(worth for has, worth in wanted if has.search(e.text))
            - _LEANING * e.leans * (1 if e.before else 2)
            - _FLAW * e.flaw
            - _TASK * (e.task or e.passage.chunk.exercise)
            for e, covered in zip(excerpts, _covered(prompt, words), strict=True)
        ]
        order = sorted(range(len(excerpts)), key=lambda i: -plain[i])[:_SHORTLIST]
        target = self._target(prompt)

        def scored(places: Sequence[int]) -> list[Scored]:
            texts = [_for_embedding(excerpts[i]) for i in places]
            found = []
            for i, vector in zip(places, self._embedder.embed_documents(texts), strict=True):
                meaning = max(dot(vector, target), 0.0)
                own = frozenset(content_words(excerpts[i].text))
                total = plain[i] + _MEANING * meaning
                found.append(Scored(excerpts[i], total, meaning, vector, own))
            return found

        return sorted(scored(order), key=lambda s: -s.score)

    def _target(self, prompt: Prompt) -> Sequence[float]:
        """Return the unit vector that excerpts should be like."""
        whole = self._embedder.embed_query(prompt.question)
        beside, share = (prompt.matter, _MATTER) if prompt.matter else (prompt.own, _OWN)
        if not beside:
            return whole
        other = self._embedder.embed_query(beside)
        mixed = [(1 - share) * a + share * b for a, b in zip(whole, other, strict=True)]
        length = math.sqrt(dot(mixed, mixed)) or 1.0
        return [x / length for x in mixed]


def _covered(prompt: Prompt, texts: Sequence[frozenset[str]]) -> list[float]:
    """Return for each text the share of the question's words in it; its own count as all do."""
    whole = _coverage(set(content_words(prompt.question)), texts)
    beside, share = (prompt.matter, _MATTER) if prompt.matter else (prompt.own, _OWN)
    if not beside:
        return whole
    other = _coverage(set(content_words(beside)), texts)
    return [(1 - share) * a + share * b for a, b in zip(whole, other, strict=True)]


def _allowed(excerpt: Excerpt, prompt: Prompt) -> bool:
    if prompt.action == "answer":
        return True
    chunk = excerpt.passage.chunk
    return not (excerpt.task or chunk.exercise or chunk.graded)


def _coverage(asked: set[str], texts: Sequence[frozenset[str]]) -> list[float]:
    """Return for each text the share of the question's words in it, rare words counting more."""
    frequency = Counter(word for words in texts for word in words & asked)
    weight = {word: math.log(1 + len(texts) / (1 + frequency[word])) for word in asked}
    # Words that no excerpt has would only lower all scores alike.
    total = sum(weight[word] for word in frequency) or 1.0
    return [sum(weight[word] for word in words & asked) / total for words in texts]


def _for_embedding(excerpt: Excerpt) -> str:
    """Put the heading before a terse item, which means little without it."""
    if not excerpt.context or excerpt.text.startswith(excerpt.context):
        return excerpt.text
    return f"{excerpt.context}: {excerpt.text}"


def _select(ranked: Sequence[Scored]) -> list[Excerpt]:
    """Choose greedily: the best, then what is nearly as good and says something else."""
    best = ranked[0]
    chosen = [best]
    words = word_count(best.excerpt.text)
    closest = max(_MEANING_FLOOR, _RELATIVE_MEANING * best.meaning)
    pool = [s for s in ranked[1:] if s.meaning >= closest]
    while pool and len(chosen) < _MAX_SENTENCES:
        candidate = max(pool, key=lambda s: _marginal(s, chosen))
        pool.remove(candidate)
        if _marginal(candidate, []) + _nearness(candidate, chosen) < _RELATIVE_FLOOR * best.score:
            continue
        length = word_count(candidate.excerpt.text)
        if words + length > _MAX_WORDS or any(says_the_same(candidate, c) for c in chosen):
            continue
        chosen.append(candidate)
        words += length
    return _with_antecedents([s.excerpt for s in chosen], words)


def _completed(
    chosen: Sequence[Excerpt], ranked: Sequence[Scored], prose: Sequence[Excerpt]
) -> list[Excerpt]:
    """Quote more of the passage of the first excerpt, then the others while there is room.

    The largest list that holds the excerpt stands in for it; what lies nearest to it comes first,
    and outside of slides only what has to do with the question.
    """
    number, is_slide = chosen[0].passage.number, chosen[0].passage.chunk.kind == "slides"
    enough = _THOUGHT_MEANING * max(s.meaning for s in ranked)
    related = {id(s.excerpt) for s in ranked if s.meaning >= enough}
    same = [
        e for e in prose
        if e.passage.number == number and e.flaw <= _THOUGHT_FLAW and not e.task
        and (is_slide or id(e) in related) and not _IMPERATIVE.match(e.text)
    ]  # fmt: skip
    first = max(
        (e for e in same if _holds(e, chosen[0]) and word_count(e.text) <= _THOUGHT_WORDS),
        key=lambda e: e.end - e.start,
        default=chosen[0],
    )
    result, words = [first], word_count(first.text)
    near = sorted(same, key=lambda e: (_distance(e, first), e.start - e.end))
    further = [e for e in chosen[1:] if not _IMPERATIVE.match(e.text)]
    for pool, most in ((near, _THOUGHT_WORDS), (further, _TOTAL_WORDS)):
        for excerpt in pool:
            length = word_count(excerpt.text)
            if words + length <= most and not any(overlap(excerpt, e) for e in result):
                result.append(excerpt)
                words += length
    return _without_loose_ends(result, words)


def _without_loose_ends(chosen: Sequence[Excerpt], words: int) -> list[Excerpt]:
    """Put the sentence before one that leans on it ("Hence, this …"), or leave that one out."""
    result = list(chosen)
    for excerpt in chosen:
        before = excerpt.before
        if not excerpt.leans or before is None or any(overlap(before, e) for e in result):
            continue
        if before.task or _IMPERATIVE.match(before.text):
            continue  # an order, perhaps planted: what comes after it leans on nothing
        length = word_count(before.text)
        if words + length <= _TOTAL_WORDS:
            result.append(before)
            words += length
        elif excerpt is not chosen[0]:
            result.remove(excerpt)
            words -= word_count(excerpt.text)
    return result


def _holds(outer: Excerpt, inner: Excerpt) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _distance(a: Excerpt, b: Excerpt) -> int:
    """Characters between two excerpts of one passage."""
    return max(a.start - b.end, b.start - a.end, 0)


def _marginal(candidate: Scored, chosen: Sequence[Scored]) -> float:
    likeness = max((dot(candidate.vector, c.vector) for c in chosen), default=0.0)
    return candidate.score + _nearness(candidate, chosen) - _REDUNDANCY * max(likeness, 0.0)


def _nearness(candidate: Scored, chosen: Sequence[Scored]) -> float:
    return _NEIGHBOUR_BONUS * any(
        candidate.excerpt.before is c.excerpt or c.excerpt.before is candidate.excerpt
        for c in chosen
    )


def _with_antecedents(chosen: list[Excerpt], words: int) -> list[Excerpt]:
    """Add the sentence before one that leans on it, while there is room."""
    result = list(chosen)
    for excerpt in chosen:
        before = excerpt.before
        if not excerpt.leans or before is None or any(before is e for e in result):
            continue
        words += word_count(before.text)
        if words > _MAX_WORDS or len(result) > _MAX_SENTENCES:
            break
        result.append(before)
    return result


def _with_code(
    chosen: list[Excerpt], excerpts: list[Excerpt], prose: list[Excerpt], question: str
) -> list[Excerpt]:
    """Add the code that the question asks for, with words that cite it; first the best passage."""
    for code in code_for(question, excerpts, chosen):
        number = code.passage.number
        if any(e.passage.number == number for e in chosen):
            return [*chosen, code]
        lead = lead_of(code, prose)
        if lead is not None:
            return [lead, code, *chosen] if number == 1 else [*chosen, lead, code]
    return chosen


def _separator(before: Excerpt | None, excerpt: Excerpt) -> str:
    if before is None:
        return ""
    apart = before.passage.number != excerpt.passage.number or "code" in (before.kind, excerpt.kind)
    return "\n\n" if apart or "list" in (before.kind, excerpt.kind) else " "


def _quoted(excerpt: Excerpt) -> str:
    if excerpt.kind == "code":
        return f"```python\n{excerpt.text}\n```"
    return f"{excerpt.text} [{excerpt.passage.number}]."
