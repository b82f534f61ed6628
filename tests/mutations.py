"""Damage to files, the same for the same seed: bytes, text, JSON, archives and PDF streams.

Each mutation takes a file's bytes and a random generator and gives other bytes. `mutate` applies
one to four of those that suit the file's suffix.
"""

from __future__ import annotations

import copy
import io
import json
import random
import re
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

from lxml import etree

Mutation = Callable[[bytes, random.Random], bytes]

NASTY = (
    "", " ", "\0", "\ufeff", "\u202e", "\ufffd", "\U0001d465", "e\u0301" * 50, "---", "---\n",
    "```", "$$", "$", "{{", "}}", "{%", "%}", "{% for x in site.data.people %}", "{% endfor %}",
    "{% if x %}", "{% include a.html %}", "{% raw %}", "[](", "![", "<!--", "-->", "|",
    "|---|---|\n", "> " * 80, "- " * 80, "#" * 7 + " ", "\\begin{equation}", "\\end{equation}",
    "\\begin{", "\\frac{", "{", "}", "%", "&", "\\", "\\verb|", "*" * 40, "_" * 40, "&a [*a]",
    "*a", "!!python/object:os.system x", "? : - :", "\t", "\r", "2026-02-31",
    "2026-13-01T25:61:00-99:99", "9999999999-01-01", "0000-00-00", "-5:00", "1e999", "-1", "NaN",
    "9" * 400, "x" * 5000, "title: [1, 2", "date: &d {a: *d}", "published: maybe",
)  # fmt: skip
"""Texts that readers stumble over."""

VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1e308, 10**30, "", "\0", "x" * 5000, [], {}, [None], {"": None}, [[[[[]]]]],
    {"text": 3}, {"data": {"text/plain": 7}}, "markdown", "code", "\ud800",
)  # fmt: skip
"""JSON values of the wrong kind."""


def _span(data: bytes | str, rng: random.Random, most: int = 4096) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.randrange(1, most))


def flip(data: bytes, rng: random.Random) -> bytes:
    """Turn some bits over."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 3, 20, 200)) if out else 0):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def cut(data: bytes, rng: random.Random) -> bytes:
    """Keep the beginning or the end only."""
    at = rng.randrange(len(data) + 1)
    return data[:at] if rng.random() < 0.8 else data[at:]


def drop(data: bytes, rng: random.Random) -> bytes:
    """Take a block out."""
    start, end = _span(data, rng)
    return data[:start] + data[end:]


def double(data: bytes, rng: random.Random) -> bytes:
    """Repeat a block, up to some hundred times."""
    start, end = _span(data, rng, 512)
    return data[:start] + data[start:end] * rng.choice((2, 3, 300)) + data[end:]


def splice(data: bytes, rng: random.Random) -> bytes:
    """Copy a block over another place."""
    start, end = _span(data, rng)
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[start:end] + data[at + end - start :]


def noise(data: bytes, rng: random.Random) -> bytes:
    """Write random bytes or zeros over a block."""
    start, end = _span(data, rng, 512)
    fill = rng.randbytes(end - start) if rng.random() < 0.7 else bytes(end - start)
    return data[:start] + fill + data[end:]


def number(data: bytes, rng: random.Random) -> bytes:
    """Change a number that is written in digits: a length, an offset, a count."""
    found = list(re.finditer(rb"(?<![\w.])-?\d{1,10}(?![\w.])", data[: 1 << 20]))
    if not found:
        return data
    match = rng.choice(found)
    new = rng.choice((b"0", b"-1", b"1", b"65536", b"2147483647", b"4294967296", b"99999999999"))
    return data[: match.start()] + new + data[match.end() :]


def _lines(data: bytes, rng: random.Random) -> bytes:
    """Shuffle, repeat, nest or remove lines."""
    lines = data.decode("utf-8", "replace").split("\n")
    start, end = _span(lines, rng, 20)  # type: ignore[arg-type]
    some = lines[start:end]
    what = rng.randrange(5)
    if what == 0:
        rng.shuffle(some)
    elif what == 1:
        some = some * rng.choice((2, 50))
    elif what == 2:
        prefix = rng.choice(("> ", "  ", "\t", "- ", "# ", "    "))
        some = [prefix * rng.choice((1, 5, 2000)) + line for line in some]
    elif what == 3:
        some = [" ".join(some)]
    else:
        some = []
    return "\n".join(lines[:start] + some + lines[end:]).encode("utf-8", "replace")


def _nasty(data: bytes, rng: random.Random) -> bytes:
    """Put a nasty text into a place of a text, or in place of a word."""
    text = data.decode("utf-8", "replace")
    for _ in range(rng.choice((1, 1, 5))):
        words = list(re.finditer(r"\S+", text[: 1 << 20]))
        if words and rng.random() < 0.5:
            word = rng.choice(words)
            start, end = word.start(), word.end()
        else:
            start = end = rng.randrange(len(text) + 1)
        text = text[:start] + rng.choice(NASTY) * rng.choice((1, 1, 1, 200)) + text[end:]
    return text.encode("utf-8", "replace")


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every container and key in a JSON value."""
    found: list[tuple[Any, Any]] = []
    todo = [value]
    while todo:
        item = todo.pop()
        keys = list(item) if isinstance(item, dict) else range(len(item))
        for key in keys if isinstance(item, (dict, list)) else ():
            found.append((item, key))
            if isinstance(item[key], (dict, list)):
                todo.append(item[key])
    return found


def _json(data: bytes, rng: random.Random) -> bytes:
    """Put wrong values into a JSON text, take some out, exchange some."""
    try:
        value = json.loads(data)
    except ValueError:
        return data
    for _ in range(rng.choice((1, 3, 10))):
        places = _places(value)
        if not places:
            break
        holder, key = rng.choice(places)
        what = rng.randrange(4)
        if what == 0:
            del holder[key]
        elif what == 1:
            other, there = rng.choice(places)
            try:
                holder[key] = json.loads(json.dumps(other[there]))
            except (KeyError, IndexError, ValueError):
                continue
        elif what == 2 and isinstance(holder[key], str):
            holder[key] = _nasty(holder[key].encode("utf-8", "replace"), rng).decode()
        else:
            holder[key] = rng.choice(VALUES)
    return json.dumps(value).encode()


def _zip(data: bytes, rng: random.Random) -> bytes:
    """Change what is in an archive, and pack it again as it should be."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, EOFError):
        return data
    for _ in range(rng.choice((1, 1, 4))):
        names = [name for name in members if name.endswith((".xml", ".rels"))] or list(members)
        slides = [name for name in names if re.search(r"lides/(?:_rels/)?\w+\.xml$", name)]
        names = slides if slides and rng.random() < 0.8 else names
        name = rng.choice(names)
        what = rng.randrange(8)
        if what == 0 and rng.random() < 0.3:
            del members[name]
            if not members:
                return data
        elif what == 1 and rng.random() < 0.3:
            members[name] = members[rng.choice(list(members))]
        else:
            change = rng.choice((*BYTES, *(_xml,) * 30))
            members[name] = change(members[name], rng)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def _xml(data: bytes, rng: random.Random) -> bytes:
    """Remove, repeat, move or rename elements, or change attributes; it stays XML."""
    try:
        root = etree.fromstring(data)
    except etree.XMLSyntaxError:
        return data
    for _ in range(rng.choice((1, 1, 5, 30))):
        elements = [element for element in root.iter() if isinstance(element.tag, str)]
        element = rng.choice(elements)
        parent = element.getparent()
        what = rng.randrange(6)
        if what == 0 and element.attrib:
            values = ("", "-1", "x", "99999999999", "rId999", "../../x", "1e400", "true")
            element.set(rng.choice(list(element.attrib)), rng.choice(values))
        elif what == 1 and element.attrib:
            del element.attrib[rng.choice(list(element.attrib))]
        elif what == 2 and parent is not None:
            parent.remove(element)
        elif what == 3 and parent is not None:
            parent.extend(copy.deepcopy(element) for _ in range(rng.choice((1, 40))))
        elif what == 4:
            elsewhere = copy.deepcopy(rng.choice(elements))
            element.append(elsewhere)
        else:
            element.text = rng.choice([text for text in NASTY if text.isprintable()])
    return bytes(etree.tostring(root))


def _stream(data: bytes, rng: random.Random) -> bytes:
    """Unpack a stream of a PDF, change it, and pack it again; readers rebuild the offsets."""
    found = list(re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", data, re.S))
    rng.shuffle(found)
    for match in found:
        try:
            content = zlib.decompress(match.group(1))
        except zlib.error:
            continue
        changed = zlib.compress(rng.choice((*BYTES, number, number, _nasty))(content, rng))
        before = data[: match.start(1)]
        at = before.rfind(b"/Length", max(0, len(before) - 400))
        if at >= 0:
            length = re.sub(rb"^/Length \d+(?! \d)", b"/Length %d" % len(changed), before[at:])
            before = before[:at] + length
        return before + changed + data[match.end(1) :]
    return data


BYTES: tuple[Mutation, ...] = (flip, flip, cut, drop, double, splice, noise)
_TEXT: tuple[Mutation, ...] = (_lines, _lines, _nasty, _nasty, _nasty, number)
_SUITING: dict[str, tuple[Mutation, ...]] = {
    ".pdf": (*BYTES, number, _stream, _stream, _stream, _stream, _stream),
    ".pptx": (*BYTES, *(_zip,) * 30),
    ".ipynb": (*BYTES, *(_json,) * 12, _nasty),
}


def mutate(data: bytes, suffix: str, seed: int) -> bytes:
    """Damage a file.

    Args:
        data: its bytes.  suffix: says which mutations suit it.
        seed: the same one gives the same damage.
    """
    rng = random.Random(f"{seed} {suffix}")
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        data = rng.choice(_SUITING.get(suffix, (*BYTES, *_TEXT * 2)))(data, rng)
    return data
