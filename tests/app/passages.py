"""Ranges of a chunk by their words, and the marked pixels of a picture."""

import numpy as np
from PIL import Image

from ds542_tutor.app.highlight import MARK
from ds542_tutor.documents import Chunk

SENTENCE = "Large scores drive the softmax into saturation."


def range_of(chunk: Chunk, words: str) -> tuple[int, int]:
    start = chunk.text.index(words)
    return start, start + len(words)


def marked_pixels(image: Image.Image) -> list[tuple[int, int]]:
    """(x, y) of every pixel that has the marker's colour."""
    near = np.abs(np.asarray(image).astype(int) - MARK).max(axis=2) < 12
    return [(int(x), int(y)) for y, x in np.argwhere(near)]
