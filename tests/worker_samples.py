"""Token counters that misbehave as a reader may; functions of a module, so that workers have them.

What a file says decides: "HANG", "SPIN" (a hang that keeps the interpreter), "CRASH", "LEAVE",
"SWELL", "RAISE". Also a program that reads such files until it is killed.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from pathlib import Path

from ingest.parsing import Reading
from ingest.sources import SourceFile
from ingest.workers import Limits, read_files


def misbehave(text: str) -> int:
    """Count words, or do what the text says."""
    if "HANG" in text:
        time.sleep(600)
    if "SPIN" in text:
        re.match(r"(a+)+$", "a" * 60 + "b")
    if "CRASH" in text:
        os.abort()
    if "LEAVE" in text:
        os._exit(3)
    if "SWELL" in text:
        bytearray(8 << 30)
    if "RAISE" in text:
        raise ZeroDivisionError("a number of the file")
    return len(text.split())


READING = Reading(misbehave, 200)


def files(folder: Path, *texts: str) -> list[SourceFile]:
    """Write one Markdown file a text and return them as sources."""
    made = []
    for i, text in enumerate(texts):
        path = folder / f"{i}.md"
        path.write_text(f"# Heading {i}\n\n{text} and some more words about gradients.\n")
        made.append(SourceFile(path, path.name, "notes"))
    return made


if __name__ == "__main__":
    # A shell that starts the tests in the background has Ctrl-C ignored in all they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sources = files(Path(sys.argv[1]), "plain", *sys.argv[2:])
    for position, _ in read_files(sources, READING, Limits(seconds=300), processes=2):
        print(position, flush=True)
