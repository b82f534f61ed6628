"""The web server: chat, staff page, course files, and the headers that keep the page to itself."""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

import gradio as gr
import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ds542_tutor.app import credit, theme
from ds542_tutor.app.chat import ChatPage
from ds542_tutor.app.files import CourseFiles, router
from ds542_tutor.app.staff import StaffArea
from ds542_tutor.conversations import Conversations
from ds542_tutor.errors import PortInUseError
from ds542_tutor.settings import ServerSettings, Settings

if TYPE_CHECKING:
    from ds542_tutor.assembly import LiveTutor

# Whatever an answer or a course file contains, the browser fetches from this server only. Gradio
# needs inline and evaluated scripts for its templates.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' data: blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)

# Open pages and answers would hold a closing server for as long as they like.
_SHUTDOWN_S = 2


def build_app(tutor: LiveTutor, settings: Settings) -> FastAPI:
    """Return the whole application: chat, staff page, files, static assets.

    Args:
        tutor: answers; also whatever has `answer`, `decisions`, `generation` and `model`.

    Raises:
        ConversationError: the folder for conversations cannot be written.
        SettingsError: there can be no key for the sessions of staff.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read by Gradio in several places
    files = CourseFiles(lambda: tutor.generation)
    store = Conversations(settings.paths.data)
    page = ChatPage(tutor, settings, store, files).build()
    staff = StaffArea(settings, tutor, store)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_closing(staff))
    app.add_middleware(_Guard)
    app.include_router(router(files))
    app.include_router(credit.router())
    app.include_router(staff.router())
    app.mount(theme.STATIC_ROUTE, StaticFiles(directory=theme.STATIC))
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        server_name=settings.server.host,
        server_port=settings.server.port,
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        favicon_path=str(theme.STATIC / "favicon.png"),
        theme=theme.theme(),
        head=theme.head(),
        # Nothing can be uploaded: the chat takes text alone.
        max_file_size=0,
    )
    return app


def _closing(staff: StaffArea) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(staff.close)

    return lifespan


def serve(settings: Settings) -> None:
    """Open the chat and serve it until interrupted.

    Raises:
        PortInUseError: the server cannot listen where the settings say.
        TutorError: whatever keeps the tutor from starting; see `assembly.LiveTutor`.
    """
    listening = _listen(settings.server)
    try:
        from ds542_tutor.assembly import LiveTutor  # takes seconds: not before the port is ours

        app = build_app(LiveTutor(settings), settings)
        host, port = listening.getsockname()[:2]
        print(f"The chat is open at http://{host}:{port} (Ctrl+C stops it).", flush=True)
        config = uvicorn.Config(
            app, log_level="warning", timeout_graceful_shutdown=_SHUTDOWN_S, lifespan="on"
        )
        running = uvicorn.Server(config)
        # Every open page holds a stream that a closing server has to cut; that is no error.
        logging.getLogger("uvicorn.error").addFilter(lambda _: not running.should_exit)
        running.run(sockets=[listening])
    finally:
        listening.close()


def _listen(server: ServerSettings) -> socket.socket:
    """Take the port before anything slow happens, so that a taken one is told at once."""
    address = f"{server.host}:{server.port}"
    try:
        family = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise PortInUseError(
            f"The server cannot listen on {address} ({error}); set DS542_SERVER_HOST."
        ) from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((server.host, server.port))
        listening.listen(socket.SOMAXCONN)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(
                f"port {server.port} is in use; stop that program or set DS542_SERVER_PORT"
            ) from error
        raise PortInUseError(
            f"The server cannot listen on {address} ({error.strerror}); "
            "set DS542_SERVER_HOST and DS542_SERVER_PORT to an address that is free."
        ) from error
    return listening


class _Guard:
    """Adds headers that keep the page from loading, or being loaded by, anything foreign.

    Plain ASGI, so that streams pass through untouched.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                if headers.get("content-type", "").startswith("text/html"):
                    headers.setdefault("Content-Security-Policy", _POLICY)
            await send(message)

        await self._app(scope, receive, guarded)
