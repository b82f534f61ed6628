"""The chat page in a real browser: over the starter corpus, and over scripted words."""

from __future__ import annotations

import io
import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from fakes_app import FakeGeneration, FakeTutor, chunk_of, make_pdf
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from ds542_tutor.app.highlight import MARK
from ds542_tutor.app.server import build_app
from ds542_tutor.conversations import FILE
from ds542_tutor.settings import PathSettings, ServerSettings, Settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")

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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


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
    """Open an address as a new visitor; fail on script errors and on requests to other hosts."""
    contexts, wrong = [], []

    def open_(url: str, viewport: dict[str, int] = LAPTOP, **options: object) -> Page:
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
        page.goto(url)
        page.wait_for_selector(BOX)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []


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


# ---- the starter corpus with packaged models ----


def test_a_question_gets_a_cited_answer_and_its_page_with_the_passage_marked(
    visit: Open, starter_url: str
) -> None:
    page = visit(starter_url)
    ask(page, "Why do we divide by the square root of the dimension in attention?")
    expect(page.locator(MARKER).first).to_be_visible()
    assert "softmax" in page.inner_text(LAST)
    assert "quotes" in page.inner_text("#ds-chat .ds-by")
    source = page.locator(".ds-source", has_text="Lecture 7").first
    expect(source.locator("h3")).to_contain_text("Attention")
    expect(source.locator(".ds-place")).to_contain_text("slide")
    image = source.locator("img")
    image.scroll_into_view_if_needed()
    page.wait_for_function("image => image.complete && image.naturalWidth > 600",
                           arg=image.element_handle())  # fmt: skip
    png = page.request.get(starter_url + (image.get_attribute("src") or "")).body()
    assert 0.002 < marked_share(png) < 0.5
    assert marked_share(image.screenshot()) > 0.002, "the mark shows on the page as well"


def test_the_pdf_opens_at_the_cited_page(visit: Open, starter_url: str) -> None:
    page = visit(starter_url)
    ask(page, "Why do we divide by the square root of the dimension in attention?")
    address = page.locator(".ds-links a").first.get_attribute("href") or ""
    file, _, fragment = address.partition("#page=")
    assert int(fragment) > 1
    got = page.request.get(starter_url + file)
    assert got.headers["content-type"] == "application/pdf"
    assert got.body().startswith(b"%PDF")


def test_the_syllabus_answers_how_late_homework_may_be(visit: Open, starter_url: str) -> None:
    page = visit(starter_url)
    page.get_by_text("How late can I hand in homework").click()
    expect(page.locator(MARKER).first).to_be_visible(timeout=ANSWER_MS)
    text = page.inner_text(LAST)
    assert "48 hours" in text or "two days" in text
    assert "20" in text
    expect(page.locator(".ds-source", has_text="Course site").first).to_be_visible()
    expect(page.locator(".ds-source mark").first).to_be_visible()


# ---- the page around a scripted tutor ----


def test_a_marker_shows_its_source(visit: Open, scripted_url: str) -> None:
    page = visit(scripted_url)
    ask(page, "First?")
    ask(page, "Second?")
    page.locator(MARKER).nth(1).click()  # the first answer's second marker
    current = page.locator(".ds-source.ds-current")
    expect(current).to_have_count(1)
    expect(current).to_have_id("source-1-2")
    expect(current).to_be_focused()
    expect(current).to_be_in_viewport()


def test_a_marker_works_from_the_keyboard(visit: Open, scripted_url: str) -> None:
    page = visit(scripted_url)
    ask(page, "Keys?")
    page.locator(MARKER).first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#source-1-1")).to_be_focused()


def test_an_answer_streams_and_the_stop_button_ends_it(
    visit: Open, scripted_url: str, scripted: FakeTutor
) -> None:
    scripted.cancelled.clear()
    page = visit(scripted_url)
    begin(page, "a slow one")
    expect(page.locator(LAST)).to_contain_text("word word", timeout=ANSWER_MS)
    expect(page.locator(LAST)).to_contain_text("Writing")
    page.click("#ds-stop")
    expect(page.locator("#ds-send")).to_be_visible(timeout=5000)
    assert scripted.cancelled.wait(3), "the model itself was stopped"
    expect(page.locator(LAST)).to_contain_text("Cut short")
    expect(page.locator(BOX)).to_be_focused()


def test_a_visitor_who_leaves_frees_the_model(
    visit: Open, scripted_url: str, scripted: FakeTutor
) -> None:
    scripted.cancelled.clear()
    page = visit(scripted_url)
    begin(page, "slow, and I am off")
    expect(page.locator(LAST)).to_contain_text("word", timeout=ANSWER_MS)
    page.close()
    assert scripted.cancelled.wait(15)


def test_a_new_chat_forgets_the_old_one_even_in_mid_answer(
    visit: Open, scripted_url: str, scripted: FakeTutor
) -> None:
    page = visit(scripted_url)
    ask(page, "Something old?")
    begin(page, "slow and old")
    expect(page.locator(LAST)).to_contain_text("word", timeout=ANSWER_MS)
    page.click("#ds-new")
    expect(page.locator("#ds-chat .user-row")).to_have_count(0)
    expect(page.locator(".ds-source")).to_have_count(0)
    ask(page, "Something new?")
    expect(page.locator("#ds-chat .user-row")).to_have_count(1)
    assert scripted.asked[-1] == ("Something new?", ())


def test_two_visitors_at_once_see_and_store_their_own_chat_only(
    visit: Open, scripted_url: str, scripted: FakeTutor, scripted_data: Path
) -> None:
    anna, ben = visit(scripted_url), visit(scripted_url)
    begin(anna, "annas secret")
    begin(ben, "bens secret")
    for page, own, other in ((anna, "annas", "bens"), (ben, "bens", "annas")):
        expect(page.locator("#ds-send")).to_be_visible(timeout=ANSWER_MS)
        assert f"You asked: {own} secret" in page.inner_text("#ds-chat")
        assert f"{other} secret" not in page.content()
    ask(anna, "and then?")
    turns = scripted.asked[-1][1]
    assert [turn.text for turn in turns if turn.role == "user"] == ["annas secret"]
    with closing(sqlite3.connect(scripted_data / FILE)) as store:
        chats = dict(store.execute("SELECT text, conversation_id FROM turns WHERE role = 'user'"))
    assert chats["annas secret"] == chats["and then?"] != chats["bens secret"]


def test_formulas_are_typeset_and_prices_are_not(visit: Open, scripted_url: str) -> None:
    page = visit(scripted_url)
    ask(page, "a formula")
    expect(page.locator(f"{LAST} >> .katex")).to_have_count(4)
    expect(page.locator(f"{LAST} >> .katex-display")).to_have_count(2)
    assert page.locator(".katex-error").count() == 0
    assert "cost $5 and $6" in page.inner_text(LAST)


def test_markup_in_questions_answers_and_files_is_inert(visit: Open, scripted_url: str) -> None:
    page = visit(scripted_url)
    ask(page, "<img src=x onerror='window.pwned=1'><svg onload='window.pwned=1'> ${pwned=1}")
    expect(page.locator(".ds-source")).to_have_count(2)
    page.wait_for_timeout(500)  # a handler would have run by now
    assert page.evaluate("typeof window.pwned") == "undefined"
    assert page.locator("#ds-chat img").count() == 0
    assert page.locator("#ds-sources img[src=x], #ds-sources script").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0
    assert "<img src=x" in page.inner_text("#ds-chat .user-row")
    expect(page.locator(".ds-source h3").nth(1)).to_have_text("<b>Bold</b>")
    assert page.locator(MARKER).count() == 1, "a marker without a source is no link"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("   ", "The question is empty"),
        ("x" * 100_000, "100,000 characters"),
        ("is the server down", "does not answer; start it."),
    ],
)
def test_an_error_is_one_friendly_line_and_the_question_is_given_back(
    visit: Open, scripted_url: str, question: str, said: str
) -> None:
    page = visit(scripted_url)
    page.fill(BOX, question)
    page.press(BOX, "Enter")
    failure = page.locator("#ds-chat .ds-failure")
    expect(failure).to_contain_text(said, timeout=ANSWER_MS)
    expect(page.locator(BOX)).to_have_value(question)
    page.fill(BOX, "")
    ask(page, "And now?")
    expect(page.locator(LAST)).to_contain_text("You asked: And now?")


def test_an_unforeseen_failure_tells_the_student_nothing_of_the_machine(
    visit: Open, scripted_url: str
) -> None:
    page = visit(scripted_url)
    begin(page, "crash please")
    expect(page.locator("#ds-chat .ds-failure")).to_contain_text("Something went wrong")
    assert "/home/someone" not in page.content()
    assert "Traceback" not in page.content()


def test_an_answer_that_cannot_be_saved_is_still_given(
    visit: Open, scripted: FakeTutor, tmp_path: Path
) -> None:
    settings = Settings(paths=PathSettings(data=tmp_path / "data"))
    with serving(scripted, settings) as url:
        page = visit(url)
        ask(page, "Before?")
        with closing(sqlite3.connect(tmp_path / "data" / FILE)) as broken, broken:
            broken.execute("ALTER TABLE answers RENAME TO lost")
        ask(page, "After?")
        expect(page.locator(LAST)).to_contain_text("You asked: After?")
        expect(page.locator(LAST)).to_contain_text("could not be saved")


COMMENT = "# AI assistance: ds542_tutor\n# Prompt: Credit?"
APPENDIX = "## Appendix: use of generative AI\n\n> Credit?"


@pytest.mark.parametrize(
    ("name", "text"), [("Copy code comment", COMMENT), ("Copy appendix", APPENDIX)]
)
def test_the_credit_is_copied_from_under_the_answer_without_a_mouse(
    visit: Open, scripted_url: str, name: str, text: str
) -> None:
    page = visit(scripted_url, permissions=["clipboard-read", "clipboard-write"])
    ask(page, "Credit?")
    ask(page, "Something else?")
    expect(page.locator("#ds-chat .ds-credit")).to_have_count(2)
    button = page.locator("#ds-chat").get_by_role("button", name=name).first
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#ds-chat .ds-copy", has_text="Copied")).to_have_count(1)
    expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    assert page.evaluate("navigator.clipboard.readText()") == text
    expect(button).to_have_text(name, timeout=5000)
    expect(button).to_be_focused()


def test_the_credit_is_copied_where_the_clipboard_is_closed(visit: Open, scripted_url: str) -> None:
    """As over plain http from another machine."""
    page = visit(scripted_url, permissions=["clipboard-read"])
    page.evaluate("Object.defineProperty(window, 'isSecureContext', {value: false})")
    ask(page, "Credit?")
    page.get_by_role("button", name="Copy code comment").click()
    expect(page.locator("#ds-chat .ds-copy").first).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == COMMENT


def test_the_credit_is_unfolded_where_nothing_can_be_copied(visit: Open, scripted_url: str) -> None:
    page = visit(scripted_url)
    page.evaluate("Object.defineProperty(window, 'isSecureContext', {value: false})")
    page.evaluate("document.execCommand = () => false")
    ask(page, "Credit?")
    page.get_by_role("button", name="Copy appendix").click()
    expect(page.locator("#ds-chat .ds-copy").last).to_have_text("Select and copy")
    expect(page.locator("#appendix-1")).to_be_in_viewport()
    expect(page.locator("#appendix-1")).to_be_focused()


def test_the_whole_credit_can_be_read_and_copied_in_the_panel(
    visit: Open, scripted_url: str
) -> None:
    page = visit(scripted_url, permissions=["clipboard-read", "clipboard-write"])
    ask(page, "Credit?")
    page.click(".ds-credit > summary")
    expect(page.locator("#comment-1")).to_have_text(COMMENT)
    page.get_by_role("button", name="Copy the comment").click()
    expect(page.locator("#ds-sources .ds-copy").first).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == COMMENT


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_nothing_is_wider_than_the_screen(
    visit: Open, scripted_url: str, viewport: dict[str, int], scheme: str
) -> None:
    page = visit(scripted_url, viewport, color_scheme=scheme)
    assert overflow(page) <= 0
    ask(page, "a formula")
    ask(page, "x" * 300)
    page.click(".ds-credit > summary >> nth=0")
    assert overflow(page) <= 0


def overflow(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def test_sources_stand_beside_the_answer_or_below_it(visit: Open, scripted_url: str) -> None:
    for viewport, beside in ((LAPTOP, True), (PHONE, False)):
        page = visit(scripted_url, viewport)
        ask(page, "Where?")
        chat = page.locator("#ds-chat").bounding_box()
        panel = page.locator("#ds-sources").bounding_box()
        assert chat and panel
        assert (panel["x"] >= chat["x"] + chat["width"] - 1) == beside
        assert (panel["y"] >= chat["y"] + chat["height"] - 1) != beside
        expect(page.locator(BOX)).to_be_in_viewport()


def test_the_page_can_be_used_and_read_without_a_mouse(visit: Open, scripted_url: str) -> None:
    page = visit(scripted_url)
    expect(page.locator(BOX)).to_be_focused()
    expect(page.get_by_role("textbox", name="Your question")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("DS542 tutor")
    ask(page, "Read aloud?")
    expect(page.locator(BOX)).to_be_focused()
    assert page.locator("#ds-chat [data-testid=bot][aria-label]").count() == 0
    expect(page.get_by_role("log")).to_contain_text("You asked: Read aloud?")
    assert all(page.locator(".ds-page img").evaluate_all("images => images.map(i => i.alt)"))


def test_students_are_answered_side_by_side(visit: Open, scripted_url: str) -> None:
    one, two = visit(scripted_url), visit(scripted_url)
    begin(one, "slow for one")
    expect(one.locator(LAST)).to_contain_text("word", timeout=ANSWER_MS)
    begun = time.monotonic()
    ask(two, "quick for two")
    assert time.monotonic() - begun < 10, "a slow answer holds up nobody else"
    one.click("#ds-stop")
    expect(one.locator("#ds-send")).to_be_visible(timeout=ANSWER_MS)


def test_students_wait_their_turn_and_a_full_queue_says_so(
    visit: Open, scripted: FakeTutor, tmp_path: Path
) -> None:
    settings = Settings(
        paths=PathSettings(data=tmp_path), server=ServerSettings(concurrency=1, queue=1)
    )
    with serving(scripted, settings) as url:
        first, second, third = visit(url), visit(url), visit(url)
        begin(first, "slow and first")
        expect(first.locator(LAST)).to_contain_text("word", timeout=ANSWER_MS)
        begin(second, "second")
        expect(second.locator(LAST)).to_contain_text("Waiting for a free place")
        third.fill(BOX, "third")
        third.press(BOX, "Enter")
        expect(third.locator("#ds-chat .ds-failure")).to_contain_text("Too many students")
        expect(third.locator(BOX)).to_have_value("third")
        first.click("#ds-stop")
        expect(second.locator(LAST)).to_contain_text("You asked: second", timeout=ANSWER_MS)


def test_a_question_typed_during_an_answer_is_kept(
    visit: Open, scripted_url: str, scripted: FakeTutor
) -> None:
    page = visit(scripted_url)
    begin(page, "slow still")
    expect(page.locator(LAST)).to_contain_text("word", timeout=ANSWER_MS)
    page.fill(BOX, "my next question")
    page.press(BOX, "Enter")
    page.click("#ds-stop")
    expect(page.locator("#ds-send")).to_be_visible(timeout=ANSWER_MS)
    expect(page.locator(BOX)).to_have_value("my next question")
    assert scripted.asked[-1][0] == "slow still"
    page.press(BOX, "Enter")
    expect(page.locator(LAST)).to_contain_text("You asked: my next question", timeout=ANSWER_MS)
