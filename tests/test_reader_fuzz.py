"""Damaged files of every kind end in a document or a `SourceError`, soon, in one piece.

A few damages a reader; `python tests/fuzz_readers.py` makes as many as one likes, of any file.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from bad_files import LATEX, STARTER, powerpoint
from fuzz_readers import Child, damaged
from mutations import mutate

COUNT = int(os.environ.get("FUZZ_COUNT", "25"))
NOTES = (
    "# Notes\n\n> quoted *well*\n\n| a | b |\n|---|---|\n| $x_1$ | `y` |\n\n1. [one](u)\n- two\n"
)
FILES = [
    ("slides", "lectures/05_regularization.pdf"),
    ("book", "book/course-notes.pdf"),
    ("notes", "lectures/03_loss_functions.pdf"),
    ("notebook", "notebooks/homework2.ipynb"),
    ("notes", "made/notes.md"),
    ("notes", "made/loss.tex"),
    ("notes", "made/job.sh"),
    ("slides", "made/deck.pptx"),
    ("site", "site/index.md"),
    ("site", "site/_lectures/*.md"),
    ("site", "site/_assignments/*.md"),
    ("site", "site/_events/*.md"),
    ("site", "site/_data/people.yml"),
    ("site", "site/_data/late_policy.yml"),
]


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with Child() as child:
        yield child


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter corpus and files of the kinds that it has none of."""
    folder = tmp_path_factory.mktemp("fuzz")
    for name in ("lectures", "book", "notebooks", "site"):
        shutil.copytree(STARTER / name, folder / name)
    made = folder / "made"
    made.mkdir()
    (made / "notes.md").write_text(NOTES * 20)
    (made / "loss.tex").write_text(LATEX * 20)
    (made / "job.sh").write_text("#!/bin/bash\n# A batch job.\n#$ -l gpus=1\n\npython a.py\n" * 9)
    (made / "deck.pptx").write_bytes(powerpoint())
    return folder


@pytest.mark.parametrize(("kind", "name"), FILES, ids=[name for _, name in FILES])
def test_damage_never_crashes_or_hangs_a_reader(
    folder: Path, child: Child, kind: str, name: str, tmp_path: Path
) -> None:
    original = sorted(folder.glob(name))[0]
    undamaged = original.read_bytes()
    site = folder / "site" if kind == "site" else None
    endings: list[str] = []
    try:
        for seed in range(COUNT):
            # In its place, since the rest of a site is read with it.
            original.write_bytes(mutate(undamaged, original.suffix, seed))
            outcome = child.read(original, kind, site)
            endings.append(outcome.ending)
            assert outcome.fine, f"seed {seed}: {outcome.ending}\n{outcome.detail}"
    finally:
        original.write_bytes(undamaged)
    assert len(endings) == COUNT
    assert child.read(original, kind, site).ending == "document"


def test_the_same_seed_makes_the_same_damage(folder: Path, tmp_path: Path) -> None:
    original = folder / "made" / "notes.md"
    copies = [path.read_bytes() for _, path in damaged(original, range(20), tmp_path)]
    again = [mutate(original.read_bytes(), ".md", seed) for seed in range(20)]
    assert copies == again
    assert len(set(copies)) > 15


def test_a_reader_that_dies_or_sleeps_is_noticed(tmp_path: Path) -> None:
    """The harness itself: without this, no crash would ever be seen."""
    fifo = tmp_path / "pipe.md"
    os.mkfifo(fifo)
    with Child(limit_s=1) as child:
        assert child.read(fifo, "notes").ending == "hang"
        assert child.read(tmp_path / "none.md", "notes").ending == "SourceError"
        assert child.process is not None
        child.process.kill()
        child.process.wait()
        assert child.read(tmp_path / "none.md", "notes").ending == "crash"
        assert child.read(tmp_path / "none.md", "nonsense").ending == "SourceError"
