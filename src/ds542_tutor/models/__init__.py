"""Models: the only package that imports torch, transformers, sentence_transformers, langchain."""
