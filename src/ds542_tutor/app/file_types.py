"""Whether an uploaded file is what its name says: looks at bytes, not at what the browser claims.

A quick check against mix-ups; whether the file can be read through is found out by the ingest.
"""

from __future__ import annotations

import json
import unicodedata
import zipfile
from pathlib import Path, PurePosixPath

from ds542_tutor.errors import UploadError

_PDF_HEAD = 1024  # readers look for "%PDF-" in that many first bytes
_MAX_PART, _MAX_PATH = 255, 1024  # bytes; what file systems take


def clean_name(name: str) -> str:
    """Return a path below the materials folder, with composed characters (NFC).

    Spaces, quotes and letters of any language are fine.

    Raises:
        UploadError: it leads elsewhere, is hidden, or no file can have it.
    """
    path = unicodedata.normalize("NFC", name.strip())
    parts = path.split("/")
    if not path:
        raise UploadError("Say where the file belongs, such as lectures/07_attention.pdf.")
    if ".." in parts or path.startswith("/") or "\\" in path:
        raise UploadError(f"{path!r} leads out of the materials folder; give a path below it.")
    if any(not part or part.startswith(".") or part != part.strip() for part in parts):
        raise UploadError(
            f"{path!r} has an empty or hidden part, or one with outer blanks; rename it."
        )
    odd = [c for c in path if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp", "Co", "Cn")]
    # Invisible marks that turn the direction of writing can make one name look like another.
    odd += [c for c in path if unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF")]
    if odd:
        raise UploadError(f"{path!r} has a character that is no text; rename the file.")
    if len(path.encode()) > _MAX_PATH or any(len(part.encode()) > _MAX_PART for part in parts):
        raise UploadError(f"The name {path[:60]!r}… is too long; shorten it.")
    return path


def check_type(file: Path, name: str) -> None:
    """Accept the uploaded `file` if its content fits the suffix of `name`.

    Raises:
        UploadError: it does not; the message says what it is instead.
    """
    suffix = PurePosixPath(name).suffix.lower()
    found = _kind(file)
    if suffix == ".pdf":
        wanted = "a PDF"
    elif suffix == ".pptx":
        wanted = "a PowerPoint presentation (.pptx)"
    elif suffix == ".ipynb":
        wanted = "a notebook"
    else:
        wanted = "UTF-8 text"
        # A notebook is text too, but nobody means one by "notes.md".
        if found == "a notebook" and suffix == ".json":
            return
    if found != wanted:
        raise UploadError(f"{name} must be {wanted}, but this file is {found}.")


def _kind(file: Path) -> str:
    with file.open("rb") as stream:
        head = stream.read(_PDF_HEAD)
    if not head:
        return "empty"
    if b"%PDF-" in head:
        return "a PDF"
    if head.startswith(b"PK\x03\x04"):
        return _zipped(file)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "an Office file of the old format or with a password"
    return _text(file)


def _zipped(file: Path) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "a damaged or truncated archive"
    if "ppt/presentation.xml" in names:
        return "a PowerPoint presentation (.pptx)"
    if "word/document.xml" in names:
        return "a Word document"
    return "an archive"


def _text(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return "neither a known type nor UTF-8 text"
    if "\0" in text:
        return "neither a known type nor text"
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        try:
            data = json.loads(text.lstrip("\ufeff"))
        except (ValueError, RecursionError):
            return "UTF-8 text"
        # Format 3 of notebooks kept the cells in worksheets.
        if isinstance(data, dict) and ("cells" in data or "worksheets" in data):
            return "a notebook"
    return "UTF-8 text"
