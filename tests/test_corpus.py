"""The starter corpus's PDFs: rebuilt byte for byte from their sources, shaped like a course's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import pypdfium2 as pdfium
import pytest

STARTER = Path(__file__).resolve().parent.parent / "corpus" / "starter"
BOOK = STARTER / "book" / "course-notes.pdf"
DECK_NAMES = (
    "01_course_intro",
    "02_supervised_learning_and_shallow_networks",
    "03_loss_functions",
    "04_gradient_descent_and_backpropagation",
    "05_regularization",
    "06_convolutional_networks",
    "07_attention_and_transformers",
    "08_diffusion_models",
)


@dataclass(frozen=True)
class Deck:
    """What a reader sees of a deck: one outline title and one text for each page."""

    outline: tuple[str, ...]
    targets: tuple[int, ...]
    texts: tuple[str, ...]

    @property
    def titles(self) -> tuple[str, ...]:
        """The outline titles without "Slide N: "."""
        return tuple(entry.split(": ", 1)[1] for entry in self.outline)


def page_texts(document: pdfium.PdfDocument) -> tuple[str, ...]:
    return tuple(page.get_textpage().get_text_range() for page in document)


def words(text: str) -> list[str]:
    return text.split()


@pytest.fixture(scope="module", params=DECK_NAMES)
def deck(request: pytest.FixtureRequest) -> Deck:
    document = pdfium.PdfDocument(STARTER / "lectures" / f"{request.param}.pdf")
    entries = list(document.get_toc())
    targets = [entry.get_dest() for entry in entries]
    assert all(target is not None for target in targets)
    return Deck(
        outline=tuple(entry.get_title() for entry in entries),
        targets=tuple(target.get_index() for target in targets if target is not None),
        texts=page_texts(document),
    )


def build(*arguments: str, starter: Path = STARTER) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(starter / "src" / "build.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy_of_starter(tmp_path: Path) -> Path:
    """Sources and decks that a test may spoil."""
    starter = tmp_path / "starter"
    for folder in ("src", "lectures"):
        shutil.copytree(STARTER / folder, starter / folder)
    return starter


def test_committed_pdfs_are_what_their_sources_build() -> None:
    result = build("--check")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("same ") == len(DECK_NAMES) + 1


def test_check_names_the_pdf_that_differs_and_leaves_it(copy_of_starter: Path) -> None:
    stale = copy_of_starter / "lectures" / "03_loss_functions.pdf"
    stale.write_bytes(stale.read_bytes() + b"\n")
    before = stale.read_bytes()
    result = build("--check", "03", "04", starter=copy_of_starter)
    assert result.returncode == 1
    assert "differs  lectures/03_loss_functions.pdf" in result.stderr
    assert "make corpus" in result.stderr
    assert "04_" not in result.stderr
    assert stale.read_bytes() == before


def test_build_restores_a_missing_pdf(copy_of_starter: Path) -> None:
    missing = copy_of_starter / "lectures" / "02_supervised_learning_and_shallow_networks.pdf"
    original = missing.read_bytes()
    missing.unlink()
    assert build("02", starter=copy_of_starter).returncode == 0
    assert missing.read_bytes() == original


def test_a_slide_that_overflows_its_page_fails_the_build(copy_of_starter: Path) -> None:
    source = copy_of_starter / "src" / "lectures" / "04_gradient_descent_and_backpropagation.typ"
    text = source.read_text("utf-8")
    source.write_text(text.replace("#questions()", '#slide("Crowded")[#v(20cm) x]'), "utf-8")
    result = build("04", starter=copy_of_starter)
    assert result.returncode == 1
    assert 'slide "Crowded" is too tall' in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unknown_document_is_named_with_those_there_are() -> None:
    result = build("99")
    assert result.returncode == 2
    assert "'99'" in result.stderr
    assert "03_loss_functions" in result.stderr


def test_the_lectures_are_the_eight_of_the_calendar() -> None:
    assert tuple(path.stem for path in sorted((STARTER / "lectures").glob("*.pdf"))) == DECK_NAMES


def test_deck_has_a_lecture_s_length(deck: Deck) -> None:
    assert 12 <= len(deck.texts) <= 25


def test_every_page_has_its_outline_entry(deck: Deck) -> None:
    assert deck.targets == tuple(range(len(deck.texts)))
    for number, entry in enumerate(deck.outline, start=1):
        assert entry.startswith(f"Slide {number}: ")


def test_every_page_opens_with_the_title_its_outline_gives(deck: Deck) -> None:
    for title, text in zip(deck.titles[1:], deck.texts[1:], strict=True):
        assert " ".join(words(text)).startswith(" ".join(words(title)))
    assert " ".join(words(deck.titles[0])) in " ".join(words(deck.texts[0]))


def test_pages_carry_footer_and_number(deck: Deck) -> None:
    for number, text in enumerate(deck.texts, start=1):
        assert "DS542 · Spring 2026 · Lecture " in text
        assert words(text)[-1] == str(number)


def test_agenda_comes_early_and_again_before_each_part(deck: Deck) -> None:
    assert deck.titles.index("Agenda") <= 2
    parts = [title.removeprefix("Agenda: ") for title in deck.titles if title.startswith("Agenda:")]
    assert len(parts) >= 2
    plan = " ".join(words(deck.texts[deck.titles.index("Agenda")]))
    assert all(part in plan for part in parts)


def test_deck_has_build_ups_and_one_that_only_adds(deck: Deck) -> None:
    runs = [list(group) for _, group in groupby(range(len(deck.texts)), deck.titles.__getitem__)]
    build_ups = [run for run in runs if len(run) > 1]
    assert len(build_ups) >= 2
    assert all(len(run) <= 4 for run in build_ups)

    def grows(earlier: int, later: int) -> bool:
        # Without its last word, the page number, a page's words are all on the next one too.
        before, after = words(deck.texts[earlier]), words(deck.texts[later])
        return set(before[:-1]) <= set(after) and len(before) < len(after)

    # A moving drawing changes its numbers from page to page; at least one sequence only grows.
    assert any(all(grows(*pair) for pair in pairwise(run)) for run in build_ups)


def test_deck_ends_with_questions(deck: Deck) -> None:
    assert deck.titles[-1] == "Any questions?"


@pytest.mark.parametrize(
    "pdf",
    [*(STARTER / "lectures" / f"{name}.pdf" for name in DECK_NAMES), BOOK],
    ids=lambda p: p.stem,
)
def test_pdf_is_small_and_undated(pdf: Path) -> None:
    metadata = pdfium.PdfDocument(pdf).get_metadata_dict()
    assert pdf.stat().st_size < 1_000_000
    assert metadata["Title"]
    assert metadata["CreationDate"] == metadata["ModDate"] == ""


def test_book_is_paged_like_a_book() -> None:
    document = pdfium.PdfDocument(BOOK)
    labels = [document.get_page_label(index) for index in range(len(document))]
    assert len(labels) >= 24
    front = [label for label in labels if not label.isdigit()]
    assert front, "no roman front matter"
    assert set("".join(front)) <= set("ivx")
    assert labels == front + [str(number) for number in range(1, len(labels) - len(front) + 1)]


def test_book_has_an_outline_with_chapters_and_sections() -> None:
    entries = list(pdfium.PdfDocument(BOOK).get_toc())
    assert sum(entry.level == 0 for entry in entries) >= 5
    assert sum(entry.level == 1 for entry in entries) >= 10


def test_lecture_1_states_the_facts_of_the_course() -> None:
    text = " ".join(
        words(
            " ".join(page_texts(pdfium.PdfDocument(STARTER / "lectures" / f"{DECK_NAMES[0]}.pdf")))
        )
    )
    for fact in (
        "up to 48 hours (two days) after the deadline, with a penalty of 20 %",
        "Projects count for 70 % of the grade",
        "within one week",
        "3:30 to 4:45 pm in CGS 505",
        "Thomas Gardos",
    ):
        assert fact in text
