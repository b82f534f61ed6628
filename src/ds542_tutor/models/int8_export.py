"""Converts the packaged MiniLM to 8-bit integers, once a machine.

Run as a program in a process of its own (`python -m ds542_tutor.models.int8_export FROM TO`), so
that an ingest never holds torch in memory. Running the converted model is for `int8_embedding`.
"""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path

from ctranslate2.converters import TransformersConverter


def export(model: Path, target: Path) -> None:
    """Write the BERT model in the folder `model` to the folder `target`, in CTranslate2's form.

    Each row of a weight matrix has its own scale; activations are quantised as they come, each
    token by its own scale (https://opennmt.net/CTranslate2/quantization.html).
    """
    TransformersConverter(str(model)).convert(str(target), quantization="int8")


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    export(Path(sys.argv[1]), Path(sys.argv[2]))
