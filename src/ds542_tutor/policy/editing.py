"""Changes to the policy file that keep its comments and layout: the modes of graded work.

What is written is checked first, and replaces the file in one step, so that a running tutor reads
either the old policy or the new one.
"""

from __future__ import annotations

import os
import re
import tempfile
import tomllib
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from ds542_tutor.errors import SettingsError
from ds542_tutor.policy.rules import ModeEntry, Policy, parse_policy

# Only the file's own lines are touched: tomlkit, which edits TOML, drops the comments that follow
# a table together with the table.
_HEAD = re.compile(r"^[ \t]*\[\[[ \t]*mode[ \t]*\]\]", re.M)
_ENTRY = re.compile(r"[^\n]*\n(?:[ \t]*[\w\"'-]+[ \t]*=[^\n]*(?:\n|\Z))*(?:[ \t]*\n)?")


def add_mode(text: str, entry: ModeEntry, name: str = "policy.toml") -> str:
    """Return the policy file `text` with `entry` as its first mode.

    Args:
        entry: replaces one of the same scope and dates. name: what messages call the file.

    Raises:
        SettingsError: the result would be no valid policy, or the file cannot be edited so.
    """
    before = parsed(text, name)
    scope = (entry.scope, entry.first, entry.last)
    kept = [m for m in before.modes if (m.scope, m.first, m.last) != scope]
    for index in reversed(range(len(before.modes))):
        if before.modes[index] not in kept:
            text = _without(text, index)
    heads = list(_HEAD.finditer(text))
    # The first mode stands below the comments on modes; without one, the tables of rules follow.
    place = heads[0] if heads else re.search(r"^[ \t]*\[\[[ \t]*rule", text, re.M)
    at = place.start() if place else len(text)
    lines = [f'for = "{entry.scope}"', f'mode = "{entry.mode}"']
    lines += [f"from = {entry.first}"] if entry.first else []
    lines += [f"until = {entry.last}"] if entry.last else []
    text = f"{text[:at]}[[mode]]\n{chr(10).join(lines)}\n\n{text[at:]}"
    return _checked(text, replace(before, modes=(entry, *kept)), name)


def remove_mode(text: str, entry: ModeEntry, name: str = "policy.toml") -> str:
    """Return the policy file `text` without `entry`.

    Raises:
        SettingsError: it has no such entry, or the file cannot be edited so.
    """
    before = parsed(text, name)
    if entry not in before.modes:
        raise SettingsError(f"{name} has no such mode any more; load the page anew.")
    index = before.modes.index(entry)
    left = before.modes[:index] + before.modes[index + 1 :]
    return _checked(_without(text, index), replace(before, modes=left), name)


def _without(text: str, index: int) -> str:
    """Return `text` without the lines of its mode number `index`; comments stay."""
    heads = list(_HEAD.finditer(text))
    if index >= len(heads):
        return text
    match = _ENTRY.match(text, heads[index].start())
    assert match  # it begins at a line
    return text[: match.start()] + text[match.end() :]


def _checked(text: str, meant: Policy, name: str) -> str:
    """Return `text` if it says what is meant."""
    if parsed(text, name) != meant:
        raise SettingsError(
            f"The modes in {name} are not written as [[mode]] with one key a line, so they cannot "
            "be changed here; change them in the file."
        )
    return text


def parsed(text: str, name: str = "policy.toml") -> Policy:
    """Return the policy that `text` is.

    Raises:
        SettingsError: it is none.
    """
    try:
        return parse_policy(tomllib.loads(text), name)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{name} is not valid TOML ({error}); correct that line.") from error


def fingerprint(text: str) -> str:
    """Return what tells one state of the policy file from another."""
    return sha256(text.encode()).hexdigest()[:16]


def save(path: Path, text: str, seen: str) -> None:
    """Write the policy file, if it is still the one with the fingerprint `seen`.

    Raises:
        SettingsError: `text` is no valid policy, the file has changed or cannot be written.
    """
    parsed(text, str(path))
    try:
        if fingerprint(path.read_text(encoding="utf-8")) != seen:
            raise SettingsError(
                f"{path} has changed meanwhile; load the page anew to see it as it is now."
            )
        _replace(path, text)
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written ({error.strerror}); check its permissions."
        ) from error


def _replace(path: Path, text: str) -> None:
    """Write beside the file, then move over it. Of a link, the file that it leads to."""
    target = path.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    beside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        beside.chmod(target.stat().st_mode)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
