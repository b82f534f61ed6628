"""Readers: one a file kind, each `read(path, ...) -> Document`."""
