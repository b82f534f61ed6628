"""What makes a hint teach: the idea behind a task, the next question, an example.

Worked out from the words of the task and of the teaching passages, for every model alike. Nothing
here solves a task; what a model writes is checked by `citations` and cleared by `policy.enforce`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence

from ds542_tutor.dialogue import Hit, Passage
from ds542_tutor.documents import Chunk
from ds542_tutor.index.lexical import tokenize
from ds542_tutor.models.excerpts import cut
from ds542_tutor.policy.code_forms import code_lines, parsed, uses_variables
from ds542_tutor.policy.graded import GradedItems
from ds542_tutor.policy.solutions import MAX_HINT_LINES, OpenWork, solves
from ds542_tutor.tasks import OPEN, Task
from ds542_tutor.words import content_words


def teaches(chunk: Chunk, graded: GradedItems) -> bool:
    """Whether a chunk explains something: it neither poses a problem nor is one in other words."""
    if chunk.graded or chunk.assignment or chunk.exercise or chunk.kind == "site":
        return False
    if chunk.kind == "notebook" and (OPEN.search(chunk.text) or _POSES.search(chunk.text)):
        return False
    like = graded.pasted(chunk.text)
    return like is None or like.score < _SAME_TASK


_SAME_TASK = 0.6  # of its word runs: a slide may well show the formula that a task quotes
_POSES = re.compile(r"write code|complete the (?:code|functions?)|your answer|replace this", re.I)


def worked_example(
    task: Task | None, passages: Sequence[Passage], work: OpenWork
) -> tuple[Passage, str] | None:
    """Return a piece of code of the teaching passages that shows the idea on something else.

    None where the task asks for no code, or where the passages have none that can be shown.
    """
    if task is None or not (task.function or _WANTS_CODE.search(task.statement)):
        return None
    for passage in passages[:_EXAMPLE_FROM]:
        if not teaches(passage.chunk, work.graded):
            continue
        for excerpt in cut(passage):
            lines = code_lines(excerpt.text) if excerpt.kind == "code" else []
            whole = 2 <= len(lines) <= MAX_HINT_LINES and not excerpt.text[:1].isspace()
            tree = parsed(excerpt.text) if whole else None
            if tree and _does_something(tree) and not solves(excerpt.text, work):
                return passage, excerpt.text.rstrip()
    return None


def _does_something(tree: ast.Module) -> bool:
    """More than giving names to numbers: it computes with what it has named."""
    return any(
        isinstance(node, ast.BinOp)
        or (isinstance(node, ast.Call) and any(uses_variables(a) for a in node.args))
        for node in ast.walk(tree)
    )


_EXAMPLE_FROM = 2  # passages: further ones are about something else
_WANTS_CODE = re.compile(r"\b(?:implement|code|function|training loop|write a \w+ class)\b", re.I)


def idea(chunk: Chunk) -> str:
    """Name the idea of a passage: its slide's title, or its section's without number."""
    title = chunk.locator.slide_title or (chunk.locator.section or ("",))[-1] or chunk.title
    plain = re.sub(r"^(?:\d+(?:\.\d+)*\.?|[A-Z]\.\d+(?:\.\d+)*)\s+", "", title).strip(" .:")
    return re.sub(r"[*_`#]+", "", plain)


def by_idea(
    hits: Sequence[Hit], task: Task | None, rarity: Callable[[str], float]
) -> tuple[Hit, ...]:
    """Order passages for a hint: near in meaning, and titled with what the task is about."""
    if task is None:
        return tuple(hits)
    name = task.function[0].replace("_", " ") if task.function else ""
    wanted = {token: rarity(token) / 2 for token in tokenize(" ".join(task.topics))}
    wanted |= {token: 2 * rarity(token) for token in tokenize(name)}
    total = sum(wanted.values()) or 1.0

    def score(hit: Hit) -> float:
        titled = set(tokenize(idea(hit.chunk))) & wanted.keys()
        slides = _SLIDES * (hit.chunk.kind == "slides")
        empty = _NAMELESS if _NO_IDEA.search(idea(hit.chunk)) else 0.0
        return hit.similarity + _TITLED * sum(wanted[w] for w in titled) / total + slides - empty

    return tuple(sorted(hits, key=score, reverse=True))


def next_question(task: Task | None, chunk: Chunk, rarity: Callable[[str], float]) -> str:
    """Ask back what leads on: about the task's own words, in the light of a teaching passage."""
    title = idea(chunk)
    if task is None:
        return f"Which part of the task does “{title}” speak about, and what do you have already?"
    terms = shared_terms(task.statement, chunk.text, rarity)
    if task.function and not _COUNTING.search(task.statement):
        return _about_code(task.function, terms[0] if terms else "", title)
    asked = [(found.start(), ask) for kind, ask in _KINDS if (found := kind.search(task.statement))]
    if asked:
        ask = min(asked, key=lambda pair: pair[0])[1]
        first, second, *_ = [*terms, "", ""]
        return ask(first, second, title)
    return f"What is given in the task, what is asked, and what does “{title}” say to link the two?"


def shared_terms(task: str, passage: str, rarity: Callable[[str], float]) -> list[str]:
    """Return the things that task and passage both name, the most telling first.

    A thing is a noun, or two words that stand together in both ("hidden units"): a word that is
    followed by the end of a phrase, and that does not look like an adjective or a verb.
    """
    text = " ".join(content_words(passage))
    plain = re.sub(r"\$[^$]*\$|`[^`]*`|https?://\S+|\\\w+|\([^()]*\)", " . ", task)
    found: dict[str, tuple[float, str]] = {}
    for match in _PHRASE.finditer(plain):
        before, word = match["before"] or "", match["noun"]
        if not _is_noun(word) or not content_words(word):
            continue
        head = content_words(word)[0]
        if head not in text.split():
            continue
        pair = " ".join(content_words(f"{before} {word}")) if before else ""
        together = " " in pair and f" {pair} " in f" {text} " and before.casefold() not in _EVERYDAY
        if not together and not re.search(rf"{_DETERMINER} {word}\b", f"{plain}\n{passage}", re.I):
            continue
        shown = f"{before} {word}" if together else word
        weight = max(map(rarity, tokenize(word)), default=0.0) + (_PAIR if together else 0.0)
        if re.search(r"(?:^|[.?!]\s+)$", plain[: match.start()]):
            shown = shown[:1].lower() + shown[1:]
        if head not in found or weight > found[head][0]:
            found[head] = (weight, shown)
    return [shown for _, shown in sorted(found.values(), key=lambda pair: -pair[0])]


_DETERMINER = r"\b(?:the|an?|each|every|its|their|this|these|those|of|per|no|all|any|same|one|two)"
_PAIR = 2.0  # of idf: two words that stand together say more than one
# In cosines: a title that names the task; the course's own slides; a title that names no idea.
_TITLED, _SLIDES, _NAMELESS = 0.2, 0.06, 0.15
_NO_IDEA = re.compile(
    r"^(?:recap|interactive|agenda|overview|outline|summary|introduction|example|exercise|references|further|"
    r"numerical issues|defining|implementation|training$|conclusion|discussion|questions?\b)",
    re.I,
)
_PHRASE = re.compile(
    r"(?:\b(?P<before>[A-Za-z]{3,}(?:-[a-z]+)*) )?\b(?P<noun>[A-Za-z][A-Za-z]{3,})\b"
    r"(?=\s*(?:[.,;:?!)\n]|$)|\s+(?:of|in|on|at|to|for|with|by|from|is|are|was|were|be|has|have|do"
    r"|does|that|which|where|when|and|or|as|than|the|an?|can|could|should|must|may|will|would|you|it"
    r"|between|into|over|under|if|so|first|switch\w*|change\w*)\b)"
)


def _is_noun(word: str) -> bool:
    low = word.casefold()
    return low not in _EVERYDAY and not re.search(
        r"(?:ed|ly|ble|ous|ive|ical|ular|ear|est|ful|ize|ise|ing|[^aeiou]al)s?$", low
    )


_EVERYDAY = frozenset(
    "write return function array shape code implement compute number given value values which "
    "what when where each every use using used same different below above take make define must "
    "should question problem answer work with from into this that their them then than also very "
    "more most less between within over under example case cases order first last whose data name "
    "following model course notes book chapter section lecture change changes complete need needs "
    "show shows train training test learn learning describe explain give reason reasons tells "
    "would could place result results exactly right large small long since runs line lines two "
    "three four five half only here start your notebook cell create finish implementation class "
    "object objects methods method instance default list lists pick illustrate numerical kind "
    "kinds".split()
)


def _counts(first: str, second: str, title: str) -> str:
    things = " and ".join(f"one {_one(term)}" for term in (first, second) if term)
    case = f"the smallest case that you can draw{f', with {things}' if things else ''}"
    return f"Take {case}: what is the count there, and what does one more add?"


def _explains(first: str, second: str, title: str) -> str:
    said = (
        f"say about the {first}, in one sentence of your own"
        if first
        else ("say, in one sentence of your own")
    )
    return f"What does “{title}” {said}, and what follows from it {_for(second)}?"


def _compares(first: str, second: str, title: str) -> str:
    role = f", and which part has the {first} in it" if first else ""
    return (
        f"Before you run or calculate anything: what does “{title}” lead you to expect on each "
        f"side of the comparison{role}?"
    )


def _observes(first: str, second: str, title: str) -> str:
    return (
        f"Before you run it: what do you expect to see, and what does “{title}” say"
        f"{f' about the {first}' if first else ''} that makes you expect it?"
    )


def _derives(first: str, second: str, title: str) -> str:
    return (
        "Write down in symbols what is given and what is asked. Which statement "
        f"{f'about the {first}' if first else f'of “{title}”'} links the two?"
    )


def _for(term: str) -> str:
    return f"for the {term}" if term else "here"


_COUNTING = re.compile(
    r"\bhow many\b|\bnumber of (?:\w+ )?(?:regions|parameters)\b|\bcounts?\b", re.I
)
_KINDS: tuple[tuple[re.Pattern[str], Callable[[str, str, str], str]], ...] = (
    (_COUNTING, _counts),
    (re.compile(r"\bcompare|\bwhich (?:\w+ ){0,3}(?:best|better|first)\b|\bdoes best\b", re.I),
     _compares),
    (re.compile(r"\b(?:explain|describe|discuss|why)\b|\bgive \w+ (?:\w+ )?reasons", re.I),
     _explains),
    (re.compile(r"\b(?:plot|chart|histogram|visuali[sz]e|observe|run plain|scatter)\b", re.I),
     _observes),
    (re.compile(r"\b(?:prove|show that|derive|derivative|solve for|by hand|gradient of)\b", re.I),
     _derives),
)  # fmt: skip


def _about_code(function: tuple[str, tuple[str, ...], str], term: str, title: str) -> str:
    name, given, purpose = function
    wanted = f" ({purpose[:1].lower()}{purpose[1:]})" if purpose else ""
    step = f"at which step do you need the {term}" if term else f"where does “{title}” come in"
    if not given:
        return f"Say in words what `{name}` has to know and what it has to do{wanted}: {step}?"
    names = [f"`{g}`" for g in given[:3]]
    names = [*names, "the others"] if len(given) > 3 else names
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    held = f"What do {listed} hold" if len(names) > 1 else f"What does {listed} hold"
    return (
        f"Take one small case with numbers of your own and work `{name}`{wanted} out on paper. "
        f"{held} there, and {step}?"
    )


def _one(word: str) -> str:
    """The singular of a plain plural: "regions" is "region", "classes" "class"."""
    if re.search(r"(?:ss|x|ch|sh)es$", word):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
