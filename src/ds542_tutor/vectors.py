"""What is done with embeddings outside of the index. Standard library only."""

from __future__ import annotations

from ds542_tutor.protocols import Vector


def dot(a: Vector, b: Vector) -> float:
    """Return the dot product of two vectors: their cosine, since embedders return unit vectors."""
    return sum(x * y for x, y in zip(a, b, strict=True))
