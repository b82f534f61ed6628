"""Generations: immutable, one current, rolled back and pruned; what is removed is found nowhere."""

import errno
import fcntl
import gc
import hashlib
import json
import os
import shutil
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from index_samples import EMBEDDER, chunk, publish, record, vector

from ds542_tutor.course import Course, Statement
from ds542_tutor.errors import (
    IndexFullError,
    IndexMismatchError,
    IndexMissingError,
    IndexStoreError,
    SourceError,
)
from ds542_tutor.index import generations, storage
from ds542_tutor.index.chunks import ChunkStore
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.index.lexical import LexicalIndex
from ds542_tutor.index.manifest import Manifest

ONE = {"a.pdf": ["attention weighs values", "softmax sums to one"], "b.pdf": ["momentum"]}


def leftovers(root: Path) -> list[str]:
    return [p.name for p in (root / "generations").iterdir() if p.name.startswith(".")]


def test_what_is_published_is_found(tmp_path: Path) -> None:
    manifest = publish(tmp_path, ONE)
    with IndexStore(tmp_path).open_current(EMBEDDER) as generation:
        assert generation.id == manifest.id == IndexStore(tmp_path).current_id()
        assert generation.manifest == manifest
        expected = chunk("softmax sums to one", "a.pdf", 1)
        [(dense, _)] = generation.dense.search(vector("softmax sums to one"), 1)
        [(lexical, _)] = generation.lexical.search("softmax", 5)
        assert dense == lexical == expected.id
        assert generation.chunks.get([dense]) == [expected]
        assert generation.chunks.documents() == [record("a.pdf", 2), record("b.pdf", 1)]
        assert generation.course == Course("test", "")
    assert leftovers(tmp_path) == []


def test_chunks_by_neighbourhood_document_and_values(tmp_path: Path) -> None:
    chunks = [chunk(f"t{i}", ordinal=i, graded=i == 2, lecture=i) for i in range(6)]
    store = ChunkStore.build(tmp_path / "c.sqlite", [record("lectures/07.pdf", 6)], chunks)
    assert store.neighbours("lectures/07.pdf", 0) == [chunks[1]]
    assert store.neighbours("lectures/07.pdf", 3, reach=2) == [chunks[i] for i in (1, 2, 4, 5)]
    assert store.by_document("lectures/07.pdf") == chunks
    assert store.by_document("other") == []
    assert store.select(graded=True) == [chunks[2]]
    assert store.select(lecture=4, kind="slides") == [chunks[4]]
    assert store.get([chunks[5].id, "unknown", chunks[0].id]) == [chunks[5], chunks[0]]
    assert len(store) == 6
    store.close()


def test_a_removed_document_is_found_nowhere(tmp_path: Path) -> None:
    publish(tmp_path, ONE)
    publish(tmp_path, {"a.pdf": ONE["a.pdf"]})
    gone = chunk("momentum", "b.pdf", 0).id
    with IndexStore(tmp_path).open_current(EMBEDDER) as generation:
        assert generation.lexical.search("momentum", 5) == []
        assert gone not in [i for i, _ in generation.dense.search(vector("momentum"), 10)]
        assert generation.chunks.get([gone]) == []
        assert generation.chunks.by_document("b.pdf") == []
        assert [d.path for d in generation.manifest.documents] == ["a.pdf"]


def test_an_open_reader_keeps_its_generation(tmp_path: Path) -> None:
    publish(tmp_path, ONE)
    store = IndexStore(tmp_path)
    with store.open_current(EMBEDDER) as old:
        for n in range(generations.KEEP + 1):
            publish(tmp_path, {"a.pdf": [f"version {n}"]})
        assert old.id in [m.id for m in store.generations()]
        assert old.lexical.search("momentum", 1)
        assert old.dense.search(vector("momentum"), 1)[0][1] == pytest.approx(1, abs=1e-5)
    publish(tmp_path, {"a.pdf": ["last"]})
    assert old.id not in [m.id for m in store.generations()]


def test_pruning_keeps_the_newest_and_the_current(tmp_path: Path) -> None:
    ids = [publish(tmp_path, {"a.pdf": [f"version {n}"]}).id for n in range(5)]
    store = IndexStore(tmp_path)
    assert [m.id for m in store.generations()] == ids[-3:]
    assert ids == sorted(ids)
    store.rollback(ids[2])
    assert store.old(keep=1) == [ids[3]]
    store.prune(keep=1)
    assert [m.id for m in store.generations()] == [ids[2], ids[4]]


def test_rollback(tmp_path: Path) -> None:
    store = IndexStore(tmp_path)
    with pytest.raises(IndexMissingError, match="make ingest"):
        store.rollback()
    first, second = publish(tmp_path, ONE), publish(tmp_path, {"a.pdf": ["new"]})
    assert store.rollback() == first
    with store.open_current(EMBEDDER) as generation:
        assert generation.lexical.search("momentum", 1)
    with pytest.raises(IndexStoreError, match="no generation before"):
        store.rollback()
    assert store.rollback(second.id) == second
    with pytest.raises(IndexStoreError, match="no generation nonsense"):
        store.rollback("nonsense")
    assert store.current_id() == second.id


def test_no_index(tmp_path: Path) -> None:
    store = IndexStore(tmp_path / "none")
    assert store.current_id() is None
    assert store.generations() == []
    with pytest.raises(IndexMissingError, match=r"no index in .*none; run `make ingest`"):
        store.open_current(EMBEDDER)
    assert not (tmp_path / "none").exists()


def test_another_embedder_is_refused_with_both_names(tmp_path: Path) -> None:
    publish(tmp_path, ONE, embedder="old-model@1")
    with pytest.raises(IndexMismatchError, match=r"old-model@1.*new-model@2.*make ingest"):
        IndexStore(tmp_path).open_current("new-model@2")
    IndexStore(tmp_path).open_current(None).close()


def test_another_format_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "generations" / publish(tmp_path, ONE).id
    data = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**data, "format": 99}))
    with pytest.raises(IndexMismatchError, match="format 99"):
        IndexStore(tmp_path).open_current(EMBEDDER)


@pytest.mark.parametrize("part", ["manifest.json", "chunks.sqlite", "dense", "lexical"])
def test_a_damaged_generation_names_the_remedy(tmp_path: Path, part: str) -> None:
    broken = tmp_path / "generations" / publish(tmp_path, ONE).id / part
    shutil.rmtree(broken) if broken.is_dir() else broken.unlink()
    with pytest.raises(IndexStoreError, match="rollback"):
        IndexStore(tmp_path).open_current(EMBEDDER)


def test_only_one_writer(tmp_path: Path) -> None:
    with IndexStore(tmp_path).begin():
        with pytest.raises(IndexStoreError, match=f"process {os.getpid()}"):
            IndexStore(tmp_path).begin()
        with pytest.raises(IndexMissingError):
            IndexStore(tmp_path).rollback()
    publish(tmp_path, ONE)


def test_an_unfinished_generation_is_discarded(tmp_path: Path) -> None:
    first = publish(tmp_path, ONE)
    with pytest.raises(KeyboardInterrupt), IndexStore(tmp_path).begin() as writer:
        writer.write([record("x.pdf", 1)], [chunk("x", "x.pdf")], [vector("x")])
        raise KeyboardInterrupt
    assert IndexStore(tmp_path).current_id() == first.id
    assert leftovers(tmp_path) == []


def test_leftovers_of_a_killed_writer_are_cleared(tmp_path: Path) -> None:
    (tmp_path / "generations" / ".building-dead").mkdir(parents=True)
    (tmp_path / "generations" / ".building-dead" / "half").write_text("x")
    publish(tmp_path, ONE)
    assert leftovers(tmp_path) == []


def test_the_course_travels_along(tmp_path: Path) -> None:
    course = Course("DS542", "sp2026", statements=(Statement("late", "20% off", "index.md"),))
    with IndexStore(tmp_path).begin() as writer:
        writer.write([record("x.pdf", 1)], [chunk("x", "x.pdf")], [vector("x")], course)
        writer.publish(Manifest(embedder=EMBEDDER, dimension=16))
    with IndexStore(tmp_path).open_current(EMBEDDER) as generation:
        assert generation.course == course


def test_source_files_are_copies_found_by_hash(tmp_path: Path) -> None:
    original = tmp_path / "Deck.PDF"
    original.write_bytes(b"first version")
    sha256 = hashlib.sha256(b"first version").hexdigest()
    root = tmp_path / "index"
    with IndexStore(root).begin() as writer:
        writer.keep_file(original, sha256)
        writer.keep_file(original, sha256)
        writer.write([record("x.pdf", 1)], [chunk("x", "x.pdf")], [vector("x")])
        writer.publish(Manifest(embedder=EMBEDDER, dimension=16))
    original.write_bytes(b"second version")
    with IndexStore(root).open_current(EMBEDDER) as generation:
        stored = generation.source_file(sha256)
        assert stored.read_bytes() == b"first version"
        assert stored.suffix == ".pdf"
        for unknown in ("b" * 64, "*", "../current", ""):
            with pytest.raises(IndexStoreError, match="no source file"):
                generation.source_file(unknown)


def test_a_file_that_changed_while_it_was_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text("new")
    root = tmp_path / "index"
    with IndexStore(root).begin() as writer, pytest.raises(SourceError, match="changed"):
        writer.keep_file(tmp_path / "x.md", "0" * 64)
    assert list((root / "files").iterdir()) == []


@pytest.mark.parametrize("where", ["write", "files", "manifest", "pointer"])
def test_a_full_disk_leaves_the_old_generation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    first = publish(tmp_path / "index", ONE)
    (tmp_path / "x.md").write_text("text")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    places = {
        "write": (LexicalIndex, "build"),
        "files": (storage, "copy_verified"),
        "manifest": (Manifest, "write"),
        "pointer": (storage, "write_atomically"),
    }
    monkeypatch.setattr(*places[where], full)
    with (
        pytest.raises(IndexFullError, match=r"full.*Free some space"),
        IndexStore(tmp_path / "index").begin() as writer,
    ):
        writer.keep_file(tmp_path / "x.md", hashlib.sha256(b"text").hexdigest())
        writer.write([record("x.pdf", 1)], [chunk("x", "x.pdf")], [vector("x")])
        writer.publish(Manifest(embedder=EMBEDDER, dimension=16))
    monkeypatch.undo()
    store = IndexStore(tmp_path / "index")
    assert [m.id for m in store.generations()] == [first.id]
    assert leftovers(tmp_path / "index") == []
    with store.open_current(EMBEDDER) as generation:
        assert generation.lexical.search("momentum", 1)


@pytest.mark.parametrize(("free", "error"), [(1 << 20, IndexFullError), (1 << 40, IndexStoreError)])
def test_a_write_error_without_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, error: type[Exception]
) -> None:
    """As Chroma's on a full disk: the space left decides what it is taken for."""
    usage = SimpleNamespace(free=free)
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda _: usage)
    bad = [chunk("x", "x.pdf"), chunk("y", "x.pdf", 1)]
    with pytest.raises(error) as raised, IndexStore(tmp_path).begin() as writer:
        # Vectors of two lengths: Chroma itself refuses.
        writer.write([record("x.pdf", 2)], bad, [vector("x"), vector("y", 8)])
    assert type(raised.value) is error
    assert str(tmp_path) in str(raised.value)
    assert leftovers(tmp_path) == []


def test_ids_sort_even_when_the_clock_goes_back(tmp_path: Path) -> None:
    newest = publish(tmp_path, ONE)
    later = tmp_path / "generations" / f"29991231T235959Z-{newest.id[-8:]}"
    (tmp_path / "generations" / newest.id).rename(later)
    replace(newest, id=later.name).write(later)
    assert publish(tmp_path, ONE).id > later.name


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(IndexStoreError, match="cannot be written"):
            IndexStore(tmp_path / "index").begin()
    finally:
        tmp_path.chmod(stat.S_IRWXU)


def test_a_file_in_the_way_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("not a folder")
    with pytest.raises(IndexStoreError, match="cannot be written"):
        IndexStore(tmp_path / "index").begin()


def test_a_generation_that_goes_while_it_is_being_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that came instead is opened."""
    store, read = IndexStore(tmp_path), Manifest.read
    publish(tmp_path, ONE)
    newer: list[str] = []

    def read_late(folder: Path) -> Manifest:
        manifest = read(folder)
        if not newer:
            newer.append(publish(tmp_path, {"a.pdf": ["newer"]}).id)
            store.prune(keep=1)
        return manifest

    monkeypatch.setattr(Manifest, "read", read_late)
    with store.open_current(EMBEDDER) as generation:
        assert [generation.id] == newer
    assert len(store.generations()) == 1


def test_whoever_begins_to_read_a_folder_that_is_taken_away(tmp_path: Path) -> None:
    folder = tmp_path / "generation"
    folder.mkdir()
    held = storage.hold_open(folder)
    assert not storage.take_away(folder)
    os.close(held)
    # Taken away by another process, which has it to itself until it is renamed.
    other = os.open(folder, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(storage.hold_open, folder)
        time.sleep(0.2)
        assert not waiting.done()
        folder.rename(tmp_path / ".removed")
        os.close(other)
        with pytest.raises(FileNotFoundError):
            waiting.result(10)
    folder.mkdir()
    assert storage.take_away(folder)
    assert list(tmp_path.iterdir()) == [tmp_path / ".removed"]


def test_a_generation_closes_itself_when_nobody_has_it_any_more(tmp_path: Path) -> None:
    publish(tmp_path, ONE)
    generation = IndexStore(tmp_path).open_current(EMBEDDER)
    folder = generation.folder
    assert storage.is_held_open(folder)
    del generation
    gc.collect()
    assert not storage.is_held_open(folder)
