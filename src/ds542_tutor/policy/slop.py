"""Take slop out of prose: flattery, closers, emojis, headings for show, answers nobody asked for.

Works on prose only; formulas and inline code are set aside before and put back unchanged.
"""

from __future__ import annotations

import re

from ds542_tutor.sentences import split_sentences
from ds542_tutor.words import content_words

SHORT_ANSWER = 120
"""Words under which an answer needs no headings: it fits on half a screen."""

_PROTECTED = re.compile(
    r"(`+)(?!`).+?(?<!`)\1(?!`)|\$\$.+?\$\$|\\\[.+?\\\]|\\\(.+?\\\)|\$(?!\s)[^$\n]+?(?<!\s)\$", re.S
)
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u26ff\u2705\u270a-\u270d\u2728\u274c\u274e\u2753-\u2757"
    "\u2763-\u2764\u27a1\u2b50\u2b55\ufe0f\u200d]+[ \t]?"
)
_OPENER = re.compile(
    r"\A\s*(?:(?:wow|oh|ah|hi|hey|hello)(?: there)?[,!.]\s+)?(?:"
    r"(?:what an? |that(?:'s| is) (?:an? |such an? )?|this is an? )?(?:really |very |truly )?"
    r"(?:great|good|excellent|fantastic|wonderful|awesome|interesting|insightful|thoughtful|amazing"
    r"|fascinating|brilliant|important|nice) (?:and \w+ )?(?:question|point|observation|thinking"
    r"|topic|job|start)\b[^.!?\n]*[.!?]"
    r"|(?:certainly|absolutely|sure(?: thing)?|of course|definitely|gladly|no problem)\s*[!.]"
    r"|(?:certainly|absolutely|sure|of course|definitely),\s*(?=i\b|here\b|let)"
    r"|(?:i(?:'d| would) be (?:happy|glad|delighted)|i(?:'m| am) (?:happy|glad|here)|happy) to "
    r"(?:help|assist|explain)[^.!?\n]*[.!?]"
    r"|(?:thanks|thank you) for (?:asking|your question|the question|reaching out)[^.!?\n]*[.!?]"
    r"|as an ai(?: language)? (?:model|assistant)?[^.!?\n]*[.!?]"
    r"|let(?:'s| us) (?:dive in|delve|break (?:it|this) down|explore)[^.!?:\n]*[.!?:]"
    r")\s*",
    re.I,
)
_CLOSER = re.compile(
    r"(?:(?<=[.!?\])])|\A|(?<=\n))\s*(?:"
    r"(?:please )?(?:let me know|feel free to|don'?t hesitate to|do not hesitate to)[^.!?\n]*[.!?]?"
    r"|i hope (?:this|that|it)[^.!?\n]*(?:help|clarif|clear|useful)[^.!?\n]*[.!?]?"
    r"|(?:hope|hopefully) (?:this|that)[^.!?\n]*(?:help|clarif)[^.!?\n]*[.!?]?"
    r"|if you have (?:any )?(?:more|other|further|additional|any)? ?(?:questions"
    r"|doubts)[^.!?\n]*[.!?]?"
    r"|(?:happy|good luck|keep up|enjoy)\b[^.!?\n]{0,40}(?:learning|coding|luck|studying|work|with)"
    r"[^.!?\n]*!|good luck\b[^.!?\n]*[.!?]"
    r"|is there anything else[^.!?\n]*\?|would you like me to[^.!?\n]*\?"
    r")\s*\Z",
    re.I,
)
_HEADING = re.compile(r"^#{1,6}[ \t]+(?P<title>[^\n]*?)[ \t]*#*[ \t]*$\n?", re.M)
_SHOW_TITLES = frozenset(
    "overview introduction summary conclusion answer explanation response key takeaways takeaway "
    "final thoughts tl;dr background details the answer in short short answer key points".split()
)

_TURN = re.compile(
    r"^[ \t]*[*_#>]*[ \t]*"
    r"(?:(?:follow-?up |next |another )?question|q|student|user|human|assistant)"
    r"[ \t]*\d*[ \t]*(?:[*_]+)?:(?:[*_]+)?[ \t]",
    re.I | re.M,
)
"""A small model that has answered may go on to ask and answer questions of its own."""

_UNASKED_TITLE = re.compile(
    r"^(?:further|additional|related|bonus|fun facts?|next steps|practice (?:questions|problems)"
    r"|faqs?|see also|other (?:topics|questions)|resources)\b",
    re.I,
)
_ASIDE = re.compile(
    r"^(?:by the way|fun fact|as an? (?:side|bonus|aside)|on a side note|bonus|while we'?re at it"
    r"|you (?:might|may|could) also (?:wonder|be wondering|be interested|ask|like|want to know)"
    r"|(?:it'?s|it is) also (?:worth|interesting|important) (?:to )?(?:not|mention)\w*"
    r"|(?:if|in case) you(?:'re| are) (?:curious|interested)"
    r"|another question (?:you|that))\b",
    re.I,
)
_SUMMING_UP = re.compile(
    r"^(?:in (?:summary|conclusion|short|essence)|to (?:sum up|summari[sz]e|conclude)|overall"
    r"|in a nutshell|all in all)\b",
    re.I,
)
_REPEATS = 0.6  # share of a closing sentence's words from which it only says the rest again


def without_unasked(prose: str) -> tuple[str, bool]:
    """Return `prose` without what answers questions that nobody asked.

    Turns of a conversation that a model goes on with by itself end the answer: then the second
    value is True. Asides, sections of extras and a sentence that only sums up go by themselves.
    """
    turn = _TURN.search(prose)
    ended = bool(turn and prose[: turn.start()].strip())
    if turn and ended:
        prose = prose[: turn.start()].rstrip()
    lines, dropping = [], False
    for line in prose.split("\n"):
        heading = _HEADING.match(f"{line}\n")
        bold = re.fullmatch(r"\s*\*\*([^*]+?):?\*\*:?\s*", line)
        title = heading["title"] if heading else bold[1] if bold else ""
        if title:
            dropping = bool(_UNASKED_TITLE.match(title.strip("*_: ")))
        if not dropping:
            lines.append(line)
    text = "\n".join(lines)
    spans = split_sentences(text)
    gone = [span for span in spans[1:] if _ASIDE.match(span.text)]
    if len(spans) > 2 and _SUMMING_UP.match(spans[-1].text) and spans[-1] not in gone:
        before = set(content_words(text[: spans[-1].start]))
        own = content_words(spans[-1].text)
        if sum(word in before for word in own) >= _REPEATS * len(own):
            gone.append(spans[-1])
    for span in sorted(gone, key=lambda s: -s.start):
        text = f"{text[: span.start].rstrip(' ')}{text[span.end :]}"
    return text, ended


def strip_slop(prose: str) -> str:
    """Return `prose` without openers, closers, emojis and headings for show."""
    kept: list[str] = []

    def set_aside(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"\ue000{len(kept) - 1}\ue001"

    text = _PROTECTED.sub(set_aside, prose)
    text = _EMOJI.sub("", text)
    text = _without_headings(text)
    text = _repeat(_OPENER, text)
    text = _repeat(_CLOSER, text)
    return re.sub("\ue000(\\d+)\ue001", lambda m: kept[int(m.group(1))], text)


def _repeat(pattern: re.Pattern[str], text: str) -> str:
    """Remove `pattern` until nothing changes, capitalising what then begins the text."""
    while (shorter := pattern.sub("", text, count=1)) != text:
        text = shorter[:1].upper() + shorter[1:] if pattern is _OPENER else shorter
    return text


def _without_headings(text: str) -> str:
    """Drop all headings of a short answer, and generic ones of a long one; citations keep "
    "theirs."""
    short = len(text.split()) < SHORT_ANSWER

    def drop(match: re.Match[str]) -> str:
        title = match["title"].strip("*_: ").casefold()
        generic = set(title.split()) <= _SHOW_TITLES
        return "" if (short or generic) and not re.search(r"\[\d+\]", title) else match.group()

    return _HEADING.sub(drop, text)
