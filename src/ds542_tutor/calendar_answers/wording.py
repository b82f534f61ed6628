"""Plain words for the calendar: sentences, nicknames, habits of typing, and words without a topic.

No knowledge of the course is used here; `asking` adds it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve thirteen".split()
_ROMAN = {"ii": 2, "iii": 3, "iv": 4}
_KINDS = r"(?:hw|home ?works?|proj(?:ect)?s?|disc(?:ussion)?s?|lec(?:ture)?s?|assignments?|psets?)"
_REWRITES = (
    (r"\b(?:tmrw|tmr|tmw|tmrrw|tmrow|2moro|2morrow|tomm?orr?ow|tomoz)\b", "tomorrow"),
    (r"\b(?:tonite|2nite|2night)\b", "tonight"),
    (r"\b(?:lec|lect)\b\.?(?=\s*#?\d|\s|$|[,?!])", "lecture"),
    (r"\b(?:home ?work|hw|coding|written|programming) assignments?\b", "hw"),
    (r"\b(?:home ?works?|hmwk|hmwrk|hwk|h\.w\.|hws)\b(?=[\s#]|\d|$|[?,.!/])", "hw"),
    (r"\bh(?:ome ?)?w(?:ork)?[-_]?0?(?=\d)", "hw"),
    (r"\bhwk?s?[-_](?=\d)", "hw"),
    (r"\b(?:psets?|problem sets?)\b", "hw"),
    (r"\bassignments?(?=\s*(?:#|no\.?|number)?\s*\d)", "hw"),
    (r"\b(?:projs?|prj|projects)\b\.?", "project"),
    (r"\b(?:proj|prj|project)\.?[-_]?(?=\d)", "project "),
    (r"\bp(?=[1-9]\b)", "project "),
    (r"\b(?:disc|discs|discussions|dis|disco)\b\.?", "discussion"),
    (r"\b(?:disc|discussion)[-_]?(?=\d)", "discussion "),
    (r"\bdiscussion (?:section|notebook|nb|hw|work|number) (?=#?\d)", "discussion "),
    (r"\bdead ?lines?\b", "deadline"),
    (r"\bdue ?dates?\b|\bduedates?\b", "due date"),
    (r"\b(?:deu|du|duee)\b", "due"),
    (r"\b((?:mon|tues|wednes|thurs|fri)day)s (?=lecture|class|discussion|reading|topic)", r"\1 "),
    (r"\b(?:profs?|professors|proffesor|proffessor|profesor)\b\.?", "professor"),
    (r"\b(?:wut|wat|wht|waht|whta)\b", "what"),
    (r"\b(?:wen|whn|wehn|whne)\b", "when"),
    (r"\bwhens\b", "when is"),
    (r"\bwheres\b", "where is"),
    (r"\bwhos\b", "who is"),
    (r"\bwhats\b", "what is"),
    (r"\bhows\b", "how is"),
    (r"\b(?:u)\b", "you"),
    (r"\b(?:r)\b", "are"),
    (r"\bhrs?\b", "hours"),
    (r"\bmins?\b", "minutes"),
    (r"\bhalf (?:an )?hour\b", "30 minutes"),
    (r"(?<!\bin )(?<!\bat )\bsth\b|\b(?:smth|smthg|somethin)\b", "something"),
    (r"\bch\.?(?= ?\d)", "chapter"),
    (r"\bn(?= (?:is|when|what|where|how|do|are)\b)", "and"),
    (r"isation(?=s?\b)", "ization"),
    (r"\b(?:tmrws|tmrs|tmws)\b", "tomorrow"),
    (r"\b(today|tomorrow|yesterday|tonight)s\b", r"\1"),
    (r"\bhafta\b", "have to"),
    (r"\bh/w\b", "hw"),
    (r"\bdoin\b", "doing"),
    (r"\bsched\b", "schedule"),
    (r"\bpts?\b", "points"),
    (r"\b(\d{2,3}) ?(?:/|out of) ?100\b(?: points)?", r"\1"),
    (r"\bw/o\b", "without"),
    (r"\bb4\b", "before"),
)
_TYPED_WRONG = tuple(
    """
    homework assignment assignments project projects discussion discussions deadline deadlines
    lecture lectures tomorrow tonight monday tuesday wednesday thursday friday saturday sunday
    january february penalty regrade regrades instructor professor syllabus submit submitted
    submission grading weekend semester reading readings chapter assistant assistants midnight
    release released covered address percent percentage yesterday schedule calendar
    """.split()
)
"""Long words of the calendar that are recognised with one slip of the fingers in them."""
_REAL_WORDS = frozenset(
    """
    protect protects lecturer lecturers leading heading treading project subject object mixture
    summits submits released releases cover covers recovered uncovered percents schedules trading
    shading loading reads gratin fading grazing breading spreading chapters readings regarded
    regrades retrade semesters weekends calendars projector covering releasing assistant
    """.split()
)

STOP = frozenset(
    """
    a an the is are was were be been being am i im ive id ill you youre your we our ours us my
    mine me it its this that thats there theres these those of on in at to for from by with w
    and or if so do does did doing done have has had having can could will would should shall
    may might must not no nope yes yeah yep what when where who which how why any anything some
    something all just also again please pls plz thanks thank thx ty hi hey hello ok okay k um
    uh like as but than then about up out into off get gets getting got go goes going gonna know
    knows tell need needs want wants wanna gotta lets let still yet already now right really
    actually exactly even ever quick question questions q quickly sorry one ones day days date
    dates time times hour hours minute minutes week weeks weekend weekends today todays tonight
    tomorrow tomorrows yesterday month months next last coming upcoming past current currently
    first second third fourth fifth final finally previous before after until till til since
    during between soon later early earlier end start left much many more most long longer far
    class classes course ds542 ds 542 bu semester term spring 2026 remind reminder dumb forgot
    forget idk lol lmao haha btw fyi guys folks someone somebody anyone anybody everyone
    everybody nobody them they their theyre he hes shes she his her hers him mean means wait
    cant dont doesnt didnt isnt wasnt arent wont couldnt shouldnt havent hasnt per each every
    exact pm midnight noon itll make makes made making sure thing things stuff bro bruh dude
    dudes man kinda only over yo sup hmm umm ugh omg god dear tutor bot morning afternoon
    evening night nights around along almost nearly confused confusing unsure certain wondering
    wonder curious asking asked ask asks check checking doublecheck double confirm confirmed
    correct wrong true false think thinking thought thinks believe remember recall guess suppose
    supposed say says said saying told tells heard hear read saw see seen look looks looking
    looked find found seem seems somewhere lost track totally completely literally honestly
    basically pretty maybe probably perhaps possibly tbh ngl fr rn asap help urgent freaking
    freak stressed stress panicking panic worried worry screwed cooked dead doomed toast friend
    friends roommate roommates roomie classmate classmates buddy group partner partners person
    people site website page piazza gradescope calendar syllabus email emails announcement
    announced able try trying tried plan planning plans trip travel traveling flight fly flying
    leave leaving town away home job interview shift busy free hope hoping instead else other
    another same both either neither too very super rather quite here came come comes put puts
    keep kept give gives given take takes taking took use used using bit little lot lots few
    couple two three four five six seven eight nine ten half whole full entire entirely rest max
    actual official officially fast ahead behind point whatever whenever anyway anyways though
    because cause cuz bc while once twice without within new old own good bad great fine cool
    awesome nice happy glad love team ppl student students kid kids well oh ah aw hm er erm xd
    ya yall aint never always interested way note heads sometime anytime alright bout cus coz
    tho thru nah sth smth gimme lemme sincerely regards respectfully yours faithfully kindly
    grateful appreciate appreciated hopefully message sir madam mr mrs ms excuse pardon possible
    wouldve couldve shouldve daughter son child mother father mom dad parent parents sister
    brother colleague teammate mate girl guy swear swears claim claims insists seriously
    apparently supposedly understand understood understanding clear sick fever flu covid
    hospital wedding funeral vacation holiday conference internet wifi outage laptop crashed
    died broke deleted forgotten overslept prepare preparing organize organizing working number
    list included including incl etc eg ie via plus minus such whether somehow certainly simple
    inform kindly simply straight precise precisely roughly approximately
    """.split()
)
"""Words that carry no topic of their own: small words, times, and how students chat."""

CONTENT = frozenset(
    """
    explain derive derivation prove proof implement implementation code coding program script
    error bug traceback exception fix debug solve solution solutions answer answers hint hints
    compute formula equation function functions intuition example examples difference compare
    meaning concept summarize summary quiz exam exams midterm practice problem problems exercise
    exercises part python pytorch numpy tensor training model models network networks link url
    zoom recording recorded video attendance absence absences extension waitlist credits curve
    enroll enrolled phone
    """.split()
)
"""Words of other questions: one of them is as good as three that are merely unknown."""


_SIGNED = re.compile(
    r"\bthank(?:s|ing| you)?(?: \w+){0,3} in advance\b|"
    r"\b(?:yours (?:sincerely|faithfully|truly)|(?:kind|best|warm) regards|sincerely|cheers)\b,?\s*"
    r"(?:\S+\s*){0,4}$"
)


def clauses(question: str) -> list[str]:
    """Return the whole question in plain words, then its sentences, last first.

    Markup, template and path-like tokens are dropped: no calendar question has them.
    """
    return list(_clauses(question))


@lru_cache(maxsize=64)  # each topic, and whoever reads the days of a question, asks anew
def _clauses(question: str) -> tuple[str, ...]:
    text = unicodedata.normalize("NFKC", question).casefold().replace("’", "'").replace("‘", "'")
    text = re.sub(r"<[^>]{0,200}>", " ", text)
    text = _SIGNED.sub(" ", text)
    text = " ".join(t for t in text.split() if not re.search(r"[{}<>$\\=]|://|\*\w|\w\*|'\;", t))
    parts = [
        p for p in re.split(r"[;!?\n]+|(?<!\bno)\.(?=\s|$)|:\s|\s--+\s|\s—\s", text) if p.strip()
    ]
    whole = _rewrite(" ".join(text.split()))
    return (whole, *(_rewrite(p) for p in reversed(parts) if len(parts) > 1))


def _rewrite(text: str) -> str:
    text = re.sub(r"\b(what|when|where|who|how|it|that|there|let)'s\b", r"\1s", text.strip())
    text = re.sub(r"(\w)'s?(?!\w)", r"\1", text)  # possessives
    text = re.sub(r"(\w)'(re|m|ll|d|ve|t)\b", r"\1\2", text)
    text = re.sub(r"\b[a-z]{5,}(?![a-z])", lambda match: _typed(match.group()), text)
    for index, word in enumerate(_NUMBERS):
        text = re.sub(rf"\b({_KINDS}) {word}\b", rf"\1 {index}", text)
        text = re.sub(rf"\b({_KINDS} \d{{1,2}} (?:and|or|&)) {word}\b", rf"\1 {index}", text)
    text = re.sub(
        rf"\b({_KINDS}) (ii|iii|iv)\b",
        lambda m: f"{m.group(1)} {_ROMAN[m.group(2)]}", text,
    )  # fmt: skip
    for pattern, replacement in _REWRITES:
        text = re.sub(pattern, replacement, text)
    return " ".join(text.split())


def _typed(word: str) -> str:
    """Return the word of the calendar that was meant by one with a single slip, else `word`."""
    if {word, word.removesuffix("s")} & {*_TYPED_WRONG, *_REAL_WORDS, *STOP}:
        return word
    for meant in _TYPED_WRONG:
        if abs(len(meant) - len(word)) <= 1 and _one_slip(word, meant):
            return meant
    return word


def _one_slip(word: str, meant: str) -> bool:
    """Whether one letter was left out, doubled, changed, or two neighbours swapped."""
    same = 0
    while same < min(len(word), len(meant)) and word[same] == meant[same]:
        same += 1
    if same == 0:
        return False  # a slip in the first letter is rare, and a different word likely
    rest, wanted = word[same:], meant[same:]
    swapped = len(rest) > 1 and rest[1] + rest[0] + rest[2:] == wanted
    return rest[1:] == wanted or rest == wanted[1:] or rest[1:] == wanted[1:] or swapped
