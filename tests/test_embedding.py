"""Embeddings: the packaged MiniLM for real, and other sentence-transformers models by folder."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ds542_tutor.errors import ModelError
from ds542_tutor.models import embedding
from ds542_tutor.models.embedding import SentenceTransformerEmbedder, choose_dtype, load_embedder
from ds542_tutor.models.packaged import minilm_path
from ds542_tutor.protocols import Embedder
from ds542_tutor.settings import ModelSettings


@pytest.fixture(scope="module")
def minilm() -> SentenceTransformerEmbedder:
    return load_embedder(ModelSettings())


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def test_it_is_an_embedder_with_an_identity(minilm: SentenceTransformerEmbedder) -> None:
    assert isinstance(minilm, Embedder)
    assert minilm.model_id == "all-MiniLM-L6-v2@53aa51172d14"
    assert (minilm.dimension, minilm.max_tokens) == (384, 254)


def test_vectors_have_unit_length_and_keep_the_order(minilm: SentenceTransformerEmbedder) -> None:
    texts = ["a", "a much longer text about attention " * 8, "gradient descent"]
    together = minilm.embed_documents(texts)
    for vector, text in zip(together, texts, strict=True):
        assert cosine(vector, vector) == pytest.approx(1, abs=1e-5)
        assert cosine(vector, minilm.embed_documents([text])[0]) > 0.9999
    assert minilm.embed_documents([]) == []


def test_meaning_decides(minilm: SentenceTransformerEmbedder) -> None:
    query = minilm.embed_query("How can I stop a network from overfitting?")
    near, far = minilm.embed_documents(
        ["Dropout and weight decay regularize a model.", "Office hours are on Tuesday."]
    )
    assert cosine(query, near) > cosine(query, far) + 0.2


def test_tokens_are_counted_beyond_what_the_model_reads(
    minilm: SentenceTransformerEmbedder,
) -> None:
    assert minilm.count_tokens("word " * 1000) == 1000
    assert minilm.count_tokens("") == 0
    # 254 word-pieces are read, whatever length the tokenizer's own file asks for.
    head = "the cat sat on the mat " * 25
    texts = minilm.embed_documents([head, head + "quantum lattice"])
    assert cosine(*texts) < 0.99


def test_loading_prints_nothing_and_opens_no_connection() -> None:
    code = (
        "import socket\n"
        "def refuse(*_, **__): raise AssertionError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from ds542_tutor.models.embedding import load_embedder\n"
        "from ds542_tutor.settings import ModelSettings\n"
        "assert len(load_embedder(ModelSettings()).embed_query('x')) == 384\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "HF_HUB_OFFLINE"}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_threads_share_one_embedder(minilm: SentenceTransformerEmbedder) -> None:
    texts = [f"question number {i}" for i in range(12)]
    found: dict[str, list[float]] = {}

    def ask(text: str) -> None:
        found[text] = minilm.embed_query(text)

    threads = [threading.Thread(target=ask, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(cosine(found[t], minilm.embed_query(t)) > 0.9999 for t in texts)


def test_bfloat16_is_near_float32(minilm: SentenceTransformerEmbedder) -> None:
    half = load_embedder(ModelSettings(embedder_dtype="bfloat16"))
    text = "Dividing by the square root of the dimension keeps the softmax from saturating."
    assert (half.dtype, half.model_id) == ("bfloat16", minilm.model_id)
    assert cosine(half.embed_documents([text])[0], minilm.embed_query(text)) > 0.999


@pytest.mark.parametrize(
    ("setting", "purpose", "device", "native", "expected"),
    [
        ("auto", "documents", "cpu", True, "bfloat16"),
        ("auto", "documents", "cpu", False, "float32"),
        ("auto", "documents", "cuda", False, "bfloat16"),
        ("auto", "queries", "cuda", True, "float32"),
        ("float32", "documents", "cuda", True, "float32"),
        ("bfloat16", "queries", "cpu", False, "bfloat16"),
    ],
)
def test_dtype(
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    purpose: str,
    device: str,
    native: bool,
    expected: str,
) -> None:
    monkeypatch.setattr(embedding.torch.cpu, "_is_avx512_bf16_supported", lambda: native)
    assert choose_dtype(setting, purpose, device) == expected  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MiniLM saved again, with prompts, as a model of one's own."""
    from sentence_transformers import SentenceTransformer

    target = tmp_path_factory.mktemp("models") / "own"
    prompts = {"query": "query: ", "document": "passage: "}
    SentenceTransformer(str(minilm_path()), device="cpu", prompts=prompts).save(str(target))
    return target


def test_a_model_by_folder_uses_its_prompts(
    folder: Path, minilm: SentenceTransformerEmbedder
) -> None:
    own = load_embedder(ModelSettings(embedder=str(folder)))
    query, document = own.embed_query("attention"), own.embed_documents(["attention"])[0]
    assert cosine(query, minilm.embed_query("query: attention")) > 0.9999
    assert cosine(document, minilm.embed_query("passage: attention")) > 0.9999


def test_other_weights_are_another_model(folder: Path) -> None:
    first = load_embedder(ModelSettings(embedder=str(folder))).model_id
    assert first.startswith(f"{folder}@")
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    assert load_embedder(ModelSettings(embedder=str(folder))).model_id != first


@pytest.mark.parametrize("name", ["no/such-model", "{empty}"])
def test_a_model_that_cannot_be_loaded(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network here")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    name = name.format(empty=tmp_path)
    with pytest.raises(ModelError, match=r"cannot be loaded.*models\.embedder") as raised:
        load_embedder(ModelSettings(embedder=name))
    assert name in str(raised.value)
    assert "\n" not in str(raised.value)
