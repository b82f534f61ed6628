"""Decks as PDF: formulas, lists that return, slides that are pictures, very long decks."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pptx_samples
import pypdfium2 as pdfium
import pytest
from PIL import Image
from reading import compiled, misaligned, source, tokens

from ds542_tutor.documents import Chunk, Document, SourceKind
from ds542_tutor.errors import EmptySourceError
from ingest.chunking import chunk_document
from ingest.readers import ocr, read_document


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled("formulas", tmp_path_factory.mktemp("formulas"))


@pytest.fixture(scope="module")
def deck(path: Path) -> Document:
    return read_document(source(path, "slides"))


def test_indices_exponents_ordinals_and_limits_are_told_apart(deck: Document) -> None:
    texts = {s.locator.slide_title: s.text.partition("\n")[2] for s in deck.segments}
    assert texts["Indices"] == "The weight 𝑤^2_𝑡+1 of the 3rd step, and 𝑥^𝑇 𝑦."
    assert texts["Sums"] == "𝑆 = ∑^𝑛_𝑖=1 𝑎_𝑖"


def test_what_is_inserted_into_a_formula_leaves_its_letters_where_they_stand(
    deck: Document, path: Path
) -> None:
    with pdfium.PdfDocument(path) as pdf:
        raw = {n: page.get_textpage().get_text_range() for n, page in enumerate(pdf, start=1)}
    for segment in deck.segments:
        assert segment.runs and not misaligned(segment.text, segment.runs, raw)


def test_a_list_that_returns_is_an_agenda_and_names_the_sections(deck: Document) -> None:
    assert [s.locator.page for s in deck.segments if s.kind == "agenda"] == [2, 4, 6, 8]
    assert {
        s.locator.slide_title: s.locator.section for s in deck.segments if s.kind == "slide"
    } == {
        "Indices": ("Indices of weights",),
        "Sums": ("Sums over steps",),
        "Fractions": ("Fractions of sums",),
        "Code": ("Code in slides",),
    }


def test_lines_of_code_stay_lines(deck: Document) -> None:
    assert deck.segments[-1].text.splitlines()[1:] == [
        "Train it with this loop:",
        "for batch in loader:",
        "loss = model(batch)",
        "loss.backward()",
    ]


def scanned(folder: Path, *pages: tuple[str, ...]) -> Path:
    """A PDF whose pages are pictures of text."""
    images = [Image.open(pptx_samples.picture_of(*lines)) for lines in pages]
    target = folder / "scan.pdf"
    images[0].save(target, save_all=True, append_images=images[1:], resolution=120)
    return target


SCAN = (
    ("Gradient descent walks downhill", "with a small learning rate", "until the loss is flat."),
    ("Momentum remembers earlier steps", "and smooths the walk of the weights."),
)


@pytest.mark.parametrize("kind", ["slides", "notes"])
def test_a_pdf_whose_text_is_an_image_is_read_off_it(kind: SourceKind, tmp_path: Path) -> None:
    pytest.importorskip("rapidocr_onnxruntime")
    document = read_document(source(scanned(tmp_path, *SCAN), kind))
    assert document.ocr_pages == (1, 2) and document.blank == () and document.warnings == ()
    said = " ".join(s.text for s in document.segments)
    assert "learning rate" in said and "Momentum" in said
    for segment in document.segments:
        assert segment.ocr and segment.runs == () and segment.locator.start == 0
    for chunk in chunk_document(document, tokens):
        assert chunk.ocr and chunk.locator.page in chunk.pages


def test_no_more_images_are_read_than_a_file_is_given_time_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("rapidocr_onnxruntime")
    monkeypatch.setattr(ocr.Reader, "__init__", _one_page)
    document = read_document(source(scanned(tmp_path, *SCAN), "slides"))
    assert document.ocr_pages == (1,) and document.blank == (2,)
    assert document.warnings[0].startswith("images on slide 2 were not read: at most")


def _one_page(self: ocr.Reader, noun: str = "page") -> None:
    self.noun, self.pages, self.seconds, self.unread = noun, 1, 60.0, {}


def test_a_scan_without_the_extra_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "installed", lambda: False)
    for kind in ("slides", "notes"):
        with pytest.raises(EmptySourceError, match=r"install the extra ds542_tutor\[ocr\]"):
            read_document(source(scanned(tmp_path, *SCAN), kind))


@pytest.mark.parametrize("kind", ["slides", "book"])
def test_five_thousand_pages_are_read_in_bounded_time_and_memory(
    kind: SourceKind, path: Path, tmp_path: Path
) -> None:
    long = tmp_path / "long.pdf"
    with pdfium.PdfDocument(path) as one, pdfium.PdfDocument.new() as many:
        for _ in range(500):
            many.import_pages(one, [0, 1, 2, 3, 4, 5, 6, 7, 8, 0])
        many.save(long)
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    document = read_document(source(long, kind))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert document.page_count == 5000
    assert time.process_time() - began < 60 and grown < 800 * 1024  # seconds, KiB


def chunks_of(shared: Path, name: str) -> dict[int, Chunk]:
    """The chunks of a real deck by the page that they cite; images are left alone."""
    found = next((shared / "materials" / "sp2026").rglob(f"{name}*.pdf"))
    document = read_document(source(found, "slides"), images=False)
    return {c.locator.page or 0: c for c in chunk_document(document, tokens, 200)}


def test_hard_slides_of_the_real_decks(shared: Path) -> None:
    losses = chunks_of(shared, "03_loss")
    assert "∏_𝑖=1^𝐼" in losses[16].text and "argmax_𝑦" in losses[22].text
    descent = chunks_of(shared, "04_grad").values()
    assert any("The vector of these 𝜕𝐿[𝜙]/𝜕𝜙_𝑖 is the gradient" in c.text for c in descent)
    deep = chunks_of(shared, "07_deep")
    assert ">10^40 linear regions" in deep[67].text and "𝐷_𝑘 hidden units" in deep[48].text
    assert deep[48].locator.section == ("Hyperparameters",)
    assert not {2, 32, 47, 50, 62} & deep.keys()  # its list of topics, five times
    assert deep[35].locator.slide_title == "Create new variables: 𝜓 (psi)"
    start = chunks_of(shared, "10_init")
    assert not {16, 21, 25} & start.keys() and start[31].pages == (29, 30, 31)
    attention = chunks_of(shared, "16_att")
    assert "\nlayer_norm = nn.LayerNorm(embedding_dim)\n" in attention[62].text
    assert "𝐱^𝑇𝐲" in attention[39].text and "the nth token" in attention[32].text
    assert 44 not in attention  # nothing but a licence line
    sampling = chunks_of(shared, "17_trans")
    assert "𝑒^𝑧𝑖/∑_𝑗 𝑒^𝑧𝑗" in sampling[43].text
