"""Builds an index from course files: `python -m ingest`."""
