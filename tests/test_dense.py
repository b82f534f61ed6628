"""Dense search over a real Chroma collection."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from index_samples import vector

from ds542_tutor.index import dense
from ds542_tutor.index.dense import DenseIndex

TEXTS = [f"text {i}" for i in range(40)]


def build(folder: Path) -> None:
    metadatas = [{"lecture": i % 4, "graded": i == 7} for i in range(len(TEXTS))]
    DenseIndex.build(folder, TEXTS, [vector(t) for t in TEXTS], metadatas).close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build(tmp_path / "dense")
    return tmp_path / "dense"


def test_a_text_is_found_by_its_own_vector_with_cosine_one(folder: Path) -> None:
    index = DenseIndex.open(folder)
    for text in TEXTS[::9]:
        (best, similarity), *others = index.search(vector(text), 5)
        assert best == text
        assert similarity == pytest.approx(1.0, abs=1e-5)
        scores = [similarity, *(s for _, s in others)]
        assert scores == sorted(scores, reverse=True)
    index.close()


def test_similarity_is_the_cosine(folder: Path) -> None:
    index = DenseIndex.open(folder)
    query = vector("a question")
    for identifier, similarity in index.search(query, 3):
        cosine = sum(a * b for a, b in zip(query, vector(identifier), strict=True))
        assert similarity == pytest.approx(cosine, abs=1e-5)
    index.close()


def test_filters(folder: Path) -> None:
    index = DenseIndex.open(folder)
    hits = index.search(vector("text 3"), 40, where={"lecture": 3})
    assert {int(i.split()[1]) % 4 for i, _ in hits} == {3}
    assert len(hits) == 10
    assert [i for i, _ in index.search(vector("x"), 5, where={"graded": True})] == ["text 7"]
    assert index.search(vector("x"), 5, where={"lecture": 99}) == []
    index.close()


def test_more_than_there_is(folder: Path) -> None:
    index = DenseIndex.open(folder)
    assert len(index) == 40
    assert len(index.search(vector("x"), 1000)) == 40
    assert index.search(vector("x"), 0) == []
    index.close()
    index.close()


def test_batches_larger_than_chroma_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "MAX_BATCH", 7)
    build(tmp_path / "dense")
    index = DenseIndex.open(tmp_path / "dense")
    assert len(index) == 40
    assert index.search(vector("text 39"), 1)[0][0] == "text 39"
    index.close()


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    index = DenseIndex.build(tmp_path / "dense", [], [], [])
    assert index.search(vector("x"), 5) == []
    index.close()


def test_threads_share_one_index(folder: Path) -> None:
    index = DenseIndex.open(folder)
    found: dict[str, str] = {}

    def ask(text: str) -> None:
        found[text] = index.search(vector(text), 1)[0][0]

    threads = [threading.Thread(target=ask, args=(text,)) for text in TEXTS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {text: text for text in TEXTS}
    index.close()


def test_vectors_come_back_and_unknown_ids_are_left_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "MAX_BATCH", 2)
    index = DenseIndex.open(folder)
    found = index.vectors(["text 1", "text 2", "text 3", "no such text"])
    assert found.keys() == {"text 1", "text 2", "text 3"}
    assert found["text 2"] == pytest.approx(list(vector("text 2")), abs=1e-6)
    similar = index.similarities(vector("text 1"), ["text 1", "text 2"])
    assert similar["text 1"] == pytest.approx(1.0, abs=1e-5)
    assert index.vectors([]) == {}
    index.close()


def test_every_process_finds_the_same(tmp_path: Path) -> None:
    """What Chroma had not built into its graph it added anew at each opening, in any order."""
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(6316, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = [f"c{i}" for i in range(len(vectors))]
    DenseIndex.build(tmp_path / "dense", ids, vectors, [{"kind": "slides"}] * len(ids)).close()
    np.save(tmp_path / "queries.npy", rng.normal(size=(40, 384)))
    look = (
        "import sys, numpy, pathlib\n"
        "from ds542_tutor.index.dense import DenseIndex\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "index = DenseIndex.open(folder / 'dense')\n"
        "for query in numpy.load(folder / 'queries.npy'):\n"
        "    print([i for i, _ in index.search((query / numpy.linalg.norm(query)).tolist(), 60)])\n"
    )
    command = [sys.executable, "-c", look, str(tmp_path)]
    one, other = (subprocess.run(command, capture_output=True, text=True).stdout for _ in range(2))
    assert len(one.splitlines()) == 40
    assert one == other
