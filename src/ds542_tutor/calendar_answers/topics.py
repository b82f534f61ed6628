"""Which lecture is on a topic, and what to read for a lecture."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date

from ds542_tutor.calendar_answers.asking import Asking, work_name
from ds542_tutor.calendar_answers.lectures import (
    discussion_fact,
    lecture_fact,
    lecture_name,
    lectures_on,
    say_discussion,
    say_lecture,
)
from ds542_tutor.calendar_answers.sessions import TAUGHT_VOCABULARY
from ds542_tutor.calendar_answers.values import CourseAnswer, Draft, day_name
from ds542_tutor.calendar_answers.wording import STOP
from ds542_tutor.course import Course, Discussion, Lecture

_COVERS = (
    r"(?:which|what)(?: \S+)? (?:lectures?|class(?:es)?|day|week|date|discussions?|sections?"
    r"|session)(?: \S+){0,3}? (?:covers?"
    r"|covered"
    r"|covering|is on|is about"
    r"|was on|was about|are on|are about|on|about|talks? about|introduces?|deals? with|(?:do|did"
    r"|will|are) (?:we|you|he) "
    r"(?:cover|covering|learn|learning|do|doing|discuss|talk about|get to|start|see|have)|has|have"
    r"|is|was|explains?)"
    r"|when (?:do|does|did|will|are|is|was|were|have|can)(?: \S+){0,5}? (?:cover(?:ed|ing)?"
    r"|learn(?:ing)?|get to|getting to|start|do|doing"
    r"|reach|discuss(?:ed|ing)?|talk(?:ing)? about|go(?:ing)? over|taught|the lecture|lecture"
    r"|the class|introduced?|study)"
    r"|(?:will|are|do) (?:we|you) (?:going to |gonna |ever )?(?:cover\w*|learn|talk about|get to"
    r"|discuss|do|doing)"
    r"|(?:is|was|has|had|will) .{0,30}\bthe \S.{0,40}(?:lecture|class)"
    r"|(?:which|what) (?:lecture|session)s? (?:will|does|do|did|is|treats?|teaches|shows)"
    r"|how (?:far|soon|long)\b.*\b(?:lecture|class)|what (?:is|comes?) (?:right )?(?:after"
    r"|before)\b"
    r"|(?:which|what) (?:day|date|week) (?:would be|will be|do we|is|was)"
    r"|(?:have|did|has) (?:we|you|the class)? ?(?:already )?(?:have|had|cover(?:ed)?|learn(?:ed)?"
    r"|done|do"
    r"|get to|go(?:ne)? over|talk(?:ed)? about|treat(?:ed)?|discuss(?:ed)?|been)"
    r"|has \S.{0,40}been covered|(?:date|day|time|number) (?:of|for)(?: the)? \S.{0,40}(?:lecture"
    r"|tutorial|class)"
    r"|(?:when|(?:what|which) (?:day|date|week)) (?:is|was|are|were|do we have|do we|will|for) "
    r"\S.{0,60}\b(?:lectures?|class|tutorial|covered|taught|discussed)"
    r"|what lecture (?:number )?(?:is|was|talks?|covers?)"
    r"|(?:havent|hadnt|didnt|have not|did not) (?:\S+ )?(?:had|done|do|cover(?:ed)?|gotten|seen"
    r"|learn(?:ed)?)"
    r"|(?:class|lecture|session) (?:where|in which|when|that) (?:you|we|he|they)"
    r"|when (?:exactly )?(?:do|will|are|is) \S.{0,40}\b(?:coming|come up|start|begin|up)"
    r"|(?:after|before|following) the \S.{0,40}(?:one|lecture|class)"
)
_MINIMAL = frozenset(
    "when what which day date week is are do we the lecture lectures class on coming come comes up "
    "stuff thing part for of session discussion it they get start begin how soon will exactly "
    "section topic number".split()
)
"""Words of a question that is nothing but a topic and "when"."""
_CHAT = frozenset("hey hi hello so ok um uh pls please plz thx thanks just yo and".split())
COVERS_VOCABULARY = TAUGHT_VOCABULARY + (
    " introduce introduces introduced deals deal with reach get getting start starts does explain "
    "explains concept study studying one ones material done gone been part focuses specifically "
    "lecturing chapter book udl heard people staff coming come comes show shows showing us giving "
    "gives guest visit visiting hear introduced practice practicing happen happens"
)
_SURELY_WHEN = (
    r"(?:class|lecture|session) (?:where|in which) (?:you|we|he|they)|"
    r"(?:which|what) lectures?|(?:which|what) class (?:will|did|do|does|are) (?:\S+ )?(?:explain"
    r"|cover|teach|talk|discuss|introduce|treat|show)\w*"
    r"|when (?:do|did|will|are|have|can) (?:we|you|you guys|the class) (?:\S+ ){0,3}?"
    r"(?:cover\w*|learn\w*|get(?:ting)? to|go(?:ing)? over|discuss\w*|talk\w* about|have)"
    r"|when (?:is|was|will|are|were) (?:\S+ ){1,6}?(?:covered|taught|discussed|lecture)"
    r"|(?:have|did|will|are|do) (?:we|you) (?:\S+ ){0,3}?(?:cover\w*|learn(?:ed)?|get to|gone over)"
    r"|(?:which|what) (?:day|week|class|date) (?:\S+ ){0,3}?(?:cover\w*|learn|discuss\w*|talk\w*)"
)
_READ = (
    r"(?:sections?|parts?) (?:of|in|from) (?:the )?(?:\S+ )?(?:book|udl|textbook)|udl|pages|read"
    r"|reads|reading|readings|chapters?|pre-?read\w*|pre-?work|pre-?class|prep"
)
READ_VOCABULARY = TAUGHT_VOCABULARY + (
    " read reads reading readings chapter chapters book udl textbook pages page assigned "
    "assignment "
    "required preread prework suggested optional section sections prep preparing preclass "
    "list before pre pre-class pre-read pre-work recommended understanding deep papers paper links "
    "sections section reflection homework extra additional maths math notes apart beyond link look "
    "prince belong belongs due lookup study bring start exactly will way later curious know course"
)
_READS = (
    r"papers?|to read|"
    r"readings?|chapters?|pages|pre-?\w*|what|which|anything|should|supposed|(?:need|have|got|gotta"
    r"|do i) (?:\S+ ){0,2}read"
)
_SESSION = r"lecture|class|week|session|before|goes with|go with|for"
_FOR_NEXT = (
    r"next|upcoming|before (?:class|lecture)|for (?:class|lecture)|(?:what is|any|the) (?:\S+ "
    r")?reading"
    r"|pre-?work|(?:supposed|have|need|gotta|got|should)(?: i| we)? (?:to )?read"
)
_LECTURE_OF_A_CHAPTER = (
    r"(?:which|what) (?:lectures?|class(?:es)?|day|date|week|lecture dates?)"
    r"|when (?:do|did|will|is)"
)
_NOT_YET = r"(?:have|did|has) (?:we|you|the class)|already|yet|been covered"
_LISTED_LECTURES = 4  # more lectures on one topic than that, and the topic is too wide to answer
_MOST_TOPIC_WORDS = 5
_SHARE, _SHARE_OF_TWO = 2, 3  # one word of so many must point to a lecture; where two do
_RARE = 4  # lectures at most that a word of a topic may point to
_MOST_WORDS_OF_A_PLACE = 9  # where the slides are searched, a topic may be told at length
# Words that many titles share, so that a lecture may be meant without them.
COMMON_WORDS = frozenset(
    "network networks net nets model models learning deep method methods neural algorithm "
    "algorithms function functions technique techniques".split()
)


def asks_when(asking: Asking) -> bool:
    """Whether the question is surely when, or in which lecture, a topic is taught."""
    return asking.has(_SURELY_WHEN) and bool(_topic(asking, _MOST_WORDS_OF_A_PLACE))


def _topic(asking: Asking, most: int = _MOST_TOPIC_WORDS) -> list[str]:
    """Return the words of the topic whose lecture is asked for, or an empty list."""
    if not asking.has(_COVERS) or asking.works or asking.lectures or asking.has("slides?|due|page"):
        return []
    topic = asking.residue(COVERS_VOCABULARY)
    return topic if len(topic) <= most else []


def _bare_topic(asking: Asking) -> list[str]:
    """Return the topic of a question such as "backprop - what day" or "lstm lecture?"."""
    words = re.findall(r"[a-z][a-z'-]*[a-z]|[a-z]", asking.text)
    topic = [w for w in words if w not in _MINIMAL | _CHAT]
    if set(topic) & STOP:
        return []  # it says more than a topic
    asks = asking.has("when|what day|which day|date|what week|which week|lecture|class")
    if not asks or not 1 <= len(topic) <= 4 or asking.works or asking.lectures or asking.spans:
        return []
    return topic


def covering(asking: Asking) -> CourseAnswer | None:
    """Answer which lecture is on a topic, and when, where a title or summary says so."""
    topic = _topic(asking)
    bare = [] if topic else _bare_topic(asking)
    topic = topic or bare
    if not topic:
        return None
    draft = Draft("covers")
    # A topic that no word puts into a lecture must be one by its title.
    loose = bool(bare) or asking.has(r"what (?:is|comes?) (?:right )?(?:after|before)")
    loose = loose and not asking.has("lecture|class")
    discussion = asking.has("discussions?|sections?")
    only = discussion and not asking.has("lectures?")
    not_on = re.findall(r"\bnot (?:the |on |about )?([a-z]{3,})", asking.text)
    topic = [word for word in topic if word not in not_on] or topic
    found = [] if only else lectures_about(asking.course, topic, titles=loose)
    found = [lec for lec in found if not any(_says(lec.title, word) for word in not_on)]
    if len(found) > _LISTED_LECTURES:
        return None
    beside = re.search(r"\b(after|before|following)\b", asking.text)
    if beside and found and asking.has(r"comes?|next|one|left|what (?:lecture )?(?:is|do|was)"):
        found = _neighbours(asking.course, found, after=beside.group(1) != "before")
    for lecture in found:
        say_lecture(draft, lecture, asking.now)
    if found and asking.has(_NOT_YET) and not asking.has("which|what|when|where"):
        verdict = "Yes" if found[0].starts < asking.now else "Not yet"
        draft.lines[0] = f"{verdict}: {draft.lines[0]}"
    for meeting in discussions_about(asking.course, topic) if discussion else ():
        say_discussion(draft, meeting, asking.now)
    for lecture in found if asking.has(r"reads?|readings?|chapters?") else ():
        name = f"{lecture_name(lecture)}, on {day_name(lecture.starts)}"
        _say_readings(draft, name, lecture.readings, lecture)
    return draft.finish()


def of_chapter(asking: Asking) -> CourseAnswer | None:
    """Answer which lectures read the chapter of the course's book that the question names."""
    chapter = re.search(r"\bchapters? (\d{1,2})\b", asking.text)
    if not chapter or asking.works or asking.lectures or not asking.has(_LECTURE_OF_A_CHAPTER):
        return None
    if asking.strays(READ_VOCABULARY) > 1:
        return None
    draft = Draft("covers")
    for lecture in asking.course.lectures:
        if int(chapter.group(1)) in _chapters(lecture.readings):
            say_lecture(draft, lecture, asking.now)
    return draft.finish()


def _chapters(listed: Sequence[str]) -> set[int]:
    """Return the chapters of "Chapters 7.1 - 7.4", of the first book that a lecture lists."""
    for reading in listed:
        if found := re.search(r"\bchapters? ([\d.,\s&–-]*(?:and [\d.]+)?)", reading, re.I):
            numbers = [int(n) for n in re.findall(r"(?<![\d.])(\d{1,2})", found.group(1))]
            ranged = len(numbers) == 2 and re.search(r"[–-]", found.group(1))
            return set(range(numbers[0], numbers[1] + 1)) if ranged else set(numbers)
    return set()


def _neighbours(course: Course, found: list[Lecture], *, after: bool) -> list[Lecture]:
    """Return the lectures after (all of them, in order), or the one before, those found."""
    if after:
        last = max(lec.starts for lec in found)
        return [lec for lec in course.lectures if lec.starts > last][:_LISTED_LECTURES]
    first = min(lec.starts for lec in found)
    return [lec for lec in course.lectures if lec.starts < first][-1:]


def readings(asking: Asking) -> CourseAnswer | None:
    """Answer what to read for a lecture, a date, a discussion or a topic's lecture."""
    if not asking.has(_READ) or asking.has("graded|count|summar\\w*|when .{0,40}due"):
        return None
    if asking.has("read") and not asking.has(_READS):
        return None  # "i have time to read it tonight"
    course = asking.course
    rest = asking.residue(READ_VOCABULARY)
    lectures: Sequence[Lecture] = asking.lectures
    discussions = [w for w in asking.works if isinstance(w, Discussion)]
    window = asking.window
    dated = window and (not rest or _of_a_class(asking, rest))
    if not lectures and window and dated and not asking.works:
        span, rest = asking.span, []
        # "before thursday" means for Thursday's lecture.
        first = span.first if span and span.relation == "before" and span.single else window.first
        lectures = lectures_on(course, first, window.last)
        if span and span.relation == "after":  # until the end of the term, would be a list of all
            lectures = _first_after(course, span.last)
        if not lectures and window.last >= asking.now.date():
            lectures = _first_after(course, window.last)
    elif not lectures and rest and len(rest) <= 4 and asking.has(_SESSION):
        lectures = lectures_about(course, rest)[:2]
        rest = []
    elif not lectures and not discussions and not asking.works and asking.has(_FOR_NEXT):
        ahead = [lec for lec in course.lectures if lec.starts > asking.now]
        lectures = [lec for lec in ahead if lec.starts == ahead[0].starts]
    if asking.lectures and len(rest) <= 2:
        rest = []  # "which chapters belong to lecture 4"
    if rest or not (lectures or discussions) or (asking.works and not discussions):
        return None
    draft = Draft("readings")
    for lecture in lectures:
        name = f"{lecture_name(lecture)}, on {day_name(lecture.starts)}"
        _say_readings(draft, name, lecture.readings, lecture)
    for discussion in discussions:
        name = f"{work_name(discussion)}, on {day_name(discussion.day)}"
        _say_readings(draft, name, discussion.readings, discussion)
    return draft.finish()


def _of_a_class(asking: Asking, rest: Sequence[str]) -> bool:
    """Whether the one day that is named has a lecture, and what is left names no other."""
    span = asking.span
    if span is None or not span.single or len(rest) > 2:
        return False
    held = lectures_on(asking.course, span.first, span.last)
    about = lectures_about(asking.course, rest)
    return bool(held) and (not about or any(lecture in held for lecture in about))


def _first_after(course: Course, day: date) -> list[Lecture]:
    later = [lec for lec in course.lectures if lec.starts.date() > day]
    return [lec for lec in later if lec.starts == later[0].starts]


def _say_readings(
    draft: Draft, name: str, listed: Sequence[str], session: Lecture | Discussion
) -> None:
    fact = lecture_fact(session) if isinstance(session, Lecture) else discussion_fact(session)
    if listed:
        draft.say(f"For {name}: {'; '.join(listed)}", fact)
    else:
        draft.say(f"The course site lists no reading for {name}", fact)


def lectures_about(course: Course, topic: Sequence[str], *, titles: bool = False) -> list[Lecture]:
    """Return the lectures whose title has every word of `topic`, else whose summary has.

    `titles`: look at titles alone, which say what a lecture is about and nothing else.
    Words that many titles share may be missing: "gan models" finds "Generative Adversarial …".
    """
    rare = [word for word in topic if word not in COMMON_WORDS]
    for words in dict.fromkeys((tuple(topic), tuple(rare))):
        if not words:
            continue
        # The file's name often has the short form: "13_cnns.md".
        titled = [
            lec for lec in course.lectures
            if all(_says(f"{lec.title} {_file_words(lec)}", w, short=True) for w in words)
        ]  # fmt: skip
        told = [lec for lec in course.lectures
                if all(_says(f"{lec.title} {lec.tldr}", w) for w in words)]  # fmt: skip
        if titled or (told and not titles):
            return titled or told
    if len(rare) < 2 or titles:
        return []  # one word stands in the titles of many papers
    return [lec for lec in course.lectures
            if all(_says(" ".join(lec.readings), w) for w in rare)]  # fmt: skip


def lectures_of_words(course: Course, words: Sequence[str]) -> list[Lecture]:
    """Return the lectures, two at most, that most of `words` point to, one by one."""
    votes: Counter[str] = Counter()
    by_source = {lecture.source: lecture for lecture in course.lectures}
    for word in words:
        found = lectures_about(course, [word])
        if len(found) <= _RARE:
            votes.update(lecture.source for lecture in found)
    best = max(votes.values(), default=0)
    if best * (_SHARE if best == 1 else _SHARE_OF_TWO) < len(words):
        return []  # of its words too few point there: the slides may know
    chosen = [by_source[source] for source, count in votes.items() if count == best]
    return chosen if len(chosen) <= 2 and all(lec.number is not None for lec in chosen) else []


def discussions_about(course: Course, topic: Sequence[str]) -> list[Discussion]:
    titled = [d for d in course.discussions if all(_says(d.title, w, short=True) for w in topic)]
    told = [d for d in course.discussions if all(_says(f"{d.title} {d.tldr}", w) for w in topic)]
    return (titled or told)[:_LISTED_LECTURES]


def _file_words(lecture: Lecture) -> str:
    return lecture.source.rsplit("/", 1)[-1].replace("_", " ").removesuffix(".md")


_ACRONYMS = {
    "cnn": "convolutional", "convnet": "convolutional", "rnn": "recurrent", "gan": "adversarial",
    "vae": "variational", "gnn": "graph", "vit": "vision", "llm": "llm", "rl": "reinforcement",
    "sgd": "gradient", "mle": "likelihood", "scc": "compute", "ddpm": "diffusion", "lm": "language",
}  # fmt: skip
"""Acronyms of the field with the word of a title that tells their lecture from others."""


def _says(text: str, word: str, *, short: bool = False) -> bool:
    """Say whether `text` has `word`, a word that it begins, or (`short`) what it abbreviates."""
    words = re.findall(r"[a-z]+", text.casefold())
    stem = _stem(word)
    if any(_stem(w) == stem or (len(word) >= 4 and w.startswith(word)) for w in words):
        return True
    singular = word.removesuffix("s")
    if short and _stem(_ACRONYMS.get(singular, "-")) in {_stem(w) for w in words}:
        return True
    return (
        short
        and 3 <= len(singular) <= 8
        and any(
            _abbreviates(singular, words[i:]) for i in range(len(words)) if words[i][0] == word[0]
        )
    )


def _abbreviates(short: str, words: Sequence[str], parts: int = 0) -> bool:
    """Whether `short` is made of beginnings of successive words: "resnet", "cnn", "vit"."""
    if not short:
        return parts > 1
    if not words:
        return False
    return any(
        words[0].startswith(short[:n]) and _abbreviates(short[n:], words[1:], parts + 1)
        for n in range(1, len(short) + 1)
    )


def _stem(word: str) -> str:
    """Cut common endings, so that "transformer" finds "Transformers" and "cnn" finds "CNNs"."""
    return re.sub(r"(?:ations?|ational|ing|ors?|ers?|al|ed|es|s|ion|e)$", "", word) or word
