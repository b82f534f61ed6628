"""What a message asks for, read off its words: patterns and the questions put to them.

Every pattern reads text as `disguise.plain` gives it: lower case, look-alikes mapped. What follows
from the answers is decided in `classify`.
"""

from __future__ import annotations

import re

_NUMBER_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13",
}  # fmt: skip
_NUMBER = r"(\d{1,2}|" + "|".join(_NUMBER_WORDS) + r")\b"
_KINDS = {
    "homework": r"(?:hw|home ?work|tarea|devoir|hausaufgabe|licao|作业)",
    "project": r"(?:proj(?:ect)?|proyecto|projet|projekt|projeto|项目)",
    "discussion": r"(?:disc(?:ussion)?)",
}
_NAMED = {
    kind: re.compile(rf"(?<![a-z]){word}s?[\s\-_]*(?:#|no\.?|number|nr\.?)?[\s\-_]*{_NUMBER}")
    for kind, word in _KINDS.items()
}
_VAGUE = re.compile(
    r"\b(?:my|the|this|our|your|a|next|graded|coding|of|for) (?:\w+ )?"
    r"(?:homework|hw|assignment|problem set|pset|project|lab|notebook|exercise)\b"
    r"|\b(?:question|problem|exercise|part|task|q) ?\d+[-.]\d+\b"
    r"|\b(?:exercise|question|task|q|todo|cell) ?#?\d+\b|\btodos?\b|__fill__|\bautograder\b"
)
_BOOK = re.compile(r"\b(?:udl|book|textbook|chapter|prince|d2l) (?:\w+ )?(?:problem|exercise)\b")

_SOLVE = re.compile(
    r"\b(?:write|writing|type|typing|code|coding|implement|implementing|complet(?:e|ing)|finish"
    r"|fill|filling|solv(?:e|ing)|derive|prove|compute|calculate|generate|produce|rewrite|draft"
    r"|answer)\b(?! (?:is|was|to be|right|correct)\b)"
    r"|\b(?:give|giving|send|show|post|paste|provide|hand|dump|print|drop|share|tell|need|want|get)\b"
    r"(?: \S+){0,6} (?:code|solutions?|answers?|function|implementation|answer key|script|class|body"
    r"|notebook|proof|derivation|one-?liner|snippet|cell|version|formula|line)s?\b"
    r"|\b(?:solutions?|answers?|answer key|code|implementation) (?:to|for|of)\b"
    r"|\bdo (?:it|this|that|my|the|question|exercise|problem|part|hw|homework|project|all)\b"
    r"|\bmake (?:it|this|that|my code) (?:work|pass|run)\b|\bpass(?:es)? the (?:tests|autograder)\b"
    r"|\bwhat(?:'s| is| are| should be| goes| do i (?:put|write|fill))\b(?: \S+){0,6} "
    r"(?:answers?|solutions?|code|in place of|instead of the (?:\.\.\.|dots|todo)|__fill__|todo)"
    r"|\bhow (?:do|would|can|should) (?:i|you|we) (?:do|solve|answer|implement|write|code|complete)\b"
    r"|\b(?:translate|convert|turn|put) (?:\S+ ){1,6}(?:into|to|in) (?:python|code|numpy|pytorch)\b"
    r"|\b(?:find|minimi[sz]e|fit|train|build|define|create|modify|print out|plot)\b"
    r"|\b(?:escribe|escribeme|dame|resuelve|completa|haz|ecris|ecrire|donne|resous|faites|fais"
    r"|schreib|schreibe|gib|lose|vervollstandige|escreva|resolva|faca|scrivi|risolvi)\b"
    r"|写|完成|给我|答案|代码|解答|コード|コ-ト|答え|코드|напиши|реши"
)
_COMMAND = re.compile(  # the imperatives of a posed task: enough only beside a paste
    r"\b(?:find|minimi[sz]e|fit|train|build|define|create|modify|plot|print out)\b"
)
_NOT_WANTED = re.compile(
    r"\b(?:i(?:'m| am) )?(?:not|don'?t|do not|without|no need|never|instead of|rather than)\b"
    r"(?: \S+){0,4}? (?:asking|ask|want|need|give|giving|show|showing|write|writing|tell|telling"
    r"|code|solve|solving|looking|solution|answer|spoil)\w*"
    r"(?: (?:me|for|to|you|the|a|any|full|whole|complete|actual|final|code|solutions?|answers?|of|or"
    r"|it|implementation|write|give|hw ?\d+|homework ?\d+|question|q|\d+(?:-\d+)?))*[!.,;:]?"
    r"|\bno (?:code|spoilers?|solutions?|answers?)(?: please)?\b"
)
_EXPLAIN = re.compile(
    r"\b(?:explain|understand|intuition|why|what does|what do|what is|what's|whats|mean|means"
    r"|difference|concept|idea|how does|how come|counting|when would|conceptually|hint|hints|where"
    r" (?:do i|to|should i) start|point me)\b"
)
_OWN_WORK = re.compile(
    r"\b(?:is|are|was|does|do|did) (?:my|this|that|these|it|i|what i)\b(?: \S+){0,12} "
    r"(?:right|correct|ok|okay|fine|make sense|makes sense|valid|true|on the right track|wrong)\b"
    r"|\b(?:here(?:'s| is| are)|this is) (?:what i|my|how i)\b|\bi (?:wrote|tried|got|get|did|have"
    r"|think|thought|used|derived|computed|implemented)\b|\bmy (?:code|attempt|answer|reasoning"
    r"|derivation|solution|function|result|plot|loss|model|argument|proof)\b"
    r"|\b(?:check|review|look at|feedback on|critique) my\b"
)
_SHOWN_WORK = re.compile(
    r"```|\bdef \w+\(|\breturn \S|[a-z_]\w*\s*=\s*[\w(\[-]+\S*|\bimport \w+|[=≈<>≤≥]\s*-?\d"
)
_ERROR = re.compile(
    r"\btraceback\b|\w*(?:error|exception|warning)\b|\bcrash\w*|\bnan\b|\bstack trace\b|\bbug\b"
    r"|\bshape mismatch\b|\bout of memory\b|\bdoes(?:n'?t| not) (?:run|work|converge|train)\b"
)
_FULL_FIX = re.compile(
    r"\b(?:give|write|send|post|show|paste|return)\b(?: \S+){0,5} (?:fixed|corrected|correct|right"
    r"|full|complete|working|whole|finished|final) (?:\S+ )?(?:code|function|version|solution|cell"
    r"|one|answer|implementation|notebook|thing)|\bby writing\b"
    r"|\b(?:fix|correct|rewrite|finish|complete) (?:it|this|that|my code|the code) (?:for me|and)\b"
)
_PRESS = re.compile(
    r"\b(?:just|please|pls|plz|come on|c'?mon|anyway|anyways|hypothetical\w*|pretend|imagine|promise"
    r"|deadline|urgent|i really|i need|the ta|professor|prof|gardos|instructor|allowed|permission"
    r"|it'?s (?:ok|okay|fine|due)|i(?:'m| am) (?:the|a|an)|for a friend|not graded|ungraded|already"
    r" (?:submitted|passed)|the (?:full|whole|complete|actual|rest)|continue|go on|go ahead|next"
    r" (?:one|part|line|step)|part [a-e]\b|same for|and (?:now|then|the)|now (?:the|do|write|in)|"
    r"so (?:write|give|show)|do it|full (?:code|solution)|step by step|in (?:python|code|numpy)"
    r"|yes|ok(?:ay)?|sure|thanks,? (?:now|but)|no,|but i|you can|start with|first line|one line)\b"
)


def assignment_of(text: str) -> str | None:
    """Return the key of the assignment that `text` names ("hw #2", "project two"), else None."""
    found = [
        (match.start(), f"{kind}{_NUMBER_WORDS.get(match.group(1), match.group(1)).lstrip('0')}")
        for kind, pattern in _NAMED.items()
        for match in pattern.finditer(text)
    ]
    return min(found)[1] if found else None


def mentions_graded(text: str) -> bool:
    """Say whether `text` speaks of graded work at all: by name, or as "my homework", "q 3-1"."""
    return assignment_of(text) is not None or bool(_VAGUE.search(text) and not _BOOK.search(text))


def wants_solution(text: str) -> bool:
    """Say whether `text` asks for work to be done, rather than explained or checked."""
    asked = _NOT_WANTED.sub(" ", text)
    return bool(_SOLVE.search(_COMMAND.sub(" ", asked)))


def poses_task(text: str) -> bool:
    """Say whether `text` asks for work in any way, the imperatives of a pasted task included."""
    return bool(_SOLVE.search(_NOT_WANTED.sub(" ", text)))


def asks_to_explain(text: str) -> bool:
    """Say whether `text` asks for an explanation."""
    return bool(_EXPLAIN.search(text))


def shows_own_work(text: str) -> bool:
    """Say whether `text` shows work of the student's own and asks about it."""
    return bool(_OWN_WORK.search(text) and _SHOWN_WORK.search(text))


def asks_about_own_work(text: str) -> bool:
    """Say whether `text` speaks of the student's own work or reasoning."""
    return bool(_OWN_WORK.search(text))


def reports_error(text: str) -> bool:
    """Say whether `text` reports an error message or a run that failed."""
    return bool(_ERROR.search(text))


def wants_full_fix(text: str) -> bool:
    """Say whether `text` wants its code handed back finished."""
    return bool(_FULL_FIX.search(_NOT_WANTED.sub(" ", text)))


def presses(text: str) -> bool:
    """Say whether `text` may push an earlier request rather than open a new one."""
    return bool(_PRESS.search(text)) or len(text.split()) <= 4
