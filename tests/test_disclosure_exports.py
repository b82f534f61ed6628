"""Exports of a disclosure: every form, what they refuse, and texts that try to leave them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ds542_tutor.dialogue import Answer, Decision, Disclosure
from ds542_tutor.errors import DisclosureError
from ds542_tutor.exchanges import exchange_of, listed_parts, mark_used, read_exchanges
from ds542_tutor.policy.appendix import FORMS as APPENDICES
from ds542_tutor.policy.appendix import TITLE, Exchange, parts
from ds542_tutor.policy.disclosure import FORMS, USE, comment_header, export
from ds542_tutor.policy.latex import latex_text

GOLDEN = Path(__file__).parent / "golden" / "disclosure"
ANSWER = """Dropout sets activations to zero [1].

- It is used in training.
- It is off in testing [2].

```python
layer = nn.Dropout(p=0.5)
```

So units cannot rely on each other."""
LINK = "https://tutor.example/"


def exchange(prompt: str = "What is dropout?", answer: str = ANSWER, **more: object) -> Exchange:
    fields = {"tool": "ds542_tutor 0.1.0", "model": "quotes", "date": "2026-02-03", "link": LINK}
    return Exchange(prompt, answer, **{**fields, **more})  # type: ignore[arg-type]


CONVERSATION = (
    exchange(used=frozenset({1, 4})),
    exchange("And why 50 %?", "Half is what the slide uses [1].", date="2026-02-04"),
)
HOW, WHY = "I used its explanation & the layer.", "The slide was too short for me."


def test_an_answer_is_divided_into_parts() -> None:
    assert [part.split("\n")[0] for part in parts(ANSWER)] == [
        "Dropout sets activations to zero [1].",
        "- It is used in training.",
        "- It is off in testing [2].",
        "```python",
        "So units cannot rely on each other.",
    ]
    assert parts("") == () and parts("```\nopen\n\nstill") == ("```\nopen\n\nstill",)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_conversation(form: str) -> None:
    text = export(CONVERSATION, form, how=HOW, why=WHY)
    file = GOLDEN / f"export.{form}"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("form", APPENDICES)
@pytest.mark.parametrize(("how", "why", "said"), [("", WHY, "how"), (HOW, " \n", "why"),
                                                  ("", "", "how and why")])  # fmt: skip
def test_an_appendix_without_how_or_why_is_refused(
    form: str, how: str, why: str, said: str
) -> None:
    with pytest.raises(DisclosureError, match=f"Say {said} you used the tutor: the GAIA policy"):
        export(CONVERSATION, form, how=how, why=why)


@pytest.mark.parametrize("form", ["code", "notebook"])
def test_a_header_needs_neither(form: str) -> None:
    assert USE in export(CONVERSATION, form)


@pytest.mark.parametrize(
    ("exchanges", "form", "said"),
    [
        ((), "code", "There is no answer"),
        (CONVERSATION, "word", "choose one of code, notebook, markdown, latex, text"),
        ((exchange(used=frozenset({9})),), "code", "no part 9; its parts are numbered 1 to 5"),
    ],
)
def test_what_cannot_be_exported_is_said(exchanges: tuple, form: str, said: str) -> None:
    with pytest.raises(DisclosureError, match=said):
        export(exchanges, form)


def test_the_header_is_in_the_language_asked_for() -> None:
    assert export(CONVERSATION, "code", language="sql").startswith("-- AI assistance: ds542_tutor")


def test_the_notebook_cell_is_valid_and_runs_as_python() -> None:
    headed = (
        f"```python\n{comment_header(_disclosure(), 'python')}\nx = 1\n```\n\n```js\nlet y\n```"
    )
    cell = json.loads(export((exchange(answer=headed),), "notebook"))
    book = nbformat.v4.new_notebook(cells=[cell])
    book.update(nbformat=4, nbformat_minor=5)
    nbformat.validate(book, version=4, version_minor=5)
    source = "".join(cell["source"])
    assert source.count("AI assistance") == 1 and source.endswith("x = 1") and "let" not in source
    names: dict[str, int] = {}
    exec(compile(source, "cell", "exec"), names)
    assert names["x"] == 1


def test_the_notebook_cell_takes_the_code_that_was_used() -> None:
    answer = "```python\na = 1\n```\n\n```python\nb = 2\n```"
    cell = export((exchange(answer=answer, used=frozenset({2})),), "notebook")
    assert "b = 2" in cell and "a = 1" not in cell


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text())
def test_any_text_gives_a_valid_cell_of_comments(prompt: str, answer: str) -> None:
    cell = json.loads(export((exchange(prompt, answer.replace("```", "")),), "notebook"))
    nbformat.validate(
        nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})
    )
    lines = "".join(cell["source"]).splitlines()
    assert lines and all(line.startswith("#") for line in lines if "~~~" not in answer)


MARKDOWN = st.lists(
    st.sampled_from(
        ["<b>x</b>", "</blockquote><h1>out</h1>", "```", "~~~", "    ```", "- ```", "# Heading",
         "---", "===", "> deeper", "![x](http://foreign/x.png)", "[1]: http://foreign",
         "- [^1]: note", "<!--", "$$", "\\", "`", "` <b> `", "text", "", "1. one", "| a | b |",
         "|---|---|", "<script>", "&lt;", "\u2028# x", "\x0b## y"]
    ),
    max_size=12,
).map("\n".join)  # fmt: skip


@settings(deadline=None)
@given(MARKDOWN | st.text(), MARKDOWN | st.text(), MARKDOWN | st.text(min_size=1))
def test_no_text_leaves_its_quotation_in_markdown(prompt: str, answer: str, how: str) -> None:
    used = frozenset({1}) if parts(answer) else frozenset()
    text = export((exchange(prompt, answer, used=used),), "markdown", how=f"so {how}", why="w")
    depth, outside, refs = 0, [], {}
    for token in MarkdownIt().parse(text, refs):
        depth += token.type == "blockquote_open"
        if depth == 0 and token.content:
            outside.append(token.content)
        elif token.type == "inline":
            assert not any(t.type in ("html_inline", "image") for t in token.children or [])
        assert token.type != "html_block"
        depth -= token.type == "blockquote_close"
    assert not refs.get("references")
    labels = {"**Prompt**", "**Answer**", "**Answer, used**", "**Answer, not used**"}
    fixed = {
        TITLE, "Tool", "Exchange", "How it was used", "Why it was used",
        "ds542_tutor 0.1.0, model quotes, 2026-02-03", f"Link: <{LINK}>",
        'The parts that went into the work are headed "Answer, used".',
        "No part of the answers is marked as used.",
    }  # fmt: skip
    assert set(outside) <= labels | fixed


@settings(deadline=None)
@given(MARKDOWN | st.text(), MARKDOWN | st.text())
def test_no_text_leaves_its_quotation_in_plain_text(prompt: str, answer: str) -> None:
    text = export((exchange(prompt, answer),), "text", how="h", why="w")
    lines = text.split("EXCHANGE\n")[1].splitlines()
    own = {"", "Prompt:", "Answer:", "HOW IT WAS USED", "WHY IT WAS USED"}
    assert all(line.startswith("  |") or line in own for line in lines)


_COMMANDS = {
    r"\textbackslash{}": "\\", r"\{": "{", r"\}": "}", r"\$": "$", r"\&": "&", r"\#": "#",
    r"\%": "%", r"\_": "_", r"\textasciicircum{}": "^", r"\textasciitilde{}": "~",
    r"\textless{}": "<", r"\textgreater{}": ">", r"\textbar{}": "|", r"{\char34}": '"',
    r"{\char96}": "`", "'{}": "'", "-{}": "-", ",{}": ",", "?{}": "?", "!{}": "!", "{[}": "[",
    "{]}": "]", "{*}": "*", r"\ ": " ",
}  # fmt: skip
_KNOWN = re.compile("|".join(map(re.escape, sorted(_COMMANDS, key=len, reverse=True))))


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_latex_shows_every_sign_of_a_keyboard_as_it_was_typed(text: str) -> None:
    """Read back by a reader that knows only what we write: nothing else can be in it."""
    assert _KNOWN.sub(lambda m: _COMMANDS[m.group()], latex_text(text)) == text
    assert not re.search(r"[\\{}$&#%_^~]", _KNOWN.sub("", latex_text(text)))


@settings(deadline=None)
@given(st.text())
def test_latex_of_any_text_is_balanced_and_has_no_character_that_pdftex_lacks(text: str) -> None:
    made = latex_text(text)
    shown = re.sub(r"\\tutorchar\{([^\x00-\x7f]|[\x00-\x1f\x7f])+\}", "", made)
    assert shown.isascii() and "\n" not in made
    bare = re.sub(r"\\[\\{}]", "", made)
    assert bare.count("{") == bare.count("}")


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("é ü ç ñ å ł ß", r"\'{e}\ \"{u}\ \c{c}\ \~{n}\ \r{a}\ \l{}\ \ss{}"),
        ("σ ≤ ∑ →", r"\ensuremath{\sigma}\ \ensuremath{\leq}\ \ensuremath{\sum}\ "
                    r"\ensuremath{\rightarrow}"),
        ("中文", r"\tutorchar{中文}{U+4E2D U+6587}"),
        ("a -- b", r"a\ -{}-{}\ b"),
    ],
)  # fmt: skip
def test_latex_of_other_scripts(text: str, latex: str) -> None:
    assert latex_text(text) == latex


@settings(deadline=None)
@given(MARKDOWN | st.text(), MARKDOWN | st.text())
def test_a_latex_appendix_has_our_commands_alone(prompt: str, answer: str) -> None:
    r"""No text brings a command of its own: `\input`, `\write`, an `\end` of its quotation."""
    text = export((exchange(prompt, answer),), "latex", how="h", why="w")
    environments = re.findall(r"\\(begin|end)\{quote\}", text)
    assert environments == ["begin", "end"] * (len(environments) // 2)
    commands = {
        "providecommand", "ifdefined", "Umathchar", "else", "fi", "section", "subsection",
        "paragraph", "par", "noindent", "begin", "end", "ttfamily", "small", "raggedright", "mbox",
        "tutorchar",         "ensuremath", "char",
    }  # fmt: skip
    for command in set(re.findall(r"\\([A-Za-z]+)", text)) - commands:
        assert latex_names_a_sign(command), command


def latex_names_a_sign(command: str) -> bool:
    from ds542_tutor.policy import latex

    made = {*latex._SIGNS.values(), *(f"\\{name}" for name in latex._MATH.values()), r"\r", r"\H",
            r"\c", r"\u", r"\v", r"\i", r"\j"}  # fmt: skip
    return any(f"\\{command}" in known for known in made)


def _disclosure() -> Disclosure:
    return Disclosure("ds542_tutor 0.1.0", "quotes", "2026-02-03", "What is dropout?", USE, LINK,
                      "", "")  # fmt: skip


def _answer_file(folder: Path, *questions: str) -> Path:
    objects = [
        {
            "question": question,
            "text": ANSWER,
            "disclosure": {"tool": "ds542_tutor 0.1.0", "model": "quotes", "date": "2026-02-03",
                           "link": ""},
        }
        for question in questions
    ]  # fmt: skip
    path = folder / "answers.json"
    path.write_text("\n".join(map(json.dumps, objects)), encoding="utf-8")
    return path


def test_answers_are_read_from_what_ask_prints(tmp_path: Path) -> None:
    one, two = read_exchanges(_answer_file(tmp_path, "One?", "Two?"))
    assert (one.prompt, two.prompt, one.answer) == ("One?", "Two?", ANSWER)


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "must hold one or more JSON"), ("[]", "holds no answer"), ("{}", "has no disclosure"),
     ('{"disclosure": {}}', "lacks question"), ("nonsense", "must hold")],
)  # fmt: skip
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(DisclosureError, match=said):
        read_exchanges(path)
    with pytest.raises(DisclosureError, match="cannot be read"):
        read_exchanges(tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("used", "marked"),
    [("all", [{1, 2, 3, 4, 5}, {1}]), ("none", [set(), set()]), ("1.2,2.1", [{2}, {1}]),
     ("1.2 1.3", [{2, 3}, set()])],
)  # fmt: skip
def test_parts_are_marked(used: str, marked: list[set[int]]) -> None:
    made = mark_used((exchange(), CONVERSATION[1]), used)
    assert [set(one.used) for one in made] == marked


@pytest.mark.parametrize("used", ["1", "x", "3.1", "1.2.3"])
def test_parts_that_name_nothing_are_refused(used: str) -> None:
    with pytest.raises(DisclosureError, match="--used"):
        mark_used(CONVERSATION, used)


def test_the_parts_are_listed_with_their_numbers() -> None:
    listed = listed_parts(CONVERSATION)
    assert "Answer 1 to: What is dropout?" in listed and "  1.4  ```python layer" in listed
    assert "  2.1  Half is" in listed
    assert "  4  ```python" in listed_parts(CONVERSATION[:1])


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ds542_tutor.cli", "disclosure", *arguments],
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_the_command_exports_a_file(tmp_path: Path) -> None:
    file = str(_answer_file(tmp_path, "One?"))
    done = run(tmp_path, file, "--form", "markdown", "--used", "1", "--how", HOW, "--why", WHY)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"## {TITLE}") and "**Answer, used**" in done.stdout
    refused = run(tmp_path, file, "--form", "latex", "--how", HOW)
    assert refused.returncode == 2 and "Say why you used the tutor" in refused.stderr
    assert refused.stdout == "" and refused.stderr.count("\n") == 1
    assert USE in run(tmp_path, file, "--form", "code").stdout
    assert "  1  Dropout sets" in run(tmp_path, file, "--parts").stdout
    neither = run(tmp_path)
    assert neither.returncode == 2 and "Name a file of answers" in neither.stderr


def test_the_command_exports_a_saved_conversation(tmp_path: Path) -> None:
    from ds542_tutor.conversations import Conversations

    store = Conversations(tmp_path / "data")
    conversation = store.start("secret")
    for question in ("One?", "Two?"):
        store.save(
            conversation, "secret",
            Answer(question, question, "answered", ANSWER, (), (),
                   Decision("answer", "concept", "", ""), _disclosure(), "g", "quotes"),
        )  # fmt: skip
    store.close()
    listed = run(tmp_path, "--list")
    assert conversation in listed.stdout and "One?" in listed.stdout
    arguments = ("--how", HOW, "--why", WHY, "--form", "text")
    whole = run(tmp_path, "--conversation", "last", *arguments)
    assert whole.returncode == 0, whole.stderr
    assert "| One?" in whole.stdout and "| Two?" in whole.stdout
    second = run(tmp_path, "--conversation", conversation, "--turn", "2", *arguments)
    assert "| One?" not in second.stdout and "| Two?" in second.stdout
    unknown = run(tmp_path, "--conversation", "nothing", *arguments)
    assert unknown.returncode == 2 and "does not exist" in unknown.stderr


def test_an_answer_in_json_form_is_an_exchange() -> None:
    with pytest.raises(DisclosureError):
        exchange_of(["not", "an", "answer"])
