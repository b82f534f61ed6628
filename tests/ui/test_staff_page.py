"""The staff page in a browser, over an ingest whose course is scripted."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsing import ANSWER_MS, LAPTOP, PHONE, Open, serving
from fakes_app import FakeTutor
from playwright.sync_api import Page, expect
from staff_samples import PDF, STAFF, STUDENT, WORDS, Area, child_environment, fake_program

from ds542_tutor.app.ingest_commands import IngestCommands
from ds542_tutor.index.generations import IndexStore


@pytest.fixture
def goes(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Says how the next re-ingest goes."""
    return lambda how: child_environment(monkeypatch, how)


@pytest.fixture(scope="module")
def area(tmp_path_factory: pytest.TempPathFactory) -> Area:
    return Area(tmp_path_factory.mktemp("staff"))


@pytest.fixture(scope="module")
def url(area: Area, scripted: FakeTutor) -> Iterator[str]:
    real = IngestCommands.of

    def scripted_commands(settings: object) -> IngestCommands:
        return dataclasses.replace(real(settings), program=fake_program())  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(IngestCommands, "of", scripted_commands)
        with serving(scripted, area.settings) as url:
            yield url


def sign_in(visit: Open, url: str, account: str = STAFF, **options: object) -> Page:
    page = visit(url, path="staff", ready="#password", **options)
    page.fill("#account", account)
    page.fill("#password", WORDS)
    page.press("#password", "Enter")
    page.wait_for_load_state()
    return page


@pytest.fixture
def staff(visit: Open, url: str, goes: Callable[[str], None]) -> Page:
    goes("ok")
    page = sign_in(visit, url)
    expect(page.locator("#rows tr")).to_have_count(1, timeout=ANSWER_MS)
    return page


def test_a_student_is_refused_by_the_page_and_by_its_api(visit: Open, url: str) -> None:
    page = sign_in(visit, url, STUDENT)
    expect(page.locator("h1")).to_have_text("Not for this account")
    status = page.evaluate(
        "async () => (await fetch('staff/api/ingest', {method: 'POST', body: '{}'})).status"
    )
    assert status == 403
    page.click("text=Sign out")
    expect(page.locator("#password")).to_be_visible()


def test_a_wrong_password_is_told_where_it_was_typed(visit: Open, url: str) -> None:
    page = visit(url, path="sign-in", ready="#password")
    page.fill("#account", STAFF)
    page.fill("#password", "not the right words")
    page.press("#password", "Enter")
    expect(page.get_by_role("alert")).to_have_text("The account or the password is wrong.")
    expect(page.locator("#account")).to_have_value(STAFF)
    expect(page.locator("#password")).to_be_focused()


def test_progress_is_seen_by_all_and_survives_a_reload(
    staff: Page, visit: Open, url: str, goes: Callable[[str], None]
) -> None:
    goes("slow")
    other = sign_in(visit, url)
    expect(other.locator("#begin")).to_be_visible()
    staff.click("#begin")
    for page in (staff, other):
        expect(page.locator("#step")).to_have_text("Reading files: 1 of 2", timeout=ANSWER_MS)
        expect(page.locator("#bar")).to_have_attribute("value", "1")
    staff.reload()
    expect(staff.locator("#step")).to_have_text("Reading files: 1 of 2", timeout=ANSWER_MS)
    other.click("#cancel")
    for page in (staff, other):
        expect(page.locator("#job-end")).to_contain_text("goes on answering", timeout=ANSWER_MS)
        expect(page.locator("#begin")).to_be_visible()


def test_a_failed_file_is_shown_and_left_out_only_on_purpose(
    staff: Page, area: Area, goes: Callable[[str], None]
) -> None:
    before = IndexStore(area.index).current_id()
    goes("failed")
    staff.click("#begin")
    expect(staff.locator("#failed")).to_contain_text(
        "lectures/08.pdf: it is <b>truncated</b>", timeout=ANSWER_MS
    )
    expect(staff.locator("#without")).to_be_disabled()
    staff.check("text=Leave these files out")
    staff.click("#without")
    expect(staff.locator("#diff")).to_contain_text("Lecture <7>", timeout=ANSWER_MS)
    expect(staff.locator("#publish")).to_be_disabled()
    assert IndexStore(area.index).current_id() == before
    staff.check("text=Publish without these files")
    staff.click("#publish")
    expect(staff.locator("#review")).to_contain_text(f"Published by {STAFF}", timeout=ANSWER_MS)
    now = IndexStore(area.index).current_id()
    assert now != before
    expect(staff.locator(f"[data-generation='{now}']")).to_contain_text("In use")
    staff.once("dialog", lambda dialog: dialog.accept())
    staff.click(f"[data-generation='{before}'] button")
    expect(staff.locator(f"[data-generation='{before}']")).to_contain_text(
        "In use", timeout=ANSWER_MS
    )


def test_an_upload_fills_in_its_place_and_can_be_undone(
    staff: Page, area: Area, tmp_path: Path
) -> None:
    deck = area.materials / "lectures/07.pdf"
    old = deck.read_bytes()
    fresh = tmp_path / "07.pdf"
    fresh.write_bytes(PDF + b"corrected")
    expect(staff.locator("#patterns")).to_contain_text("lectures/*.pptx", timeout=ANSWER_MS)
    staff.set_input_files("#file", fresh)
    expect(staff.locator("#target")).to_have_value("lectures/07.pdf")
    expect(staff.locator("#target-note")).to_contain_text("Replaces the file there")
    staff.click("#send")
    expect(staff.locator("#said")).to_contain_text("07.pdf was replaced", timeout=ANSWER_MS)
    assert deck.read_bytes() == PDF + b"corrected"
    expect(staff.locator("#target")).to_have_value("")
    staff.click("text=Undo")
    expect(staff.locator("#said")).to_contain_text("was brought back", timeout=ANSWER_MS)
    assert deck.read_bytes() == old


def test_an_upload_that_does_not_fit_says_why_and_keeps_the_form(
    staff: Page, area: Area, tmp_path: Path
) -> None:
    fresh = tmp_path / "it's “new”.pdf"
    fresh.write_bytes(b"<!doctype html>")
    staff.set_input_files("#file", fresh)
    staff.fill("#target", "lectures/it's “new”.pdf")
    expect(staff.locator("#target-note")).to_have_text("A new file.")
    staff.click("#send")
    expect(staff.locator("#said")).to_contain_text("must be a PDF", timeout=ANSWER_MS)
    expect(staff.locator("#said")).to_have_class("wrong")
    expect(staff.locator("#target")).to_have_value("lectures/it's “new”.pdf")
    large = tmp_path / "large.pdf"
    large.write_bytes(PDF + b"x" * 1_000_001)
    staff.set_input_files("#file", large)
    staff.click("#send")
    expect(staff.locator("#said")).to_contain_text("larger than 1 MB")


def test_the_table_is_filtered_and_sorted(visit: Open, url: str, starter_area_url: str) -> None:
    page = sign_in(visit, starter_area_url)
    rows = page.locator("#rows tr")
    expect(page.locator("#shown")).to_contain_text("shown", timeout=ANSWER_MS)
    count = rows.count()
    page.fill("#filter", "attention lecture")
    expect(page.locator("#shown")).to_contain_text(f"of {count} shown")
    assert "07_attention" in page.inner_text("#rows")
    assert "convolutional" not in page.inner_text("#rows").lower()
    page.fill("#filter", "")
    page.select_option("#kind", "Slides")
    assert page.locator("#rows tr:visible").count() == 8
    page.select_option("#kind", "")
    head = page.locator("th", has_text="Pages")
    for order, reverse in (("ascending", False), ("descending", True)):
        head.locator("button").click()
        expect(head).to_have_attribute("aria-sort", order)
        numbers = [int(n) for n in page.locator("#rows td:nth-child(5)").all_inner_texts() if n]
        assert numbers == sorted(numbers, reverse=reverse) and len(numbers) > 8


@pytest.fixture(scope="module")
def starter_area_url(area: Area, scripted: FakeTutor, starter_index: Path) -> Iterator[str]:
    settings = dataclasses.replace(
        area.settings, paths=dataclasses.replace(area.settings.paths, index=starter_index)
    )
    with serving(scripted, settings) as url:
        yield url


def test_every_control_has_a_name_and_can_be_reached_by_keyboard(staff: Page) -> None:
    unnamed = staff.evaluate(
        """() => [...document.querySelectorAll('input, select, button, progress')]
            .filter((e) => !(e.labels?.length || e.textContent.trim() ||
                             e.getAttribute('aria-label')))
            .map((e) => e.outerHTML)"""
    )
    assert unnamed == []
    reached = set()
    for _ in range(30):
        staff.keyboard.press("Tab")
        reached.add(
            staff.evaluate("document.activeElement.id || document.activeElement.dataset.do")
        )
    assert {"file", "target", "send", "begin", "filter", "kind", "remarked"} <= reached


def test_the_keyboard_keeps_its_place_when_the_page_is_drawn_anew(
    staff: Page, goes: Callable[[str], None]
) -> None:
    goes("slow")
    staff.focus("#begin")
    staff.keyboard.press("Enter")
    expect(staff.locator("#cancel")).to_be_focused(timeout=ANSWER_MS)
    staff.keyboard.press("Enter")
    expect(staff.locator("#begin")).to_be_focused(timeout=ANSWER_MS)


@pytest.mark.parametrize("viewport", [LAPTOP, PHONE], ids=["laptop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_the_screen_and_can_be_read(
    visit: Open, starter_area_url: str, viewport: dict[str, int], scheme: str
) -> None:
    page = sign_in(visit, starter_area_url, viewport=viewport, color_scheme=scheme)
    expect(page.locator("#rows tr").first).to_be_attached(timeout=ANSWER_MS)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert json.loads(page.evaluate(CONTRASTS)) == []


CONTRASTS = """() => {
  // WCAG 2.2, 1.4.3: at least 4.5 to 1 for text, on the nearest ground that is not transparent.
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility() || e.disabled || e.closest(".unseen")) continue;
    const [x, y] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((a, b) => b - a);
    const ratio = (x + 0.05) / (y + 0.05);
    if (ratio < 4.5) bad.push(`${e.tagName} ${e.textContent.trim().slice(0, 30)}: ${ratio}`);
  }
  return JSON.stringify(bad);
}"""
