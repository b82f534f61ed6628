"""Whether a downloaded file is what its name says: servers answer with pages about errors, too.

A first look only. Whether the file can be read is for the readers.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from ds542_tutor.errors import SourceError

MAGIC: Final = {
    ".pdf": b"%PDF-", ".pptx": b"PK\x03\x04", ".docx": b"PK\x03\x04", ".zip": b"PK\x03\x04",
    ".png": b"\x89PNG\r\n", ".jpg": b"\xff\xd8\xff", ".jpeg": b"\xff\xd8\xff",
}  # fmt: skip
"""How a file of that suffix begins."""
_JSON: Final = (".json", ".ipynb")
_PAGES: Final = (".html", ".htm", ".xhtml", ".md")
_HTML: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html)\b", re.I
)
# Writers of PDF end with %%EOF; the standard lets some bytes follow it.
_PDF_END: Final = b"%%EOF"
_LOOK: Final = 4096


def check(path: Path, name: str) -> None:
    """Look at the file's first and last bytes.

    Args:
        path: the file.  name: what it is to be called.

    Raises:
        SourceError: it is something else than its name's suffix says; the message has no name.
    """
    suffix = Path(name).suffix.lower()
    with path.open("rb") as file:
        start = file.read(_LOOK)
        file.seek(max(0, path.stat().st_size - _LOOK))
        end = file.read()
    if not start.strip():
        raise SourceError("the server sent an empty file; check the address")
    if suffix not in _PAGES and _HTML.match(start):
        raise SourceError(
            f"an HTML page came instead of {_named(suffix)} (perhaps about an error, or to sign in "
            "on); open the address in a browser and put the right one into the sources file"
        )
    magic = MAGIC.get(suffix, b"")
    if not start.startswith(magic):
        raise SourceError(
            f"what came is not {_named(suffix)}: it begins with {start[:8]!r}; check the address"
        )
    if suffix == ".pdf" and _PDF_END not in end:
        raise SourceError("the PDF has no end: the server sent only a part; fetch again later")
    if suffix in _JSON:
        try:
            json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise SourceError(f"what came is not JSON ({error}); check the address") from error


def _named(suffix: str) -> str:
    return f"a {suffix[1:]} file" if suffix else "the file"
