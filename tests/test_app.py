"""The chat server without a browser: highlights, files, safe text, streaming, the port."""

import asyncio
import io
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import gradio as gr
import numpy as np
import pypdfium2 as pdfium
import pytest
from fakes_app import FakeGeneration, FakeTutor, chunk_of, make_pdf
from fastapi.testclient import TestClient
from PIL import Image

from ds542_tutor.app import highlight, messages, server, sources, streaming
from ds542_tutor.app.chat import ChatPage, Visit
from ds542_tutor.app.files import MAX_SPANS, CourseFiles, page_address
from ds542_tutor.app.highlight import MARK, Marks
from ds542_tutor.app.markup import marker_link, safe_markdown, shorten
from ds542_tutor.conversations import Conversations
from ds542_tutor.dialogue import AnswerEvent, Delta, Stage, Status
from ds542_tutor.documents import Chunk, TextRun
from ds542_tutor.errors import IndexMissingError, ModelError, PortInUseError, SourceError
from ds542_tutor.settings import PathSettings, ServerSettings, Settings

SENTENCE = "Large scores drive the softmax into saturation."


@pytest.fixture(scope="module")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pdf(tmp_path_factory.mktemp("pdf"))


@pytest.fixture
def chunk(pdf: Path) -> Chunk:
    return chunk_of(pdf, 1)


@pytest.fixture(scope="module")
def tutor(pdf: Path) -> FakeTutor:
    return FakeTutor(FakeGeneration(pdf, [chunk_of(pdf, 1), chunk_of(pdf, 2, "<b>Bold</b>")]))


@pytest.fixture
def files(tutor: FakeTutor) -> CourseFiles:
    return CourseFiles(lambda: tutor.generation)


@pytest.fixture(scope="module")
def client(tutor: FakeTutor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(paths=PathSettings(data=tmp_path_factory.mktemp("data")))
    with TestClient(server.build_app(tutor, settings)) as client:
        yield client


def range_of(chunk: Chunk, words: str) -> tuple[int, int]:
    start = chunk.text.index(words)
    return start, start + len(words)


def text_under(path: Path, page: int, box: highlight.Box) -> str:
    """What pdfium itself reads inside a box: the check is independent of character offsets."""
    return pdfium.PdfDocument(path)[page - 1].get_textpage().get_text_bounded(*box).strip()


# ---- highlights ----


@pytest.mark.parametrize(
    "words",
    [
        SENTENCE,
        "Dividing by the square root keeps the scores near one.",
        "drive the softmax",
        # After formulas: there one character of Python is two of pdfium.
        "products, so it grows with the square root of",
    ],
)
def test_the_boxes_of_a_sentence_cover_its_words_and_nothing_else(
    pdf: Path, chunk: Chunk, words: str
) -> None:
    marks = highlight.locate(chunk, [range_of(chunk, words)])
    assert marks is not None
    boxes = highlight.boxes(pdf, marks)
    assert " ".join(text_under(pdf, 1, box) for box in boxes) == words


def test_a_sentence_over_two_lines_gets_a_box_a_line(pdf: Path, chunk: Chunk) -> None:
    start, _ = range_of(chunk, SENTENCE)
    _, end = range_of(chunk, "near one.")
    marks = highlight.locate(chunk, [(start, end)])
    assert marks is not None
    first, second = highlight.boxes(pdf, marks)
    assert SENTENCE in text_under(pdf, 1, first)
    assert "Dividing" in text_under(pdf, 1, second)
    assert first[1] > second[1], "lines come in reading order"


def test_every_supporting_sentence_is_marked_and_what_is_between_is_not(
    pdf: Path, chunk: Chunk
) -> None:
    words = ("A score is a sum", "drive the softmax", "keeps the scores near one.")
    marks = highlight.locate(chunk, [range_of(chunk, part) for part in words])
    assert marks is not None
    assert tuple(text_under(pdf, 1, box) for box in highlight.boxes(pdf, marks)) == words


@pytest.fixture
def two_pages(pdf: Path) -> Chunk:
    """Four letters from page 1, ten from page 2."""
    return Chunk(
        id="0" * 16, document="d", title="t", kind="slides", text="one two three.", search_text="",
        locator=chunk_of(pdf, 1).locator,
        runs=(TextRun(0, 4, 1, 10), TextRun(4, 10, 2, 50)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("spans", "marks"),
    [
        ([(4, 7)], Marks(2, ((50, 53),))),
        ([(0, 3)], Marks(1, ((10, 13),))),
        ([(0, 3), (4, 14)], Marks(2, ((50, 60),))),
        ([(0, 2), (4, 7), (8, 14)], Marks(2, ((50, 53), (54, 60)))),
        ([(0, 14)], Marks(2, ((50, 60),))),
        ([(0, 3), (4, 7)], Marks(1, ((10, 13),))),
        ([(4, 7), (90, 95), (9, 9)], Marks(2, ((50, 53),))),
    ],
    ids=["second", "first", "fuller", "several", "across", "the first of equals", "foreign"],
)
def test_the_page_that_has_most_of_the_marked_text_is_shown(
    two_pages: Chunk, spans: list[tuple[int, int]], marks: Marks
) -> None:
    assert highlight.locate(two_pages, spans) == marks


@pytest.mark.parametrize("spans", [[], [(0, 0)], [(5, 2)], [(-3, 4)], [(0, 10**6)]])
def test_nothing_is_marked_for_a_range_that_is_none(
    chunk: Chunk, spans: list[tuple[int, int]]
) -> None:
    assert highlight.locate(chunk, spans) is None


def test_a_range_that_was_mostly_never_on_the_page_is_not_marked(chunk: Chunk) -> None:
    sparse = replace(chunk, runs=(TextRun(0, 4, 1, 0),))
    assert highlight.locate(sparse, [(0, 40)]) is None
    assert highlight.locate(sparse, [(0, 4), (2, 60)]) == Marks(1, ((0, 4),))
    assert highlight.locate(replace(chunk, runs=()), [(0, 40)]) is None


def test_the_picture_has_the_marker_colour_under_the_words_only(pdf: Path, chunk: Chunk) -> None:
    marks = highlight.locate(chunk, [range_of(chunk, SENTENCE)])
    assert marks is not None
    marked = Image.open(io.BytesIO(highlight.picture(pdf, 1, marks))).convert("RGB")
    plain = Image.open(io.BytesIO(highlight.picture(pdf, 1, None))).convert("RGB")
    assert marked.size == highlight.size(pdf, 1) == (highlight.WIDTH, marked.height)
    (left, bottom, right, top), scale = (
        highlight.boxes(pdf, marks)[0],
        marked.width / (16 * 72 / 2.54),
    )
    inside = marked_pixels(marked)
    assert len(inside) > 0.5 * (right - left) * (top - bottom) * scale**2
    height = marked.height
    for x, y in inside:
        assert left * scale - 4 <= x <= right * scale + 4
        assert height - top * scale - 4 <= y <= height - bottom * scale + 4
    assert not marked_pixels(plain)


def marked_pixels(image: Image.Image) -> list[tuple[int, int]]:
    """(x, y) of every pixel that has the marker's colour."""
    near = np.abs(np.asarray(image).astype(int) - MARK).max(axis=2) < 12
    return [(int(x), int(y)) for y, x in np.argwhere(near)]


def test_a_page_that_is_not_there_is_named(pdf: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no page 99"):
        highlight.picture(pdf, 99)
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 cut off")
    with pytest.raises(SourceError, match=r"broken\.pdf cannot be opened"):
        highlight.picture(broken, 1)


def test_pages_can_be_drawn_from_many_threads(pdf: Path) -> None:
    drawn: list[bytes] = []
    different = [Marks(1, ((n, n + 20),)) for n in range(12)]
    threads = [
        threading.Thread(target=lambda m=marks: drawn.append(highlight.picture(pdf, 1, m)))
        for marks in different
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == len(different)


# ---- files ----


def test_pdf_and_page_are_served(client: TestClient, tutor: FakeTutor, chunk: Chunk) -> None:
    generation = tutor.generation.id
    got = client.get(f"/files/{generation}/{chunk.sha256}.pdf")
    assert (got.status_code, got.headers["content-type"]) == (200, "application/pdf")
    assert got.content.startswith(b"%PDF")
    assert "content-disposition" not in got.headers, "the browser shows it at the page"
    spans = [range_of(chunk, SENTENCE), range_of(chunk, "near one.")]
    areas = []
    for some in (spans[:1], spans):
        page = client.get(page_address(generation, chunk.id, some))
        assert (page.status_code, page.headers["content-type"]) == (200, "image/png")
        areas.append(len(marked_pixels(Image.open(io.BytesIO(page.content)).convert("RGB"))))
    assert 0 < areas[0] < areas[1]


@pytest.mark.parametrize("query", ["", "?spans=", "?spans=0-99999", "?spans=7-7,9-2"])
def test_a_range_outside_the_passage_shows_the_page_unmarked(
    client: TestClient, tutor: FakeTutor, chunk: Chunk, query: str
) -> None:
    page = client.get(f"/pages/{tutor.generation.id}/{chunk.id}.png{query}")
    assert page.status_code == 200
    assert not marked_pixels(Image.open(io.BytesIO(page.content)).convert("RGB"))


def test_a_page_takes_twenty_ranges(client: TestClient, tutor: FakeTutor, chunk: Chunk) -> None:
    address = page_address(tutor.generation.id, chunk.id, [(n, n + 1) for n in range(MAX_SPANS)])
    assert client.get(address).status_code == 200
    assert client.get(f"{address},30-31").status_code == 422


@pytest.mark.parametrize(
    "spans",
    [
        "5",
        "a-b",
        "1-2,",
        ",1-2",
        "-5-9",
        "1-2;3-4",
        "1.5-2",
        "1-9999999",
        "1-2%0A",
        "%D9%A1-%D9%A2",
    ],
)
def test_ranges_that_are_none_are_refused_quietly(
    client: TestClient, tutor: FakeTutor, chunk: Chunk, spans: str
) -> None:
    got = client.get(f"/pages/{tutor.generation.id}/{chunk.id}.png?spans={spans}")
    assert got.status_code == 422
    assert "Traceback" not in got.text


@pytest.mark.parametrize(
    "address",
    [
        "/files/{generation}/" + "0" * 64 + ".pdf",
        "/files/other/{sha}.pdf",
        "/files/{generation}/..%2F..%2Fetc%2Fpasswd.pdf",
        "/files/../../etc/passwd",
        "/files/{generation}/%2Fetc%2Fpasswd.pdf",
        "/pages/{generation}/ffffffffffffffff.png",
        "/pages/other/0000000000000001.png",
        "/pages/{generation}/..%2F0000000000000001.png",
    ],
)
def test_anything_else_is_not_found(client: TestClient, tutor: FakeTutor, address: str) -> None:
    sha = tutor.generation.manifest.documents[0].sha256
    got = client.get(address.format(generation=tutor.generation.id, sha=sha))
    assert got.status_code == 404
    assert b"root:" not in got.content


def test_pages_of_an_earlier_generation_stay_while_a_page_may_show_them(
    pdf: Path, chunk: Chunk
) -> None:
    old, new = FakeGeneration(pdf, [chunk]), FakeGeneration(pdf, [chunk])
    new.id = "later"
    current = [old]
    files = CourseFiles(lambda: current[0])
    assert files.generation(old.id) is old
    current[0] = new
    assert files.generation("later") is new
    assert files.chunk(old.id, chunk.id) == chunk
    assert files.generation("never-seen") is None


def test_an_index_that_went_away_is_not_found_and_breaks_nothing(pdf: Path, chunk: Chunk) -> None:
    generation = FakeGeneration(pdf, [chunk])
    answers = [generation]

    def current() -> FakeGeneration:
        if not answers:
            raise IndexMissingError("there is no index")
        return answers[0]

    files = CourseFiles(current)
    assert files.chunk(generation.id, chunk.id) == chunk
    answers.clear()
    assert files.generation("another") is None
    assert files.chunk(generation.id, chunk.id) == chunk


def test_a_file_that_this_generation_was_not_read_from_is_refused(pdf: Path, chunk: Chunk) -> None:
    generation = FakeGeneration(pdf, [chunk])
    files = CourseFiles(lambda: generation)
    assert files.pdf(generation.id, chunk.sha256) == pdf
    generation.manifest.documents.clear()
    assert files.pdf(generation.id, chunk.sha256) is None


# ---- sources ----


def test_the_panel_escapes_what_comes_from_files_and_students(
    tutor: FakeTutor, files: CourseFiles
) -> None:
    answer = tutor.finished("<script>alert(1)</script>", "text [1] [2]")
    html = sources.panel("1", answer, files)
    assert "<script>" not in html
    assert "<b>Bold" not in html
    assert "&lt;b&gt;Bold&lt;/b&gt;" in html
    assert "&lt;img src=x" in html, "the quote of page 2 is shown as text"


def test_the_panel_marks_the_quote_and_links_to_the_page(
    tutor: FakeTutor, files: CourseFiles
) -> None:
    answer = tutor.finished("q", "text [1]")
    html = sources.panel("7", answer, files)
    first = answer.citations[0]
    assert f".png?spans={first.start}-{first.end}" in html
    assert f"<mark>{first.quote}</mark>" in html
    assert 'id="source-7-1"' in html
    assert f"{first.sha256}.pdf#page=1" in html
    assert "Open the PDF at slide 1" in html
    assert ">supported<" in html
    assert ">weak<" in html
    assert 'loading="lazy"' in html
    assert "# AI assistance: ds542_tutor" in html


def test_every_span_of_a_citation_is_marked(
    tutor: FakeTutor, files: CourseFiles, chunk: Chunk
) -> None:
    answer = tutor.finished("q", "text [1]")
    words = ("A score", "drive the softmax", "near one.")
    spans = tuple(range_of(chunk, part) for part in words)
    citation = replace(answer.citations[0], spans=spans)
    html = sources.panel("1", replace(answer, citations=(citation,)), files)
    assert re.findall("<mark>(.*?)</mark>", html) == list(words)
    assert f"?spans={','.join(f'{a}-{b}' for a, b in spans)}" in html
    assert "with the cited passage marked" in html


def test_a_citation_of_which_nothing_is_certain_shows_its_page_unmarked(
    tutor: FakeTutor, files: CourseFiles
) -> None:
    answer = tutor.finished("q", "text [1]")
    unsure = replace(answer.citations[0], spans=(), quote="", start=0, end=0)
    html = sources.panel("1", replace(answer, citations=(unsure,)), files)
    assert "<img" in html
    assert "spans=" not in html
    assert "marked" not in html
    assert "<mark>" not in html


def test_a_page_is_asked_for_no_more_marks_than_it_takes(
    tutor: FakeTutor, files: CourseFiles, client: TestClient
) -> None:
    answer = tutor.finished("q", "text [1]")
    many = replace(answer.citations[0], spans=tuple((n, n + 1) for n in range(0, 60, 2)))
    html = sources.panel("1", replace(answer, citations=(many,)), files)
    address = re.search('<img src="([^"]*)"', html)
    assert address
    assert client.get(address[1]).status_code == 200
    assert html.count("<mark>") == 30


def test_a_source_without_pages_shows_its_text(tutor: FakeTutor, files: CourseFiles) -> None:
    answer = tutor.finished("q", "text [1]")
    gone = replace(
        answer.citations[0], chunk_id="", sha256="", page=None, text="Ten percent & more.",
        quote="Ten percent", locator="Late policy",
    )  # fmt: skip
    html = sources.panel("1", replace(answer, citations=(gone,)), files)
    assert "<img" not in html
    assert "<mark>Ten percent</mark> &amp; more." in html
    assert gone.document in html


def test_a_damaged_file_leaves_the_passage(tutor: FakeTutor, tmp_path: Path, chunk: Chunk) -> None:
    broken = tmp_path / f"{'a' * 64}.pdf"
    broken.write_bytes(b"no pdf")
    bad = replace(chunk, sha256="a" * 64)
    broken_tutor = FakeTutor(FakeGeneration(broken, [bad]))
    files = CourseFiles(lambda: broken_tutor.generation)
    html = sources.panel("1", broken_tutor.finished("q", "t [1]"), files)
    assert "<img" not in html
    assert "<mark>" in html


def test_an_abstention_calls_its_places_nearest_and_judges_none(
    tutor: FakeTutor, files: CourseFiles
) -> None:
    html = sources.panel("1", replace(tutor.finished("q", "t"), status="abstained"), files)
    assert "Nearest places" in html
    assert ">supported<" not in html


# ---- text ----


def test_markup_from_anywhere_is_shown_not_run() -> None:
    shown = safe_markdown('<img src=x onerror="alert(1)"> &lt;b> ![i](http://foreign/x.png)')
    assert "<img" not in shown
    assert "![" not in shown
    assert shown.startswith("&lt;img")
    assert "&amp;lt;b>" in shown


@pytest.mark.parametrize("text", ["[a](javascript:alert(1))", "[a](data:text/html,x)", "[a](//x)"])
def test_links_lead_to_the_web_or_nowhere(text: str) -> None:
    assert "](" not in safe_markdown(text)
    assert "](https://piazza.com" in safe_markdown("[Piazza](https://piazza.com/bu)")


def test_formulas_and_code_stay_as_written() -> None:
    text = "`a<b [1]` and\n```python\nif a < b: x[1] = '$'\n```\n" + r"\(a_1*b*c\) $$x^2$$"
    assert safe_markdown(text, lambda n: "MARKER") == text


def test_comparisons_in_formulas_cannot_open_a_tag() -> None:
    shown = safe_markdown("$a<b$ and \\[<script>x\\]")
    assert "<" not in shown
    assert r"a\lt b" in shown


def test_prices_are_no_formula() -> None:
    shown = safe_markdown("It costs $5 and $6.")
    assert "$" not in shown
    assert shown.count("&#36;") == 2


def test_markers_become_links_only_to_sources_that_exist() -> None:
    shown = safe_markdown("It grows [1]. Unknown [9].", marker_link("4", {1}))
    assert '<a class="ds-marker" href="#source-4-1"' in shown
    assert "&#91;9&#93;" in shown
    assert shown.count("<a ") == 1


def test_an_unclosed_fence_hides_nothing_from_the_escape() -> None:
    shown = safe_markdown("text\n```\n<b>code", lambda n: "")
    assert shown == "text\n```\n<b>code", "a fence runs to the end, as in Markdown"
    assert "<b>" not in safe_markdown("text ``` <b>no fence")


def test_long_questions_are_cut_where_they_are_repeated() -> None:
    assert shorten("one  two\nthree", 20) == "one two three"
    assert shorten("word " * 100, 20) == "word word word…"
    assert len(messages.question("x" * 100_000)) < 5000


@pytest.mark.parametrize(
    ("status", "offered"),
    [("answered", True), ("hinted", True), ("refused", False), ("abstained", False)],
)
def test_what_helped_can_be_credited_under_the_answer(
    tutor: FakeTutor, files: CourseFiles, status: Status, offered: bool
) -> None:
    answer = replace(tutor.finished("q", "text [1]"), status=status)
    shown = messages.answer("3", answer, ())
    named = re.findall('<button type="button" class="ds-copy" value="([^"]*)">', shown)
    assert named == (["comment-3", "appendix-3"] if offered else [])
    panel = sources.panel("3", answer, files)
    assert all(f'<pre id="{name}"' in panel for name in named)


# ---- streaming ----


def collect(produce, cancel: threading.Event, stop_after: int | None = None) -> list[AnswerEvent]:
    """Run `relay` to its end; set `cancel` after some events."""

    async def run() -> list[AnswerEvent]:
        events: list[AnswerEvent] = []
        async with aclosing(streaming.relay(produce, cancel)) as batches:
            async for batch in batches:
                events.extend(batch)
                if stop_after is not None and len(events) >= stop_after:
                    cancel.set()
        return events

    return asyncio.run(run())


def test_every_event_arrives_in_order_and_in_few_batches() -> None:
    events = [Stage("writing"), *(Delta(str(n)) for n in range(500))]
    assert collect(lambda: iter(events), threading.Event()) == events


def test_what_the_tutor_raises_is_raised_after_what_it_said() -> None:
    def fail() -> Iterator[AnswerEvent]:
        yield Delta("a")
        raise ModelError("the server is down")

    seen: list[AnswerEvent] = []

    async def run() -> None:
        async for batch in streaming.relay(fail, threading.Event()):
            seen.extend(batch)

    with pytest.raises(ModelError, match="down"):
        asyncio.run(run())
    assert seen == [Delta("a")]


def test_a_model_that_does_not_react_to_stop_is_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming, "GRACE_S", 0.3)
    release = threading.Event()

    def stuck() -> Iterator[AnswerEvent]:
        yield Delta("a")
        release.wait(20)
        yield Delta("too late")

    begun = time.monotonic()
    assert collect(stuck, threading.Event(), stop_after=1) == [Delta("a")]
    assert time.monotonic() - begun < 5
    release.set()


def test_leaving_early_cancels_the_model() -> None:
    cancel = threading.Event()

    async def run() -> None:
        async with aclosing(streaming.relay(lambda: endless(cancel), cancel)) as batches:
            async for _ in batches:
                break

    asyncio.run(run())
    assert cancel.is_set()


def endless(cancel: threading.Event) -> Iterator[AnswerEvent]:
    while not cancel.wait(0.01):
        yield Delta("x")


# ---- a visit ----


@pytest.fixture(scope="module")
def page(tutor: FakeTutor, tmp_path_factory: pytest.TempPathFactory) -> ChatPage:
    store = Conversations(tmp_path_factory.mktemp("visits"))
    page = ChatPage(tutor, Settings(), store, CourseFiles(lambda: tutor.generation))
    page.build()
    return page


def visit_in(update: dict[object, object]) -> Visit:
    return next(value for value in update.values() if isinstance(value, Visit))


def test_a_question_waits_until_the_one_before_is_answered(page: ChatPage) -> None:
    first = replace(visit_in(page.begin("first", None)), running=True)
    assert page.begin("second", first) == page.begin("", first) == gr.skip()
    assert not first.cancel.is_set()


def test_a_browser_that_comes_back_to_a_lost_answer_can_ask_again(page: ChatPage) -> None:
    lost = replace(visit_in(page.begin("first", None)), running=True)
    lost.over.set()
    again = visit_in(page.begin("second", lost))
    assert again.asked is not None
    assert again.asked.question == "second"
    assert [exchange.question for exchange in again.exchanges] == ["first"]
    assert again.session == lost.session
    assert not again.over.is_set()
    assert again.turns() == (), "an unanswered question is no turn"


def test_a_question_can_be_withdrawn_before_its_turn(page: ChatPage) -> None:
    waiting = visit_in(page.begin("first", None))
    stopped = visit_in(page.stop(waiting))
    assert stopped.asked is None
    assert waiting.cancel.is_set()


def test_nothing_of_an_answer_is_shown_after_a_new_chat_began(page: ChatPage) -> None:
    waiting = visit_in(page.begin("slow", None))

    async def run() -> list[dict[object, object]]:
        updates = []
        async for update in page.answer(waiting):
            updates.append(update)
            if len(updates) == 2:
                page.restart(waiting)
        return updates

    updates = asyncio.run(run())
    assert len(updates) == 2
    assert page.refuse(waiting) == gr.skip()


def test_every_visitor_gets_a_secret_of_their_own(page: ChatPage) -> None:
    sessions = {visit_in(page.begin("q", None)).session for _ in range(20)}
    assert len(sessions) == 20
    assert min(map(len, sessions)) >= 20


# ---- server ----


def test_a_taken_port_is_told_in_one_line() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortInUseError) as told:
            server.serve(Settings(server=ServerSettings(port=port)))
    assert str(told.value) == (f"port {port} is in use; stop that program or set DS542_SERVER_PORT")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "203.0.113.7"])
def test_a_host_that_is_not_this_machine_is_told_in_one_line(host: str) -> None:
    with pytest.raises(PortInUseError, match="DS542_SERVER_HOST"):
        server.serve(Settings(server=ServerSettings(host=host, port=0)))


def test_the_page_may_load_from_this_server_only(client: TestClient) -> None:
    got = client.get("/")
    assert got.status_code == 200
    policy = got.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "fonts.googleapis" not in got.text + client.get("/theme.css").text


def test_no_event_is_an_endpoint_for_programs(client: TestClient) -> None:
    info = client.get("/gradio_api/info").json()
    assert info == {"named_endpoints": {}, "unnamed_endpoints": {}}


def test_style_script_and_icon_are_served(client: TestClient) -> None:
    for name in ("style.css", "page.js", "favicon.png"):
        assert client.get(f"/tutor-static/{name}").status_code == 200
    assert client.get("/docs").status_code == 404
