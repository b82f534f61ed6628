"""Numbering, markers, and the check of sentences against the passages they cite."""

from collections.abc import Sequence

import pytest
from fakes import check

from ds542_tutor.citations import (
    UNSUPPORTED_NOTE,
    Checker,
    merge_spans,
    number,
    support_by_marker,
)
from ds542_tutor.dialogue import Hit, Passage
from ds542_tutor.documents import Chunk, Locator
from ds542_tutor.markers import normalise_markers
from ds542_tutor.models.embedding import load_embedder
from ds542_tutor.settings import ModelSettings
from ds542_tutor.support import OverlapVerifier

DROPOUT = (
    "Dropout sets each hidden unit to zero with probability 0.5 at every training step. "
    "At test time all units are kept, and their outputs are scaled. It was proposed in 2012."
)
POOLING = "Pooling layers have no parameters. Max pooling keeps the largest value of each window."


def chunk(text: str, page: int = 3) -> Chunk:
    return Chunk(
        id=f"id{page}",
        document="lectures/05.pdf",
        title="Lecture 5: Regularization",
        kind="slides",
        text=text,
        search_text=text,
        locator=Locator(page=page, slide_title="Dropout"),
        pages=(page,),
        sha256="a" * 64,
    )


PASSAGES = (Passage(1, chunk(DROPOUT), DROPOUT), Passage(2, chunk(POOLING, 4), POOLING))


@pytest.fixture(scope="module")
def verifier() -> OverlapVerifier:
    return OverlapVerifier(load_embedder(ModelSettings()))


@pytest.fixture(scope="module")
def checker(verifier: OverlapVerifier) -> Checker:
    return Checker(verifier)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("It works [1, 2].", "It works [1][2]."),
        ("It works. [1] Next.", "It works [1]. Next."),
        ("It works.[1][2]", "It works [1][2]."),
        ("It works (Source 1).", "It works [1]."),
        ("It works [source 2] and more.", "It works [2] and more."),
        ("It works 【1】.", "It works [1]."),
        ("It works[1].", "It works [1]."),
        ("In 2012 (1) it won.", "In 2012 (1) it won."),
        ("```python\nx[1] = a[1, 2]\n```", "```python\nx[1] = a[1, 2]\n```"),
        ("Index `x[1]` and $a[1]$ stay.", "Index `x[1]` and $a[1]$ stay."),
    ],
)
def test_markers_are_read_whatever_the_habit(written: str, normal: str) -> None:
    assert normalise_markers(written) == normal


def test_a_verbatim_sentence_is_supported_and_its_span_found(checker: Checker) -> None:
    checked = check(checker, "Pooling layers have no parameters [2].", PASSAGES)
    (citation,) = checked.citations
    assert checked.text == "Pooling layers have no parameters [2]."
    assert (citation.marker, citation.support, citation.score) == (2, "supported", 1.0)
    assert POOLING[citation.start : citation.end] == citation.quote
    assert citation.quote == "Pooling layers have no parameters."
    assert (citation.page, citation.locator) == (4, "slide 4: Dropout")


def test_a_paraphrase_is_supported_by_the_sentence_it_rests_on(checker: Checker) -> None:
    checked = check(
        checker,
        "During training, dropout zeroes each hidden unit with probability 0.5 [1].",
        PASSAGES,
    )
    (citation,) = checked.citations
    assert citation.support in ("supported", "weak")
    assert citation.quote.startswith("Dropout sets each hidden unit to zero")


def test_an_unsupported_sentence_is_removed_and_counted(checker: Checker) -> None:
    draft = (
        "Pooling layers have no parameters [2]. The capital of Peru is Lima and it is sunny [2]."
    )
    checked = check(checker, draft, PASSAGES)
    assert checked.text == "Pooling layers have no parameters [2]."
    assert checked.removed_sentences == 1


def test_a_wrong_number_is_not_supported(checker: Checker) -> None:
    for draft in ("It was proposed in 1987 [1].", "It was proposed in 1987."):
        checked = check(checker, draft, PASSAGES)
        assert (checked.citations, checked.text) == ((), "")


def test_unsupported_sentences_can_be_marked_instead() -> None:
    marking = Checker(OverlapVerifier(load_embedder(ModelSettings())), unsupported="mark")
    checked = check(marking, "The capital of Peru is Lima and it is sunny [2].", PASSAGES)
    assert checked.text.endswith(UNSUPPORTED_NOTE)


def test_a_marker_that_points_nowhere_is_dropped_and_the_right_one_put(checker: Checker) -> None:
    checked = check(checker, "Max pooling keeps the largest value of each window [7].", PASSAGES)
    assert checked.dropped_markers == 1
    assert checked.text == "Max pooling keeps the largest value of each window [2]."


def test_a_sentence_without_marker_gets_one(checker: Checker) -> None:
    checked = check(
        checker, "At test time all units are kept, and their outputs are scaled.", PASSAGES
    )
    assert checked.text.endswith("[1].")


def test_code_and_lists_keep_their_form(checker: Checker) -> None:
    code = "```python\nfor i in range(3):\n    x[1] = i\n```"
    items = "- Pooling layers have no parameters [2].\n- At test time all units are kept [1]."
    draft = f"{items}\n\n{code}"
    assert check(checker, draft, PASSAGES).text == draft


def test_passages_are_numbered_within_the_budget() -> None:
    hits = [Hit(chunk("word " * n, i), 1.0, "dense") for i, n in enumerate((50, 100, 20), start=1)]
    passages = number(hits, count=3, budget_words=80)
    assert [p.number for p in passages] == [1, 2]
    assert [p.chunk.locator.page for p in passages] == [1, 3]
    assert len(number(hits[1:], 3, 60)[0].text.split()) == 60


def test_every_supporting_span_of_a_passage_is_kept(checker: Checker) -> None:
    draft = (
        "It was proposed in 2012 [1]. "
        "Dropout sets each hidden unit to zero with probability 0.5 at every training step [1]."
    )
    (citation,) = check(checker, draft, PASSAGES).citations
    assert [DROPOUT[a:b] for a, b in citation.spans] == [
        "Dropout sets each hidden unit to zero with probability 0.5 at every training step.",
        "It was proposed in 2012.",
    ]


def test_spans_are_merged_where_they_touch() -> None:
    assert merge_spans([(10, 20), (0, 5), (21, 30), (0, 0), (12, 14)]) == ((0, 5), (10, 30))


# While it is written


class CountingVerifier:
    """The packaged one, with every batch that it was given."""

    def __init__(self, inner: OverlapVerifier) -> None:
        self.inner = inner
        self.batches: list[list[tuple[str, str]]] = []

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        self.batches.append(list(pairs))
        return self.inner.score(pairs)


PIECES = (
    "Every hidden unit is set to zero with probability 0.5 in training steps",
    " [1]. ",
    "Rabbits on the moon ",
    "discovered pooling [2]. They ",
    "were brave [2].\n\n```python\nx = 1. Not a sentence\n```\n\nPooling",
    " layers have no parameters. [2] Max",
    " pooling keeps the largest value of each window [2]",
)


def test_each_sentence_is_judged_once_it_has_ended(verifier: OverlapVerifier) -> None:
    counting = CountingVerifier(verifier)
    running = Checker(counting).begin(PASSAGES)
    draft, said = "", []
    for piece in PIECES:
        draft += piece
        said.append([(v.sentence.split()[0], v.support, v.markers) for v in running.judge(draft)])
    assert said == [
        [],
        [],
        [("Every", "supported", (1,))],
        [("Rabbits", "unsupported", ())],
        [("They", "unsupported", ())],
        [("Pooling", "supported", (2,))],
        [],
    ]
    scored = [pair for batch in counting.batches for pair in batch]
    assert len(scored) == len(set(scored)), "a sentence was scored twice"

    before = len(counting.batches)
    finished = running.finish(draft)
    assert [batch for batch in counting.batches[before:] if batch] == []  # the last is verbatim
    assert finished == check(Checker(verifier), draft, PASSAGES)
    assert [v.sentence.split()[0] for v in finished.verdicts] == ["Every", "Pooling", "Max"]


def test_a_draft_is_scored_in_few_batches(verifier: OverlapVerifier) -> None:
    counting = CountingVerifier(verifier)
    draft = " ".join(f"Unit {n} is set to zero at step {n} of training [1]." for n in range(20))
    check(Checker(counting), draft, PASSAGES)
    assert len([batch for batch in counting.batches if batch]) <= 2  # cited, then the others


def test_what_leans_on_a_removed_sentence_goes_with_it(checker: Checker) -> None:
    draft = (
        "Rabbits on the moon run the banks [1]. This keeps pooling layers without parameters [2]."
    )
    checked = check(checker, draft, PASSAGES)
    assert checked.text == ""
    assert (checked.removed_sentences, checked.citations) == (2, ())
    kept = check(checker, draft.replace("This keeps pooling", "Pooling"), PASSAGES)
    assert kept.text == "Pooling layers without parameters [2]."


def test_a_lead_without_items_goes(checker: Checker) -> None:
    draft = "Pooling layers have no parameters [2]:\n- Rabbits run banks on the moon"
    draft += "\n- Owls sell them cheese at night"
    assert check(checker, draft, PASSAGES).text == ""
    draft += "\n- Max pooling keeps the largest value of each window"
    assert check(checker, draft, PASSAGES).text.splitlines() == [
        "Pooling layers have no parameters [2]:",
        "- Max pooling keeps the largest value of each window [2]",
    ]


def test_places_of_markers_have_their_verdicts(checker: Checker) -> None:
    draft = (
        "Pooling layers have no parameters [2]. Indeed! Each `x[2]` is an index.\n\n"
        "In 2012 dropout came, a step that scales all units at test time [1][2]."
    )
    checked = check(checker, draft, PASSAGES)
    places = support_by_marker(checked.text, checked.verdicts)
    assert places[2][0] == "supported"
    assert set(places) == {1, 2}
    assert support_by_marker(checked.text, ()) == {n: (None,) * len(p) for n, p in places.items()}


@pytest.mark.parametrize(
    ("code", "own"),
    [
        ("for x in loader:\n    step(x)  # all of them", False),
        ("# a comment of the model\nfor x in loader:\n\n    step(x)", False),
        ("for x in loader:\n    leap(x)\n    bound(x)", True),
        ("", False),
    ],
)
def test_code_that_no_passage_has_is_told(checker: Checker, code: str, own: bool) -> None:
    text = "The loop:\n```python\nfor x in loader:\n    step(x)  # all of them\nend()\n```\n"
    text = text.replace("    step(x)  # all of them", "    step(x)\n    step(x)  # all of them")
    passages = (*PASSAGES, Passage(3, chunk(text, 5), text))
    draft = f"Pooling layers have no parameters [2].\n\n```python\n{code}\n```"
    assert check(checker, draft, passages).own_code is own


def test_a_strict_check_takes_weak_support_for_none(verifier: OverlapVerifier) -> None:
    checker = Checker(verifier)
    weak = "Pooling takes the largest value of windows to shrink images [2]."
    lenient = check(checker, weak, PASSAGES)
    assert [v.support for v in lenient.verdicts] == ["weak"]
    assert check(checker, weak, PASSAGES, strict=True).text == ""
    exact = "Pooling layers have no parameters [2]."
    assert check(checker, exact, PASSAGES, strict=True).text == exact


def test_what_is_said_again_is_said_once(checker: Checker) -> None:
    exact = "Pooling layers have no parameters [2]."
    checked = check(checker, f"{exact} {exact}\n\n- {exact}", PASSAGES)
    assert (checked.text, checked.sentences, checked.removed_sentences) == (exact, 1, 0)
    more = "They keep the largest value of each window in max pooling [2]."
    checked = check(checker, f"{exact} {exact} {more}", PASSAGES)
    assert checked.text == f"{exact} {more}"  # what it leans on is still there
