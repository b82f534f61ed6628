"""The staff page `/staff` and what it can do: upload, re-ingest, publish, roll back.

Every handler but the sign-in runs behind `Gate.staff_only`, which asks anew at each request who
signed in and whether the policy file names them as staff. How the page looks is `staff_view`.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from ds542_tutor.app.ingest_commands import IngestCommands
from ds542_tutor.app.job import Job
from ds542_tutor.app.staff_gate import Gate, Handler, json_response, read_body
from ds542_tutor.app.staff_jobs import IngestJobs
from ds542_tutor.app.staff_rules import RulesPage, RulesTutor
from ds542_tutor.app.staff_view import Pages
from ds542_tutor.app.uploads import Change, Materials
from ds542_tutor.conversations import Conversations
from ds542_tutor.errors import JobError, UploadError
from ds542_tutor.index.generations import IndexStore
from ds542_tutor.settings import Settings, project_file

_LOOK_S, _QUIET_S = 0.3, 15.0
"""How often progress is looked at; after how long a silent stream says that it lives."""

_GENERATION = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
_STAMP = re.compile(r"\d{8}T\d{12}Z")

Answer = dict[str, Any]
Action = Callable[[str, Mapping[str, Any]], Answer]


class StaffArea:
    """Everything of the staff page. `close` ends a running ingest."""

    def __init__(
        self,
        settings: Settings,
        tutor: RulesTutor,
        log: Conversations,
        commands: IngestCommands | None = None,
    ) -> None:
        """Nothing is started. `commands`: other than those the settings call for.

        Raises:
            SettingsError: there can be no session key.
        """
        data = settings.paths.data.expanduser()
        commands = commands or IngestCommands.of(settings)
        self._store = IndexStore(settings.paths.index.expanduser())
        self._jobs = IngestJobs(commands, data)
        self._commands = commands
        self._materials = Materials(commands, data, settings.staff.max_upload_mb * 1_000_000)
        self._pages = Pages(self._store, self._jobs, self._materials)
        self._gate = Gate(settings)
        self._rules = RulesPage(project_file(settings.paths.policy), log, tutor, self._jobs.note)

    def router(self) -> APIRouter:
        """Return all routes."""
        routes, gate = APIRouter(), self._gate

        def add(path: str, method: str, handler: Callable[[Request], Awaitable[Response]]) -> None:
            routes.add_api_route(path, handler, methods=[method], response_model=None)

        add("/sign-in", "GET", gate.form)
        add("/sign-in", "POST", gate.sign_in)
        add("/staff/sign-out", "POST", gate.sign_out)
        add("/staff", "GET", gate.staff_only(self._page, page=True))
        add("/staff/", "GET", _without_slash)
        self._rules.add_routes(routes, gate)
        add("/staff/api/events", "GET", gate.staff_only(self._events))
        add("/staff/api/targets", "GET", gate.staff_only(self._targets))
        add("/staff/api/upload", "POST", gate.staff_only(self._upload))
        actions: dict[str, Action] = {
            "undo": self._undo,
            "ingest": self._ingest,
            "cancel": self._cancel,
            "publish": self._publish,
            "discard": self._discard,
            "rollback": self._roll_back,
        }
        for name, action in actions.items():
            add(f"/staff/api/{name}", "POST", gate.staff_only(_json_action(action)))
        return routes

    def close(self) -> None:
        """End what runs."""
        self._jobs.close()

    async def _page(self, request: Request, account: str) -> Response:
        return await run_in_threadpool(self._pages.staff, account)

    async def _events(self, request: Request, account: str) -> Response:
        async def lines() -> AsyncIterator[str]:
            shown, silent = None, 0.0
            while True:
                told = json.dumps(await run_in_threadpool(self._pages.progress))
                silent += _LOOK_S
                if told != shown or silent >= _QUIET_S:
                    # Who was taken off the staff meanwhile sees no more.
                    if (await run_in_threadpool(self._gate.role, request))[0] != "staff":
                        return
                    yield f"data: {told}\n\n" if told != shown else ": still here\n\n"
                    shown, silent = told, 0.0
                await asyncio.sleep(_LOOK_S)

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(lines(), media_type="text/event-stream", headers=headers)

    async def _targets(self, request: Request, account: str) -> Response:
        listing = await run_in_threadpool(self._commands.files)
        return json_response({"files": listing.files, "patterns": listing.patterns})

    async def _upload(self, request: Request, account: str) -> Response:
        """Take the request's body as a file; `?target=` says where it belongs."""
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._materials.max_bytes:
            return _too_large(self._materials.max_bytes)
        target = request.query_params.get("target", "")
        # Before anything is sent: a wrong place is told at once.
        place = await run_in_threadpool(self._materials.place, target)
        with self._materials.arriving() as file:
            with file.open("wb") as stream:
                size = 0
                async for block in request.stream():
                    size += len(block)
                    if size > self._materials.max_bytes:
                        return _too_large(self._materials.max_bytes)
                    await run_in_threadpool(stream.write, block)
            with self._jobs.exclusively():
                change = await run_in_threadpool(self._materials.put, file, place, account)
        return json_response(self._changed(account, place, change))

    def _undo(self, account: str, data: Mapping[str, Any]) -> Answer:
        stamp = _field(data, "stamp", _STAMP)
        with self._jobs.exclusively():
            change = self._materials.undo(stamp, account)
        return self._changed(account, change.path if change else "", change)

    def _changed(self, account: str, path: str, change: Change | None) -> Answer:
        if change is None:
            return {"message": f"{path or 'The file'} is already the same; nothing was changed."}
        verb = "brought back" if change.undoes and change.sha256 else change.action
        self._jobs.note(account, f"{verb} {change.path}")
        return {"message": f"{change.path} was {verb}. Re-ingest to have it answered from."}

    def _ingest(self, account: str, data: Mapping[str, Any]) -> Answer:
        partial = data.get("allow_partial") is True
        self._jobs.start(account, allow_partial=partial)
        self._jobs.note(account, "began a re-ingest" + (", leaving out failed files" * partial))
        return {"message": "The re-ingest has begun."}

    def _cancel(self, account: str, data: Mapping[str, Any]) -> Answer:
        self._jobs.cancel()
        self._jobs.note(account, "cancelled the re-ingest")
        return {"message": "The re-ingest is being stopped; the index in use is unchanged."}

    def _publish(self, account: str, data: Mapping[str, Any]) -> Answer:
        generation = _field(data, "id", _GENERATION)
        with self._jobs.exclusively():
            job = self._staged(generation)
            if job.failed and data.get("allow_partial") is not True:
                raise JobError(
                    f"{len(job.failed)} of the files failed and would be missing; "
                    "tick “publish without these files” if that is meant."
                )
            if _since(job.report) != self._store.current_id():
                raise JobError(
                    "The index in use is another one than the report compares with; "
                    "re-ingest to see what would change now."
                )
            self._commands.publish(generation)
            self._jobs.settle(f"Published by {account}")
        self._jobs.note(account, f"published {generation}")
        return {"message": "Published. The next question is answered from it."}

    def _discard(self, account: str, data: Mapping[str, Any]) -> Answer:
        generation = _field(data, "id", _GENERATION)
        with self._jobs.exclusively():
            self._commands.discard(generation)
            job = self._jobs.look()
            if job is not None and job.staged == generation:
                self._jobs.settle(f"Discarded by {account}")
        self._jobs.note(account, f"discarded {generation}")
        return {"message": "Discarded. The index in use is unchanged."}

    def _roll_back(self, account: str, data: Mapping[str, Any]) -> Answer:
        generation = _field(data, "id", _GENERATION)
        with self._jobs.exclusively():
            there = {manifest.id for manifest in self._store.generations()}
            if generation in there - set(self._store.published()):
                raise JobError("This index was never in use; publish it with its report instead.")
            self._commands.roll_back(generation)
        self._jobs.note(account, f"rolled back to {generation}")
        return {"message": "Rolled back. The next question is answered from that index."}

    def _staged(self, generation: str) -> Job:
        """Return the job that staged `generation`."""
        job = self._jobs.look()
        if job is None or job.staged != generation:
            raise JobError("This index is no longer waiting to be published; load the page anew.")
        return job


async def _without_slash(_: Request) -> Response:
    return RedirectResponse("../staff", 307)


def _json_action(action: Action) -> Handler:
    """Return the handler of an action that takes a small JSON object and answers with one."""

    async def handler(request: Request, account: str) -> Response:
        try:
            data = json.loads(await read_body(request) or b"{}")
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            return json_response({"error": "The request is no JSON object."}, 400)
        return json_response(await run_in_threadpool(action, account, data))

    return handler


def _field(data: Mapping[str, Any], key: str, form: re.Pattern[str]) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise UploadError(f"{key!r} is missing or malformed; load the page anew.")
    return value


def _since(report: Mapping[str, Any] | None) -> str | None:
    """Return the generation that a report compares with."""
    changes = (report or {}).get("changes")
    return changes.get("since") if isinstance(changes, Mapping) else None


def _too_large(limit: int) -> Response:
    # The rest of the body is not read, so that the connection cannot serve another request.
    told = (
        f"The file is larger than {limit // 1_000_000} MB (staff.max_upload_mb); make it smaller."
    )
    return json_response({"error": told}, 413, {"Connection": "close"})
