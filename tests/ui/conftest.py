"""A browser, and the app served over the starter corpus and over scripted words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import ARGUMENTS, BOX, CHROMIUM, LAPTOP, Open, serving
from fakes_app import FakeGeneration, FakeTutor, chunk_of, make_pdf
from playwright.sync_api import Browser, Page, Route, sync_playwright

from ds542_tutor.settings import PathSettings, ServerSettings, Settings


@pytest.fixture(autouse=True, scope="session")
def chromium() -> str:
    """The browser's path; without it these tests are skipped."""
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is not installed")
    return CHROMIUM


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> FakeTutor:
    pdf = make_pdf(tmp_path_factory.mktemp("pdf"))
    return FakeTutor(FakeGeneration(pdf, [chunk_of(pdf, 1), chunk_of(pdf, 2, "<b>Bold</b>")]))


@pytest.fixture(scope="module")
def scripted_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scripted-data")


@pytest.fixture(scope="module")
def scripted_url(scripted: FakeTutor, scripted_data: Path) -> Iterator[str]:
    settings = Settings(
        paths=PathSettings(data=scripted_data), server=ServerSettings(concurrency=2)
    )
    with serving(scripted, settings) as url:
        yield url


@pytest.fixture(scope="module")
def starter_url(starter_tutor: object, starter_settings: Settings) -> Iterator[str]:
    with serving(starter_tutor, starter_settings) as url:
        yield url


@pytest.fixture
def visit(browser: Browser) -> Iterator[Open]:
    """Open an address as a new visitor; fail on script errors and on requests to other hosts.

    `path`: below the address, another page than the chat; `ready`: what is there once it is drawn.
    """
    contexts, wrong = [], []

    def open_(
        url: str,
        viewport: dict[str, int] = LAPTOP,
        path: str = "",
        ready: str = BOX,
        **options: object,
    ) -> Page:
        context = browser.new_context(viewport=viewport, **options)
        contexts.append(context)
        page = context.new_page()

        def only_home(route: Route) -> None:
            if route.request.url.startswith((url, "data:", "blob:")):
                route.continue_()
            else:
                wrong.append(f"foreign request: {route.request.url}")
                route.abort()

        page.route("**/*", only_home)
        page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        page.goto(url + path)
        page.wait_for_selector(ready)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []
