"""Text from anywhere, made safe to show."""

import re

import pytest
from markdown_it import MarkdownIt

from ds542_tutor.app import messages
from ds542_tutor.app.markup import marker_badge, marker_link, safe_markdown, shorten


def test_markup_from_anywhere_is_shown_not_run() -> None:
    shown = safe_markdown('<img src=x onerror="alert(1)"> &lt;b> ![i](http://foreign/x.png)')
    assert "<img" not in shown
    assert "![" not in shown
    assert shown.startswith("&lt;img")
    assert "&amp;lt;b>" in shown


@pytest.mark.parametrize(
    "text",
    [
        "[a](javascript:alert(1))", "[a](data:text/html,x)", "[a](//x)",
        "[a]( https://evil.example )", "[a](https://evil.example)",
        "[a](<https://evil.example> 'title')", "![a](http://evil.example)",
        "[a][b]\n\n[b]: https://evil.example", "<https://evil.example>",
        "[a](mailto:x@evil.example)",
        "see https://evil.example/?q=1&r=2.", "www.evil.example", "[![a](http://x.y/z)](http://x.y)",
    ],
)  # fmt: skip
def test_links_lead_nowhere(text: str) -> None:
    html = MarkdownIt("commonmark").render(safe_markdown(text))
    assert "<a" not in html and "<img" not in html
    # GitHub's Markdown links bare addresses too, but not those that are code.
    bare = re.sub(r"<code>.*?</code>", "", html)
    assert not re.search(r"https?://|www\.", bare), bare


def test_the_address_of_a_link_is_shown() -> None:
    shown = safe_markdown("Ask on [Piazza](https://piazza.com/bu?a=1&b=2), not by mail.")
    assert shown == "Ask on Piazza (`https://piazza.com/bu?a=1&b=2`), not by mail."
    assert safe_markdown("`see https://x.y` [1]") == "`see https://x.y` [1]"


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
    shown = safe_markdown("It grows [1]. Unknown [9].", marker_link("4", {1}, {}))
    assert '<a class="ds-marker" href="#source-4-1"' in shown
    assert "&#91;9&#93;" in shown
    assert shown.count("<a ") == 1


def test_a_marker_shows_what_the_check_said_at_its_place() -> None:
    text = "It grows [1]. It shrinks [1]. It `x[1]` stays [2][1]."
    shown = safe_markdown(text, marker_link("4", {1, 2}, {1: ("supported", "weak", None)}))
    classes = re.findall(r'class="(ds-marker[^"]*)"', shown)
    assert classes == ["ds-marker ds-supported", "ds-marker ds-weak", "ds-marker", "ds-marker"]
    assert shown.count("only in part") == 1
    drafted = safe_markdown(text, marker_badge({1: ("unsupported",), 3: ("weak",)}))
    assert re.findall(r'class="ds-marker ds-(\w+)">(\d)', drafted) == [
        ("unsupported", "1"), ("open", "1"), ("open", "2"), ("open", "1"),
    ]  # fmt: skip
    assert "<a " not in drafted


def test_an_unclosed_fence_hides_nothing_from_the_escape() -> None:
    shown = safe_markdown("text\n```\n<b>code", lambda n: "")
    assert shown == "text\n```\n<b>code", "a fence runs to the end, as in Markdown"
    assert "<b>" not in safe_markdown("text ``` <b>no fence")


def test_long_questions_are_cut_where_they_are_repeated() -> None:
    assert shorten("one  two\nthree", 20) == "one two three"
    assert shorten("word " * 100, 20) == "word word word…"
    assert len(messages.question("x" * 100_000)) < 5000
