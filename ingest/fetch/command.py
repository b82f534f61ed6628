"""`python -m ingest fetch`: its arguments, what it prints, its exit status.

0: everything is there; 1: something could not be brought (nothing that was there is lost);
2: an error that a person can mend.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from ds542_tutor.errors import TutorError
from ingest.fetch.plan import load_plan
from ingest.fetch.run import Begun, Done, Event, Fetched, FetchStatus, fetch

DEFAULT = Path("corpus/ds542-sp2026.toml")


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m ingest fetch",
        description="Bring the files that a sources file names to the materials folder.",
    )
    parser.add_argument(
        "sources", nargs="?", type=Path, default=DEFAULT, help=f"sources file ({DEFAULT})"
    )
    parser.add_argument("--materials", type=Path, help="folder to fetch into")
    parser.add_argument("--json", action="store_true", help="one event a line on stdout")
    options = parser.parse_args(arguments)
    try:
        plan = load_plan(options.sources, options.materials)
        done = fetch(plan, _tell_json if options.json else _tell)
    except TutorError as error:
        if options.json:
            print(json.dumps({"event": "error", "message": str(error)}, ensure_ascii=False))
        print(error, file=sys.stderr)
        return 2
    return 1 if done.count("failed") else 0


def _tell_json(event: Event) -> None:
    data = {"event": event.event, **asdict(event)}
    if isinstance(event, Done):
        del data["items"]
        data |= {status: event.count(status) for status in get_args(FetchStatus)}
    print(json.dumps(data, ensure_ascii=False), flush=True)


def _tell(event: Event) -> None:
    if isinstance(event, Begun):
        print(f"fetching {event.to} from {event.url}", file=sys.stderr, flush=True)
    elif isinstance(event, Fetched):
        print(f"{event.status:<9} {event.to}: {event.reason}", flush=True)
    else:
        brought, failed = event.count("new") + event.count("updated"), event.count("failed")
        print(f"{len(event.items)} named, {brought} brought, {failed} failed.")
        if failed:
            print(f"What was in {event.root} before is still there. Run it again to go on.")
