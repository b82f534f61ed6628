"""Build the starter corpus's PDFs from their typst sources: `python corpus/starter/src/build.py`.

Every `lectures/*.typ` here becomes `../lectures/*.pdf`, and `book/course-notes.typ` becomes
`../book/course-notes.pdf`. The same source gives the same bytes on every machine: the documents
carry no date, and only the fonts inside the typst wheel are used. `--check` compares instead of
writing, so that a committed PDF cannot drift from its source. The course site and the notebooks
are written by hand and are not this script's business.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import typst

SOURCES = Path(__file__).resolve().parent
STARTER = SOURCES.parent


@dataclass(frozen=True)
class Target:
    """One document: the typst file that is read and the PDF that it becomes."""

    source: Path
    pdf: Path

    @property
    def name(self) -> str:
        """The PDF's path below `corpus/starter`, as the corpus names it."""
        return self.pdf.relative_to(STARTER).as_posix()


def targets(names: Sequence[str] = ()) -> list[Target]:
    """All documents in reading order, or those whose file name starts with one of `names`.

    Raises:
        ValueError: a name fits no document.
    """
    sources = [*sorted((SOURCES / "lectures").glob("*.typ")), SOURCES / "book" / "course-notes.typ"]
    every = [
        Target(source, STARTER / source.relative_to(SOURCES).with_suffix(".pdf"))
        for source in sources
    ]
    for name in names:
        if not any(target.source.name.startswith(name) for target in every):
            known = ", ".join(target.source.stem for target in every)
            raise ValueError(f"no document starts with {name!r}; there are: {known}")
    return [t for t in every if not names or t.source.name.startswith(tuple(names))]


def compile_pdf(source: Path) -> bytes:
    """The PDF of one typst source.

    Raises:
        RuntimeError: the source does not compile, or compiles with a warning (a missing glyph or
            font would otherwise reach the students as a hole in the page).
    """
    try:
        pdf, warnings = typst.compile_with_warnings(
            str(source), root=str(SOURCES), ignore_system_fonts=True
        )
    except RuntimeError as error:  # typst.TypstError, or the wheel's own for a missing file
        raise RuntimeError(f"{source.name}: {error}") from error
    if warnings:
        raise RuntimeError(f"{source.name}: " + "; ".join(str(warning) for warning in warnings))
    if not isinstance(pdf, bytes):  # the wheel returns a list of pages only for image formats
        raise RuntimeError(f"{source.name}: expected one PDF, got {type(pdf).__name__}")
    return pdf


def stale(target: Target, pdf: bytes) -> bool:
    """Whether the committed file is missing or differs from `pdf`."""
    return not target.pdf.is_file() or target.pdf.read_bytes() != pdf


def main(arguments: Sequence[str] | None = None) -> int:
    """Build or check; the exit status is 0, 1 (a file differs or fails) or 2 (unknown name)."""
    parser = argparse.ArgumentParser(description="Build the starter corpus's PDFs.")
    parser.add_argument("names", nargs="*", help="only documents whose name starts so, e.g. 03")
    parser.add_argument("--check", action="store_true", help="compare with the committed files")
    options = parser.parse_args(arguments)
    try:
        chosen = targets(options.names)
    except ValueError as error:
        parser.error(str(error))
    status = 0
    for target in chosen:
        try:
            pdf = compile_pdf(target.source)
        except RuntimeError as error:
            print(f"failed   {error}", file=sys.stderr)
            status = 1
            continue
        if not stale(target, pdf):
            print(f"same     {target.name}")
        elif options.check:
            print(
                f"differs  {target.name}: run `make corpus` and commit the result "
                f"(this is typst {version('typst')})",
                file=sys.stderr,
            )
            status = 1
        else:
            target.pdf.parent.mkdir(exist_ok=True)
            target.pdf.write_bytes(pdf)
            print(f"built    {target.name} ({len(pdf) / 1024:.0f} KiB)")
    return status


if __name__ == "__main__":
    sys.exit(main())
