"""The packaged MiniLM in 8-bit integers through CTranslate2: thousands of documents on a CPU.

The vectors are close to the exact ones (docs/experiments.md), so an index holds these while
questions are embedded exactly (`embedding`). Converting the model is for `int8_export`.

One text at a time on each core: without padding, and with all that a text needs in the core's own
cache, this is faster than batches, and a text's vector does not depend on its neighbours.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from array import array
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from ds542_tutor.errors import ModelError
from ds542_tutor.models.packaged import MINILM_SHA256, minilm_path
from ds542_tutor.models.tokens import TokenCounter

MAX_TOKENS = 256
DIMENSION = 384
# Raised whenever `int8_export` makes something else of the same weights.
EXPORT_VERSION = 1


class Int8Embedder:
    """Embeds documents with the packaged MiniLM; safe to share between threads.

    The model is loaded when the first text comes, since an ingest may have nothing to embed.
    """

    model_id = f"all-MiniLM-L6-v2@{MINILM_SHA256[:12]}"
    dimension = DIMENSION
    dtype = f"int8.{EXPORT_VERSION}"

    def __init__(self, cache: Path) -> None:
        """`cache`: folder that keeps the converted model."""
        self._cache = cache

    @cached_property
    def token_counter(self) -> TokenCounter:
        """Counts tokens, also in other processes."""
        return TokenCounter.from_file(minilm_path() / "tokenizer.json")

    @property
    def max_tokens(self) -> int:
        """Word-pieces of a text that the model reads; what comes after is not embedded."""
        return MAX_TOKENS - self.token_counter.special_tokens

    def embed_documents(self, texts: Sequence[str]) -> list[array[float]]:
        """Return one unit vector a text, in order. Each of `dimension` floats of 32 bits.

        Raises:
            ModelError: the model cannot be converted or loaded.
        """
        return list(self._pool.map(self._embed, texts))

    def _embed(self, text: str) -> array[float]:
        output = self._encoder.forward_batch([self._tokenizer.encode(text).ids])
        # The mean over a text's tokens, as the model was trained with.
        mean = np.asarray(output.last_hidden_state, dtype=np.float32)[0].mean(axis=0)
        return array("f", (mean / np.linalg.norm(mean)).tobytes())

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        _ = self._encoder, self._tokenizer  # made by one thread, before there are several
        return ThreadPoolExecutor(max_workers=_cores())

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(minilm_path() / "tokenizer.json"))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _encoder(self) -> Any:
        folder = converted(self._cache)
        if _has_avx512():
            # On AMD it would take AVX2, which is 12 % slower there; read when it is imported.
            os.environ.setdefault("CT2_FORCE_CPU_ISA", "AVX512")
        import ctranslate2

        try:
            return ctranslate2.Encoder(
                str(folder),
                device="cpu",
                compute_type="int8",
                inter_threads=_cores(),
                intra_threads=1,
            )
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                f"The embedding model {folder} cannot be loaded ({error}); delete that folder, and "
                "it is made anew."
            ) from error


def converted(cache: Path) -> Path:
    """Return the folder of the converted MiniLM; the first time it is made, in some 5 seconds.

    Raises:
        ModelError: it cannot be written.
    """
    folder = cache.expanduser() / f"minilm-{MINILM_SHA256[:12]}-int8-{EXPORT_VERSION}"
    if folder.is_dir():
        return folder
    fresh = folder.with_name(f".{folder.name}-{os.getpid()}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with folder.with_name(f".{folder.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # waits for another process that is at it
            if not folder.is_dir():
                for leftover in folder.parent.glob(f".{folder.name}-*"):  # of killed processes
                    shutil.rmtree(leftover, ignore_errors=True)
                module = "ds542_tutor.models.int8_export"
                command = [sys.executable, "-m", module, str(minilm_path()), str(fresh)]
                subprocess.run(command, check=True, capture_output=True, text=True)
                fresh.rename(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        said = ((getattr(error, "stderr", "") or str(error)).strip() or "?").splitlines()[-1]
        raise ModelError(
            f"The 8-bit form of the embedding model cannot be written to {folder} ({said}); set "
            "paths.cache to a folder with 100 MB free, or models.embedder_dtype to 'float32'."
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _has_avx512() -> bool:
    """Whether the processor has the AVX-512 instructions that CTranslate2 uses (Linux only)."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "").split()
    return {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}.issubset(flags)
