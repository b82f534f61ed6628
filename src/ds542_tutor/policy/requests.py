"""What a message asks for, read off its words.

Whether it names graded work, wants it done, wants an explanation, shows own work, reports an error
or pushes an earlier request. The phrases are in the notation of `phrases`; what follows from the
findings is decided in `classify`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ds542_tutor.policy.gaps import leaves_a_gap, without_stubs
from ds542_tutor.policy.phrases import compile_phrases

_NUMBERS = "one two three four five six seven eight nine ten eleven twelve thirteen".split()
_KINDS = {
    "homework": r"hw|home ?work|assignment|pset|problem set|tarea|devoir|hausaufgabe|compito"
    "|licao|作业",
    "project": r"proj(?:ect)?|proyecto|projet|projekt|projeto|progetto|项目",
    "discussion": r"disc(?:ussion)?",
}
_NAMED = {
    kind: re.compile(
        rf"(?<![a-z])(?:{words})s?[\s\-_]*(?:#|no\.?|number|nr\.?)?[\s\-_]*"
        rf"(\d{{1,2}}|{'|'.join(_NUMBERS)})(?![\da-z%])(?! (?:days?|hours?|weeks?|minutes?)\b)"
    )
    for kind, words in _KINDS.items()
}

_ORDINALS = {
    word: number
    for number, words in enumerate(
        ("first 1st", "second 2nd", "third 3rd", "fourth 4th", "fifth 5th", "sixth 6th"), start=1
    )
    for word in words.split()
}
_ORDERED = {
    kind: re.compile(rf"\b({'|'.join(_ORDINALS)}) (?:{words})\b") for kind, words in _KINDS.items()
}

_GROUPS = {
    "do": "write writing type typing code_up coding_up code_it code_this implement implementing "
    "complete completing finish "
    "finishing fill filling solve solving derive deriving compute computing calculate generate "
    "produce rewrite draft prove answer make create build",
    "give": "give gimme giving send show post paste provide hand dump print drop share tell need "
    "want get "
    "spell reveal output spit",
    "result": "code solution solutions answer answers function functions implementation answer_key "
    "script class body notebook proof derivation one-liner snippet cell cells version formula "
    "line lines loop method program model_code expression homework hw",
    "graded": "homework* hw* project* disc discussion* assignment assignments problem_set pset "
    "project projects exercise reflection reflections "
    "exercises notebook discussion_notebook todo todos autograder graded_question graded_part",
    "owner": "my the this our your a graded coding these all whole entire",
}

_VAGUE = compile_phrases(
    "{owner} ..2 {graded}",
    "todo|todos|autograder|your_code_here|your_changes_here",
    "for|of|from|in homework|hw|project|the_project|class_project|discussion",
    groups=_GROUPS,
)
_ASSIGNMENT_WORD = re.compile(
    r"\b(?:hw|home ?work|assignment|pset|problem set|proj|project|notebook)s?\b"
)
_QUESTION_NUMBER = re.compile(
    r"\b(?:question|problem|exercise|part|task|q|ex|prob)[ #]*\d+(?:[-.]\d+)?(?![\d.])"
    r"|\b\d-\d\b(?= (?:of|from|on|in)\b)"
)
_BOOK = re.compile(
    r"\b(?:udl|d2l|book|textbook|chapter|prince(?:'s)?)\b.{0,40}\b(?:problem|exercise|question)s?\b"
    r"|\b(?:problem|exercise)s? \d+\.\d+\b"
)

_SOLVE = compile_phrases(
    "{do} ..6 {result}|{graded}|it|this|that|number|part|question|everything|blanks|missing|rest",
    "{do} (out|up|in|me) number_*|q*|todo*",
    "{give} ..7 {result}",
    "you|to|just|please|pls|then|and do my|the|all|this|it|that|these|question|exercise|problem"
    "|part|hw*"
    "|homework*|project*|q*",
    "do my|hw*|homework*|question|exercise|part ..2 {graded}|for_me|1|2|3|4|5|6|7|8",
    "tell|show|give me what goes|to_put|to_write|to_type|to_fill|comes",
    "make (it|this|that|my_code|the_code) work|pass|run",
    "pass|passes the|all tests|autograder",
    "what|what's|whats (do|should|goes|is|are|would) ..6 answer|answers|solution|in_place_of"
    "|instead_of|__fill__|todo|blank|blanks|go_there|the_missing",
    "how do|would|can|should|to (i|you|we) do|solve|answer|implement|write|code|complete|fill",
    "translate|convert|turn|put|spell* ..6 into|to|in python|code|numpy|pytorch|a_function",
    "what|what's|whats (is|does|would) the ..2 body|first_line|next_line|last_line|return_statement"
    "|return_line|missing_line|code|implementation|answer|solution",
    "finish|continue|complete (the|this|my|with)",
    groups=_GROUPS,
)
_RESULT_OF = compile_phrases(
    "solution|solutions|answer|answers|answer_key|code|implementation|python to|for|of",
)
_VALUE_OF = compile_phrases(
    "what|whats|what's should|would|goes|to ..6 be|go|goes|in|into|put|write"
)
_IMPERSONAL = re.compile(r"\W*(?:how|what|why|when|which)\b(?!.*\b(?:my|me|i|im|you|u|we|our)\b)")
_FOREIGN = re.compile(
    r"\b(?:escrib\w+|dame|resuelv\w+|complet[ae]\w*|haz(?:me)?|hazlo|implementa\w*|ecri\w+|donne\w*"
    r"|resous|resoudre|fai(?:s|tes)|schreib\w*|gib|losung|losen|vervollstandig\w*|escrev\w+"
    r"|resolv\w+|faca|codigo|solucion|solucao|reponse|scrivi\w*|risolv\w+|soluzione|napishi)\b"
    r"|写|完成|给我|答案|代码|解答|コード|答え|코드|напи|реши|कोड|लिख"
)
_VERB = compile_phrases(
    "{do}|{give}|find|minimize|minimise|fit|define|modify|replace|finish|translate|convert|need",
    groups=_GROUPS,
)
_NOT_WANTED = re.compile(
    r"\b(?:i(?:'m| am|m) )?(?:not|don'?t|do not|without|no need|never|rather than|instead of)\b"
    r"(?: \S+){0,3}? (?:ask\w*|want\w*|need\w*|giv\w+|show\w*|writ\w+|tell\w*|cod\w+|solv\w+"
    r"|look\w+"
    r"|solutions?|answers?|spoil\w*)"
    r"(?: (?:me|for|to|you|the|a|an|any|full|whole|complete|actual|final|code|solutions?"
    r"|answers?|of"
    r"|or|it|implementation|write|give|solve|do|in|on|hw ?\d+|homework ?\d+|project ?\d+|question|q"
    r"|\d+(?:-\d+)?))*"
    r"|\bno (?:code|spoilers?|solutions?|answers?|full solutions?)\b"
    r"|\bi(?:'ll| will|'d| would)? ?(?:want to|wanna|like to|prefer to|rather|plan to|need to)?"
    r" (?:do|write|code|solve|implement|try|figure|work)\b[^.?!,;]{0,40}"
    r"\b(?:my ?self|on my own)\b"
)
# "How late can I hand in homework?" asks nobody to hand anything over.
_SUBJECT = re.compile(r"\b(?:tell|show|give) (?:me |us )?what [\w ]{1,40} (?:is|are) about\b")
_SUBMITTING = re.compile(r"\b(?:hand|handed|handing|turn|turned|turning) (?:\w+ ){0,3}?in\b")
_EXPLAIN = compile_phrases(
    "explain|understand|intuition|why|mean|means|difference|concept|conceptually|idea|behind"
    "|counting",
    "what do|does|is|are|was",
    "what's|whats|how_does|how_come|how_is|how_are|when_would|when_should|where_does",
    "where (do|should|to|can) (i|we) start|begin|read|look",
    "which concept|concepts|lecture|lectures|slides|chapter|chapters|topic|idea",
    "hint|hints|nudge|point_me|clarify|confused|help_me_understand|walk_me_through_the_idea",
)
_OWN_WORK = compile_phrases(
    "is|are|was|were|does|do|did my|this|that|these|it|what_i ..14 right|correct|ok|okay|fine"
    "|make_sense|makes_sense|valid|true|on_the_right_track|wrong|reasonable|normal",
    "am i right|correct|wrong|close",
    "here's|heres|here_is|here_are|this_is what_i|my|how_i",
    "i wrote|tried|got|get|did|have|think|thought|used|derived|computed|implemented|ended_up|keep",
    "i|i've (have) written|tried|derived|computed|implemented|done",
    "my code|attempt|answer|reasoning|derivation|solution|function|result|results|plot|loss|model"
    "|argument|proof|sigmoid|implementation|network|gradient|training|accuracy|notebook",
    "check|review|look_at|feedback_on|critique my",
    "grader|ta|feedback|comment|comments wrote|said|says|commented|on_my|left",
)
_SHOWN_WORK = re.compile(
    r"```|\bdef \w+\(|\breturn \S|[a-z_]\w*(?:\[[^\]]*\])?\s*[+*-]?=\s*[\w(\[\-.]|\bimport \w+"
    r"|[=≈<>≤≥]\s*-?\d|\b(?:is|gives?|yields?) [-(]?\d|\bbecause\b"
    r"|\bi (?:think|got|said|argued|wrote|derived|computed)\b.{15,}"
)
_ERROR = re.compile(
    r"\btraceback\b|\b\w*(?:error|exception)\b\s*[:(]|\b(?:runtime|value|type|index|key|name"
    r"|attribute"
    r"|import|cuda|assertion|shape|syntax)\s?error\b|\b(?:get|getting|got|throws?|raises?"
    r"|gives?) (?:\w+"
    r" ){0,4}(?:error|exception|warning)\b|\bcrash\w*|\bnans?\b|\bstack trace\b|\bshape mismatch\b"
    r"|\bout of memory\b|\bdoes(?:n'?t| not) (?:run|work|converge|train)\b|\bwhy is (?:my|it"
    r"|the) .{0,30}"
    r"(?:fail|break|nan|stuck|not (?:going|learning|working))"
)
_WORK_NAME = r"(?:hw|home ?work|project|proj|assignment|discussion|disc|pset|problem set)"
_DO = r"(?:do|write|solve|finish|complete|code(?: up)?|make|answer)"
_ORDER = re.compile(
    rf"(?:^|[.,!?;:] ?|\b(?:please|pls|plz|just|(?:can|could|would|will) (?:you|u)) ){_DO}"
    rf" (?:(?:my|the|our|this|that|whole|entire|all|of) )*{_WORK_NAME}"
    rf"|\b{_WORK_NAME}\b[^.?!]{{0,40}}[,;:.!] ?(?:(?:please|pls|just|so) )*{_DO}"
    r" (?:it|that|this|the whole thing)\b"
)
_HAND_BACK = compile_phrases(
    "{give}|write|return ..6 fixed|corrected|correct|right|full|complete|completed|working|whole"
    "|finished|final|proper (python) code|function|version|solution|cell|one|answer"
    "|implementation|notebook"
    "|thing|body|script",
    "put|turn|translate|convert|port ..3 into|to|in python|numpy|pytorch|code",
    "by writing|giving|posting|showing (me) (the|a) ..3 {result}",
    "fix|correct|rewrite|finish|complete|debug (it|this|that|my_code|the_code|everything) for_me"
    "|completely",
    "fix|correct|rewrite ..3 and|then {give}|return|paste",
    groups=_GROUPS,
)
_PRESS = compile_phrases(
    "just|please|pls|plz|come_on|cmon|c'mon|anyway|anyways|hypothetically|hypothetical|pretend"
    "|imagine"
    "|promise|deadline|urgent|seriously|really|need|allowed|permission|permitted|ungraded"
    "|extension",
    "professor|prof|gardos|instructor|ta|tas|staff|grader|admin|researcher|auditor|developer",
    "it's|its|it_is ok|okay|fine|due|not_graded|allowed|only|for",
    "i'm|im|i_am (actually) the|a|an|his|her|allowed|stuck|desperate|not|already",
    "for a|my friend|blog|book|class|sister|brother|test|unit_test|example",
    "already submitted|passed|done|finished|over",
    "the|a full|whole|complete|actual|rest|next|first|last|second|body|code|function|answer"
    "|solution"
    "|line|lines|version|formula|return|loop",
    "continue|go_on|go_ahead|do_it|keep_going|more|again|same_for|step_by_step|yes|yep|ok|okay"
    "|sure",
    "and|so|now|then|but (now|then|just) the|do|write|in|give|show|part|question|for|what_about"
    "|turn|put",
    "part|step|line|question a|b|c|d|one|two|three|1|2|3|4",
    "in|as|to python|code|numpy|pytorch|pseudocode|javascript|java|julia|r|c++|matlab",
    "what_about|how_about|you can|could",
    "{give}|write|type|fill|complete|finish|translate|convert|replace|show|start",
    groups=_GROUPS,
)
_MEANING_OF_TASK = re.compile(
    r"\b(?:todos?|tasks?|questions?|problems?|parts?|instructions?|comments?)\b.{0,40}"
    r"\b(?:asks?|asking|wants?|wanting|means?)\b"
)
_DOING = re.compile(
    r"\b(?:writ\w+|cod(?:e|ed|ing)|implement\w*|solv\w+|complet\w+|fill\w*|finish\w*|give|gimme|show"
    r"|paste|send|spell\w*|in python)\b"
)
_ELSEWHERE = compile_phrases(
    "toy|another|different|unrelated|other|general|generic|similar|simple|small example|problem"
    "|case"
    "|function|exercise|loop|dataset|network|one",
    "in general",
    "example of",
)
_ALLOWED = compile_phrases(
    "is|are|would it|that|this|there|we|i (be) ok|okay|allowed|fine|cheating|permitted"
    "|plagiarism|against",
    "am|are i|we allowed|permitted",
    "can|may|could|should|must i|we|one|students use|share|copy|reuse|work|submit|get|discuss"
    "|look|cite",
    "do i|we|students have_to|need_to",
)
_QUESTION = compile_phrases(
    "when|where|who|does|did|how_late|how_many|how_much|how_do_i_cite|what_time|is|are|can_i|do_i"
)
_BACKWARD = compile_phrases(
    "it|that|this|them|one",
    "the function|code|answer|solution|rest|body|implementation|derivation|loop",
)
MAX_BARE_WORDS = 4
"""A message as short as "and this?" says nothing new: it goes on with what was asked before."""

MAX_POINTING_WORDS = 12
"""A longer message usually says itself what it is about."""


@lru_cache(maxsize=64)  # several rules and signals ask, of long messages too
def assignment_of(text: str) -> str | None:
    """Return the key of the assignment that `text` names first ("hw #2", "project two"), or "
    "None."""
    found = [
        (match.start(), f"{kind}{_digits(match.group(1))}")
        for kind, pattern in _NAMED.items()
        for match in pattern.finditer(text)
    ]
    found += [
        (match.start(), f"{kind}{_ORDINALS[match.group(1)]}")
        for kind, pattern in _ORDERED.items()
        for match in pattern.finditer(text)
    ]
    return min(found)[1] if found else None


def speaks_of_an_assignment(text: str) -> bool:
    """Say whether `text` has a word for an assignment ("hw", "project", "notebook")."""
    return bool(_ASSIGNMENT_WORD.search(text))


def title_words(title: str) -> tuple[str, ...]:
    """Return the words of an assignment's own title: "Homework 2 -- Shallow Networks" has two."""
    own = re.split(r"\s*(?:--|–|:|\s-\s)\s*", title, maxsplit=1)[-1].casefold()
    return tuple(word for word in re.findall(r"[a-z]+", own) if len(word) > 3)


def names_graded_part(text: str) -> bool:
    """Say whether `text` names an assignment together with one of its questions or an answer."""
    part = _QUESTION_NUMBER.search(text) or re.search(
        r"\b(?:solutions?|answers?|code)\b|\b\d-\d\b", text
    )
    return assignment_of(text) is not None and part is not None


@lru_cache(maxsize=64)
def mentions_graded(text: str) -> bool:
    """Say whether `text` speaks of graded work at all: by name, or as "my homework", "q 3-1"."""
    if assignment_of(text):
        return True
    # "How would one write up a project?" is about projects, not about one's own.
    if _BOOK.search(text) or _IMPERSONAL.match(text):
        return False
    return bool(_VAGUE.search(text) or _QUESTION_NUMBER.search(text) or leaves_a_gap(text))


@lru_cache(maxsize=64)
def _asked(text: str) -> str:
    """Return `text` without what it does not want, and without words that only look like asking:
    "hand in", "tell me what it is about"."""
    return _SUBJECT.sub(" ", _SUBMITTING.sub(" ", _NOT_WANTED.sub(" ", text)))


@lru_cache(maxsize=64)
def wants_solution(text: str) -> bool:
    """Say whether `text` asks for work to be done, rather than explained or checked."""
    asked = _asked(text)
    if _RESULT_OF.search(asked) and not asks_to_explain(asked):
        return True
    return bool(_SOLVE.search(asked) or _FOREIGN.search(asked))


def wants_named(text: str, name: str) -> bool:
    """Say whether `text` asks for the function `name` to be written: a verb stands before it."""
    asked = _asked(text)
    before = asked[: asked.find(name)]
    return bool(_VERB.search(before) or _FOREIGN.search(asked) or _VALUE_OF.search(asked))


def asks_to_explain(text: str) -> bool:
    """Say whether `text` asks for an explanation."""
    return bool(_EXPLAIN.search(text))


def shows_own_work(text: str) -> bool:
    """Say whether `text` shows work of the student's own and asks about it; a stub is no work."""
    return bool(_OWN_WORK.search(text) and _SHOWN_WORK.search(without_stubs(text)))


def asks_about_own_work(text: str) -> bool:
    """Say whether `text` speaks of the student's own work or reasoning."""
    return bool(_OWN_WORK.search(text))


def reports_error(text: str) -> bool:
    """Say whether `text` reports an error message or a run that failed."""
    return bool(_ERROR.search(text))


def orders_work(text: str) -> bool:
    """Say whether `text` orders named work to be done: "do hw 2", "hw 2 is due, write it"."""
    return bool(_ORDER.search(text)) and not asks_to_explain(text)


def only_reports_error(text: str) -> bool:
    """Say whether `text` shows code of the student's own with the error it gives, and asks no more.

    A stub as it was given out is no code of theirs.
    """
    return bool(
        re.search(r"\b\w+(?:error|exception)\b\s*:", text)
        and not leaves_a_gap(text)
        and not wants_solution(text)
        and not wants_it_handed_back(text)
    )


def only_asks_where(text: str) -> bool:
    """Say whether `text` asks on which slide or page something stands, which solves nothing."""
    asks = re.match(r"\W*(?:on )?(?:which|what) (?:slide|page|lecture|deck|chapter)s?\b", text)
    return asks is not None and not wants_solution(text) and not wants_it_handed_back(text)


def only_asks_what_is_meant(text: str) -> bool:
    """Say whether `text` asks what a task or a TODO wants, which solves nothing."""
    return bool(_MEANING_OF_TASK.search(text)) and not _DOING.search(_asked(text))


def wants_it_handed_back(text: str) -> bool:
    """Say whether `text` wants its code handed back finished."""
    return bool(_HAND_BACK.search(_asked(text)))


def presses(text: str) -> bool:
    """Say whether `text` may push an earlier request rather than open a new one."""
    return bool(_PRESS.search(text)) or len(text.split()) <= MAX_BARE_WORDS


def asks_what_is_allowed(text: str) -> bool:
    """Say whether `text` asks what is allowed with graded work, and not for the tutor to do it."""
    return bool(_ALLOWED.search(text)) and not re.search(r"\b(?:you|for me|give|show me)\b", text)


def asks_a_fact(text: str) -> bool:
    """Say whether `text` is put as a question of fact (when, where, who, is, can I)."""
    return bool(_QUESTION.search(text))


def wants_another_example(text: str) -> bool:
    """Say whether `text` asks for something besides the graded work: a toy case, another one."""
    return bool(_ELSEWHERE.search(text))


def points_back(text: str) -> bool:
    """Say whether `text` is short and speaks of something said before ("write the function")."""
    return len(text.split()) <= MAX_POINTING_WORDS and bool(_BACKWARD.search(text))


def _digits(number: str) -> str:
    return str(_NUMBERS.index(number) + 1) if number in _NUMBERS else number.lstrip("0")
