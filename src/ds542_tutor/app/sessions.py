"""Who is at the browser: signed session cookies, delays after failed sign-ins, same-origin checks.

A cookie holds the account and a mark of its password, so that a changed password ends every session
of the account. Passwords are `accounts`' business, what an account may do the policy file's.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from ds542_tutor.accounts import Accounts
from ds542_tutor.errors import SettingsError

COOKIE = "ds542-staff"
HOURS = 12
"""A session's length: a working day."""

VARIABLE, SECRET_FILE = "DS542_SESSION_SECRET", "session-secret"
_MIN_SECRET = 32  # characters; the generated one has 43


def session_secret(data: Path, environment: Mapping[str, str] | None = None) -> str:
    """Return the key that signs cookies: DS542_SESSION_SECRET, or one generated once into `data`.

    Raises:
        SettingsError: it is too short, or the file cannot be read or written.
    """
    given = (os.environ if environment is None else environment).get(VARIABLE)
    if given is None:
        return _kept_secret(data.expanduser() / SECRET_FILE)
    if len(given) < _MIN_SECRET:
        raise SettingsError(
            f"{VARIABLE} has {len(given)} characters; use at least {_MIN_SECRET} random ones, or "
            "unset it to have one generated."
        )
    return given


def _kept_secret(file: Path) -> str:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(descriptor, "w", encoding="ascii") as stream:
                stream.write(secrets.token_urlsafe(32))
        kept = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The session key {file} cannot be kept ({error}); mend the folder's permissions or "
            f"set {VARIABLE}."
        ) from error
    if len(kept) < _MIN_SECRET:
        raise SettingsError(f"The session key {file} is damaged; delete it to have a new one made.")
    return kept


class Sessions:
    """Sets, reads and takes away the session cookie."""

    def __init__(self, accounts: Accounts, secret: str) -> None:
        """Sign with `secret`."""
        self._accounts = accounts
        self._signer = URLSafeTimedSerializer(secret, salt=COOKIE)

    def begin(self, request: Request, response: Response, account: str) -> None:
        """Sign `account` in with this response."""
        token = self._signer.dumps([account, self._accounts.mark(account)])
        assert isinstance(token, str)
        response.set_cookie(
            COOKIE,
            token,
            max_age=HOURS * 3600,
            path=_path(request),
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )

    def end(self, request: Request, response: Response) -> None:
        """Sign out with this response."""
        response.delete_cookie(COOKIE, path=_path(request), httponly=True, samesite="lax")

    def account(self, request: Request) -> str | None:
        """Return the account that is signed in; None for a stranger and an ended session.

        Raises:
            SettingsError: see `Accounts.hashes`.
        """
        try:
            data = self._signer.loads(request.cookies.get(COOKIE, ""), max_age=HOURS * 3600)
        except BadData:
            return None
        match data:
            case [str(account), str(mark)]:
                now = self._accounts.mark(account)
                return account if now and secrets.compare_digest(now, mark) else None
        return None


def _path(request: Request) -> str:
    """The chat never sees the cookie."""
    return f"{request.scope.get('root_path', '')}/staff"


def same_origin(request: Request) -> bool:
    """Tell whether a page of this very server sent the request, as browsers state it.

    A request that states nothing is no browser's form of ours: refused as well. The scheme is not
    compared, since a proxy in front may speak https.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site") == "same-origin"
    host = request.headers.get("host", "")
    return bool(host) and urlsplit(origin).netloc.casefold() == host.casefold()


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` failures cost nothing; each further one doubles the delay, from `first_s` on."""

    free: int
    first_s: float
    longest_s: float


PAIR = Limit(5, 15, 900)
"""One account from one address: somebody who mistypes, or guesses."""
ADDRESS = Limit(25, 15, 900)
"""One address over all accounts. A proxy or a campus network may stand behind one address."""
ACCOUNT = Limit(25, 5, 60)
"""One account from all addresses; short, so that strangers cannot lock its owner out."""

_FORGOTTEN_S = 3600.0
_MOST_KEPT = 10_000  # keys; beyond, the stalest go, so that strangers cannot fill the memory


class Throttle:
    """Delays sign-ins after failures. Kept in memory: a restarted server has forgotten."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds that never go back."""
        self._clock = clock
        self._failures: dict[tuple[str, str], tuple[int, float]] = {}
        self._lock = threading.Lock()

    def attempt(self, account: str, address: str) -> float:
        """Count a sign-in as failed until `succeeded`; return seconds to wait, 0 to go ahead.

        Counted before the password is looked at, so that many at once gain nothing. One that has to
        wait is not counted.
        """
        with self._lock:
            now = self._clock()
            keys = self._keys(account, address)
            wait = max(self._wait(key, limit, now) for key, limit in keys)
            if wait > 0:
                return wait
            for key, _ in keys:
                count, last = self._failures.pop(key, (0, now))
                count = 0 if now - last > _FORGOTTEN_S else count
                self._failures[key] = (count + 1, now)  # as the newest
            self._tidy(now)
            return 0.0

    def succeeded(self, account: str, address: str) -> None:
        """Take back the count of the last attempt, and all of this account at this address."""
        with self._lock:
            pair, *others = (key for key, _ in self._keys(account, address))
            self._failures.pop(pair, None)
            for key in others:
                count, last = self._failures.get(key, (0, 0.0))
                if count:
                    self._failures[key] = (count - 1, last)

    def _keys(self, account: str, address: str) -> list[tuple[tuple[str, str], Limit]]:
        return [((account, address), PAIR), (("", address), ADDRESS), ((account, ""), ACCOUNT)]

    def _wait(self, key: tuple[str, str], limit: Limit, now: float) -> float:
        count, last = self._failures.get(key, (0, now))
        if count < limit.free or now - last > _FORGOTTEN_S:
            return 0.0
        doubled = limit.first_s * 2.0 ** min(count - limit.free, 30)
        return last + min(doubled, limit.longest_s) - now

    def _tidy(self, now: float) -> None:
        stale: list[tuple[str, str]] = []
        for key, (_, last) in self._failures.items():  # the stalest first
            if now - last <= _FORGOTTEN_S and len(self._failures) - len(stale) <= _MOST_KEPT:
                break
            stale.append(key)
        for key in stale:
            del self._failures[key]
