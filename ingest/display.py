"""Shows an ingest under way: as a progress bar for people, or as lines of JSON for programs."""

from __future__ import annotations

import json
import sys
from typing import Any

from tqdm import tqdm

from ingest.report import (
    Embedded,
    Event,
    FileDone,
    Phase,
    Report,
    file_line,
    to_json_line,
    totals,
)

_PHASES = {"write": "writing", "check": "checking", "gate": "asking the evaluation cases"}


class JsonLines:
    """Prints one event a line on stdout, for the staff page and other programs."""

    def __call__(self, event: Event) -> None:
        print(to_json_line(event), flush=True)

    def error(self, message: str) -> None:
        """Print an error as an event, and as a line for people."""
        print(json.dumps({"event": "error", "message": message}, ensure_ascii=False), flush=True)
        print(message, file=sys.stderr)

    def close(self) -> None:
        """Nothing to tidy up."""


class Terminal:
    """Shows a progress bar on stderr, and what became of each file on stdout."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, FileDone):
            self._advance("reading", event.done, event.total)
            # Through tqdm, which moves its bar out of the way first.
            tqdm.write(file_line(event), file=sys.stdout)
        elif isinstance(event, Embedded):
            self._advance("embedding", event.done, event.total)
        elif isinstance(event, Phase):
            self._advance(_PHASES[event.name], 0, 1)
        elif isinstance(event, Report):
            self.close()
            print(totals(event))

    def _advance(self, what: str, done: int, total: int) -> None:
        bar = self._bar
        if bar is None or bar.desc != what:
            self.close()
            # disable=None: no bar where stderr is no terminal.
            bar = self._bar = tqdm(total=total, leave=False, disable=None)
            bar.desc = what
        bar.update(done - bar.n)

    def error(self, message: str) -> None:
        """Print one line."""
        self.close()
        print(message, file=sys.stderr)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
