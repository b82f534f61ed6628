"""Generations that wait to be published, and graphs of which a few vectors are exchanged."""

from dataclasses import replace
from pathlib import Path

import pytest
from index_samples import EMBEDDER, chunk, publish, record, vector

from ds542_tutor.errors import IndexStoreError
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.index.manifest import Manifest

ONE = {"a.pdf": ["attention weighs values", "softmax sums to one"], "b.pdf": ["momentum"]}


def stage(root: Path, text: str) -> Manifest:
    with IndexStore(root).begin() as writer:
        writer.write([record("s.pdf", 1)], [chunk(text, "s.pdf")], [vector(text)])
        return writer.stage(Manifest(embedder=EMBEDDER, dimension=16))


def test_a_staged_generation_waits_until_it_is_published(tmp_path: Path) -> None:
    first = publish(tmp_path, ONE)
    store = IndexStore(tmp_path)
    staged = stage(tmp_path, "staged text")
    assert store.current_id() == first.id
    assert staged.replaces == first.id
    assert store.published() == [first.id]
    assert store.publish(staged.id).id == staged.id == store.current_id()
    assert store.rollback().id == first.id


def test_a_staged_generation_that_another_overtook(tmp_path: Path) -> None:
    publish(tmp_path, ONE)
    store = IndexStore(tmp_path)
    staged = stage(tmp_path, "staged text")
    store.publish(stage(tmp_path, "other text").id)
    later = stage(tmp_path, "later text")
    store.rollback()
    with pytest.raises(IndexStoreError, match="would be undone"):
        store.publish(later.id)
    store.publish(later.id, force=True)
    assert store.current_id() == later.id
    assert staged.id not in [m.id for m in store.generations()]


def test_rolling_back_never_lands_on_what_was_only_staged(tmp_path: Path) -> None:
    first = publish(tmp_path, ONE)
    stage(tmp_path, "never published")
    publish(tmp_path, {"b.pdf": ["second"]})
    assert IndexStore(tmp_path).rollback().id == first.id


def test_discarding(tmp_path: Path) -> None:
    first = publish(tmp_path, ONE)
    store = IndexStore(tmp_path)
    staged = stage(tmp_path, "never published")
    store.discard(staged.id)
    assert [m.id for m in store.generations()] == [first.id]
    with pytest.raises(IndexStoreError, match="was in use once"):
        store.discard(first.id)
    with pytest.raises(IndexStoreError, match="no generation"):
        store.discard(staged.id)


def test_few_changes_are_exchanged_in_a_copy_of_the_graph(tmp_path: Path) -> None:
    texts = [f"text number {n}" for n in range(40)]
    publish(tmp_path, {"a.pdf": texts})
    store = IndexStore(tmp_path)
    changed = [*texts[:20], "quite another text", *texts[21:]]
    chunks = [chunk(t, "a.pdf", i) for i, t in enumerate(changed)]
    # A chunk whose text stays but that can be filtered by something else now.
    chunks[3] = replace(chunks[3], lecture=9)
    with store.open_current(EMBEDDER) as base, store.begin() as writer:
        vectors = [vector(c.search_text) for c in chunks]
        writer.write([record("a.pdf", 40)], chunks, vectors, base=base)
        manifest = writer.publish(Manifest(embedder=EMBEDDER, dimension=16))
    assert manifest.exchanged == 2
    with store.open_current(EMBEDDER) as generation:
        assert len(generation.dense) == 40
        for each in chunks:
            [(found, score)] = generation.dense.search(vector(each.search_text), 1)
            assert (found, score) == (each.id, pytest.approx(1, abs=1e-5))
        everything = dict(generation.dense.search(vector(texts[20]), 40))
        assert set(everything) == {c.id for c in chunks}
        ninth = generation.dense.search(vector("x"), 40, {"lecture": 9})
        assert [i for i, _ in ninth] == [chunks[3].id]


def test_many_changes_build_the_graph_anew(tmp_path: Path) -> None:
    publish(tmp_path, {"a.pdf": [f"text number {n}" for n in range(10)]})
    store = IndexStore(tmp_path)
    for round_, expected in enumerate((1, 0, 1)):
        manifest = store.current_manifest()
        with store.open_current(EMBEDDER) as base, store.begin() as writer:
            chunks = base.chunks.by_document("a.pdf")
            chunks[0] = chunk(f"new text {round_}", "a.pdf", 0)
            vectors = [vector(c.search_text) for c in chunks]
            writer.write([record("a.pdf", 10)], chunks, vectors, base=base)
            manifest = writer.publish(Manifest(embedder=EMBEDDER, dimension=16))
        assert manifest.exchanged == expected


def test_rolling_back_to_what_was_only_staged_is_refused(tmp_path: Path) -> None:
    first = publish(tmp_path, ONE)
    staged = stage(tmp_path, "never published")
    with pytest.raises(IndexStoreError, match=f"ingest publish {staged.id}"):
        IndexStore(tmp_path).rollback(staged.id)
    assert IndexStore(tmp_path).current_id() == first.id
