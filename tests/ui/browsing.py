"""What tests of the chat page share: a served app, a question asked, places on the page."""

from __future__ import annotations

import io
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import uvicorn
from PIL import Image
from playwright.sync_api import Page, expect

from ds542_tutor.app.highlight import MARK
from ds542_tutor.app.server import build_app
from ds542_tutor.settings import Settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
LAPTOP, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
ANSWER_MS = 30_000  # two busy cores take their time over a first answer

BOX = "#ds-question textarea"
LAST = "#ds-chat .bot-row >> nth=-1"
MARKER = "#ds-chat a[href*='#source-']"

Open = Callable[..., Page]


@contextmanager
def serving(tutor: object, settings: Settings) -> Iterator[str]:
    """Serve the app on a free port, as `serve` does, in a thread."""
    listening = socket.create_server(("127.0.0.1", 0))
    app = build_app(tutor, settings)
    running = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        running.should_exit = True
        thread.join(20)
        listening.close()


def ask(page: Page, question: str) -> None:
    """Type a question, press Enter and wait for the whole answer."""
    begin(page, question)
    expect(page.locator("#ds-send")).to_be_visible(timeout=ANSWER_MS)


def begin(page: Page, question: str) -> None:
    page.fill(BOX, question)
    page.press(BOX, "Enter")
    expect(page.locator(BOX)).to_have_value("", timeout=ANSWER_MS)


def marked_share(png: bytes) -> float:
    """The share of an image that has the marker pen's colour."""
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    return float((np.abs(pixels - MARK).max(axis=2) < 16).mean())
