"""Storage of an index: dense (Chroma), lexical (bm25s), chunks, and immutable generations."""
