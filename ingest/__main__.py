"""`python -m ingest`: build an index from course files; fetch the files; list and roll back.

The composition root of ingest: parses arguments, quiets libraries, builds the parts, and prints.
Exit status 0: published; 1: a file failed, or the gate is red; 2: an error that a person can mend;
130: interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ds542_tutor.errors import TutorError
from ds542_tutor.settings import load_settings
from ingest import maintenance, targets
from ingest.display import JsonLines, Terminal

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
        if given[:1] and given[0] in maintenance.COMMANDS:
            return maintenance.main(given[0], given[1:])
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
    maintenance.add_index_option(parser)
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
    parser.add_argument(
        "--dry-run", action="store_true", help="read and compare, but build and publish nothing"
    )
    parser.add_argument(
        "--stage", action="store_true", help="build the index, but leave publishing to `publish`"
    )
    parser.add_argument("--force", action="store_true", help="build also when nothing has changed")
    parser.add_argument(
        "--no-images", action="store_true", help="read no text off images, which takes seconds each"
    )
    parser.add_argument(
        "--chunk-tokens",
        type=_tokens,
        metavar="N",
        help="size of a chunk in the embedder's tokens, to measure other sizes (230)",
    )
    options = parser.parse_args(arguments)
    show = JsonLines() if options.json else Terminal()
    try:
        return _run(options, show)
    except TutorError as error:
        show.error(str(error))
        return 2
    finally:
        show.close()


def _run(options: argparse.Namespace, show: JsonLines | Terminal) -> int:
    settings = load_settings()
    store = maintenance.open_store(options.index)
    if options.if_missing and store.current_id():
        return 0
    from ds542_tutor.models.document_embedding import load_document_embedder
    from ingest.build import Wishes, build
    from ingest.chunking import MAX_TOKENS
    from ingest.gate import EvalGate
    from ingest.sources import load_sources

    wishes = Wishes(
        allow_partial=options.allow_partial,
        gate=EvalGate(store, options.gate) if options.gate else None,
        dry_run=options.dry_run,
        stage=options.stage,
        force=options.force,
        images=not options.no_images,
        chunk_tokens=options.chunk_tokens or MAX_TOKENS,
    )
    sources = load_sources(options.sources, options.materials)
    report = build(sources, store, load_document_embedder(settings), show, wishes)
    wanted = report.generation or report.staged or report.dry_run
    return 1 if report.count("failed") or not wanted else 0


def _tokens(text: str) -> int:
    if not text.isdigit() or not 64 <= int(text) <= 8192:
        raise argparse.ArgumentTypeError(f"{text} is not a number of tokens from 64 to 8192")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
