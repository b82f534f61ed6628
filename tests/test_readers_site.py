"""The course site: pages as students see them, and the course as data."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from reading import misaligned

from ds542_tutor.course import Course, from_json, to_json
from ds542_tutor.documents import Document
from ds542_tutor.errors import SettingsError, SourceError
from ingest.cleaning import Aligned
from ingest.readers import front_matter, liquid, read_course, read_document
from ingest.sources import SourceSet, load_sources

BOSTON = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def starter(root: Path) -> SourceSet:
    return load_sources(root / "corpus" / "starter.toml")


@pytest.fixture(scope="module")
def pages(starter: SourceSet) -> dict[str, Document]:
    return {f.name: read_document(f) for f in starter.files if f.kind == "site"}


@pytest.fixture(scope="module")
def course(starter: SourceSet) -> Course:
    return read_course(starter)


def test_the_staff_list_comes_out_with_its_names(pages: dict[str, Document]) -> None:
    text = "\n".join(segment.text for segment in pages["site/index.md"].segments)
    assert "- Thomas Gardos (tgardos@bu.edu)\n  - Office: CDS 1623" in text
    assert "- Carol Kong (qykong@bu.edu)" in text
    assert "{%" not in text and "{{" not in text and "toc" not in text


def test_front_matter_is_said_in_sentences(pages: dict[str, Document]) -> None:
    page = pages["site/_assignments/homework2.md"]
    assert page.title == "Course site: Homework 2 - Shallow networks"
    assert page.assignment == "homework2" and not page.graded
    first = page.segments[0]
    assert first.kind == "front_matter"
    assert "Due Thursday, February 5, 2026, 11:59 pm." in first.text
    lecture = pages["site/_lectures/07_attention_and_transformers.md"]
    assert lecture.lecture == 7
    assert "Tuesday, March 24, 2026, 3:30 pm." in lecture.segments[0].text


def test_what_is_not_published_shows_its_dates_only(
    pages: dict[str, Document], starter: SourceSet
) -> None:
    page = pages["site/_assignments/project1.md"]
    source = next(f for f in starter.files if f.name == page.path)
    body = source.path.read_text().split("---")[-1].strip()
    assert len(page.segments) == 1
    assert "Not published yet: its dates are tentative." in page.segments[0].text
    assert body and body[:30] not in page.segments[0].text


def test_site_text_keeps_its_places(pages: dict[str, Document], starter: SourceSet) -> None:
    for file in starter.files:
        if file.kind == "site":
            raw = file.path.read_text()
            for segment in pages[file.name].segments:
                assert not misaligned(segment.text, segment.runs, {0: raw})
    index = pages["site/index.md"].segments
    assert sum(bool(segment.runs) for segment in index) > 0.9 * len(index)


def test_the_course_knows_dates_people_and_rules(course: Course) -> None:
    assert (course.name, course.term) == ("DS542", "sp2026")
    first = course.lectures[0]
    assert first.starts == datetime(2026, 1, 20, 15, 30, tzinfo=BOSTON)
    assert (first.number, first.title, first.deck) == (
        1,
        "Course introduction",
        "01_course_intro.pdf",
    )
    assert first.readings[0].startswith("Course notes, preface")
    assert {a.key: a.published for a in course.assignments} == {
        "homework1": True,
        "homework2": True,
        "project1": False,
    }
    assert course.discussions[0].files == ("discussion_04.ipynb",)
    assert course.people[0].role == "instructor" and course.people[0].office == "CDS 1623"
    assert len(course.meetings) == 5
    assert course.meetings[1].location == "IEC B10 (888 Commonwealth Ave)"
    assert course.meetings[1].days == "Fridays"
    assert (course.late_penalty, course.late_hours) == (0.2, 48.0)
    assert dict(course.weights)["Projects"] == 70
    assert {s.topic for s in course.statements} >= {"late", "regrade", "grading"}
    assert all(s.source.startswith("site/") for s in course.statements)
    assert from_json(Course, to_json(course)) == course


TOML = """
[corpus]
name = "toy"
term = "sp2026"
materials = "."
timezone = "{zone}"
[[source]]
kind = "site"
site = "site"
"""


def toy_site(folder: Path, zone: str = "America/New_York", **pages: str) -> SourceSet:
    """A site of these pages; `_lectures__01` is `_lectures/01.md`."""
    for name, text in {"index": "# Toy", **pages}.items():
        path = folder / "site" / (name.replace("__", "/") + ".md")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    toml = folder / "toy.toml"
    toml.write_text(TOML.replace("{zone}", zone))
    return load_sources(toml)


def page(date: str, title: str, more: str = "") -> str:
    return f"---\ndate: {date}\ntitle: {title}\n{more}---\n"


def test_wall_clock_times_are_kept_whatever_the_offset(tmp_path: Path) -> None:
    due = "due_event:\n    date: 2026-04-07T23:59:00-5:00\n"
    sources = toy_site(tmp_path, _assignments__hw=page("2026-03-22T0800-0400", "Homework 3", due))
    work = read_course(sources).assignments[0]
    assert work.due == datetime(2026, 4, 7, 23, 59, tzinfo=BOSTON)
    assert work.released == datetime(2026, 3, 22, 8, 0, tzinfo=BOSTON)


def test_a_page_whose_yaml_is_broken_is_named(tmp_path: Path) -> None:
    sources = toy_site(tmp_path, _lectures__01="---\ntitle: [open\n---\nbody")
    broken = next(file for file in sources.files if "_lectures" in file.name)
    with pytest.raises(SourceError, match=r"01\.md: its YAML cannot be read, line \d.*mend it"):
        read_document(broken)
    assert "left out of the calendar" in read_course(sources).warnings[0]


def test_readings_are_told_from_other_lists_and_extra_ones_marked(tmp_path: Path) -> None:
    body = (
        "**Suggested Readings:**\n- [One](http://x.org), Chapter 1\n- TBD\n**Examples:**\n- Two\n\n"
        "**Extra Readings:**\n- Three\n- Optional: Four\n\n"
        "**Optional Readings:**\n- Optional Five\n"
    )
    more = "links:\n    - url: http://r.org\n      name: recording\n"
    sources = toy_site(tmp_path, _lectures__1=page("2026-02-05", "01 - X", more) + body)
    lecture = read_course(sources).lectures[0]
    assert lecture.readings == (
        "One, Chapter 1", "Extra: Three", "Extra: Optional: Four", "Optional Five",
    )  # fmt: skip
    assert lecture.links == (("recording", "http://r.org"),)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"---\ntitle: x\nbody", r"1\.md: its front matter begins and never ends; put a line ---"),
        (b"---\ntitle:\t'x\n---\n", r"1\.md: its YAML cannot be read, line \d.*mend it"),
        (b"---\n- a\n- b\n---\n", r"1\.md: its front matter is not a list of keys and values"),
        (b"---\ntitle: caf\xe9\n---\n", r"1\.md: is not UTF-8 text \(byte 14\); save it as UTF-8"),
        (b"---\na: &a [*a]\n---\n", r"1\.md: "),
    ],
)
def test_front_matter_that_is_none_is_named(tmp_path: Path, data: bytes, said: str) -> None:
    sources = toy_site(tmp_path, _lectures__1="x")
    file = next(f for f in sources.files if "_lectures" in f.name)
    file.path.write_bytes(data)
    with pytest.raises(SourceError, match=said):
        read_document(file)
    assert "left out of the calendar" in "".join(read_course(sources).warnings)


@pytest.mark.parametrize("name", ["my page", "ünï – 讲义", 'it\'s "so"', "50% & #1"])
def test_odd_file_names_bom_and_windows_line_ends_are_read(tmp_path: Path, name: str) -> None:
    sources = toy_site(tmp_path, **{f"_lectures__{name}": "x"})
    file = next(f for f in sources.files if "_lectures" in f.name)
    file.path.write_bytes(
        b"\xef\xbb\xbf---\r\ndate: 2026-02-05T15:30:00-05:00\r\ntitle: 01 - X\r\n---\r\nWords.\r\n"
    )
    assert file.name == f"site/_lectures/{name}.md"
    document = read_document(file)
    assert [s.text for s in document.segments][-1] == "Words."
    assert document.title == "Course site: Lecture 1: X"
    lecture = read_course(sources).lectures[0]
    assert lecture.starts == datetime(2026, 2, 5, 15, 30, tzinfo=BOSTON)
    assert lecture.source == file.name


def test_a_time_zone_that_does_not_exist_is_a_settings_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="unknown timezone 'Boston'"):
        read_course(toy_site(tmp_path, zone="Boston"))


def test_a_corpus_without_a_site_gives_a_course_with_a_name(tmp_path: Path) -> None:
    course = read_course(SourceSet(name="bare", term="sp2026", root=tmp_path))
    assert (course.name, course.lectures, course.warnings) == ("bare", (), ())


@pytest.mark.parametrize(
    ("written", "when", "wrong"),
    [
        ("2026-04-07T23:59:00-5:00", datetime(2026, 4, 7, 23, 59, tzinfo=BOSTON), True),
        ("2026-01-27T23:59:00-5:00", datetime(2026, 1, 27, 23, 59, tzinfo=BOSTON), False),
        ("2026-01-20T08:00-0500", datetime(2026, 1, 20, 8, 0, tzinfo=BOSTON), False),
        ("2026-02-15T0800-0500", datetime(2026, 2, 15, 8, 0, tzinfo=BOSTON), False),
        ("2026-02-13", datetime(2026, 2, 13, tzinfo=BOSTON), False),
        ("2026-02-30", None, False),
        ("TBA", None, False),
    ],
)
def test_dates_are_wall_clock_times(written: str, when: datetime | None, wrong: bool) -> None:
    moment = front_matter.wall_clock(written, BOSTON)
    assert (moment.when if moment else None) == when
    assert (moment.offset_wrong if moment else False) is wrong


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{% for p in people %}{{ p.name }};{% endfor %}", "Ann;Bob;"),
        ("{% for p in people %}{% if p.mail %}{{ p.mail }}{% else %}none{% endif %} {% endfor %}",
         "a@x none "),
        ("{% for p in nobody %}x{% endfor %}after", "after"),
        ('{{ urls["site"].url }} {{ urls.none.url }}', "http://x "),
        ("{% unless people %}x{% endunless %}{% if 'a' == 'b' %}no{% elsif people %}yes{% endif %}",
         "yes"),
        ("a{% include image.html url='x' %}b{% comment %}c{% endcomment %}", "ab"),
        ("{% if people %}open", "open"),
        ("{% raw %}{{ x }} {% if %}{% endraw %}!", "{{ x }} {% if %}!"),
        ("{% raw %}open {{ x", "open {{ x"),
        ("{% assign b = people | last %}{{ b.name | upcase }}{{ people | size }}", "BOB2"),
        ("{{ none | default: 'a|b' }} {{ 'x' | append: \"y\" | nosuch: 3 }}", "a|b xy"),
        ("{% include card.html who=people[0] word='hi' %}.", "hi Ann <b>."),
        ("{% include loop.html %}.{% include none.html %}", "xxxxx."),
        ("{% endfor %}{{ }}text", "text"),
    ],
)  # fmt: skip
def test_liquid(template: str, shown: str) -> None:
    context = {
        "people": [{"name": "Ann", "mail": "a@x"}, {"name": "Bob"}],
        "urls": {"site": {"url": "http://x"}},
        liquid.INCLUDES: {
            "card.html": "{{ include.word }} {{ include.who.name }} <b>",
            "loop.html": "x{% include loop.html %}",
        },
    }
    text = liquid.render(Aligned.of_page(template, 0), context)
    assert text.text == shown


def test_nested_loops_do_not_grow_without_bound() -> None:
    depth = 8
    template = "{% for a in many %}" * depth + "x" * 50 + "{% endfor %}" * depth
    text = liquid.render(Aligned(template), {"many": list(range(100))})
    assert len(text) <= 2 * liquid.MAX_CHARACTERS


@pytest.mark.parametrize("tag", ["{% for x in y %}", "{% if a %}", "{{ a ", "{%"])
def test_marks_that_are_never_closed_cost_little(tag: str) -> None:
    text = liquid.render(Aligned(tag * 3000 + "end"), {"y": [1, 2], "a": 1})
    assert text.text.endswith("end")
