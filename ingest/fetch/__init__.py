"""Brings a corpus's files to the materials folder: `python -m ingest fetch`."""
