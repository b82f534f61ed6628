"""A stand-in for `python -m ingest` with scripted re-ingests, for tests of who runs it.

FAKE_INGEST says how a re-ingest goes: "ok", "slow", "stubborn" (deaf to SIGINT and SIGTERM),
"failed" (a file failed and nothing is staged), "partial", "locked", "crash" or "killed".
Generations are real ones, of vectors that need no model; the other commands are the real ones.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

from index_samples import publish

from ds542_tutor.index.generations import IndexStore
from ingest import maintenance, targets

STOPPED = "Interrupted; the index in use is unchanged."


def say(event: str, **more: object) -> None:
    print(json.dumps({"event": event, **more}), flush=True)


def stage(options: argparse.Namespace, how: str) -> int:
    if how == "locked":
        say("error", message="Another ingest (process 4711) is writing to index.")
        return 2
    if how == "crash":
        raise ZeroDivisionError("secret detail")
    if how == "stubborn":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("a line that some library printed", flush=True)
    say("start", corpus="tiny", files=2)
    odd = {"warnings": ["odd page 3"], "blank": [3], "ocr": [4, 5]}
    say("file", path="lectures/07.pdf", status="read", reason="", chunks=2, done=1, total=2, **odd)
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    while how in ("slow", "stubborn"):
        time.sleep(0.05)
    broken = how in ("failed", "partial")
    status, reason = ("failed", "it is <b>truncated</b>") if broken else ("read", "")
    say("file", path="lectures/08.pdf", status=status, reason=reason, chunks=1, done=2, total=2)
    say("embed", done=3, total=3, cached=2)
    say("phase", name="write")
    staged, since = None, IndexStore(options.index).current_id()
    if how != "failed" or options.allow_partial:
        staged = publish(
            options.index, {"lectures/07.pdf": ["one", str(time.time())]}, stage=True
        ).id
    change = {"path": "lectures/07.pdf", "title": "Lecture <7>", "added": 1, "removed": 1}
    say(
        "done", generation=None, staged=staged, chunks=3, embedded=1, seconds=0.1,
        read=1 if broken else 2, skipped=0, failed=int(broken),
        warnings=["two lectures on 5 February"],
        changes={
            "since": since, "added": [], "changed": [change], "removed": [], "unchanged": 1,
            "chunks_added": 1, "chunks_removed": 1,
        },
    )  # fmt: skip
    return int(broken)


def main(arguments: list[str]) -> int:
    if arguments[0] == "files":
        return targets.main(arguments[1:])
    if arguments[0] in maintenance.COMMANDS:
        return maintenance.main(arguments[0], arguments[1:])
    parser = argparse.ArgumentParser()
    parser.add_argument("sources")
    parser.add_argument("--index", type=Path, required=True)
    for flag in ("--stage", "--json", "--allow-partial"):
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args(arguments)
    return stage(options, os.environ.get("FAKE_INGEST", "ok"))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)
        sys.exit(130)
