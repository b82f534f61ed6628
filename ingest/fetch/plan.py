"""What is to be fetched, and where to: reads the `[[fetch]]` tables of a sources file.

    [[fetch]]
    git = "https://github.com/DL4DS/sp2026"     a repository, by http or https
    to = "sp2026"                               its folder below the materials folder
    ref = "main"                                branch, tag or commit; without: what HEAD names

    [[fetch]]
    url = "https://.../book.pdf"                one file, by http or https
    to = "book/book.pdf"                        its path below the materials folder
    sha256 = "9f86d0..."                        any other content is refused
    max_mb = 100                                any larger content is refused (200)

Fetching itself is for `web` and `git`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

from ds542_tutor.errors import SettingsError
from ingest.sources import CORPUS_KEYS, check_keys, parse_toml, required_text, tables

GIT_KEYS: Final = ("git", "to", "ref")
FILE_KEYS: Final = ("url", "to", "sha256", "max_mb")
MAX_MB: Final = 200.0
"""Larger than any textbook's PDF; a wrong address may lead to anything."""

_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")
_REF: Final = re.compile(r"(?!.*(?:\.\.|//|@\{|\.lock$))[A-Za-z0-9][\w./+-]*")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository, to be kept at `to` below the materials folder. `ref`: None is its HEAD."""

    url: str
    to: str
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file, to be kept at `to`. `sha256`: what it must have, in lower case; `max_bytes`: size."""

    url: str
    to: str
    sha256: str | None = None
    max_bytes: int = int(MAX_MB * 1e6)


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """What a sources file names, in its order. `root`: the materials folder, if need be made."""

    name: str
    root: Path
    items: tuple[Repository | RemoteFile, ...]


def load_plan(toml: Path, materials: Path | None = None) -> FetchPlan:
    """Read what `toml` says is to be fetched.

    Args:
        toml: the sources file.
        materials: folder to fetch into; None takes the one the file names.

    Raises:
        SettingsError: the file cannot be read or names nothing to fetch, or a key is wrong.
    """
    data = parse_toml(toml)
    corpus = data.get("corpus", {})
    check_keys(corpus, CORPUS_KEYS, toml, "[corpus]")
    items = tuple(
        _item(table, toml, f"[[fetch]] number {number}")
        for number, table in enumerate(tables(data, "fetch", toml), start=1)
    )
    if not items:
        raise SettingsError(f"{toml} names nothing to fetch; add a [[fetch]] table with git or url")
    _apart(items, toml)
    root = materials or toml.parent / str(corpus.get("materials", "."))
    return FetchPlan(
        required_text(corpus, "name", toml, "[corpus]"), root.expanduser().resolve(), items
    )


def _item(table: Mapping[str, Any], toml: Path, where: str) -> Repository | RemoteFile:
    if ("git" in table) == ("url" in table):
        raise SettingsError(f"{toml}: {where} needs either git or url, the address to fetch from")
    kind, keys = ("git", GIT_KEYS) if "git" in table else ("url", FILE_KEYS)
    check_keys(table, keys, toml, where)
    url = _address(required_text(table, kind, toml, where), toml, where)
    to = _place(required_text(table, "to", toml, where), toml, where)
    if kind == "git":
        ref = table.get("ref")
        if ref is not None and not (isinstance(ref, str) and _REF.fullmatch(ref)):
            raise SettingsError(
                f"{toml}: ref in {where} must be a branch, tag or commit, not {ref!r}"
            )
        return Repository(url, to, ref)
    sha256 = table.get("sha256")
    if sha256 is not None and not (isinstance(sha256, str) and _SHA256.fullmatch(sha256)):
        raise SettingsError(f"{toml}: sha256 in {where} must be 64 hexadecimal digits")
    size = table.get("max_mb", MAX_MB)
    if isinstance(size, bool) or not isinstance(size, int | float) or not 0 < size < 1e6:
        raise SettingsError(f"{toml}: max_mb in {where} must be a number of megabytes above 0")
    return RemoteFile(url, to, sha256.lower() if sha256 else None, int(size * 1e6))


def _address(url: str, toml: Path, where: str) -> str:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fine = False
    if not fine or re.search(r"\s", url) or _UNPRINTABLE.search(url):
        raise SettingsError(
            f"{toml}: {where} needs an address that begins with https:// or http://, not {url!r}"
        )
    if parts.username is not None:
        raise SettingsError(
            f"{toml}: the address in {where} has a user name in it; it would be kept in plain text"
        )
    return url


def _place(to: str, toml: Path, where: str) -> str:
    """`to` in its shortest form: 'book/udl.pdf'. Hidden names are fetch's own."""
    parts = PurePosixPath(to).parts
    inside = parts and not to.startswith("/") and not any(p.startswith(".") for p in parts)
    if not inside or _UNPRINTABLE.search(to):
        raise SettingsError(
            f"{toml}: to in {where} must be a path below the materials folder, without .. and "
            f"hidden names, not {to!r}"
        )
    return "/".join(parts)


def _apart(items: Sequence[Repository | RemoteFile], toml: Path) -> None:
    """No two may have one place, nor may one lie within another: they would undo each other."""
    for item in items:
        for other in items:
            if item is not other and f"{other.to}/".startswith(f"{item.to}/"):
                raise SettingsError(
                    f"{toml}: {item.to!r} and {other.to!r} lie in one place; give each [[fetch]] "
                    "its own to"
                )
