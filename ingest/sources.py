"""Which files make up a corpus: reads a sources file (TOML) and lists what it names.

    [corpus]
    name = "ds542-sp2026"       term = "sp2026"       course = "DS542"
    timezone = "America/New_York"                     site_url = "https://..."
    materials = "materials"     folder of the files, relative to this TOML

    [[source]]
    files = "lectures/*.pdf"    pattern, or a list of patterns, below the materials folder
    kind = "slides"             slides, book, site, notebook or notes
    site = "sp2026"             only for kind "site": the folder with `_data` and `_config.yml`
    title = "Lecture {n}"       term = "" says: belongs to no term; without it the corpus's term
                                counts, unless the file says clearly that it is another's
    number = '^(\\d+)_'          regular expression on the file's stem; group 1 is {n}
    lecture = true              {n} is the lecture's number; or the number itself
    assignment = "homework{n}"  graded = true         exclude = ["lectures/old_*"]
    errata_for = "book/*.pdf"   the book that this file lists corrections of; answers_for: the book
                                some of whose problems it answers. Paths below the materials folder
    url = "https://.../{name}"  {name} is the file's name, {path} its path below the materials
                                folder, {site_path} its path below the site
    licence = "MIT"             note = "free text for people"
    optional = true             nothing there is no failure: it is reported as skipped

    [[skip]]                    files that are known and deliberately not read
    files = "slides/*.pptx"     reason = "no reader for .pptx yet"

    [[fetch]]                   what `python -m ingest fetch` brings: see `ingest.fetch.plan`

Paths that match nothing are reported in `SourceSet.missing`, never dropped. Reading the files is
the readers' business.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast, get_args
from urllib.parse import quote

from ds542_tutor.documents import SourceKind
from ds542_tutor.errors import SettingsError

TABLES = ("corpus", "source", "skip", "fetch")
CORPUS_KEYS = ("name", "term", "course", "timezone", "site_url", "materials")
SOURCE_KEYS = (
    "files", "kind", "site", "title", "term", "number", "lecture", "assignment", "graded",
    "exclude", "errata_for", "answers_for", "url", "licence", "note", "optional",
)  # fmt: skip
SKIP_KEYS = ("files", "reason")

SITE_FILES = (
    "*.md", "_lectures/*.md", "_assignments/*.md", "_discussions/*.md", "_events/*.md",
    "_announcements/*.md", "_data/people.yml", "_data/late_policy.yml", "_data/urls.yml",
)  # fmt: skip
"""What a course site says to students, when a site source names no files of its own."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to read, with what the sources file says about it.

    Attributes:
        path: where it is on disk.
        name: POSIX path below the materials folder; becomes `Document.path`.
        site: for kind "site", the site's folder on disk.
        title: None when the reader is to find one.
        errata_for, answers_for: pattern of the book's name, for a list of its errata or answers.
        term_given: the sources file names the term in the file's own entry, which settles it.
    """

    path: Path
    name: str
    kind: SourceKind
    site: Path | None = None
    title: str | None = None
    term: str | None = None
    lecture: int | None = None
    assignment: str | None = None
    graded: bool = False
    url: str | None = None
    licence: str | None = None
    errata_for: str | None = None
    answers_for: str | None = None
    term_given: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """A path or pattern that gives no document, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceSet:
    """A corpus as its sources file describes it.

    Attributes:
        root: the materials folder. toml: the sources file.  files: sorted by name, each path once.
        missing: patterns that match nothing: a failure of the ingest.
        skipped: files deliberately not read, with the reason.
    """

    name: str
    term: str
    root: Path
    course: str = ""
    timezone: str = "America/New_York"
    site_url: str = ""
    toml: Path | None = None
    files: tuple[SourceFile, ...] = ()
    missing: tuple[Unread, ...] = ()
    skipped: tuple[Unread, ...] = ()


def load_sources(toml: Path, materials: Path | None = None) -> SourceSet:
    """List the files of the corpus described by `toml`.

    Args:
        toml: the sources file.
        materials: folder that its paths are relative to; None takes the one the file names.

    Raises:
        SettingsError: the file or the materials folder is missing, or a key is unknown or wrong.
    """
    data = parse_toml(toml)
    check_keys(data, TABLES, toml, "the top level")
    corpus = data.get("corpus", {})
    check_keys(corpus, CORPUS_KEYS, toml, "[corpus]")
    name, term = (
        required_text(corpus, "name", toml, "[corpus]"),
        required_text(corpus, "term", toml, "[corpus]"),
    )
    root = (materials or toml.parent / str(corpus.get("materials", "."))).resolve()
    if not root.is_dir():
        raise SettingsError(
            f"{toml}: the materials folder {root} does not exist; "
            "pass the right one with --materials FOLDER"
        )
    files: dict[str, SourceFile] = {}
    missing: list[Unread] = []
    skipped: list[Unread] = []
    for number, entry in enumerate(tables(data, "source", toml), start=1):
        where = f"[[source]] number {number}"
        check_keys(entry, SOURCE_KEYS, toml, where)
        found, absent = _expand(entry, root, term, toml, where)
        # An earlier entry wins: a particular file stands before the pattern that also covers it.
        for file in found:
            files.setdefault(file.name, file)
        told = [replace(item, reason=item.reason + _remedy(item, data, toml)) for item in absent]
        (skipped if _optional(entry, toml, where) else missing).extend(told)
    for number, entry in enumerate(tables(data, "skip", toml), start=1):
        where = f"[[skip]] number {number}"
        check_keys(entry, SKIP_KEYS, toml, where)
        reason = required_text(entry, "reason", toml, where)
        for path in _matches(root, _patterns(entry, toml, where)):
            skipped.append(Unread(path.relative_to(root).as_posix(), reason))
            files.pop(path.relative_to(root).as_posix(), None)
    return SourceSet(
        name=name,
        term=term,
        root=root,
        toml=toml.resolve(),
        course=str(corpus.get("course", name)),
        timezone=str(corpus.get("timezone", "America/New_York")),
        site_url=str(corpus.get("site_url", "")),
        files=tuple(files[key] for key in sorted(files)),
        missing=tuple(missing),
        skipped=tuple(skipped),
    )


def parse_toml(toml: Path) -> dict[str, Any]:
    """The tables of a sources file.

    Raises:
        SettingsError: it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(toml.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"cannot read the sources file {toml}: {error.strerror}; "
            "give the path of an existing one, such as corpus/starter.toml"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{toml} is not valid TOML: {error}; mend that line") from error


def tables(data: Mapping[str, Any], name: str, toml: Path) -> list[dict[str, Any]]:
    """The tables `[[name]]`, in their order; a SettingsError when it is something else."""
    found = data.get(name, [])
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        raise SettingsError(f"{toml}: {name} must be written as tables: [[{name}]]")
    return found


def check_keys(table: object, keys: Iterable[str], toml: Path, where: str) -> None:
    """Raise a SettingsError when `table` is no table or has a key that is not among `keys`."""
    if not isinstance(table, Mapping):
        raise SettingsError(f"{toml}: {where} must be a table of keys and values")
    for key in table:
        if key not in keys:
            raise SettingsError(
                f"{toml}: unknown key {key!r} in {where}; known are {', '.join(keys)}"
            )


def required_text(table: Mapping[str, Any], key: str, toml: Path, where: str) -> str:
    """The text under `key`; a SettingsError when there is none."""
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f'{toml}: {where} needs {key} = "some text"')
    return value


def _optional(entry: Mapping[str, Any], toml: Path, where: str) -> bool:
    value = entry.get("optional", False)
    if not isinstance(value, bool):
        raise SettingsError(f"{toml}: optional in {where} must be true or false, not {value!r}")
    return value


def _remedy(absent: Unread, data: Mapping[str, Any], toml: Path) -> str:
    """What to do about an absent file that a [[fetch]] table of the same TOML brings."""
    places = [str(table.get("to", "")) for table in tables(data, "fetch", toml)]
    if any(to and (absent.name == to or absent.name.startswith(f"{to}/")) for to in places):
        return f"; `python -m ingest fetch {toml}` brings it"
    return ""


def _patterns(entry: Mapping[str, Any], toml: Path, where: str) -> list[str]:
    files = entry.get("files")
    patterns = [files] if isinstance(files, str) else files
    if not isinstance(patterns, list) or not patterns or not all(map(_is_pattern, patterns)):
        raise SettingsError(
            f"{toml}: {where} needs files = a path below the materials folder, or a list of them"
        )
    return patterns


def _is_pattern(value: object) -> bool:
    if not isinstance(value, str) or not value:
        return False
    return not Path(value).is_absolute() and ".." not in Path(value).parts


def _matches(root: Path, patterns: Iterable[str]) -> list[Path]:
    found = {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}
    return sorted(found)


def _expand(
    entry: Mapping[str, Any], root: Path, term: str, toml: Path, where: str
) -> tuple[list[SourceFile], list[Unread]]:
    """All files of one [[source]], and its patterns that match nothing."""
    kind = entry.get("kind")
    if kind not in get_args(SourceKind):
        raise SettingsError(
            f"{toml}: {where} needs kind = one of {', '.join(get_args(SourceKind))}, not {kind!r}"
        )
    site: Path | None = None
    if kind == "site":
        folder = required_text(entry, "site", toml, where)
        site = root / folder
        if "files" not in entry:
            if not site.is_dir():
                return [], [Unread(folder, "there is no such folder below the materials folder")]
            found = _matches(site, SITE_FILES)
            return [_file(entry, path, root, term, site, toml, where) for path in found], []
    patterns = _patterns(entry, toml, where)
    unwanted = entry.get("exclude", [])
    excluded = set(_matches(root, [unwanted] if isinstance(unwanted, str) else unwanted))
    found = [path for path in _matches(root, patterns) if path not in excluded]
    absent = [
        Unread(pattern, f"no file below {root.name}/ matches it")
        for pattern in patterns
        if not _matches(root, [pattern])
    ]
    return [_file(entry, path, root, term, site, toml, where) for path in found], absent


def _file(
    entry: Mapping[str, Any],
    path: Path,
    root: Path,
    term: str,
    site: Path | None,
    toml: Path,
    where: str,
) -> SourceFile:
    name = path.relative_to(root).as_posix()
    number = _number(entry, path, toml, where)
    fields = {
        "n": "" if number is None else str(number),
        "name": path.name,
        "path": name,
        "site_path": path.relative_to(site).as_posix() if site is not None else name,
    }
    lecture = entry.get("lecture")
    if not isinstance(lecture, int | None):
        raise SettingsError(f"{toml}: lecture in {where} must be true or a number")
    own_term = entry.get("term", term)
    return SourceFile(
        path=path,
        name=name,
        kind=cast(SourceKind, entry["kind"]),
        site=site,
        title=_fill(entry, "title", fields, toml, where),
        term=str(own_term) or None,
        lecture=number if lecture is True else lecture or None,
        assignment=_fill(entry, "assignment", fields, toml, where),
        graded=bool(entry.get("graded", False)),
        url=_fill(entry, "url", {key: quote(part) for key, part in fields.items()}, toml, where),
        licence=_fill(entry, "licence", fields, toml, where),
        errata_for=_book(entry, "errata_for", toml, where),
        answers_for=_book(entry, "answers_for", toml, where),
        term_given="term" in entry,
    )


def _book(entry: Mapping[str, Any], key: str, toml: Path, where: str) -> str | None:
    """The pattern of a book's path; it may match nothing, for the book may not be there."""
    pattern = entry.get(key)
    if pattern is not None and not _is_pattern(pattern):
        raise SettingsError(
            f"{toml}: {key} in {where} needs the book's path below the materials folder, "
            'such as "book/*.pdf"'
        )
    return pattern


def _number(entry: Mapping[str, Any], path: Path, toml: Path, where: str) -> int | None:
    if "number" not in entry:
        return None
    try:
        match = re.search(str(entry["number"]), path.stem)
        return int(match.group(1)) if match else None
    except (re.error, IndexError, ValueError) as error:
        raise SettingsError(
            f"{toml}: number in {where} must be a regular expression whose first group is "
            f"a number, such as '^(\\d+)_': {error}"
        ) from error


def _fill(
    entry: Mapping[str, Any], key: str, fields: Mapping[str, str], toml: Path, where: str
) -> str | None:
    template = entry.get(key)
    if template is None:
        return None
    try:
        return str(template).format(**fields)
    except (KeyError, IndexError, ValueError) as error:
        raise SettingsError(
            f"{toml}: {key} in {where} may use only {{n}}, {{name}}, {{path}} and {{site_path}}: "
            f"{error}"
        ) from error
