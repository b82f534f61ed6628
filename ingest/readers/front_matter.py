"""Front matter and data files of a Jekyll site: YAML as it is written, and its dates.

Dates stay text until `wall_clock` reads them: `2026-04-07T23:59:00-5:00` means one minute to
midnight on a Boston clock, although Boston is at -4:00 in April, so the offset is checked and
never applied.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import yaml
from frontmatter.default_handlers import YAMLHandler

from ds542_tutor.errors import SourceError
from ingest.readers import common, liquid

_DATE: Final = re.compile(
    r"^\s*(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T ]\s*(\d{1,2}):?(\d{2})(?::?(\d{2})(?:\.\d+)?)?)?"
    r"\s*(Z|[+-]\d{1,2}:?(?:\d{2})?)?\s*$"
)
MAX_SIZE: Final = 5_000_000
"""Characters of a YAML text with its aliases written out; no course file comes near this."""
_CONTEXT_FILES: Final = ("_data/*.y*ml", "_config.yml", "_includes/**/*")
_BOUNDARY: Final = re.compile(r"^---\s*$", re.M)

_KEY: Final = re.compile(r"\A\s*[\w-]+:(?:\s|$)", re.M)


class _Loader(yaml.SafeLoader):
    """YAML without its timestamps, which would apply the offsets."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as a site has it. `offset_wrong`: its offset is not the zone's on that day."""

    when: datetime
    offset_wrong: bool


def split(text: str, name: str) -> tuple[dict[str, Any], int]:
    """The front matter of a page, and where the page's own text starts.

    Raises:
        SourceError: the front matter is not a YAML mapping.
    """
    if not _BOUNDARY.match(text):
        return {}, 0
    if len(_BOUNDARY.findall(text)) < 2:
        if _KEY.search(text.partition("\n")[2][:200]):
            raise SourceError(
                f"{name}: its front matter begins and never ends; put a line --- below its last key"
            )
        return {}, 0
    matter, content = YAMLHandler().split(text)
    values = load_yaml(matter, name)
    if not isinstance(values, dict):
        raise SourceError(f"{name}: its front matter is not a list of keys and values; mend it")
    return values, len(text) - len(content)


def _size(node: yaml.Node, known: dict[int, float]) -> float:
    """Characters and nodes with every alias written out; infinite where a node holds itself."""
    found = known.get(id(node))
    if found is None:
        known[id(node)] = math.inf  # until all of it has been counted
        if isinstance(node, yaml.ScalarNode):
            found = 1.0 + len(node.value)
            node.value = common.encodable(node.value)
        else:
            pairs = node.value if isinstance(node, yaml.MappingNode) else [node.value]
            found = 1.0 + sum(_size(child, known) for pair in pairs for child in pair)
        known[id(node)] = found
    return found


def load_yaml(text: str, name: str) -> Any:
    """A YAML text's value, dates as text.

    Raises:
        SourceError: it is not YAML; the message has the line.
    """
    try:
        loader = _Loader(common.encodable(text))
        node = loader.get_single_node()
        if node is None:
            return None
        if _size(node, {}) > MAX_SIZE:
            raise SourceError(f"{name}: its YAML aliases (&, *) grow without measure; write it out")
        return loader.construct_document(node)
    except (yaml.YAMLError, RecursionError, ValueError, TypeError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or type(error).__name__
        raise SourceError(f"{name}: its YAML cannot be read{where} ({problem}); mend it") from error


def load_data(folder: Path) -> dict[str, Any]:
    """Every `_data/*.yml` of a site by its stem; files that cannot be read are left out."""
    data: dict[str, Any] = {}
    for path in sorted(folder.glob("_data/*.y*ml")):
        try:
            data[path.stem] = load_yaml(path.read_text("utf-8-sig"), path.name)
        except (OSError, UnicodeDecodeError, SourceError):
            # Reading that file as a document of its own reports what is wrong with it.
            continue
    return data


@lru_cache(maxsize=4)
def _site(folder: Path, stamp: tuple[int, ...]) -> tuple[dict[str, Any], dict[str, str]]:
    """The site's variables and its includes, read again when one of their files has changed."""
    del stamp  # only part of the cache's key
    site = dict(load_config(folder))
    site["data"] = load_data(folder)
    return site, dict(_includes(folder))


def _includes(folder: Path) -> Iterator[tuple[str, str]]:
    """The texts of `_includes/` by name; what is no text says nothing."""
    below = folder / "_includes"
    for path in sorted(below.rglob("*")):
        if path.is_file() and path.suffix.lower() in (".md", ".html", ".txt"):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                yield path.relative_to(below).as_posix(), path.read_text("utf-8-sig")


def load_config(folder: Path) -> Mapping[str, Any]:
    """The site's `_config.yml`; empty where there is none that can be read."""
    path = folder / "_config.yml"
    try:
        values = load_yaml(path.read_text("utf-8-sig"), path.name)
    except (OSError, UnicodeDecodeError, SourceError):
        return {}
    return values if isinstance(values, Mapping) else {}


def context(folder: Path | None, page: Mapping[str, Any]) -> dict[str, Any]:
    """What the Liquid of a page can name: `site` with its `data`, and `page`."""
    if folder is None:
        return {"site": {}, "page": dict(page)}
    files = [path for pattern in _CONTEXT_FILES for path in sorted(folder.glob(pattern))]
    stamp = tuple(path.stat().st_mtime_ns for path in files if path.is_file())
    site, includes = _site(folder, stamp)
    return {"site": site, "page": dict(page), liquid.INCLUDES: includes}


def wall_clock(value: object, zone: ZoneInfo) -> Moment | None:
    """A date of the front matter on the course's clock; None when it is none."""
    match = _DATE.match(str(value)) if value is not None else None
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        when = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
    return Moment(when, _offset(match.group(7)) not in (None, when.utcoffset()))


def _offset(text: str | None) -> timedelta | None:
    if text is None:
        return None
    if text == "Z":
        return timedelta(0)
    sign = -1 if text[0] == "-" else 1
    hours, _, minutes = text[1:].partition(":")
    if not minutes and len(hours) > 2:
        hours, minutes = hours[:-2], hours[-2:]
    return sign * timedelta(hours=int(hours), minutes=int(minutes or 0))


def day(when: datetime) -> str:
    """'Thursday, February 5, 2026'."""
    return f"{when:%A, %B} {when.day}, {when.year}"


def day_and_time(when: datetime) -> str:
    """'Thursday, February 5, 2026, 11:59 pm'; midnight is left out."""
    if (when.hour, when.minute) == (0, 0):
        return day(when)
    return (
        f"{day(when)}, {when.hour % 12 or 12}:{when.minute:02} {'am' if when.hour < 12 else 'pm'}"
    )


def flag(values: Mapping[str, Any], key: str, default: bool) -> bool:
    """A yes-or-no of the front matter, also where it is written as text."""
    value = values.get(key, default)
    if isinstance(value, bool):
        return value
    return str(value).strip().lower() not in ("false", "no", "off", "0")
