"""How fast, and on what: ingest, retrieval, answers and a loaded server, measured repeatedly."""
