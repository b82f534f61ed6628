"""`python -m ingest`: build an index from course files; fetch the files; list and roll back.

The composition root of ingest: parses arguments, quiets libraries, builds the parts, and prints.
Exit status 0: published; 1: a file failed, or the gate is red; 2: an error that a person can mend;
130: interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from ds542_tutor.errors import TutorError
from ds542_tutor.settings import Settings, load_settings
from ingest import targets
from ingest.report import (
    Embedded,
    Event,
    FileDone,
    Phase,
    Report,
    file_line,
    plural,
    to_json_line,
    totals,
)

if TYPE_CHECKING:
    from ds542_tutor.index.generations import IndexStore

STARTER = Path("corpus/starter.toml")
SWITCHES = {
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
"""No library reports home, and none complains about threads; set before any is imported."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    os.environ.update(SWITCHES)
    try:
        if given[:1] == ["rollback"]:
            return _rollback(given[1:])
        if given[:1] == ["list"]:
            return _list(given[1:])
        if given[:1] == ["files"]:
            return targets.main(given[1:])
        if given[:1] == ["fetch"]:
            from ingest.fetch.command import main as fetch

            return fetch(given[1:])
        return _ingest(given)
    except KeyboardInterrupt:
        print("Interrupted; the index in use is unchanged.", file=sys.stderr)
        return 130


def _ingest(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m ingest",
        description="Build an index from course files.",
        epilog="python -m ingest list | rollback [ID]: show the generations, or return to one. "
        "python -m ingest fetch: bring the files.",
    )
    parser.add_argument(
        "sources", nargs="?", type=Path, default=STARTER, help=f"sources file ({STARTER})"
    )
    parser.add_argument("--materials", type=Path, help="folder that the sources' paths start from")
    _index_option(parser)
    parser.add_argument("--json", action="store_true", help="one progress event a line on stdout")
    parser.add_argument(
        "--allow-partial", action="store_true", help="publish even when a file failed"
    )
    parser.add_argument(
        "--if-missing", action="store_true", help="do nothing when there is an index"
    )
    parser.add_argument(
        "--gate",
        action="append",
        type=Path,
        metavar="CASES",
        help="publish only when these evaluation cases are answered no worse than by the index in "
        "use (may be given several times)",
    )
    options = parser.parse_args(arguments)
    show = _JsonLines() if options.json else _Terminal()
    try:
        return _run(options, show)
    except TutorError as error:
        show.error(str(error))
        return 2
    finally:
        show.close()


def _run(options: argparse.Namespace, show: _JsonLines | _Terminal) -> int:
    settings = load_settings()
    store = _store(options.index, settings)
    if options.if_missing and store.current_id():
        return 0
    # torch takes seconds to import, which `--help`, `list` and `--if-missing` need not wait for.
    from ds542_tutor.models.embedding import load_embedder
    from ingest.build import build
    from ingest.gate import EvalGate
    from ingest.sources import load_sources

    sources = load_sources(options.sources, options.materials)
    gate = EvalGate(store, options.gate) if options.gate else None
    report = build(
        sources,
        store,
        load_embedder(settings.models, "documents"),
        show,
        allow_partial=options.allow_partial,
        gate=gate,
    )
    return 1 if report.count("failed") or report.generation is None else 0


def _rollback(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m ingest rollback", description="Point back at an earlier generation."
    )
    parser.add_argument("id", nargs="?", help="generation to return to (the one before)")
    _index_option(parser)
    options = parser.parse_args(arguments)
    try:
        manifest = _store(options.index, load_settings()).rollback(options.id)
    except TutorError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Generation {manifest.id} is now in use.")
    return 0


def _list(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m ingest list", description="Show the generations of an index, oldest first."
    )
    _index_option(parser)
    options = parser.parse_args(arguments)
    try:
        store = _store(options.index, load_settings())
    except TutorError as error:
        print(error, file=sys.stderr)
        return 2
    current = store.current_id()
    for manifest in store.generations():
        mark = "*" if manifest.id == current else " "
        size = f"{plural(len(manifest.documents), 'document')}  {plural(manifest.chunks, 'chunk')}"
        print(f"{mark} {manifest.id}  {manifest.corpus}  {size}  {manifest.embedder}")
    if current is None:
        print(f"There is no index in {store.root}; run `make ingest` to build one.")
    return 0


def _index_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--index", type=Path, help="index folder (paths.index in the settings)")


def _store(index: Path | None, settings: Settings) -> IndexStore:
    from ds542_tutor.index.generations import IndexStore

    return IndexStore((index or settings.paths.index).expanduser())


_PHASES = {"write": "writing", "check": "checking", "gate": "asking the evaluation cases"}


class _JsonLines:
    """Prints one event a line on stdout, for the staff page and other programs."""

    def __call__(self, event: Event) -> None:
        print(to_json_line(event), flush=True)

    def error(self, message: str) -> None:
        """Print an error as an event, and as a line for people."""
        print(json.dumps({"event": "error", "message": message}, ensure_ascii=False), flush=True)
        print(message, file=sys.stderr)

    def close(self) -> None:
        """Nothing to tidy up."""


class _Terminal:
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


if __name__ == "__main__":
    sys.exit(main())
