"""`python -m ingest list | publish | discard | rollback | gc`: what is done to generations."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from ds542_tutor.errors import TutorError
from ds542_tutor.index.generations import KEEP, IndexStore
from ds542_tutor.settings import load_settings
from ingest.garbage import collect
from ingest.report import plural


def main(command: str, arguments: Sequence[str]) -> int:
    """Run one of `COMMANDS` and return its exit status."""
    summary, options, run = COMMANDS[command]
    parser = argparse.ArgumentParser(prog=f"python -m ingest {command}", description=summary)
    options(parser)
    add_index_option(parser)
    given = parser.parse_args(arguments)
    try:
        run(open_store(given.index), given)
    except TutorError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def add_index_option(parser: argparse.ArgumentParser) -> None:
    """Add --index."""
    parser.add_argument("--index", type=Path, help="index folder (paths.index in the settings)")


def open_store(index: Path | None) -> IndexStore:
    """Return the index in the folder of the command line, or of the settings."""
    return IndexStore((index or load_settings().paths.index).expanduser())


def _list(store: IndexStore, options: argparse.Namespace) -> None:
    current, published = store.current_id(), set(store.published())
    manifests = store.generations()
    if options.json:
        for manifest in manifests:
            data = asdict(manifest) | {
                "documents": len(manifest.documents),
                "current": manifest.id == current,
                "published": manifest.id in published,
            }
            print(json.dumps(data, ensure_ascii=False))
        return
    for manifest in manifests:
        mark = "*" if manifest.id == current else " " if manifest.id in published else "+"
        size = f"{plural(len(manifest.documents), 'document')}  {plural(manifest.chunks, 'chunk')}"
        print(f"{mark} {manifest.id}  {manifest.corpus}  {size}  {manifest.embedder}")
    if any(manifest.id not in published for manifest in manifests):
        print("+ is staged: `python -m ingest publish ID` puts it to use.")
    if current is None:
        print(f"There is no index in use in {store.root}; run `make ingest` to build one.")


def _publish(store: IndexStore, options: argparse.Namespace) -> None:
    print(f"Generation {store.publish(options.id, force=options.force).id} is now in use.")


def _discard(store: IndexStore, options: argparse.Namespace) -> None:
    store.discard(options.id)
    print(f"Generation {options.id} is deleted.")


def _rollback(store: IndexStore, options: argparse.Namespace) -> None:
    print(f"Generation {store.rollback(options.id).id} is now in use.")


def _gc(store: IndexStore, options: argparse.Namespace) -> None:
    done = collect(store, keep=options.keep, files=options.files, dry_run=options.dry_run)
    verb = "would be deleted" if options.dry_run else "deleted"
    print(
        f"{plural(len(done.generations), 'generation')}, {plural(done.leftovers, 'leftover')}, "
        f"{plural(done.files, 'source file')}, {plural(done.vectors, 'cached vector')} and "
        f"{plural(done.parsed, 'cached file')} {verb}; {done.freed / 2**20:.1f} MiB."
    )


def _list_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one generation a line, as JSON")


def _publish_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="the staged generation")
    parser.add_argument(
        "--force", action="store_true", help="also when another was published since it was staged"
    )


def _discard_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="the staged generation")


def _rollback_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", help="generation to return to (the one before)")


def _gc_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--keep", type=_positive, default=KEEP, help=f"published generations to keep ({KEEP})"
    )
    parser.add_argument(
        "--files",
        action="store_true",
        help="also source files of deleted generations: saved answers no longer show their pages",
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return int(text)


_Options = Callable[[argparse.ArgumentParser], None]
_Run = Callable[[IndexStore, argparse.Namespace], None]

COMMANDS: dict[str, tuple[str, _Options, _Run]] = {
    "list": ("Show the generations of an index, oldest first.", _list_options, _list),
    "publish": ("Put a staged generation to use.", _publish_options, _publish),
    "discard": ("Delete a staged generation.", _discard_options, _discard),
    "rollback": ("Point back at an earlier generation.", _rollback_options, _rollback),
    "gc": ("Delete what no kept generation needs.", _gc_options, _gc),
}
"""Summary, options and function of each command."""
