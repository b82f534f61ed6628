"""Which piece of code is shown for a question."""

from __future__ import annotations

import pytest
from fakes import make_passage

from ds542_tutor.dialogue import Passage
from ds542_tutor.models.code_excerpts import code_for, lead_of
from ds542_tutor.models.excerpts import Excerpt, cut

SCHEDULE = (
    "A schedule lowers the learning rate while the network trains.\n"
    "```python\nscheduler = StepLR(optimizer, step_size=10, gamma=0.5)\n```\n"
)
SAVING = (
    "Parameters are stored as a dictionary.\n"
    "```python\ntorch.save(net.state_dict(), path)\n```\n\n"
    "```python\nclone = MLP()\nclone.load_state_dict(torch.load(path))\n```\n"
)
LOOP = (
    "The training loop goes over all batches.\n"
    "```python\nfor batch in loader:\n    optimizer.zero_grad()\n    loss(batch).backward()\n"
    "    optimizer.step()\n```\n"
)


def pieces(*passages: Passage) -> list[Excerpt]:
    return [excerpt for passage in passages for excerpt in cut(passage)]


PASSAGES = tuple(make_passage(n, text) for n, text in enumerate((LOOP, SCHEDULE, SAVING), start=1))


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("what does StepLR(optimizer, step_size=10) do to my lr", "scheduler = StepLR"),
        ("how do i load a state dict in pytorch", "clone.load_state_dict"),
        ("in code, where does optimizer.step() go", "optimizer.step()"),
        ("why does the learning rate have a schedule", ""),  # asks for no code
        ("what does the function flatten_images do", ""),  # no piece has its name
    ],
)
def test_names_decide(question: str, shown: str) -> None:
    found = code_for(question, pieces(*PASSAGES), [])
    assert [shown in piece.text for piece in found] == ([True] if shown else [])


def test_pieces_that_follow_each_other_are_shown_as_one() -> None:
    text = (
        "Saving:\n\nimport torch\ntorch.save(net.state_dict(), path)\n\nnet = MLP()\nnet.eval()\n"
    )
    passage = make_passage(1, text)
    (piece,) = code_for("code to save a state_dict", pieces(passage), [])
    assert piece.text == passage.text[piece.start : piece.end]
    assert piece.text.startswith("import torch")
    assert piece.text.rstrip().endswith("net.eval()")


def test_pieces_with_words_between_them_stay_apart() -> None:
    (piece,) = code_for("code to load a state_dict", pieces(make_passage(1, SAVING + LOOP)), [])
    assert "load_state_dict" in piece.text
    assert "zero_grad" not in piece.text


def test_code_of_graded_work_and_exercises_is_never_shown() -> None:
    question = "what does StepLR do in code"
    for flag in ("graded", "exercise"):
        passage = make_passage(1, SCHEDULE, **{flag: True})
        assert code_for(question, pieces(passage), []) == []
    assert code_for(question, pieces(make_passage(1, SCHEDULE)), [])


def test_a_passage_that_is_quoted_as_well_is_preferred() -> None:
    first, second = make_passage(2, SCHEDULE), make_passage(3, SCHEDULE.replace("10", "20"))
    excerpts = pieces(first, second)
    (piece,) = code_for("what does StepLR do", excerpts, [])
    assert "10" in piece.text
    prose = [e for e in excerpts if e.passage is second and e.kind != "code"]
    (piece,) = code_for("what does StepLR do", excerpts, prose)
    assert "20" in piece.text


def test_imports_alone_answer_nothing() -> None:
    text = "What is needed:\n```python\nimport torch\nfrom torch.optim import StepLR\n```\n"
    assert code_for("which code has StepLR", pieces(make_passage(1, text)), []) == []
    (piece,) = code_for("which code has StepLR", pieces(make_passage(1, text + SCHEDULE)), [])
    assert piece.text.startswith("scheduler")


def test_code_is_led_by_the_sentence_before_it_or_its_heading() -> None:
    question = "what does StepLR do"
    excerpts = pieces(make_passage(1, SCHEDULE))
    (piece,) = code_for(question, excerpts, [])
    lead = lead_of(piece, [e for e in excerpts if e.kind != "code"])
    assert lead is not None
    assert lead.text == "A schedule lowers the learning rate while the network trains"

    bare = SCHEDULE.partition("\n")[2]
    excerpts = pieces(make_passage(1, f"Why scale?\n{bare}"))
    (piece,) = code_for(question, excerpts, [])
    lead = lead_of(piece, [e for e in excerpts if e.kind != "code"])
    assert lead is not None
    assert (lead.text, lead.passage.text[lead.start : lead.end]) == ("Why scale", "Why scale?")

    (piece,) = code_for(question, pieces(make_passage(1, bare)), [])
    assert lead_of(piece, []) is None  # nothing to cite it by
