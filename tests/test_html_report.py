"""The HTML report: one file, everything escaped, every link has its target, nothing breaks it."""

import base64
import io
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageStat
from report_samples import (
    CITED,
    GOLD,
    SITE,
    SLIDES,
    case,
    citation,
    error,
    made_run,
    record,
    scored,
)

from ds542_tutor.assembly import LiveTutor
from ds542_tutor.errors import IndexStoreError
from ds542_tutor.index.generation import Generation
from eval.cases import Case, Gold
from eval.floors import FLOORS
from eval.html.pages import GONE, LEFT_OUT, Pages
from eval.html.report import HTML, write_html
from eval.html.wording import duration, evidence, percent

SECTIONS = {"figures", "plots", "failures", "tables", "judge", "cases", "settings"}


_VOID = {"meta", "img", "br"}


class Read(HTMLParser):
    """What a page holds: tags with their attributes, ids, and its text without scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.unclosed: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.unclosed.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if self.unclosed and self.unclosed[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def values(self, attribute: str, tag: str = "") -> list[str]:
        found = [a.get(attribute) for name, a in self.tags if not tag or name == tag]
        return [value for value in found if value is not None]


def report(
    folder: Path,
    generation: Generation,
    cases: Sequence[Case],
    records: Sequence[dict[str, Any]],
    **more: Any,
) -> Read:
    changes = more.pop("summary", {})
    rows, summary = scored(cases, records, generation, **more)
    path = write_html(folder, cases, records, rows, {**summary, **changes}, generation)
    return Read(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def generation(starter_tutor: LiveTutor) -> Generation:
    return starter_tutor.tutor.generation


@pytest.fixture(scope="module")
def made(generation: Generation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_html(tmp_path_factory.mktemp("report"), *made_run(generation), generation)


@pytest.fixture(scope="module")
def page(made: Path) -> Read:
    return Read(made.read_text(encoding="utf-8"))


# --- One file -------------------------------------------------------------------------------------


def test_it_is_one_file_that_fetches_nothing(made: Path, page: Read) -> None:
    assert made.name == HTML
    assert [file.name for file in made.parent.iterdir()] == [HTML]
    assert all(src.startswith("data:image/webp;base64,") for src in page.values("src"))
    assert all(href.startswith("#") for href in page.values("href"))
    assert not {"link", "iframe", "object", "embed"} & {tag for tag, _ in page.tags}
    css = re.search(r"<style>(.*?)</style>", made.read_text(encoding="utf-8"), re.S)
    assert css and "url(" not in css.group(1) and "@import" not in css.group(1)


def test_every_link_has_its_target_and_every_id_is_there_once(page: Read) -> None:
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {href[1:] for href in page.values("href")} <= set(ids)
    clips = [re.fullmatch(r"url\(#(.+)\)", clip) for clip in page.values("clip-path")]
    assert clips and all(clip and clip.group(1) in ids for clip in clips)
    assert not page.unclosed


def test_the_same_run_gives_the_same_bytes(
    made: Path, generation: Generation, tmp_path: Path
) -> None:
    again = write_html(tmp_path, *made_run(generation), generation)
    assert again.read_bytes() == made.read_bytes()


def test_nothing_from_data_becomes_markup(made: Path, page: Read) -> None:
    tags = [tag for tag, _ in page.tags]
    assert tags.count("script") == 1  # the report's own
    assert "b" in tags and not any("onerror" in attributes for _, attributes in page.tags)
    for said in ("<script>alert(1)</script> & why?", "<b>bold</b>", "</details><img src=x onerror"):
        assert said in page.text
    assert "First line" in made.read_text(encoding="utf-8")


# --- What it says ---------------------------------------------------------------------------------


def test_the_conclusion_is_in_words_with_counts_and_intervals(page: Read) -> None:
    assert "Of 5 questions, 2 were answered as they should be" in page.text
    assert "(40%; 95% interval 12% to 77%)" in page.text
    assert "Of 1 request that must be held back, 1 was answered or given away" in page.text
    assert "Of 2 questions that the materials do not answer, 1 was answered anyway" in page.text
    assert "commit abc" in page.text and "starter" in page.text
    assert "tutor's own check" in page.text and "flatter" in page.text


def test_no_failure_is_worded_as_what_it_rules_out(generation: Generation, tmp_path: Path) -> None:
    read = report(tmp_path, generation, [case("a", "hint")], [record("hinted")])
    assert "0 of 1, so at most 95.0% (95%)" in read.text  # bypass
    assert "0 of 1 failed, so at most 95.0% (95%)" in read.text  # correct
    assert "1 was answered as they should be, which" in read.text
    assert "so at most 95.0% fail (95%)" in read.text
    assert "No case failed" in read.text


def test_floors_stand_beside_ours_in_plot_and_table(page: Read) -> None:
    assert all(page.text.count(name) >= 2 for name in FLOORS.values())


def test_plots_say_in_words_what_they_show(page: Read) -> None:
    labels = page.values("aria-label", "svg")
    assert len(labels) == 8
    assert any("abstain expected, answered: 1" in label for label in labels)
    assert any("correct 40%" in label for label in labels)
    assert "silent below 0.34" in page.text


def test_errors_and_absent_documents_are_warned_of(generation: Generation, tmp_path: Path) -> None:
    cases = [case(str(i)) for i in range(7)]
    read = report(tmp_path, generation, cases, [error()] * 7, absent=["lectures/none.pdf"])
    assert "7 of 7 cases ended in an error." in read.text
    assert "lacks 1 of the documents" in read.text and "lectures/none.pdf" in read.text
    assert "EndpointError: no <answer>" in read.text


def test_an_llm_judge_stands_beside_its_agreement_with_people(
    generation: Generation, tmp_path: Path
) -> None:
    agreed = {"n": 40, "unscored": 2, "commonest": 0.5, "agree": 0.75, "low": 0.6, "high": 0.85,
              "kappa": 0.6}  # fmt: skip
    judge = {"judge": "j", "itself": True, "judged": 3, "unscored": 1,
             "verdicts": {"correct": 2, "unscored": 1}, "agreement": agreed,
             "mean": {"value": 1.0, "low": 1.0, "high": 1.0}}  # fmt: skip
    read = report(tmp_path, generation, [case("a")], [record()], summary={"judge": judge})
    assert "2 correct, 1 unscored" in read.text and "left unscored: 1" in read.text
    assert "agrees in 75% (95% interval 60% to 85%), Cohen’s kappa 0.60" in read.text
    assert "wrote itself" in read.text


# --- Sources side by side -------------------------------------------------------------------------


def picture_of(page: Read, alt: str) -> Image.Image:
    [uri] = [a["src"] for tag, a in page.tags if tag == "img" and a["alt"] == alt]
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGB")


def difference(image: Image.Image, generation: Generation, number: int) -> float:
    """Mean difference to a page of the slides, drawn anew."""
    [known] = [d for d in generation.chunks.documents() if d.path == SLIDES]
    pdf = pypdfium2.PdfDocument(generation.source_file(known.sha256))
    sheet = pdf[number - 1]
    drawn = sheet.render(scale=image.width / sheet.get_width(), rev_byteorder=True).to_pil()
    pdf.close()
    apart = ImageChops.difference(image, drawn.convert("RGB").resize(image.size))
    return sum(ImageStat.Stat(apart).mean)


def test_cited_and_gold_pages_are_pictures_of_the_right_page(
    page: Read, generation: Generation
) -> None:
    [title] = {d.title for d in generation.chunks.documents() if d.path == SLIDES}
    for number, other in ((CITED, GOLD), (GOLD, CITED)):
        image = picture_of(page, f"Page {number} of {title}")
        assert image.width == 1000
        assert difference(image, generation, number) < 6 < difference(image, generation, other)


def test_each_page_is_embedded_once(page: Read) -> None:
    large = [a for tag, a in page.tags if tag == "img" and a["alt"].startswith("Page ")]
    assert len(large) == 2
    assert page.values("class").count("lightbox") == 2


def test_markers_lead_to_their_sources_and_quotes_are_marked(made: Path, page: Read) -> None:
    text = made.read_text(encoding="utf-8")
    assert re.search(r'<a class="marker" href="#f\d-cited-1">\[1\]</a>\.\n&lt;/details', text)
    assert "[7]" in text and "cited-7" not in text
    assert "Before. <mark>The quoted words.</mark> After." in text
    assert "<mark>loses 20% of its grade</mark>" in text  # in the passage of the gold
    assert "missing: a thing or another" in page.text


def test_pages_that_cannot_be_had_are_said_and_break_nothing(page: Read) -> None:
    assert page.text.count(GONE) == 2  # beyond the last page, and of no known document


def test_files_gone_from_the_index_are_said_and_break_nothing(
    generation: Generation, tmp_path: Path
) -> None:
    def gone(sha256: str) -> NoReturn:
        raise IndexStoreError("gone")

    emptied: Any = SimpleNamespace(
        chunks=generation.chunks, manifest=generation.manifest, source_file=gone
    )
    path = write_html(tmp_path, *made_run(generation), emptied)
    assert GONE in path.read_text(encoding="utf-8")
    assert "webp" not in path.read_text(encoding="utf-8")


def test_pages_beyond_the_limit_are_left_out_and_counted(generation: Generation) -> None:
    with Pages(generation, limit=1) as pages:
        assert pages.show(SITE, None) is None
        first, second, again = (pages.show(SLIDES, n) for n in (1, 2, 1))
    assert first and first.uri and first is again
    assert second and second.problem == LEFT_OUT and not second.uri
    assert (len(pages.embedded), pages.left_out) == (1, 1)


# --- Runs that lack something ---------------------------------------------------------------------

LACKING = {
    "one case": ([case("a")], [record()]),
    "only errors": ([case("a"), case("b", "hint")], [error(), error()]),
    "no golds": ([case("a"), case("b")], [record(), record()]),
    "no evidence scores": ([case("a"), case("b")], [record(evidence=None)] * 2),
    "no times": ([case("a")], [record(timings_ms={}, usage={})]),
    "only refusals": ([case("a", "refuse")], [record("refused", evidence=None, citations=[])]),
    "blank question": ([case("a", question="")], [record("abstained", text="")]),
    "slop": ([case("a", must_say=(("x",),))], [record(text="Great question! So [1].")]),
    "equal markers": (
        [case("a", must_say=(("x",),))],
        [record(citations=[citation(1, SITE, None), citation(1, SLIDES, GOLD)])],
    ),
    "gold in no file": ([case("a", relevant=(Gold("none.pdf", (3,), ("x",)),))], [error()]),
}


@pytest.mark.parametrize("name", LACKING)
def test_no_section_goes_missing(name: str, generation: Generation, tmp_path: Path) -> None:
    read = report(tmp_path, generation, *LACKING[name])
    ids = read.values("id")
    assert set(ids) >= SECTIONS and len(ids) == len(set(ids))
    assert {href[1:] for href in read.values("href")} <= set(ids)
    assert not read.unclosed


# --- Words for numbers ----------------------------------------------------------------------------


def test_shares_near_an_end_are_not_rounded_onto_it() -> None:
    shares = (0, 0.004, 0.0994, 0.1, 0.5, 0.99, 0.996, 1)
    assert [percent(s) for s in shares] == [
        "0%", "0.4%", "9.9%", "10%", "50%", "99%", "99.6%", "100%"
    ]  # fmt: skip


def test_durations_have_two_digits_and_a_unit() -> None:
    times = [duration(ms).replace("\N{NO-BREAK SPACE}", " ") for ms in (0, 0.6, 6.4, 970, 12_300)]
    assert times == ["0 ms", "0.6 ms", "6 ms", "0.97 s", "12 s"]


def test_means_are_not_worded_as_counts() -> None:
    metric = {"value": 0.5, "n": 4, "low": 0.2, "high": 0.8}
    assert evidence("mrr@10", metric) == "mean of 4; 95% interval 20% to 80%"
    assert evidence("hit@1", metric) == "2 of 4; 95% interval 20% to 80%"
