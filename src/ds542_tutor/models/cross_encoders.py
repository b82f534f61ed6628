"""Loads sentence-transformers cross-encoders; what their scores mean is left to their users."""

from __future__ import annotations

from pathlib import Path

import torch
from sentence_transformers import CrossEncoder

from ds542_tutor.errors import ModelError
from ds542_tutor.models.quiet import first_line, quiet_loading


def load_cross_encoder(name: str, what: str) -> CrossEncoder:
    """Load a cross-encoder by folder or hub id (from the local cache when HF_HUB_OFFLINE is set).

    `what` names its job in the message of an error, such as "reranker".

    Raises:
        ModelError: it cannot be found or loaded.
    """
    folder = Path(name).expanduser()
    local = folder.is_dir()
    try:
        with quiet_loading():
            model: CrossEncoder = CrossEncoder(
                str(folder) if local else name,
                device="cuda" if torch.cuda.is_available() else "cpu",
                local_files_only=local,
            )
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise ModelError(
            f"The {what} {name!r} cannot be loaded ({first_line(error)}); give a folder, or an "
            "id that is in the Hugging Face cache."
        ) from error
    return model
