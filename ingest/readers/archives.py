"""Looks at a zip-based Office file before anything of it is unpacked.

A file of a few kilobytes can declare gigabytes. What its parts mean is `ingest.readers.pptx`'s
business.
"""

from __future__ import annotations

import zipfile
from typing import Final

from ds542_tutor.errors import EmptySourceError, EncryptedSourceError, SourceError
from ingest.sources import SourceFile

# Its reader holds all parts of a file in memory. Decks with videos are within this; those of the
# course unpack to 40 MB.
MAX_UNPACKED: Final = 512 * 2**20
# The text of a deck: a tree of XML takes ten times its bytes in memory.
MAX_XML: Final = 64 * 2**20
MAX_ENTRIES: Final = 20_000
# Bitmaps shrink to a hundredth, XML to a thirtieth; only made-up data goes far beyond.
MAX_RATIO: Final = 300
SMALL: Final = 16 * 2**20

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP: Final = b"PK\x03\x04"


def check_office(source: SourceFile, part: str, program: str) -> None:
    """Refuse what is not, or not safely, an Office file with this main `part`.

    Raises:
        EmptySourceError: it has no bytes.  EncryptedSourceError: it needs a password.
        SourceError: it cannot be read, is something else, damaged, or unpacks to far too much.
    """
    name = source.name
    try:
        with source.path.open("rb") as file:
            start = file.read(8)
            # The directory of an OLE container names its streams in UTF-16.
            locked = start == _OLE and "EncryptedPackage".encode("utf-16-le") in file.read(2**20)
    except OSError as error:
        raise SourceError(
            f"{name}: cannot be read ({error.strerror}); check that the file is there and readable"
        ) from error
    if not start:
        raise EmptySourceError(f"{name}: the file is empty; put the real one in its place")
    if locked:
        raise EncryptedSourceError(
            f"{name}: is password protected; save a copy without the password"
        )
    if start == _OLE:
        raise SourceError(f"{name}: is in the format before 2007; save it as .pptx or PDF")
    if start[:5] == b"%PDF-":
        raise SourceError(f"{name}: is a PDF, whatever its name says; name it .pdf")
    if start[:4] != _ZIP:
        raise SourceError(
            f"{name}: is not a {program} file, whatever its name says; "
            "export it again or name it rightly"
        )
    try:
        with zipfile.ZipFile(source.path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise SourceError(
            f"{name}: is damaged or cut off ({error}); export or fetch it again"
        ) from error
    if part not in {entry.filename for entry in entries}:
        raise SourceError(f"{name}: is a zip file but not a {program} file; name it rightly")
    _check_sizes(entries, name)


def _check_sizes(entries: list[zipfile.ZipInfo], name: str) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    xml = sum(e.file_size for e in entries if e.filename.endswith((".xml", ".rels")))
    problem = ""
    if len(entries) > MAX_ENTRIES:
        problem = f"has {len(entries):,} parts (at most {MAX_ENTRIES:,} are read)"
    elif unpacked > MAX_UNPACKED or xml > MAX_XML:
        problem = (
            f"unpacks to {_mb(unpacked)}, {_mb(xml)} of it XML "
            f"(at most {_mb(MAX_UNPACKED)} and {_mb(MAX_XML)} are read)"
        )
    elif unpacked > max(SMALL, MAX_RATIO * packed):
        problem = f"unpacks to {unpacked // max(1, packed):,} times its size, as archive bombs do"
    if problem:
        raise SourceError(f"{name}: {problem}; take large media out of it, or save it as PDF")


def _mb(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"
