"""Sources that say the same thing differently: told, with both cited, and nothing else taken so."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from fakes import make_passage

from ds542_tutor.assembly import LiveTutor, with_overrides
from ds542_tutor.dialogue import Finished
from ds542_tutor.disagreements import disagreement
from ds542_tutor.settings import Settings
from ingest.__main__ import main as ingest

KEEPS = "During training, dropout switches off each hidden unit with probability 0.5."
OTHER = "During training, dropout switches each hidden unit off with probability 0.2."


@pytest.mark.parametrize(
    ("said", "otherwise", "differ"),
    [
        (KEEPS, OTHER, True),
        ("Late homework loses 20 percent of its points.",
         "Late homework loses ten percent of its points.", True),
        ("The pooling layer of the network contains no parameters to learn.",
         "The pooling layer of the network contains parameters to learn.", True),
        (KEEPS, KEEPS, False),
        (KEEPS, "Dropout switches hidden units off during training.", False),  # says less
        ("AlexNet has eight layers, five of them convolutional.",
         "VGG-16 has sixteen layers, thirteen of them convolutional.", False),  # another thing
        ("Figure 3 shows the loss surface of a shallow network.",
         "Figure 9 shows the loss surface of a shallow network.", False),
        ("Is the loss of a deep network convex in 2 dimensions?",
         "Is the loss of a deep network convex in 3 dimensions?", False),
    ],
)  # fmt: skip
def test_only_the_same_sentence_with_another_number_or_a_denial_differs(
    said: str, otherwise: str, differ: bool
) -> None:
    passages = [make_passage(1, said), make_passage(2, otherwise)]
    found = disagreement(passages[:1], passages, f"{said} [1]")
    assert (found is not None) == differ
    if found:
        assert (found.said, found.otherwise) == (said, otherwise)
        assert (found.passage.number, found.other.number) == (1, 2)


def test_what_was_not_quoted_and_graded_work_contradict_nothing() -> None:
    passages = [make_passage(1, f"Noise regularises. {KEEPS}"), make_passage(2, OTHER)]
    assert disagreement(passages[:1], passages, "Noise regularises [1].") is None
    passages[1] = make_passage(2, OTHER, graded=True)
    assert disagreement(passages[:1], passages, f"{KEEPS} [1]") is None


def test_an_answer_names_the_source_that_differs_and_cites_it(
    tmp_path: Path, starter_settings: Settings
) -> None:
    (tmp_path / "files").mkdir()
    for name, title, text in (("deck", "Lecture notes on dropout", KEEPS),
                              ("book", "The book on dropout", OTHER)):  # fmt: skip
        page = f"# {title}\n\n## Dropout\n\n{text} The others carry on without it.\n"
        (tmp_path / "files" / f"{name}.md").write_text(page, encoding="utf-8")
    sources = tmp_path / "two.toml"
    sources.write_text(
        '[corpus]\nname = "two"\ncourse = "DS542"\nterm = "sp2026"\n'
        'timezone = "America/New_York"\nmaterials = "files"\n\n'
        '[[source]]\nfiles = "*.md"\nkind = "notes"\n',
        encoding="utf-8",
    )
    index = tmp_path / "index"
    assert ingest([str(sources), "--index", str(index)]) == 0
    live = LiveTutor(with_overrides(starter_settings, index, "quotes"))
    *_, last = live.answer(
        "With which probability does dropout switch off a hidden unit?", (), datetime(2026, 3, 3)
    )
    assert isinstance(last, Finished)
    text = last.answer.text
    assert "The sources differ here" in text
    assert "0.5" in text and "0.2" in text
    assert {c.document for c in last.answer.citations} == {"deck.md", "book.md"}
