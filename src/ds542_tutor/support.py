"""Does a passage support a sentence? The packaged `Verifier`, its thresholds and text matching.

Shared words, meaning, names and numbers make the score; signs of a contradiction lower it. What
becomes of a sentence with a low score is for `citations` to say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import combinations

from ds542_tutor.protocols import Embedder
from ds542_tutor.sentences import split_sentences
from ds542_tutor.vectors import dot
from ds542_tutor.words import content_words

# Thresholds of the support score; the curve they were read from is in docs/experiments.md.
SUPPORTED_FROM = 0.70
WEAK_FROM = 0.55

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")

_WINDOW = 2  # sentences of a passage read together: a claim often joins two neighbours
_NAME = re.compile(r"(?<=\s)[A-Z][^\W\d_]+")


def _one_of(words: Sequence[str]) -> re.Pattern[str]:
    either = "|".join(w[:-1] + r"\w*" if w.endswith("*") else f"{w}s?" for w in words)
    return re.compile(rf"(?<!non-)\b(?:{either})\b", re.I)


# Signs of a contradiction, measured in docs/experiments.md ("A changed word").
CONTRADICTED = 0.7  # what the score is multiplied by
_SAME_SUBJECT = 0.4  # a sentence with no larger share of the claim's words is about something else
_DENIED = 4  # content words after a negation, in its clause, that it is taken to deny
_NEGATION = re.compile(
    r"\b(?:not?(?! (?:more|less|fewer|later|only|just|necessarily)\b)|never|none|without|neither"
    r"|nor|cannot|fail(?:s|ed)? to)\b|n['’]t\b",
    re.I,
)
_CLAUSE_END = re.compile(r"[,;:()]")
# Words of one line are opposites across its bars; "*" stands for any ending, a plural goes along.
_OPPOSITES = """
increas* rais* grow* | decreas* reduc* shrink* lower lowered
more larger bigger higher greater longer | less fewer smaller shorter lower
largest biggest highest greatest | smallest lowest least
maxim* | minim*
high | low
better | worse
easier | harder
first | last | second
before | after
early earlier | late later
top | bottom
left | right
inside | outside
upper | lower
internal | external
training | validation | test testing
forward | backward
encod* | decod*
input | output
source | target
query queries | key | value
row | column
height | width
bias biases | varianc*
mean | median | sum
overfit* | underfit*
vanish* | explod*
wider width | deeper depth
shallow | deep
linear | nonlinear non-linear
convex | nonconvex non-convex concave
symmetric | asymmetric
supervised | unsupervised
discriminative | generative
classification | regression
stochastic | deterministic
homoscedastic | heteroscedastic
global | local
lossy | lossless
positive | negative
add adds added adding | subtract* remov* concatenat* multipl*
half halv* | twice doubl*
fast faster cheap* | slow slower expensive
simple | complex
same equal identical | differ*
known | unknown
possible | impossible
always every all any | sometimes some usually often
l1 | l2
"""
_PAIRS = tuple(
    pair
    for line in _OPPOSITES.strip().splitlines()
    for pair in combinations([_one_of(side.split()) for side in line.split("|")], 2)
)
_SPELT = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        " fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
}
_UNIT = rf"\b(?:{'|'.join(_SPELT)})\b"
# Not the parts of sixty-four, twenty-one or two hundred.
_SPELT_NUMBER = re.compile(rf"(?<!ty-){_UNIT}(?!-{_UNIT}| (?:hundred|thousand|million))", re.I)


class OverlapVerifier:
    """Support score from shared words, meaning, names and numbers; no parts trained for it.

    score = (0.3 w + 0.3 p + 0.2 c + 0.2 n) (0.6 + 0.4 m): the share of the claim's content words in
    the best window (w) and in the whole premise (p), the cosine of claim and window (c), the share
    of the claim's capitalised names (n) and of its numbers (m) in the premise. A claim with a wrong
    number is wrong however similar it sounds, so m multiplies, and so does `contradicts`. Measured
    in docs/experiments.md on WiCE (Kamoi et al. 2023, https://arxiv.org/abs/2303.01432) and on
    claims over the course.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Score (premise, claim) pairs in [0, 1], in order."""
        if not pairs:
            return []
        windows = []
        for premise, claim in pairs:
            start, end = best_window(claim, premise) or (0, 0)
            windows.append(premise[start:end])
        texts = list(dict.fromkeys([*windows, *(claim for _, claim in pairs)]))
        vectors = dict(zip(texts, self._embedder.embed_documents(texts), strict=True))
        return [
            _overlap_score(premise, window, claim, dot(vectors[window], vectors[claim]))
            * (CONTRADICTED if contradicts(premise, claim) else 1.0)
            for (premise, claim), window in zip(pairs, windows, strict=True)
        ]


def contradicts(premise: str, claim: str) -> bool:
    """Whether a sign speaks against a claim that the premise does not say word for word.

    A number that stands nowhere in the premise; or, in the one sentence that shares most words
    with the claim, a denial of what the claim affirms (or the reverse), or the opposite of one of
    its words. A sign, no proof: two names that changed places leave none.
    """
    start, end = best_window(claim, premise, 1) or (0, 0)
    sentence = premise[start:end]
    words = set(content_words(claim))
    near = _share(words, set(content_words(sentence))) > _SAME_SUBJECT
    signs = _wrong_number(premise, claim) or (
        near and (denies(sentence, claim) or _has_opposite(sentence, claim))
    )
    return signs and find_exact(claim, premise) is None


def fold(text: str) -> tuple[str, list[int]]:
    """Reduce `text` to lower-case letters, digits and operators; return it with source indices.

    NFKC folds ligatures and mathematical alphabets, so that a quote is found again whatever its
    spacing, hyphens and quotation marks.
    """
    letters: list[str] = []
    where: list[int] = []
    for index, character in enumerate(text):
        for folded in unicodedata.normalize("NFKC", character).lower():
            if folded.isalnum() or folded in "+=<>/^*%":
                letters.append(folded)
                where.append(index)
    return "".join(letters), where


def find_exact(claim: str, text: str) -> tuple[int, int] | None:
    """Return the half-open range of `text` that says `claim` word for word, or None."""
    needle, _ = fold(claim)
    haystack, where = fold(text)
    at = haystack.find(needle) if needle else -1
    if at < 0:
        return None
    end = where[at + len(needle) - 1] + 1
    while end < len(text) and text[end] in ".!?)”\"'":
        end += 1
    return where[at], end


def best_window(claim: str, text: str, sentences: int = _WINDOW) -> tuple[int, int] | None:
    """Return the range of the at most so many `sentences` that share most words with `claim`."""
    words = set(content_words(claim))
    spans = split_sentences(text)
    best, best_score = None, 0.0
    for i in range(len(spans)):
        for j in range(i, min(i + sentences, len(spans))):
            start, end = spans[i].start, spans[j].end
            shared = len(words & set(content_words(text[start:end])))
            score = shared - 0.3 * (j - i)  # the second sentence must bring a word of its own
            if shared and score > best_score:
                best, best_score = (start, end), score
    return best


def _overlap_score(premise: str, window: str, claim: str, cosine: float) -> float:
    words = set(content_words(claim))
    text = premise.lower()
    names = {name.lower() for name in _NAME.findall(claim)}
    numbers = set(NUMBER.findall(claim))
    blend = (
        0.3 * _share(words, set(content_words(window)))
        + 0.3 * _share(words, set(content_words(premise)))
        + 0.2 * max(cosine, 0.0)
        + 0.2 * _share(names, {name for name in names if name in text})
    )
    return min(1.0, blend * (0.6 + 0.4 * _share(numbers, set(NUMBER.findall(premise)))))


def denies(sentence: str, claim: str) -> bool:
    """Whether one of the two denies what the other, without any negation, says."""
    if bool(_NEGATION.search(sentence)) == bool(_NEGATION.search(claim)):
        return False
    return bool(
        _denied(sentence) & set(content_words(claim))
        or _denied(claim) & set(content_words(sentence))
    )


def _denied(text: str) -> set[str]:
    return {
        word
        for negation in _NEGATION.finditer(text)
        for word in content_words(_CLAUSE_END.split(text[negation.end() :], 1)[0])[:_DENIED]
    }


def _has_opposite(sentence: str, claim: str) -> bool:
    """Whether the claim has one side of a pair of opposites alone, the sentence the other alone."""
    for one, other in _PAIRS:
        claimed = bool(one.search(claim)), bool(other.search(claim))
        if claimed in ((True, False), (False, True)):
            said = bool(one.search(sentence)), bool(other.search(sentence))
            if said == (claimed[1], claimed[0]):
                return True
    return False


def _wrong_number(premise: str, claim: str) -> bool:
    """Whether the claim has a number that the premise has neither in digits nor spelt out."""
    wanted = numbers_in(claim)
    said = _in_digits(premise) | _in_words(premise)
    return any(
        number not in said and not ("." in number and any(s.startswith(number) for s in said))
        for number in wanted  # 2.3 is in 2.303: cut digits are no other number
    )


def numbers_in(text: str) -> set[str]:
    """Return the numbers of `text` as digits; "zero" and "one" in words are as often none."""
    return _in_digits(text) | _in_words(text) - {"0", "1"}


def _in_digits(text: str) -> set[str]:
    """The numbers written in digits: 1,000 is 1000, and .50 is .5."""
    plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    found = re.findall(r"\d+(?:\.\d+)?", unicodedata.normalize("NFKC", plain))
    return {number.rstrip("0").rstrip(".") if "." in number else number for number in found}


def _in_words(text: str) -> set[str]:
    return {_SPELT[word.lower()] for word in _SPELT_NUMBER.findall(text)}


def _share(wanted: set[str], found: set[str]) -> float:
    """Share of `wanted` in `found`; nothing wanted is nothing missed."""
    return len(wanted & found) / len(wanted) if wanted else 1.0
