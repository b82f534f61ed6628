"""Judges answers: `python -m eval`."""
