"""Cuts passages into excerpts that can stand in an answer: sentences, short lists, formulas, code.

An excerpt is verbatim up to white space, bullets and a final stop, so that the citation check finds
it again. How readable it is on its own is judged here; how well it answers is for `quotes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from ds542_tutor.dialogue import Passage
from ds542_tutor.models.garble import FORMULA, garble
from ds542_tutor.sentences import Block, Span, block_sentences, leans, split_blocks

ExcerptKind = Literal["sentence", "list", "code"]

MIN_WORDS = 4  # less is a heading, a label of a figure or page furniture
_ALONE_WORDS = 6  # a shorter sentence of an item says something only with the others of it
MAX_WORDS = 70  # a longer "sentence" is several that lost their stops
_UNSTOPPED_WORDS = 35  # more without a stop is no sentence of a slide
_LONG_WORDS = 45  # tiring unless it is a list
_LIST_WORDS = 60  # a list above this is no answer but the whole slide; its items stand alone
_LIST_BEGINNINGS = 3  # "Title: first; second" is offered up to this many items
_NO_LEAD = 0.2  # a list without its title, and an item without a subject, leave readers guessing
_NO_SUBJECT = 0.15
_BODY_CHARS = 90  # paragraphs above this are body text, which ends with a stop
_LEAD_WORDS = 14  # a heading above this is a sentence
_MAX_CODE_LINES = 30  # about one screen

# Share of characters that belong to torn formulas from which an excerpt cannot be read, and from
# which it reads badly. Read off the lecture decks: clean sentences have up to 0.06.
_GARBLED_FROM = 0.28
_MESSY_FROM = 0.1

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|do|does|did|can|could|will|would|may|might|must|should"
    r"|need|needs|suffices?|cites?|makes?|takes?|gives?|gets?|uses?|used|lets?|means?|allows?|helps?|keeps?|leads?"
    r"|causes?|becomes?|requires?|depends?|adds?|adding|learns?|learned|trains?|trained|computes?|computed"
    r"|predicts?|maps?|returns?|produces?|reduces?|increases?|decreases?|grows?|shrinks?|prevents?|avoids?"
    r"|applies|apply|applied|minimi[sz]es?|maximi[sz]es?|measures?|describes?|defines?|represents?"
    r"|contains?|includes?|consists?|starts?|ends?|shows?|works?|happens?|occurs?|provides?|improves?"
    r"|multipl(?:y|ies)|divides?|dividing|scales?|shifts?|rescales?|normali[sz]es?|updates?|passes"
    r"|go(?:es)?|comes?|moves?|falls?|converges?|approximates?|encourages?|penali[sz]es?|combines?"
    r"|averages?|sums?|chooses?|selects?|sets?|submit|due|costs?|loses?|counts?|covers?|assumes?|fits?"
    r"|suffers?|replaces?|removes?|drops?|stops?|holds?|exists?|tends?|changes?|remains?|stays?|receives?"
    r"|introduces?|generates?|encodes?|decodes?|boosts?|compares?|trades?|vanish(?:es)?|explodes?"
    r"|equals?|refers?|denotes?|corresponds?|yields?|follows?|determines?|performs?|solves?|finds?|looks?"
    r"|seems?|appears?|behaves?|acts|serves?|attends?|consists|depend|relies|rely|belongs?|operates?"
    r"|captures?|extracts?|detects?|classif(?:y|ies)|ignores?|treats?|assigns?|stores?|controls?|saves?"
    r"|suggests?|implies|imply|indicates?|tells?|says?|knows?|sees?|exceeds?|saturates?|overfits?"
    r"|generali[sz]es?|memori[sz]es?|regulari[sz]es?|speeds|slows|accelerates?|stabili[sz]es?|dominates?"
    r"|oscillates?|diverges?|skips|adapts?|aligns?|matches|varies|vary|relates?|differs?|shares|share"
    r"|transforms|concatenates?|aggregates?|propagates?|flows|turns?|brings?|creates?|builds?|forces?"
    r"|forgets?|hurts?|pushes|pulls|punish(?:es)?|supports|wants?|tries|enables?|simplif(?:y|ies)"
    r"|calculates?|estimates?|initiali[sz]es?|initiali[sz]ed|ensures?|cannot|['’]s|['’]re|n['’]t)\b",
    re.I,
)
_POINTER = re.compile(
    r"^(?:Figure|Fig\.|Table) [\dA-Z]|\bon the (?:left|right)\b"
    r"|\b(?:see|in|from) (?:Fig|Figure|Table|Section|Chapter|Exercise|Appendix)s?\.? ?\d"
    r"|\b(?:left|right) panel\b|\bshown (?:above|below|here)\b",
    re.I,
)
_RUNS_ON = re.compile(
    r"(?:\b(?:in|of|to|the|a|an|for|with|by|and|or|that|which|is|are|from|on|as|then)|,)$", re.I
)
_META = re.compile(
    r"\bin the following (?:implementation|example|code|figure|discussion|experiment)s?\b|"
    r"\b(?:in this (?:section|chapter|lecture|notebook|course)"
    r"|(?:section|chapter) (?:introduces|covers)|let(?:'s|’s| us)"
    r"|we(?:'ll| will|’ll| shall) (?:see|discuss|cover|look|return|revisit|now|learn|talk)"
    r"|recall that|as we (?:saw|will|discussed|have seen)|next (?:time|lecture|section|week)"
    r"|last (?:time|lecture|week)|i(?:'ll|’ll) )\b",
    re.I,
)
_NO_CONTENT = re.compile(
    r"\b(?:agenda|outline|overview|today|topics?|contents|moving on|plan|recap|references|resources"
    r"|next (?:time|week|lecture)|(?:any )?questions|further reading|readings?|links"
    r"|notebooks?|exercises?)\b",
    re.I,
)
_HAS_SUBJECT = re.compile(
    r"(?:The|A|An|We|You|If|When|In|Each|Every|All|To|For|There|No|With|Without|At|Since|Because)\b"
    r"|[A-Z][\w-]*(?: [\w-]+){0,3} (?:is|are|was|were|has|have|can|will|would|must|may|should)\b"
)
_CELLS = re.compile(r"(?<=\S) \| (?=\S)")
_BIBLIOGRAPHY = re.compile(
    r"\b(?:arXiv|doi|ISBN|In Proceedings|pp\. \d)|^\[?[A-Z][a-z]+, [A-Z]\.|\.pdf\b"
    r"|\b(?:NeurIPS|ICML|ICLR|CVPR|ICCV|JMLR) (?:19|20)\d\d"
    r"|(?:et al\.?|&|and) ?[^;.]*\b(?:19|20)\d\d; .*\b(?:19|20)\d\d"
)
_TASK = re.compile(
    r"^(?:\W*\(?[\da-z]{1,3}[.)])?\s*(?:Show|Prove|Derive|Compute|Implement|Write|Plot|Find|Verify|Repeat"
    r"|Calculate|Consider|Sketch|Try|Modify|Complete|Exercise|Problem|Question|Task|Discuss|Can you"
    r"|What (?:happens|if|would)|TODO|Fill in|Your (?:code|answer))\b",
    re.I,
)
# In notebooks and graded work also sentences that talk to the person who fills them in.
_TASK_TALK = re.compile(
    r"^(?:Print|Use|Run|Pick|Submit|Make sure|Fill|Add|Create|Define|Return|Change|Review|Report"
    r"|Hand|Hint)\b"
    r"|\byou (?:only )?(?:need to|should|will|must|may)\b|\byour\b|\bauto-?grad|\bbelow\b",
    re.I,
)
_TASK_SECTION = re.compile(
    r"^\W*(?:\d+(?:\.\d+)*\.? +)?(?:Exercises?|Problems|Discussion|References)\W*$"
)
_IDENTIFIER = re.compile(r"`|\w*[_.(\d]\w|\w+\(")
_MATH_LETTER = re.compile("[\U0001d400-\U0001d7ff]")
_UNFINISHED = re.compile(
    r"(?:[,:;=+(-]|\b(?:a|an|the|of|to|and|or|is|in|with|by|for|that|on|are|as|from|we|where|if|our|some|so|but|showing|including)"
    r"|\bvs\.?|[\u0370-\u03ff\U0001d400-\U0001d7ff])$"
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of a passage that can be quoted.

    Attributes:
        start, end: half-open range in the passage's text.
        text: as it stands in an answer, without marker and final stop; code as it is.
        context: heading above it, for the meaning of terse bullets.
        flaw: what readers dislike about it, in [0, 1]; 0 is a clean sentence.
        leans: it begins with a reference to the sentence before.
        task: it sets a task rather than explains.
        before: the sentence right before it in the same paragraph, when that is fit too.
    """

    passage: Passage
    start: int
    end: int
    text: str
    kind: ExcerptKind
    context: str = ""
    flaw: float = 0.0
    leans: bool = False
    task: bool = False
    before: Excerpt | None = field(default=None, repr=False, compare=False)


def cut(passage: Passage) -> list[Excerpt]:
    """Return the excerpts of `passage` in order; those of a list may overlap its items'."""
    found: list[Excerpt] = []
    locator = passage.chunk.locator
    context = locator.slide_title or (locator.section[-1] if locator.section else "")
    blocks = split_blocks(passage.text)
    i = 0
    while i < len(blocks):
        block = blocks[i]
        after = blocks[i + 1] if i + 1 < len(blocks) else None
        if _TASK_SECTION.match(block.text):
            break  # exercises and references run to the end of a section
        if block.kind == "code":
            found.extend(_code(passage, block, context))
            i += 1
        elif block.kind == "math":
            i += 1  # quoted with the sentence that introduces it
        elif _is_heading(block) and not (after and after.kind == "math"):
            items = _run_of_items(blocks, i + 1)
            if not items and passage.chunk.kind == "slides" and found:
                found.extend(_from_prose(passage, block, None, context))  # a remark beside a figure
            found.extend(_from_list(passage, block, items, block.text))
            context = squeeze(block.text)
            i += 1 + len(items)
        elif block.kind == "item":
            items = _run_of_items(blocks, i)
            found.extend(_from_list(passage, None, items, context))
            i += len(items)
        else:
            found.extend(_from_prose(passage, block, after, context))
            i += 1
    return found


def squeeze(text: str) -> str:
    """Put `text` on one line."""
    return " ".join(text.split())


def word_count(text: str) -> int:
    """Count the words of letters; symbols and numbers are no words."""
    return len(_WORD.findall(text))


def _run_of_items(blocks: Sequence[Block], start: int) -> list[Block]:
    end = start
    while end < len(blocks) and blocks[end].kind == "item":
        end += 1
    return list(blocks[start:end])


def _is_heading(block: Block) -> bool:
    if block.kind == "heading":
        return True
    text = block.text.rstrip()
    if block.kind != "prose" or word_count(text) > _LEAD_WORDS or text.endswith((".", "!")):
        return False
    return text.endswith((":", "?")) or not _VERB.search(text) or "\n" not in text


def _from_prose(
    passage: Passage, block: Block, after: Block | None, context: str
) -> Iterator[Excerpt]:
    spans = block_sentences(block)
    before: Excerpt | None = None
    for span in spans:
        if span is spans[0] and span.text[0].islower() and not _IDENTIFIER.match(span.text):
            continue  # the rest of a sentence whose beginning is on the page before
        end, text = span.end, squeeze(span.text)
        if span is spans[-1] and _is_cut_off(block, text):
            continue
        if span is spans[-1] and after is not None and after.kind == "math":
            end, text = after.end, f"{text} {squeeze(after.text)}"
        before = _sentence(passage, span.start, end, text, context, before)
        if before is not None:
            yield before


def _is_cut_off(block: Block, text: str) -> bool:
    """Whether body text ends without a stop: the rest is on the next page."""
    wrapped = "\n" in block.text.strip() or len(block.text) > _BODY_CHARS
    return wrapped and not text.endswith((".", "!", "?", ":", ")", "$", "`", "”", '"', "*", "]"))


def _from_list(
    passage: Passage, lead: Block | None, items: list[Block], context: str
) -> Iterator[Excerpt]:
    """Yield a list with its beginnings, and each item that can stand."""
    title = squeeze(lead.text).rstrip(":. ") if lead else ""
    # Of an agenda or a recap the whole says nothing, and an item seldom something.
    bare = bool(_NO_CONTENT.search(title or context))
    if items and not bare:
        yield from _wholes(passage, lead if _can_lead(title) else None, title, items, context)
    for item in items:
        for span in _thoughts(item):
            for made in _item(passage, span, context):
                yield replace(made, flaw=made.flaw + _NO_LEAD * bare)


def _wholes(
    passage: Passage, quotable: Block | None, title: str, items: list[Block], context: str
) -> Iterator[Excerpt]:
    """Yield "Lead: item; item" for a list and its beginnings. `quotable`: the lead, if it can."""
    is_table = all(_CELLS.search(item.text) for item in items)
    bodies = [_item_text(item) for item in items]
    for count in sorted({len(items), *range(1, min(len(items), _LIST_BEGINNINGS) + 1)}):
        plain = all(len(block_sentences(item)) == 1 for item in items[:count])
        asks = any(body.endswith(("?", ":")) for body in bodies[:count])
        # What can stand as sentences needs neither title nor semicolons.
        stand = not is_table and all(_HAS_SUBJECT.match(body) for body in bodies[:count])
        if not plain or asks or stand or (quotable is None and not 1 < count == len(items)):
            continue
        whole = _joined(bodies[:count])
        start = items[0].start if quotable is None else quotable.start
        text = whole if quotable is None else f"{title}: {whole}"
        made = _sentence(passage, start, items[count - 1].end, text, squeeze(context), None)
        if made is not None and word_count(text) <= _LIST_WORDS:
            flaw = made.flaw + (_NO_LEAD if quotable is None else 0.0)
            flaw = 0.0 if is_table and count == len(items) else flaw
            yield replace(made, kind="list", flaw=flaw)


def _thoughts(item: Block) -> Sequence[Span]:
    """Return the sentences of an item, as one where one of them is too short to stand alone."""
    spans = block_sentences(item)
    if len(spans) < 2 or all(word_count(span.text) >= _ALONE_WORDS for span in spans):
        return spans
    first, last = spans[0], spans[-1]
    text = item.text[first.start - item.start : last.end - item.start]
    return [replace(first, end=last.end, text=text)]


def _joined(bodies: list[str]) -> str:
    """Join items with semicolons; one that runs on into the next ("to avoid … in") with a space."""
    text = bodies[0]
    for before, after in pairwise(bodies):
        runs_on = after[:1].islower() and _RUNS_ON.search(before)
        text += f"{' ' if runs_on else '; '}{after}"
    return text


def _item_text(item: Block) -> str:
    """Return an item on one line; of a table's row the first cell as a label of the others."""
    text = _CELLS.sub(": ", squeeze(item.text), count=1)
    return _CELLS.sub(", ", text).rstrip(".;,| ")


def _can_lead(title: str) -> bool:
    return bool(title) and not (
        title.endswith("?")
        or "://" in title
        or title[0].isdigit()
        or _UNFINISHED.search(title)
        or garble(title) >= _MESSY_FROM
    )


def _item(passage: Passage, span: Span, context: str) -> Iterator[Excerpt]:
    """Yield an item that says something by itself."""
    text = squeeze(span.text).rstrip(".;, ")
    if passage.chunk.kind == "slides":
        text = text.rstrip(":")  # what the colon announced is a formula set as an image
    if not _VERB.search(text):
        return
    made = _sentence(passage, span.start, span.end, text, squeeze(context), None)
    if made is not None:
        stands = _HAS_SUBJECT.match(text) and not made.leans
        yield made if stands else replace(made, flaw=made.flaw + _NO_SUBJECT)


def _sentence(
    passage: Passage, start: int, end: int, text: str, context: str, before: Excerpt | None
) -> Excerpt | None:
    """Judge one sentence; None when nobody should have to read it."""
    words = word_count(text)
    torn = garble(text)
    bare = text.rstrip(".! ")
    ending = text if text.endswith(".") else bare
    if not MIN_WORDS <= words <= MAX_WORDS or torn >= _GARBLED_FROM or text.endswith("?"):
        return None
    if _UNFINISHED.search(ending) or _BIBLIOGRAPHY.search(text) or not _begins_well(text):
        return None
    unstopped = "; " not in text and not text.endswith((".", "!", "$", ":"))
    if unstopped and (words > _UNSTOPPED_WORDS or not _VERB.search(text)):
        return None  # the cells of a table, the labels of a figure, or a title
    flaw = 0.0
    if torn >= _MESSY_FROM:
        flaw += 0.3
    if "=" in text and _MATH_LETTER.search(FORMULA.sub(" ", text)):
        flaw += 0.5  # a formula set in two dimensions loses its fractions on one line
    if text.count(" - ") > 1 or "://" in text:
        flaw += 0.3
    if not text.endswith((".", "!", "$")) and not _VERB.search(text):
        flaw += 0.3
    if words < 7:
        flaw += 0.15
    elif words > _LONG_WORDS and "; " not in text:
        flaw += 0.2
    if _POINTER.search(text):
        flaw += 0.2
    if _META.search(text):
        flaw += 1.0
    if "errata" in passage.chunk.title.lower() or "errata" in passage.chunk.document.lower():
        flaw += 0.4  # says what to change in another text
    return Excerpt(
        passage=passage,
        start=start,
        end=end,
        text=_capitalised(bare),
        kind="sentence",
        context=context,
        flaw=min(flaw, 1.0),
        leans=leans(text),
        task=_is_task(passage, text),
        before=before,
    )


def _is_task(passage: Passage, text: str) -> bool:
    chunk = passage.chunk
    handout = chunk.graded or chunk.kind == "notebook"
    return bool(_TASK.match(text) or (handout and _TASK_TALK.search(text)))


def _begins_well(text: str) -> bool:
    """Whether `text` is not the rest of a sentence whose beginning was lost."""
    return not re.match(
        r"[.,;:)\]=+<>*/^|]|[-–] |\d+ and\b|\d+(?:\.\d+)+ |(?:and|or|of|which|than|that)\b", text
    )


def _capitalised(text: str) -> str:
    first = text.split(maxsplit=1)[0]
    return text[0].upper() + text[1:] if first.isalpha() and first.islower() else text


def _code(passage: Passage, block: Block, context: str) -> Iterator[Excerpt]:
    if block.text.count("\n") < _MAX_CODE_LINES and len(block.text.strip()) > 3:
        yield Excerpt(passage, block.start, block.end, block.text, "code", context)
