"""Embeddings through sentence-transformers: the packaged MiniLM, or any model by id or folder.

One class behind `protocols.Embedder`. What is embedded, and where vectors are kept, is decided by
`index` and `ingest`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from cachetools import LRUCache
from sentence_transformers import SentenceTransformer

from ds542_tutor.errors import ModelError
from ds542_tutor.models.packaged import MINILM_SHA256, minilm_path, sha256_of
from ds542_tutor.models.quiet import first_line, quiet_loading
from ds542_tutor.models.tokens import TokenCounter
from ds542_tutor.settings import ModelSettings

Dtype = Literal["float32", "bfloat16"]

# Larger batches gained nothing on 2 CPU cores and a GPU is busy enough with MiniLM-sized models.
BATCH_CPU = 32
BATCH_CUDA = 128
# One question is embedded for the policy, for the search and for the choice of quotes.
KEPT_QUERIES = 1024


class SentenceTransformerEmbedder:
    """A sentence-transformers model behind `protocols.Embedder`; safe to share between threads."""

    def __init__(self, model: SentenceTransformer, model_id: str, dtype: Dtype) -> None:
        """Wrap a loaded `model`; `load_embedder` is the usual way to get here."""
        dimension = model.get_embedding_dimension()
        if dimension is None:
            raise ModelError(f"{model_id} does not say how long its vectors are; choose another.")
        self._model = model
        self._model_id = model_id
        self._dimension = dimension
        self.dtype: Dtype = dtype
        # A fast tokenizer refuses a second thread ("Already borrowed") while one is using it.
        self._lock = threading.Lock()
        self._kept: LRUCache[str, list[float]] = LRUCache(KEPT_QUERIES)
        self._kept_lock = threading.Lock()
        self.token_counter = TokenCounter(model.tokenizer.backend_tokenizer)

    @property
    def model_id(self) -> str:
        """Name and weights or revision, for instance "all-MiniLM-L6-v2@53aa51172d14"."""
        return self._model_id

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._dimension

    @property
    def max_tokens(self) -> int:
        """Word-pieces of a text that the model reads; what comes after is not embedded."""
        length = self._model.max_seq_length or self._model.tokenizer.model_max_length
        return int(length) - self.token_counter.special_tokens

    def count_tokens(self, text: str) -> int:
        """Return the number of word-pieces of `text`, markers for its two ends not counted."""
        return self.token_counter(text)

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one unit vector a text, in order. Shape: (len(texts), dimension).

        Texts are batched by length inside, so callers need not sort.
        """
        return self._encode(texts, "document")

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a query, with the model's query prompt where it has one."""
        with self._kept_lock:
            known = self._kept.get(text)
        if known is None:
            known = self._encode([text], "query")[0]
            with self._kept_lock:
                self._kept[text] = known
        return list(known)

    def _encode(
        self, texts: Sequence[str], role: Literal["document", "query"]
    ) -> list[list[float]]:
        if not texts:
            return []
        encode = self._model.encode_query if role == "query" else self._model.encode_document
        batch = BATCH_CUDA if self._model.device.type == "cuda" else BATCH_CPU
        try:
            with self._lock:
                vectors = encode(
                    list(texts),
                    batch_size=batch,
                    show_progress_bar=False,
                    convert_to_tensor=True,
                )
        except RuntimeError as error:
            raise ModelError(
                f"The embedder {self._model_id} failed ({first_line(error)}); with a GPU, free "
                "memory or choose a smaller models.embedder."
            ) from error
        # Normalised in float32, since a bfloat16 norm is off by up to one part in 256.
        unit = torch.nn.functional.normalize(vectors.float(), dim=1)
        rows: list[list[float]] = unit.cpu().tolist()
        return rows


def load_embedder(
    models: ModelSettings, purpose: Literal["queries", "documents"] = "queries"
) -> SentenceTransformerEmbedder:
    """Load the embedder that `models` names; silent, and offline for the packaged one.

    A model of the hub is taken from the local cache when HF_HUB_OFFLINE is set. `purpose` matters
    where `models.embedder_dtype` is "auto": see `choose_dtype`.

    Raises:
        ModelError: the model cannot be found or loaded. ModelIntegrityError: damaged weights.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = choose_dtype(models.embedder_dtype, purpose, device)
    packaged = models.embedder == "minilm"
    name = str(minilm_path()) if packaged else models.embedder
    local = packaged or Path(name).expanduser().is_dir()
    if local:
        name = str(Path(name).expanduser())
    try:
        with quiet_loading():
            model = SentenceTransformer(
                name,
                device=device,
                local_files_only=local,
                model_kwargs={"dtype": getattr(torch, dtype)},
            )
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise ModelError(
            f"The embedder {models.embedder!r} cannot be loaded ({first_line(error)}); set "
            "models.embedder to 'minilm', a folder, or an id that is in the Hugging Face cache."
        ) from error
    if packaged:
        identity = f"all-MiniLM-L6-v2@{MINILM_SHA256[:12]}"
    else:
        identity = f"{models.embedder}@{_revision(model, Path(name) if local else None)}"
    return SentenceTransformerEmbedder(model, identity, dtype)


def choose_dtype(
    setting: str, purpose: Literal["queries", "documents"], device: Literal["cpu", "cuda"] | str
) -> Dtype:
    """Resolve `models.embedder_dtype`: "auto" is bfloat16 for bulk work where that is fast.

    Documents are embedded by the thousand, so they take bfloat16 on CUDA and on processors that
    multiply it natively (avx512_bf16); one query at a time stays in float32.
    """
    if setting == "bfloat16":
        return "bfloat16"
    native = device == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return "bfloat16" if setting == "auto" and purpose == "documents" and native else "float32"


def _revision(model: SentenceTransformer, folder: Path | None) -> str:
    """Identify weights: the hub's commit, else the first 12 digits of a hash over a folder's."""
    if folder is None:
        config = getattr(model[0].auto_model, "config", None)
        return str(getattr(config, "_commit_hash", None) or "unknown")[:12]
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.suffix in (".safetensors", ".bin"):
            digest.update(f"{file.relative_to(folder).as_posix()} {sha256_of(file)}\n".encode())
    return digest.hexdigest()[:12]
