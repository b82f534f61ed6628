"""Accounts and their passwords, as Argon2 hashes from a file and from the environment.

A line `account:hash` makes an account; `ds542-tutor password` prints such lines. Who of them is
staff stands in the policy file, and sessions are the server's business.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import argon2

from ds542_tutor.errors import SettingsError

VARIABLE = "DS542_STAFF_PASSWORDS"
MIN_LENGTH, MAX_LENGTH = 12, 1024
"""Characters of a password; the upper bound keeps a request from costing much."""

_MAX_NAME = 254  # an e-mail address is no longer
# Each check takes 64 MiB for some 50 ms; more at once would let strangers fill the memory.
_CHECKS_AT_ONCE = 2


class Accounts:
    """Checks passwords. The file is read again for every check, so a change holds at once."""

    def __init__(self, file: Path | None, environment: Mapping[str, str] | None = None) -> None:
        """Take the accounts of `file` (None: no file) and of DS542_STAFF_PASSWORDS."""
        self._file = file
        self._environment = os.environ if environment is None else environment
        self._hasher = argon2.PasswordHasher()
        # Compared with when there is no such account, so that the answer takes as long.
        self._nobody = self._hasher.hash(os.urandom(16).hex())
        self._checks = threading.BoundedSemaphore(_CHECKS_AT_ONCE)

    def hashes(self) -> dict[str, str]:
        """Return the hash of every account; of two lines for one account the later one counts.

        Raises:
            SettingsError: the file cannot be read, or a line is malformed.
        """
        found = {}
        for where, line in self._lines():
            account, _, hashed = line.partition(":")
            try:
                argon2.extract_parameters(hashed.strip())
                found[normal(account)] = hashed.strip()
            except (argon2.exceptions.InvalidHashError, SettingsError) as error:
                # The line itself is not repeated: it may hold a password in clear.
                raise SettingsError(
                    f"{where} is not of the form account:hash; write the line that "
                    "`ds542-tutor password ACCOUNT` prints."
                ) from error
        return found

    def check(self, account: str, password: str) -> bool:
        """Tell whether `password` is that of `account`; takes as long when there is no account.

        Raises:
            SettingsError: see `hashes`.
        """
        if len(password) > MAX_LENGTH:
            return False
        try:
            known = self.hashes().get(normal(account))
        except _BadNameError:
            known = None
        with self._checks:
            try:
                self._hasher.verify(known or self._nobody, password)
            except argon2.exceptions.VerificationError:
                return False
        return known is not None

    def mark(self, account: str) -> str | None:
        """Return what changes when the password does, for sessions; None: there is no account.

        Raises:
            SettingsError: see `hashes`.
        """
        known = self.hashes().get(account)
        return hashlib.sha256(known.encode()).hexdigest()[:16] if known else None

    def _lines(self) -> Iterator[tuple[str, str]]:
        """Return each line with a name for its place."""
        if self._file is not None:
            try:
                text = self._file.expanduser().read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError(
                    f"The password file {self._file} cannot be read ({error}); "
                    "create it, or correct staff.passwords."
                ) from error
            for number, line in enumerate(text.splitlines(), start=1):
                if line.strip() and not line.lstrip().startswith("#"):
                    yield f"line {number} of {self._file}", line.strip()
        # Blanks separate too: not every place that sets a variable can write line breaks.
        for number, line in enumerate(self._environment.get(VARIABLE, "").split(), start=1):
            yield f"entry {number} of {VARIABLE}", line


class _BadNameError(SettingsError):
    """Not the name of an account."""


def normal(account: str) -> str:
    """Return an account's name as it is compared: without regard to case and outer blanks.

    Raises:
        SettingsError: no account can have this name.
    """
    name = account.strip().casefold()
    if not name or len(name) > _MAX_NAME or ":" in name or not name.isprintable() or " " in name:
        raise _BadNameError(
            f"{account[:_MAX_NAME]!r} is not an account; use an e-mail address, such as ta@bu.edu."
        )
    return name


def password_line(account: str, password: str) -> str:
    """Return the line that gives `account` this password.

    Raises:
        SettingsError: not an account's name, or the password is too short or too long.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise SettingsError(
            f"The password has {len(password)} characters; use {MIN_LENGTH} to {MAX_LENGTH:,}, "
            "such as four unrelated words."
        )
    return f"{normal(account)}:{argon2.PasswordHasher().hash(password)}"
