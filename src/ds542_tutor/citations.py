"""Numbers passages, parses an answer's markers, and checks every sentence against what it cites.

A sentence is supported, weak or unsupported. Unsupported ones are removed or marked; markers that
point nowhere are dropped and counted; a sentence without a marker gets the best one. The check
itself is a `Verifier`; the packaged one is in `support`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from ds542_tutor.dialogue import Citation, Hit, Passage, Support
from ds542_tutor.inputs import legible
from ds542_tutor.protocols import Verifier
from ds542_tutor.sentences import Span, split_sentences
from ds542_tutor.support import NUMBER, SUPPORTED_FROM, WEAK_FROM, best_window, find_exact
from ds542_tutor.words import content_words

_MIN_FACTUAL_WORDS = 3  # "Yes." or "See also [2]." claims nothing that a passage could support
_CODE = re.compile(r"(```.*?(?:```|\Z))", re.S)
# As `app.markup` reads them: "$" hugs its formula, so that "$5 [1] and $6 [2]" are prices.
_INLINE = re.compile(
    r"`[^`\n]*`|\$\$.*?\$\$|\$(?![\s$])[^$\n]*?(?<![\s\\])\$(?!\d)|\\\(.*?\\\)|\\\[.*?\\\]", re.S
)
_LOOSE_MARKER = re.compile(
    r"[\[【(](?:sources?|passages?)\s*#?\s*(\d+(?:\s*(?:,|;|and|&)\s*\d+)*)[\]】)]"
    r"|[\[【]\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*[\]】]",
    re.I,
)
# A marker with the space before it; what is code or a formula is matched first, and holds none.
# A fence counts at the start of a line only: the header of a code block may quote one.
_MARKER = re.compile(
    r"(?P<literal>^[ \t]*(?P<ticks>`{3,})[^\n]*\n.*?(?:^[ \t]*(?P=ticks)`*[ \t]*$|\Z)"
    rf"|{_INLINE.pattern})|[ \t]*\[(?P<number>\d{{1,3}})\]",
    re.S | re.M,
)
_AFTER_STOP = re.compile(r"([.!?]['\"”)]?)[ \t]*((?:\[\d{1,3}\][ \t]*)+)(?=\s|$)")
_LIST_PREFIX = re.compile(r"^(\s*(?:[-*•]|\d{1,2}[.)])\s+)?(.*)$", re.S)
UNSUPPORTED_NOTE = "(not found in the materials)"


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer after the check.

    Attributes:
        text: what remains, markers normalised to [n].
        citations: one for each marker in `text`, ascending.
        sentences: factual sentences that remain, of which `supported` are fully supported.
        dropped_markers: markers that pointed at no passage.
        removed_sentences: unsupported sentences taken out (or marked).
    """

    text: str
    citations: tuple[Citation, ...]
    sentences: int
    supported: int
    dropped_markers: int
    removed_sentences: int


@dataclass(frozen=True, slots=True)
class _Evidence:
    """How well one passage supports one claim; start, end: the span in the passage's text."""

    passage: Passage
    score: float
    start: int = 0
    end: int = 0

    @property
    def support(self) -> Support:
        if self.score >= SUPPORTED_FROM:
            return "supported"
        return "weak" if self.score >= WEAK_FROM else "unsupported"


def number(hits: Sequence[Hit], count: int, budget_words: int) -> tuple[Passage, ...]:
    """Number the best hits from 1, at most `count`, together within `budget_words` words.

    The first passage is always there, cut at a word when it alone is over the budget.
    """
    passages: list[Passage] = []
    left = budget_words
    for hit in hits[:count]:
        words = list(re.finditer(r"\S+", hit.chunk.text))
        if passages and len(words) > left:
            continue
        text = hit.chunk.text if len(words) <= left else hit.chunk.text[: words[left - 1].end()]
        passages.append(Passage(len(passages) + 1, hit.chunk, text))
        left -= len(words)
    return tuple(passages)


def normalise_markers(text: str) -> str:
    """Rewrite a model's habits, [1, 2], (Source 1), a marker after the stop, to "… [1][2]."

    Code and formulas are left alone: `x[1]` is an index there. Hidden characters are dropped.
    """
    return "".join(
        part if part.startswith("```") else _normalise_prose(part)
        for part in _CODE.split(legible(text))
    )


def markers_in(text: str) -> set[int]:
    """Return the numbers of the markers of `text`; code and formulas hold none."""
    return {int(match["number"]) for match in _MARKER.finditer(text) if match["number"]}


def only_known(text: str, known: Collection[int]) -> str:
    """Drop the markers of `text` that are not among `known`."""

    def kept(match: re.Match[str]) -> str:
        return match.group() if match["literal"] or int(match["number"]) in known else ""

    return _MARKER.sub(kept, text)


def _without_markers(sentence: str) -> tuple[str, list[int]]:
    """Return what a sentence claims, on one line, and the numbers it cites."""
    cited: list[int] = []

    def taken(match: re.Match[str]) -> str:
        if match["literal"]:
            return match["literal"]
        cited.append(int(match["number"]))
        return " "

    claim = " ".join(_MARKER.sub(taken, sentence).split())
    return re.sub(r"\s+([.,;:!?])", r"\1", claim), cited


def _normalise_prose(text: str) -> str:
    kept: list[str] = []  # its places are held by private-use characters, which `legible` dropped

    def hide(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"\ue000{len(kept) - 1}\ue001"

    def spell(match: re.Match[str]) -> str:
        return "".join(f"[{n}]" for n in re.findall(r"\d+", match.group()))

    text = _LOOSE_MARKER.sub(spell, _INLINE.sub(hide, text))
    text = _AFTER_STOP.sub(lambda m: f" {m.group(2).replace(' ', '')}{m.group(1)}", text)
    text = re.sub(r"(?<=\S)(?<!\])(\[\d{1,3}\])", r" \1", text)
    text = re.sub(r"[ \t]+(\[\d{1,3}\])", r" \1", text)
    return re.sub(r"\ue000(\d+)\ue001", lambda m: kept[int(m.group(1))], text)


class Checker:
    """Checks drafts against their passages with a `Verifier`."""

    def __init__(self, verifier: Verifier, unsupported: str = "remove") -> None:
        """`unsupported`: "remove" such sentences or "mark" them."""
        self._verifier = verifier
        self._unsupported = unsupported

    def check(self, draft: str, passages: Sequence[Passage]) -> Checked:
        """Check every sentence of `draft`; see `Checked`."""
        state = _State({p.number: p for p in passages})
        parts = []
        for part in _CODE.split(normalise_markers(draft)):
            parts.append(part if part.startswith("```") else self._check_prose(part, state))
        text = re.sub(r"\n{3,}", "\n\n", "".join(parts)).strip()
        return Checked(
            text=text,
            citations=tuple(state.citations[n] for n in sorted(state.citations)),
            sentences=state.sentences,
            supported=state.supported,
            dropped_markers=state.dropped,
            removed_sentences=state.removed,
        )

    def _check_prose(self, prose: str, state: _State) -> str:
        lines = []
        for line in prose.split("\n"):
            match = _LIST_PREFIX.match(line)
            prefix, body = (match.group(1) or "", match.group(2)) if match else ("", line)
            kept = [s for span in split_sentences(body) if (s := self._check_one(span, state))]
            if kept or not body.strip():
                lines.append(prefix + " ".join(kept) if kept else line.strip())
        return "\n".join(lines)

    def _check_one(self, span: Span, state: _State) -> str:
        """Return the sentence as it may stay, with its markers, or ""."""
        claim, cited = _without_markers(span.text.strip())
        valid = [n for n in dict.fromkeys(cited) if n in state.passages]
        state.dropped += sum(n not in state.passages for n in cited)
        if not _claims_something(claim, cited):
            return claim
        state.sentences += 1
        found = {
            e.passage.number: e
            for e in self._evidence(claim, [state.passages[n] for n in valid])
            if e.support != "unsupported"
        }
        if not found:  # uncited, or cited wrongly: the best passage, if one supports it
            best = max(
                self._evidence(claim, list(state.passages.values())),
                key=lambda e: e.score,
                default=None,
            )
            if best is not None and best.support != "unsupported":
                found = {best.passage.number: best}
        if not found:
            state.removed += 1
            state.sentences -= 1
            return f"{claim} {UNSUPPORTED_NOTE}" if self._unsupported == "mark" else ""
        state.supported += any(e.support == "supported" for e in found.values())
        state.record(claim, found)
        return _with_markers(claim, list(found))

    def _evidence(self, claim: str, passages: Sequence[Passage]) -> list[_Evidence]:
        """Score `claim` against each passage: an exact span first, else the best window."""
        evidence, rest = [], []
        for passage in passages:
            if (span := find_exact(claim, passage.text)) is not None:
                evidence.append(_Evidence(passage, 1.0, *span))
            else:
                rest.append(passage)
        scores = self._verifier.score([(passage.text, claim) for passage in rest])
        for passage, score in zip(rest, scores, strict=True):
            start, end = best_window(claim, passage.text) or (0, 0)
            # Below that the window is a guess, and a guess must not be highlighted.
            sure = score >= WEAK_FROM
            evidence.append(_Evidence(passage, score, *((start, end) if sure else (0, 0))))
        return evidence


def _claims_something(claim: str, cited: Sequence[int]) -> bool:
    """Whether a passage could support the sentence: no question, and more than "Yes, exactly."."""
    if claim.endswith("?") or not any(c.isalnum() for c in claim):
        return False
    return (
        bool(cited) or len(content_words(claim)) >= _MIN_FACTUAL_WORDS or bool(NUMBER.search(claim))
    )


class _State:
    """What a check gathers while it walks through a draft."""

    def __init__(self, passages: dict[int, Passage]) -> None:
        self.passages = passages
        self.citations: dict[int, Citation] = {}
        self.sentences = self.supported = self.dropped = self.removed = 0

    def record(self, claim: str, found: dict[int, _Evidence]) -> None:
        """Keep, for each marker, the citing sentence that its passage supports best, all spans."""
        for n, evidence in found.items():
            known = self.citations.get(n)
            if known is None or evidence.score > known.score:
                self.citations[n] = cite(
                    evidence.passage, evidence.start, evidence.end, evidence.score, claim
                )
            spans = (*(known.spans if known else ()), (evidence.start, evidence.end))
            self.citations[n] = replace(self.citations[n], spans=merge_spans(spans))


def cite(passage: Passage, start: int, end: int, score: float, sentence: str) -> Citation:
    """Make the citation of `passage` whose supporting span is text[start:end] of the chunk."""
    chunk, locator = passage.chunk, passage.chunk.locator
    return Citation(
        marker=passage.number,
        document=chunk.document,
        title=chunk.title,
        page=locator.page,
        page_label=locator.page_label,
        locator=locator.describe(),
        quote=chunk.text[start:end],
        support=_Evidence(passage, score).support,
        score=round(score, 3),
        chunk_id=chunk.id,
        sentence=sentence,
        text=passage.text,
        sha256=chunk.sha256,
        start=start,
        end=end,
        spans=merge_spans([(start, end)]),
    )


def merge_spans(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return `spans` ascending, those that overlap or touch joined, empty ones left out."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1] + 1:  # 1: the space between two sentences
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _with_markers(claim: str, numbers: Sequence[int]) -> str:
    """Put markers before the final stop: "It converges [1][2]." """
    if not numbers:
        return claim
    markers = "".join(f"[{n}]" for n in numbers)
    match = re.search(r"[.!]['\"”)]?$", claim)
    return f"{claim[: match.start()]} {markers}{match.group()}" if match else f"{claim} {markers}"
