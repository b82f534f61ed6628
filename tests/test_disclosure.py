"""Disclosures: golden texts, and prompts that try to leave their comment."""

import ast
import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ds542_tutor.dialogue import Disclosure, Turn
from ds542_tutor.policy.disclosure import MAX_PROMPT_LINES, USE, comment_header, make_disclosure

GOLDEN = Path(__file__).parent / "golden" / "disclosure"
DAY = date(2026, 2, 3)


def disclosure(prompt: str, answer: str = "An answer [1].", *turns: Turn) -> Disclosure:
    link = "http://localhost:7860/answers/k3f9"
    return make_disclosure(prompt, answer, "smollm2", DAY, link, "0.1.0", turns)


def check_golden(name: str, text: str) -> None:
    """Compare with tests/golden; DS542_UPDATE_GOLDEN is no setting, so another prefix."""
    file = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text


EXAMPLE = "Why divide by the square root?\nI know that the scores are dot products."


def test_comment_header() -> None:
    check_golden("header.py.txt", disclosure(EXAMPLE).as_comment + "\n")


@pytest.mark.parametrize("language", ["cpp", "sql", "matlab", "html", "css", "bash", "klingon"])
def test_header_in_other_languages(language: str) -> None:
    check_golden(f"header.{language}.txt", comment_header(disclosure(EXAMPLE), language) + "\n")


def test_appendix_shows_the_whole_exchange() -> None:
    turns = (Turn("user", "What is attention?"), Turn("assistant", "A weighted sum [1]."))
    made = disclosure(EXAMPLE, "So that the variance\n\n- stays 1 [1].", *turns)
    check_golden("appendix.md", made.as_appendix)


def test_fields_are_what_was_given() -> None:
    made = disclosure("q")
    assert (made.tool, made.model, made.date) == ("ds542_tutor 0.1.0", "smollm2", "2026-02-03")
    assert made.prompt == "q" and made.use == USE and made.link.endswith("k3f9")


def test_no_link_no_line() -> None:
    made = make_disclosure("q", "a", "quotes", DAY, "", "0.1.0")
    assert "Link" not in made.as_comment and "Link" not in made.as_appendix


def test_a_long_prompt_is_cut_in_the_header_and_whole_in_the_appendix() -> None:
    made = disclosure("\n".join(f"line {i}" for i in range(40)))
    assert "line 39" not in made.as_comment and "line 39" in made.as_appendix
    assert len(made.as_comment.splitlines()) < MAX_PROMPT_LINES + 8


def test_an_encoding_declaration_in_a_prompt_is_not_one() -> None:
    source = disclosure("coding: utf-7\ncoding: utf-7").as_comment + "\nx = '+AHg-'\n"
    names: dict[str, str] = {}
    exec(compile(source.encode(), "header", "exec"), names)
    assert names["x"] == "+AHg-"


def test_a_unicode_escape_does_not_end_a_java_comment() -> None:
    assert "\\u000a" not in comment_header(disclosure("x \\u000a System.exit(0);"), "java")


@pytest.mark.parametrize(("language", "end"), [("html", "-->"), ("css", "*/")])
def test_a_block_comment_ends_once(language: str, end: str) -> None:
    header = comment_header(disclosure(f"a {end} b\n```\n{end}"), language)
    assert header.count(end) == 1 and header.endswith(end)
    assert not any(line.startswith("```") for line in header.splitlines())


@given(st.text())
def test_any_prompt_stays_in_the_comment(prompt: str) -> None:
    header = disclosure(prompt).as_comment
    # str.splitlines knows every line break that Python's tokenizer or an editor may honour.
    assert all(line.startswith("#") for line in header.splitlines())
    assert ast.parse(header).body == []


@given(st.text())
def test_any_prompt_stays_in_its_quotation(prompt: str) -> None:
    appendix = disclosure(prompt, prompt).as_appendix
    exchange = appendix.split("Highlight the parts you used.")[1].split("### How it was used")[0]
    lines = [line for line in exchange.splitlines() if line]
    assert all(line.startswith(">") or line in ("**Prompt**", "**Answer**") for line in lines)
