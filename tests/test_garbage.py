"""`python -m ingest gc`: what no kept generation needs goes, and nothing else."""

import re
from pathlib import Path

import pytest
from ingest_samples import NOTES, Capture, generations, ingest, notes_in, run

from ds542_tutor.index.generations import IndexStore
from ingest.__main__ import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three notes and their sources file in the working directory."""
    monkeypatch.chdir(tmp_path)
    return notes_in(tmp_path)


@pytest.fixture
def five(folder: Path, capsys: Capture) -> list[str]:
    """Ids of five published generations; every time a.md says something else."""
    ids = []
    for i in range(5):
        (folder / "a.md").write_text(NOTES["a.md"] + f"\nThis is version number {i} of it.\n")
        ids.append(ingest(capsys)["generation"])
    return ids


def counts(text: str) -> list[int]:
    """Generations, leftovers, source files, vectors, cached files; KiB after them."""
    return [int(n) for n in re.findall(r"(\d+) (?:gen|left|sour|cach)", text)]


def test_gc_keeps_what_the_kept_generations_need(
    folder: Path, capsys: Capture, five: list[str]
) -> None:
    assert generations() == five[-3:]
    (folder / "index/generations/.building-dead").mkdir()
    (folder / "index/generations/.building-dead/x").write_bytes(b"x" * 3_000_000)
    (folder / "index/files/.half.pdf.new").write_text("x")
    files = sorted((folder / "index/files").iterdir())
    said = run(capsys, "gc", "--keep", "2", "--dry-run")
    assert "would be deleted" in said
    assert counts(said) == [1, 2, 0, 3, 3]
    assert generations() == [".building-dead", *five[-3:]]
    assert sorted((folder / "index/files").iterdir()) == files

    said = run(capsys, "gc", "--keep", "2")
    assert counts(said) == [1, 2, 0, 3, 3]
    freed = float(re.search(r"([\d.]+) MiB", said).group(1))  # type: ignore[union-attr]
    assert 2.8 < freed < 20
    assert generations() == five[-2:]
    assert len(list((folder / "index/files").iterdir())) == len(files) - 1

    forced = ingest(capsys, "--force")
    assert forced["embedded"] == 0
    assert run(capsys, "gc", "--keep", "2").startswith("1 generation, 0 leftovers")


def test_gc_deletes_source_files_only_when_asked(
    folder: Path, capsys: Capture, five: list[str]
) -> None:
    assert len(list((folder / "index/files").iterdir())) == 7
    assert counts(run(capsys, "gc", "--keep", "1"))[:3] == [2, 0, 0]
    assert counts(run(capsys, "gc", "--keep", "1", "--files", "--dry-run"))[:3] == [0, 0, 4]
    assert counts(run(capsys, "gc", "--keep", "1", "--files"))[:3] == [0, 0, 4]
    with IndexStore(folder / "index").open_current() as generation:
        for document in generation.chunks.documents():
            assert generation.source_file(document.sha256).is_file()
    assert generations() == five[-1:]


def test_gc_spares_what_is_read_staged_or_in_use(
    folder: Path, capsys: Capture, five: list[str]
) -> None:
    store = IndexStore(folder / "index")
    store.rollback(five[2])
    with store.open_current() as reading:
        store.rollback(five[3])
        staged = ingest(capsys, "--stage")["staged"]
        run(capsys, "gc", "--keep", "1")
        assert generations() == [*five[2:], staged]
        assert reading.lexical.search("version", 3)
    run(capsys, "gc", "--keep", "1")
    assert generations() == [*five[3:], staged]


@pytest.mark.parametrize("given", ["0", "-1", "x"])
def test_gc_keeps_at_least_one(folder: Path, given: str) -> None:
    with pytest.raises(SystemExit) as left:
        main(["gc", "--keep", given])
    assert left.value.code == 2
