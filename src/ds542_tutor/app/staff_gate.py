"""The door of the staff page: signing in and out, and who may pass.

Roles are asked for at every request, of the files as they are then: who is taken off the staff or
given another password is out at once. What staff may do is `staff`'s business.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from ds542_tutor.accounts import Accounts, normal
from ds542_tutor.app.sessions import Sessions, Throttle, same_origin, session_secret
from ds542_tutor.app.staff_view import refusal, set_up, sign_in_form
from ds542_tutor.errors import JobError, SettingsError, TutorError, UploadError
from ds542_tutor.policy.rules import load_policy
from ds542_tutor.settings import Settings, project_file

_MAX_BODY = 16_384  # bytes of a request that is no upload

_STRANGER = "Sign in first."
_STUDENT = "This account is not among the course staff, so the staff page is not open to it."
_FOREIGN = "The request did not come from this page. Load the page anew and try again."
_CUT_SHORT = "The upload was cut short; nothing was changed."
_UNSET = "No staff password is set up on this server."
_BROKEN = "The staff page is not set up rightly; the server's log says what to mend."
_REFUSALS = {
    "unset": (503, _UNSET),
    "broken": (503, _BROKEN),
    "stranger": (401, _STRANGER),
    "student": (403, _STUDENT),
}
_FRESH = {"Cache-Control": "no-store"}

Role = Literal["unset", "broken", "stranger", "student", "staff"]
"""No password anywhere; passwords or policy cannot be read; nobody signed in; not staff; staff."""

Handler = Callable[[Request, str], Awaitable[Response]]
"""Answers a request of the account named."""

log = logging.getLogger(__name__)


class Gate:
    """Signs in and out, and lets staff through."""

    def __init__(self, settings: Settings) -> None:
        """Read the settings. Raises SettingsError: there can be no session key."""
        named = settings.staff.passwords
        self._accounts = Accounts(Path(named) if named else None)
        self._sessions = Sessions(self._accounts, session_secret(settings.paths.data))
        self._policy = project_file(settings.paths.policy)
        self._throttle = Throttle()

    def role(self, request: Request) -> tuple[Role, str]:
        """Return who asks, as the files say at this moment, and their account."""
        try:
            if not self._accounts.hashes():
                return "unset", ""
            account = self._sessions.account(request)
            if account is None:
                return "stranger", ""
            members = {member.casefold() for member in load_policy(self._policy).members}
        except SettingsError as error:
            log.error("%s", error)
            return "broken", ""
        return ("staff" if account in members else "student"), account

    def staff_only(
        self, handler: Handler, *, page: bool = False
    ) -> Callable[[Request], Awaitable[Response]]:
        """Wrap a handler, which is then called for staff alone, with the account."""

        async def guarded(request: Request) -> Response:
            role, account = await run_in_threadpool(self.role, request)
            if role != "staff":
                return _refused_page(role, account, _root(request)) if page else _refused(role)
            if request.method != "GET" and not same_origin(request):
                return json_response({"error": _FOREIGN}, 403)
            try:
                return await handler(request, account)
            except JobError as error:
                return json_response({"error": str(error)}, 409)
            except UploadError as error:
                return json_response({"error": str(error)}, 422)
            except ClientDisconnect:
                return json_response({"error": _CUT_SHORT}, 400)
            except TutorError as error:
                return json_response({"error": str(error)}, 500)

        return guarded

    async def form(self, request: Request) -> Response:
        """Show the form to sign in."""
        role, _ = await run_in_threadpool(self.role, request)
        if role in ("unset", "broken"):
            return _refused_page(role, "")
        return sign_in_form()

    async def sign_in(self, request: Request) -> Response:
        """Check an account and its password; after failures only at intervals."""
        if not same_origin(request):
            return sign_in_form(error=_FOREIGN, status=403)
        try:
            fields = parse_qs((await read_body(request)).decode("utf-8", "replace"))
        except UploadError as error:
            return sign_in_form(error=str(error), status=413)
        typed, password = (fields.get(key, [""])[0] for key in ("account", "password"))
        try:
            account = normal(typed)
        except SettingsError:
            account = "?"  # no account; everything else goes on as ever
        address = request.client.host if request.client else ""
        if wait := self._throttle.attempt(account, address):
            seconds = int(wait) + 1
            return sign_in_form(
                account=typed,
                error=f"Too many wrong passwords. Try again in {_duration(seconds)}.",
                status=429,
                retry_after=seconds,
            )
        try:
            right = await run_in_threadpool(self._accounts.check, account, password)
        except SettingsError as error:
            log.error("%s", error)
            return _refused_page("broken", "")
        if not right:
            log.warning("wrong password for %r from %s", account, address)
            return sign_in_form(
                account=typed, error="The account or the password is wrong.", status=401
            )
        self._throttle.succeeded(account, address)
        response = RedirectResponse("staff", 303, headers=_FRESH)
        self._sessions.begin(request, response, account)
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session; open to whoever is signed in."""
        if not same_origin(request):
            return json_response({"error": _FOREIGN}, 403)
        response = RedirectResponse("../sign-in", 303, headers=_FRESH)
        self._sessions.end(request, response)
        return response


def _refused(role: Role) -> Response:
    status, words = _REFUSALS[role]
    return json_response({"error": words}, status)


def _refused_page(role: Role, account: str, root: str = "") -> Response:
    status, words = _REFUSALS[role]
    if role == "stranger":
        return RedirectResponse(f"{root}sign-in", 303, headers=_FRESH)
    if role == "student":
        return refusal(account, words, status, root)
    return set_up(words, explain=role == "unset", status=status, root=root)


def _root(request: Request) -> str:
    """Return the way from a page's address to the chat's: "../" from "/staff/policy"."""
    path: str = request.scope["path"]
    return "../" * (path.count("/") - 1)


async def read_body(request: Request) -> bytes:
    """Return the body of a small request.

    Raises:
        UploadError: it is too large.
    """
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > _MAX_BODY:
            raise UploadError("The request is too large.")
    return body


def json_response(
    data: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return JSON that no cache keeps."""
    return JSONResponse(dict(data), status, {**_FRESH, **(headers or {})})


def _duration(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 120 else f"{round(seconds / 60)} minutes"
