"""Numbers passages and checks every sentence of an answer against what it cites.

A sentence is supported, weak or unsupported. Unsupported ones are removed or marked; markers that
point nowhere are dropped and counted; a sentence without a marker gets the best one. The check
itself is a `Verifier`; the packaged one is in `support`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ds542_tutor.dialogue import Citation, Hit, Passage, Support, Verdict
from ds542_tutor.markers import CODE, normalise_markers, with_markers, without_markers
from ds542_tutor.protocols import Verifier
from ds542_tutor.sentences import Span, refers, split_sentences
from ds542_tutor.support import NUMBER, SUPPORTED_FROM, WEAK_FROM, best_window, find_exact, fold
from ds542_tutor.words import content_words

_MIN_FACTUAL_WORDS = 3  # "Yes." or "See also [2]." claims nothing that a passage could support
_LIST_PREFIX = re.compile(r"^(\s*(?:[-*•]|\d{1,2}[.)])\s+)?(.*)$", re.S)
_NOT_CODE = re.compile(r"\s*(?:#|//|```|$)")  # comments and the fence
_FROM_PASSAGE = 0.6  # share of the lines of a code block that a passage has when it is quoted
_ALSO = 2  # other places that are named; a slide that opens every lecture has twenty
UNSUPPORTED_NOTE = "(not found in the materials)"


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer after the check.

    Attributes:
        text: what remains, markers normalised to [n].
        citations: one for each marker in `text`, ascending.
        sentences: factual sentences that remain, of which `supported` are fully supported.
        dropped_markers: markers that pointed at no passage.
        removed_sentences: unsupported sentences taken out (or marked), with those that leaned on
            them.
        verdicts: on the factual sentences of `text`, in order.
        own_code: it shows code of which no passage has the most part.
    """

    text: str
    citations: tuple[Citation, ...]
    sentences: int
    supported: int
    dropped_markers: int
    removed_sentences: int
    verdicts: tuple[Verdict, ...] = ()
    own_code: bool = False


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
        passages.append(Passage(len(passages) + 1, hit.chunk, text, hit.also))
        left -= len(words)
    return tuple(passages)


class Checker:
    """Checks drafts against their passages with a `Verifier`."""

    def __init__(self, verifier: Verifier, unsupported: str = "remove") -> None:
        """`unsupported`: "remove" such sentences or "mark" them."""
        self._verifier = verifier
        self._unsupported = unsupported

    def begin(self, passages: Sequence[Passage], *, strict: bool = False) -> DraftCheck:
        """Return the check of a draft that is still to be written over `passages`.

        `strict`: weak support is none, for models that say much that is only like a passage.
        """
        return DraftCheck(self._verifier, self._unsupported, passages, strict=strict)


class DraftCheck:
    """The check of one answer while it is written; what has been scored is not scored again."""

    def __init__(
        self,
        verifier: Verifier,
        unsupported: str,
        passages: Sequence[Passage],
        *,
        strict: bool = False,
    ) -> None:
        self._verifier = verifier
        self._least = SUPPORTED_FROM if strict else WEAK_FROM
        self._mark = unsupported == "mark"
        self._passages = {p.number: p for p in passages}
        self._known: dict[tuple[int, str], _Evidence] = {}
        self._judged: set[str] = set()

    def judge(self, draft: str) -> tuple[Verdict, ...]:
        """Return verdicts on the sentences of `draft` that ended since the last call.

        Its last sentence is not taken for finished: more of it may come.
        """
        claims = [without_markers(span.text.strip()) for span in _sentences(draft)][:-1]
        new = [pair for pair in claims if pair[0] not in self._judged and _claims_something(*pair)]
        self._judged.update(claim for claim, _ in new)
        self._score_all(new)
        return tuple(_verdict(claim, self._found(claim, cited)) for claim, cited in new)

    def finish(self, draft: str) -> Checked:
        """Check the whole of `draft`; see `Checked`."""
        claims = [without_markers(span.text.strip()) for span in _sentences(draft)]
        self._score_all([pair for pair in claims if _claims_something(*pair)])
        state = _State()
        parts = []
        for part in CODE.split(normalise_markers(draft)):
            parts.append(part if part.startswith("```") else self._check_prose(part, state))
        text = re.sub(r"\n{3,}", "\n\n", "".join(parts)).strip()
        return Checked(
            text=text,
            citations=tuple(state.citations[n] for n in sorted(state.citations)),
            sentences=state.sentences,
            supported=state.supported,
            dropped_markers=state.dropped,
            removed_sentences=state.removed,
            verdicts=tuple(state.verdicts),
            own_code=any(self._is_own(part) for part in parts if part.startswith("```")),
        )

    def _is_own(self, block: str) -> bool:
        """Whether a fenced block has mostly lines that no single passage has."""
        lines = [fold(line)[0] for line in block.splitlines()[1:] if not _NOT_CODE.match(line)]
        lines = [line for line in lines if line]
        said = [fold(passage.text)[0] for passage in self._passages.values()]
        most = max((sum(line in text for line in lines) for text in said), default=0)
        return most < _FROM_PASSAGE * len(lines)

    def _check_prose(self, prose: str, state: _State) -> str:
        lines: list[tuple[bool, str | None]] = []  # is it an item of a list, what remains of it
        for line in prose.split("\n"):
            prefix, body = _item(line)
            kept, gone = [], False
            for span in split_sentences(body):
                if gone and refers(span.text):  # what it speaks of has just been removed
                    state.removed += 1
                    continue
                removed = state.removed
                text = self._check_one(span, state)
                gone = state.removed > removed and not text
                kept += [text] if text else []
            whole = prefix + " ".join(kept) if kept else line.strip()
            lines.append((bool(prefix), whole if kept or not body.strip() else None))
        return "\n".join(_without_bare_leads(lines))

    def _check_one(self, span: Span, state: _State) -> str:
        """Return the sentence as it may stay, with its markers, or ""."""
        claim, cited = without_markers(span.text.strip())
        state.dropped += sum(n not in self._passages for n in cited)
        if not _claims_something(claim, cited):
            return claim
        if claim in state.said:
            return ""  # small models go round in circles
        state.said.add(claim)
        found = self._found(claim, cited)
        if found:
            state.record(claim, found)
            return with_markers(claim, list(found))
        state.removed += 1
        if not self._mark:
            return ""
        text = f"{claim} {UNSUPPORTED_NOTE}"
        state.verdicts.append(_verdict(text, {}))
        return text

    def _supports(self, evidence: _Evidence) -> bool:
        return evidence.score >= self._least

    def _found(self, claim: str, cited: Sequence[int]) -> dict[int, _Evidence]:
        """Return the evidence for a claim by passage: of those it cites, else the best one."""
        valid = [n for n in dict.fromkeys(cited) if n in self._passages]
        found = {e.passage.number: e for e in self._evidence(claim, valid) if self._supports(e)}
        if not found:  # uncited, or cited wrongly
            every = self._evidence(claim, list(self._passages))
            best = max(every, key=lambda e: e.score, default=None)
            if best is not None and self._supports(best):
                found = {best.passage.number: best}
        return found

    def _evidence(self, claim: str, numbers: Sequence[int]) -> list[_Evidence]:
        self._score([(n, claim) for n in numbers])
        return [self._known[n, claim] for n in numbers]

    def _score_all(self, claims: Sequence[tuple[str, list[int]]]) -> None:
        """Score claims against what they cite, in one batch; then the rest against all passages."""
        self._score([(n, claim) for claim, cited in claims for n in cited if n in self._passages])
        alone = [
            claim
            for claim, cited in claims
            if not any(self._supports(self._known[n, claim]) for n in cited if n in self._passages)
        ]
        self._score([(n, claim) for claim in alone for n in self._passages])

    def _score(self, pairs: Iterable[tuple[int, str]]) -> None:
        """Score what is not known yet: an exact span first, else the best window."""
        rest = []
        for n, claim in dict.fromkeys(pairs):
            if (n, claim) in self._known:
                continue
            passage = self._passages[n]
            if (span := find_exact(claim, passage.text)) is not None:
                self._known[n, claim] = _Evidence(passage, 1.0, *span)
            else:
                rest.append((n, claim))
        scores = self._verifier.score([(self._passages[n].text, claim) for n, claim in rest])
        for (n, claim), score in zip(rest, scores, strict=True):
            passage = self._passages[n]
            start, end = best_window(claim, passage.text) or (0, 0)
            # Below that the window is a guess, and a guess must not be highlighted.
            sure = score >= WEAK_FROM
            self._known[n, claim] = _Evidence(passage, score, *((start, end) if sure else (0, 0)))


def support_by_marker(
    text: str, verdicts: Sequence[Verdict]
) -> dict[int, tuple[Support | None, ...]]:
    """Return, for each marker of `text` in the order of its places, what the check said there.

    None where the sentence has not been checked yet, or claims nothing.
    """
    known = {verdict.sentence: verdict.support for verdict in verdicts}
    found: dict[int, tuple[Support | None, ...]] = {}
    for span in _sentences(text):
        claim, cited = without_markers(span.text.strip())
        for n in cited:
            found[n] = (*found.get(n, ()), known.get(claim))
    return found


def still_said(text: str, verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """Return those of `verdicts` whose sentences are in `text`: the policy may have taken some out.

    What it took out must not be read off the verdicts.
    """
    said = {without_markers(span.text.strip())[0] for span in _sentences(text)}
    return tuple(verdict for verdict in verdicts if verdict.sentence in said)


def _sentences(text: str) -> Iterator[Span]:
    """Yield the sentences of the prose of an answer, markers normalised, code left out."""
    for part in CODE.split(normalise_markers(text)):
        for line in () if part.startswith("```") else part.split("\n"):
            yield from split_sentences(_item(line)[1])


def _item(line: str) -> tuple[str, str]:
    """Return the bullet or number of a line, "" where it has none, and the rest."""
    match = _LIST_PREFIX.match(line)
    return (match.group(1) or "", match.group(2)) if match else ("", line)


def _without_bare_leads(lines: Sequence[tuple[bool, str | None]]) -> Iterator[str]:
    """Yield what remains, without "The steps are:" where none of the items below it does."""
    for index, (_, line) in enumerate(lines):
        if line is None:
            continue
        items = []
        for is_item, text in lines[index + 1 :]:
            if not is_item:
                break
            items.append(text)
        if not (line.rstrip().endswith(":") and items and not any(items)):
            yield line


def _verdict(claim: str, found: dict[int, _Evidence]) -> Verdict:
    best = max(found.values(), key=lambda e: e.score, default=None)
    if best is None:
        return Verdict(claim, (), "unsupported", 0.0)
    return Verdict(claim, tuple(found), best.support, round(best.score, 3))


def _claims_something(claim: str, cited: Sequence[int]) -> bool:
    """Whether a passage could support the sentence: no question, and more than "Yes, exactly."."""
    if claim.endswith("?") or not any(c.isalnum() for c in claim):
        return False
    return (
        bool(cited) or len(content_words(claim)) >= _MIN_FACTUAL_WORDS or bool(NUMBER.search(claim))
    )


class _State:
    """What a check gathers while it walks through a draft."""

    def __init__(self) -> None:
        self.citations: dict[int, Citation] = {}
        self.verdicts: list[Verdict] = []
        self.said: set[str] = set()
        self.sentences = self.supported = self.dropped = self.removed = 0

    def record(self, claim: str, found: dict[int, _Evidence]) -> None:
        """Keep the verdict, and for each marker the sentence that its passage supports best."""
        self.sentences += 1
        self.supported += any(e.support == "supported" for e in found.values())
        self.verdicts.append(_verdict(claim, found))
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
        notes=tuple(_elsewhere(passage)),
    )


def _elsewhere(passage: Passage) -> Iterator[str]:
    """Say where else a passage stands: the same slide in another deck."""
    places = [f"{chunk.title}, {chunk.locator.describe()}" for chunk in passage.also[:_ALSO]]
    if places:
        yield f"The same stands in {' and in '.join(places)}."


def merge_spans(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return `spans` ascending, those that overlap or touch joined, empty ones left out."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1] + 1:  # 1: the space between two sentences
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
