"""Chooses how documents are embedded, without importing torch where that is not needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from ds542_tutor.models.int8_embedding import Int8Embedder
from ds542_tutor.protocols import Vector
from ds542_tutor.settings import Settings


class DocumentEmbedder(Protocol):
    """An embedder as an ingest needs it: it also counts tokens, and says how exact it is."""

    @property
    def model_id(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def dtype(self) -> str: ...

    @property
    def max_tokens(self) -> int: ...

    @property
    def token_counter(self) -> Callable[[str], int]:
        """Counts tokens; picklable, for the processes that cut files into chunks."""
        ...

    def embed_documents(self, texts: Sequence[str]) -> Sequence[Vector]: ...


def load_document_embedder(settings: Settings) -> DocumentEmbedder:
    """Return the embedder that `settings` name, in the form that suits thousands of texts.

    The packaged MiniLM runs in 8-bit integers on a CPU, unless `models.embedder_dtype` says
    otherwise; everything else goes through sentence-transformers.

    Raises:
        ModelError: see `embedding.load_embedder`.
    """
    models = settings.models
    small = models.embedder == "minilm" and models.embedder_dtype in ("auto", "int8")
    if small and (models.embedder_dtype == "int8" or not _has_cuda()):
        return Int8Embedder(settings.paths.cache)
    from ds542_tutor.models.embedding import load_embedder

    return load_embedder(models, "documents")


def _has_cuda() -> bool:
    """Tell whether there is a CUDA device, without importing torch where none is likely."""
    if not any(Path("/dev").glob("nvidia[0-9]*")) and not Path("/dev/dxg").exists():
        return False
    import torch

    return torch.cuda.is_available()
