"""The packaged SmolLM2-135M-Instruct: converted once from GGUF, then loaded like any model.

Reading the GGUF file takes 14 s on 2 CPU cores, a bfloat16 safetensors copy 0.3 s. The copy is
made in a folder of its own and appears under its final name in one step, so that a killed or a
second process never leaves or sees half a model.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

from ds542_tutor.errors import ModelError
from ds542_tutor.models.huggingface import HuggingFaceModel, load_huggingface
from ds542_tutor.models.packaged import SMOLLM2_SHA256, smollm2_gguf
from ds542_tutor.models.quiet import first_line, quiet_loading


def load_smollm2(cache: Path, *, temperature: float = 0.0) -> HuggingFaceModel:
    """Load the packaged model from its copy under `cache`, which is made when it is not there.

    Raises:
        ModelError: the package is missing, or the copy cannot be written or read.
        ModelIntegrityError: the packaged file is not the official one.
    """
    folder = cache.expanduser() / f"smollm2-{SMOLLM2_SHA256[:12]}-bf16"
    if not folder.is_dir():
        _convert(smollm2_gguf(), folder)
    try:
        return load_huggingface(
            str(folder),
            temperature=temperature,
            stop_loops=True,
            shown_as="smollm2",
        )
    except ModelError as error:
        raise ModelError(
            f"The converted model in {folder} cannot be read; delete that folder, it is made anew."
        ) from error


def _convert(gguf: Path, folder: Path) -> None:
    """Write the model in `gguf` as bfloat16 safetensors to `folder`, all or nothing."""
    made: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        # The bar of this one loader knows no switch.
        with quiet_loading(), contextlib.redirect_stderr(io.StringIO()):
            tokenizer = AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name)
            model: Any = AutoModelForCausalLM.from_pretrained(
                str(gguf.parent),
                gguf_file=gguf.name,
                dtype=torch.float32,
                quantization_config=GgufConfig(dequantize=True),
            )
            model.config.quantization_config = None
            tokenizer.save_pretrained(made)
            model.to(torch.bfloat16).save_pretrained(made)
        # Fails when another process was quicker; its copy is as good as ours.
        with contextlib.suppress(OSError):
            made.rename(folder)
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise ModelError(
            f"SmolLM2 cannot be converted into {folder.parent} ({first_line(error)}); give "
            "paths.cache a folder with 400 MB of free space."
        ) from error
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
    if not folder.is_dir():
        raise ModelError(
            f"The folder {folder.parent} cannot be written; point paths.cache at another."
        )
