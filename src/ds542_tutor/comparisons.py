"""Reads off a question which things it compares, so that each is searched by itself.

"LSTM vs GRU, which trains faster?" compares two things that may be explained far apart: a search
for both at once finds what speaks of both, or of the one that the corpus says more about.
"""

from __future__ import annotations

import re

from ds542_tutor.words import content_words

_MOST = 4  # things in a list; more are an enumeration, not a comparison
_WORDS = 5  # of one thing; longer ones are clauses

_ITEM = r"[^\s,;:.?!()\"“”|][^,;:.?!()\"“”|]*?"
_END = r"(?=$|[,;:.?!()|\"“”]|\s+(?:-|–|—)\s)"
_LIST = rf"(?P<items>{_ITEM}(?:\s*,\s*{_ITEM})*,?\s+(?:and|or|&|n)\s+{_ITEM}){_END}"
_OUT_LOUD = (
    # difference between A and B
    re.compile(
        rf"\b(?:differences?|distinction|trade-?offs?|relation(?:ship)?|compar(?:e|ison|ing)"
        rf"|contrast)\s+(?:(?:of|between|in|among)\s+)?(?:the\s+)?{_LIST}",
        re.I,
    ),
    # A versus B, compared A to B
    re.compile(rf"(?P<items>{_ITEM}(?:\s+(?:vs\.?|versus)\s+{_ITEM})+){_END}", re.I),
    re.compile(
        rf"\bcompar(?:e|ing)\s+(?P<a>{_ITEM})\s+(?:with|to|against)\s+(?P<b>{_ITEM}){_END}", re.I
    ),
    # A differs from B, A is different from B
    re.compile(
        rf"\b(?:how|where|what|why|in what way)?\s*(?:is|are|do|does|did|'s)\s+(?P<a>{_ITEM})\s+"
        rf"(?:any\s+|really\s+|so\s+)?(?:differ(?:s|ent)?(?:\s+from|\s+than|\s+to)"
        rf"|compare(?:s|d)?\s+(?:to|with)|the\s+same(?:\s+thing)?\s+as|better\s+than|worse\s+than"
        rf"|related\s+to)\s+(?P<b>{_ITEM}){_END}",
        re.I,
    ),
    # A instead of B, A over B
    re.compile(
        rf"\b(?:use|using|pick|choose|prefer|want|need|take|why)\s+(?P<a>{_ITEM})\s+"
        rf"(?:instead\s+of|rather\s+than|over|in\s+place\s+of|and\s+not)\s+(?P<b>{_ITEM}){_END}",
        re.I,
    ),
)
# "A or B, which …?" and "A and B, what differs?": only where the question says that it compares.
_CHOOSES = re.compile(
    r"\bwhich (?:one|of|is|are|do|does|goes|should|would|\w+ (?:is|are|has|have|do|does|gives?))\b"
    r"|\bdiffer\w*|\bbetter\b|\bprefer\w*|\btrade-?offs?\b|\bpros\b|\beach\b|\bmatter\b|\bmatters\b"
    r"|\bchanges?\b|\bissue\b|\bwhen (?:do|would|should|to)\b",
    re.I,
)
_DIFFERS = re.compile(r"\bdiffer\w*|\bsame\b|\bcompar\w+|\bmix (?:\w+ )?up\b", re.I)
_OR = re.compile(rf"(?:^|[,;:.?!(]\s*|\s-\s)(?P<items>{_ITEM}\s+or\s+{_ITEM}){_END}", re.I)
_AND = re.compile(
    rf"(?:^|[,;:.?!(]\s*|\s-\s)(?P<items>{_ITEM}\s+(?:and|&|n)\s+{_ITEM}){_END}", re.I
)
# What a name of a thing does not hold: a clause is no thing that can be looked up.
_CLAUSE = re.compile(
    r"\b(?:i|we|you|they|he|she|it|there|who|what|which|why|how|where|that|this|these|those|is|are|was"
    r"|were|do|does|did|have|has|had|can|could|should|would|will|be|been|being|go|goes|going|get|gets"
    r"|got|make|makes|take|need|say|says|said|mean|if|same|both|each|one|ones|not|just|my|something"
    r"|people|everyone|slides?|lectures?|chapters?|decks?|pages?|day|when|until|deadlines?|everything"
    r"|thing|things|others?|what's|merge|many|much)\b",
    re.I,
)

_SPLIT = re.compile(r"\s+(?:vs\.?|versus|and|or|&|n)\s+|\s*,\s*(?:and\s+|or\s+)?", re.I)
# What stands around a thing and is no part of its name.
_BEFORE = re.compile(
    r"^(?:(?:so|ok|okay|hi|hey|and|but|also|um|like|again|pls|please|wait|whats?|what's|how|why|when"
    r"|which|is|are|was|were|do|does|did|should|would|could|can|will|i|we|you|u|it|to|use|using|pick"
    r"|choose|want|need|explain|know|tell|me|of|between|in|on|for|with|the|a|an|this|that|these"
    r"|those|my|your|our|their|just|really|plain|using|than|from|as|training with)\s+)+",
    re.I,
)
_AFTER = re.compile(
    r"\s+(?:(?:when|if|for|in|on|at|to|because|since|while|whats?|what's|which|how|why|where|is|are|do"
    r"|does|did|should|would|can|as|with|during|per|pls|please|again|though|anyway|here|actually"
    r"|first|then|instead|i|you|we|they|it|that|used|differ\w*|mean)\b.*)$",
    re.I,
)


def compared(question: str) -> tuple[str, ...]:
    """Return the two to four things that a question compares, in its words; () where it does not.

    A word that the first thing shares with the last is put back: "batch vs layer norm" compares
    "batch norm" and "layer norm".
    """
    text = " ".join(question.split())
    for pattern in _OUT_LOUD:
        if things := _things(pattern.search(text)):
            return things
    for pattern, sign in ((_OR, _CHOOSES), (_AND, _DIFFERS)):
        for match in pattern.finditer(text) if sign.search(text) else ():
            if things := _things(match):
                return things
    return ()


def _things(match: re.Match[str] | None) -> tuple[str, ...]:
    if match is None:
        return ()
    groups = match.groupdict()
    raw = _SPLIT.split(groups["items"]) if "items" in groups else [groups["a"], groups["b"]]
    bare = [_bare(text) for text in raw]
    things = tuple(dict.fromkeys(thing for thing in bare if content_words(thing)))
    if not 1 < len(things) <= _MOST or len(things) < len(raw):
        return ()
    named = all(len(t.split()) <= _WORDS and not _CLAUSE.search(t) for t in things)
    return _with_head(things) if named else ()


def _with_head(things: tuple[str, ...]) -> tuple[str, ...]:
    """Give the first things the last word that only the last one has: "batch vs layer norm"."""
    first, last = things[0], things[-1].split()
    if len(things) > 2 or len(last) < 2 or not first.isalpha() or first.lower() == last[-1].lower():
        return things
    return f"{first} {last[-1]}", things[-1]


def _bare(text: str) -> str:
    return _AFTER.sub("", _BEFORE.sub("", text.strip())).strip(" '-–—/")
