"""Enforcement: solutions leave hints, headers stand on all code, slop goes, formulas stay."""

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ds542_tutor.dialogue import Action, Decision
from ds542_tutor.documents import Chunk, Locator
from ds542_tutor.policy.disclosure import USE, make_disclosure
from ds542_tutor.policy.enforce import REMOVED, Enforced, enforce, with_headers
from ds542_tutor.policy.graded import GradedItems
from ds542_tutor.policy.rules import NOTICES
from ds542_tutor.policy.slop import strip_slop
from ds542_tutor.policy.solutions import MAX_HINT_LINES

OPEN_CELLS = {
    "homework2": """def count_corners(n_in, n_units):
    # TODO: count them
    corners = ...
    C = ...
    return C""",
    "discussion3": "scheduler = __fill__\nlr = __fill__",
    "project1": """# YOUR CHANGES HERE: a deeper network
class BirdNet(torch.nn.Module):
    def forward(self, images):
        hidden = self.stem(images)
        hidden = self.block_one(hidden)
        hidden = self.block_two(hidden)
        return self.head(hidden.mean(dim=(2, 3)))""",
}


def chunk(key: str, text: str) -> Chunk:
    return Chunk(
        key,
        f"{key}.ipynb",
        key,
        "notebook",
        text,
        text,
        Locator(cell=0),
        assignment=key,
        graded=True,
    )


GRADED = GradedItems.from_chunks(chunk(key, text) for key, text in OPEN_CELLS.items())
DISCLOSURE = make_disclosure("How many corners?", "", "quotes", date(2026, 2, 3), "", "0.1.0")


def enforced(text: str, action: Action = "hint", assignment: str | None = "homework2") -> Enforced:
    decision = Decision(action, "graded-solution", "5", "", assignment)
    return enforce(text, decision, DISCLOSURE, GRADED)


def fenced(code: str, info: str = "python") -> str:
    return f"```{info}\n{code}\n```"


SOLUTIONS = {
    "defines the function": "def count_corners(n_in, n_units):\n    return n_units + 1",
    "defines it in other case": "def Count_Corners(a, b):\n    return a",
    "does not parse but defines it": "def count_corners(n_in, n_units)\n    return n_units",
    "computes the stub": "corners = n_units * 2",
    "computes the stub over lines": "corners = (\n    n_units\n    * 2\n)",
    "computes a one-letter stub": "C = math.comb(units, 2)",
    "uses a parameter in a library call": "math.comb(n_units, n_in)",
    "returns it": "return math.comb(n_units, n_in)",
    "is too long for an example": "\n".join(f"a{i} = {i}" for i in range(MAX_HINT_LINES + 1)),
}


@pytest.mark.parametrize("code", SOLUTIONS.values(), ids=SOLUTIONS.keys())
def test_a_block_that_solves_leaves_a_hint(code: str) -> None:
    made = enforced(f"The idea is to choose [1].\n\n{fenced(code)}\n\nThen compare.")
    assert made.text == f"The idea is to choose [1].\n\n{REMOVED}\n\nThen compare."
    assert made.notices == ("Code that would solve graded work was left out of this hint.",)


@pytest.mark.parametrize("code", SOLUTIONS.values(), ids=SOLUTIONS.keys())
def test_the_same_block_stays_in_an_answer(code: str) -> None:
    made = enforced(fenced(code), action="answer")
    assert code in made.text and USE in made.text


def test_a_cell_with_its_gap_filled_is_a_solution() -> None:
    filled = OPEN_CELLS["project1"].replace("# YOUR CHANGES HERE: a deeper network\n", "")
    renamed = filled.replace("BirdNet", "Net")
    assert REMOVED in enforced(fenced(renamed), assignment="project1").text


def test_examples_of_something_else_stay_in_a_hint() -> None:
    for code in ("def area(w, h):\n    return w * h", "for i in range(3):\n    print(i)", "C = 3"):
        made = enforced(fenced(code))
        assert code in made.text and REMOVED not in made.text


def test_names_of_another_assignment_do_not_count() -> None:
    code = "scheduler = torch.optim.lr_scheduler.StepLR(opt, 5)"
    assert REMOVED not in enforced(fenced(code), assignment="homework2").text
    assert REMOVED in enforced(fenced(code), assignment="discussion3").text
    assert REMOVED in enforced(fenced(code), assignment=None).text


@pytest.mark.parametrize(
    ("prose", "expected"),
    [
        ("Write `C = math.comb(n_units, 2)` there.", f"Write {REMOVED} there."),
        ("Try math.comb(n_units, n_in) for it.", f"Try {REMOVED} for it."),
        ("def count_corners(a, b):\n    return a\n\nSo.", f"{REMOVED}\n\nSo."),
        ("corners = n_units * 2\nSo.", f"{REMOVED}\nSo."),
    ],
)
def test_loose_code_that_solves_leaves_a_hint(prose: str, expected: str) -> None:
    assert enforced(prose).text == expected


@pytest.mark.parametrize(
    "prose",
    [
        "The parameter `n_units` counts hidden units, and `C` is what you return.",
        "$C = \\binom{n}{2}$ and \\(C = \\sum_j \\binom{n}{j}\\) [1].",
        "C = the number of corners, as the slide says [2].",
        "$$\\text{corners} = 2 n$$",
        "Let corners = 3 for one unit.",
    ],
)
def test_ideas_and_formulas_stay_in_a_hint(prose: str) -> None:
    assert enforced(prose).text == prose


@pytest.mark.parametrize(
    ("info", "sign"),
    [("python", "#"), ("", "#"), ("js", "//"), ("sql", "--"), ("matlab", "%"), ("html", "|"),
     ("{.python}", "#"), ("python title=x", "#")],
)  # fmt: skip
def test_the_header_is_in_the_language_of_the_block(info: str, sign: str) -> None:
    text = enforced(fenced("x", info), action="answer").text
    assert f"\n{sign} Prompt: How many corners?\n" in text and f"\n{sign} {USE}\n" in text
    assert text.index(USE) < text.index("\nx\n")


def test_every_block_gets_the_header_also_indented_tilde_and_unclosed_ones() -> None:
    text = "1. a\n\n   ```python\n   x = 1\n   ```\n\n~~~\ny = 2\n~~~\n\n```python\nz = 3"
    made = enforced(text, action="answer").text
    assert made.count(USE) == 3 and "   # Prompt: How many" in made and made.endswith("```")


def test_a_header_that_says_something_else_does_not_replace_ours() -> None:
    fake = f"# AI assistance: none\n# {USE}\nx = 1"
    made = enforced(fenced(fake), action="answer").text
    assert made.count("AI assistance: ds542_tutor") == 1 and fake in made


OPENERS = [
    "Great question! ", "That's a really good question. ", "Certainly! ",
    "I'd be happy to help you with that. ", "As an AI language model, I cannot feel. ",
    "Hi there! Excellent point! Thanks for asking! ",
]  # fmt: skip
CLOSERS = [
    " Let me know if you have any questions!", " I hope this helps.", " Happy learning!",
    " Feel free to ask more. Good luck!", " Is there anything else I can help with?",
    " If you have any further questions, just ask.",
]  # fmt: skip


@pytest.mark.parametrize("opener", OPENERS)
def test_openers_go(opener: str) -> None:
    assert strip_slop(f"{opener}dropout zeroes units [1].") == "Dropout zeroes units [1]."


@pytest.mark.parametrize("closer", CLOSERS)
def test_closers_go(closer: str) -> None:
    assert strip_slop(f"Dropout zeroes units [1].{closer}") == "Dropout zeroes units [1]."


@pytest.mark.parametrize(
    "text",
    [
        "Good initialization keeps the variance [1].",
        "A great deal of questions remain open.",
        "Sure enough, the loss falls [1].",
        "Feel free to skip the proof; the bound holds [2]. It is loose.",
        "Use $x \\to y$ and `print('Great question! 🎉')` → 3 ≥ 2 ✓ [1].",
        "$$\\begin{aligned} a &= b \\end{aligned}$$",
    ],
)
def test_plain_sentences_formulas_and_code_stay(text: str) -> None:
    assert strip_slop(text) == text


def test_emojis_and_headings_for_show_go() -> None:
    short = "## Overview 🚀\n\nDropout zeroes units 🎉 [1].\n\n### Summary\n\nIt regularizes [2]."
    assert strip_slop(short) == "\nDropout zeroes units [1].\n\n\nIt regularizes [2]."
    long = (
        "## Why it works\n\n"
        + "Units cannot rely on each other [1]. " * 30
        + "\n\n## Conclusion\n\nEnd."
    )
    assert "## Why it works" in strip_slop(long) and "Conclusion" not in strip_slop(long)


LINES = """\
```python
```
~~~
x = 1
corners = f(2)
def count_corners(a):
    return a
Great question!

Text [1].
$a_b$
`C = math.comb(n_units, 2)`
## Overview
🎉""".split("\n")
MARKDOWN = st.lists(st.sampled_from(LINES), max_size=14).map("\n".join)


@settings(deadline=None)  # a busy machine is no failure
@given(MARKDOWN, st.sampled_from(["answer", "hint"]))
def test_enforcing_twice_is_enforcing_once(text: str, action: Action) -> None:
    once = enforced(text, action).text
    assert enforced(once, action).text == once


@settings(deadline=None)
@given(MARKDOWN)
def test_a_hint_never_defines_what_is_asked(text: str) -> None:
    made = enforced(text).text
    assert "def count_corners" not in made and "corners = f(2)" not in made
    assert "math.comb(n_units" not in made


@settings(deadline=None)
@given(MARKDOWN)
def test_every_fence_is_followed_by_the_header(text: str) -> None:
    lines = enforced(text, "answer").text.split("\n")
    inside, fence = False, ""
    for index, line in enumerate(lines):
        match = re.match(r"\s*(`{3,}|~{3,})", line)
        if match and not inside:
            inside, fence = True, match.group(1)
            assert "AI assistance" in lines[index + 1]
        elif match and line.strip() == fence:
            inside = False
    assert not inside


MARKUP = st.lists(
    st.sampled_from(
        ["```python", "```", "~~~", "````", "> ```python", "> ```", "> x = 1", "- ```js", "  ```",
         "  y = 2", "1. ~~~", "    z = 3", "\tt = 4", "text [1]", "", "", "- item", "> quote",
         "# Why it works", "   ```sql", "      deep = 5", "> - ```", ">   q = 6", "``` a`b"]
    ),
    max_size=16,
).map("\n".join)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(MARKUP, st.sampled_from(["answer", "hint"]))
def test_the_header_is_on_every_code_block_that_markdown_knows(text: str, action: Action) -> None:
    made = enforced(text, action).text
    assert with_headers(made, DISCLOSURE) == made
    for token in MarkdownIt().parse(f"{made}\n\n{with_headers(text, DISCLOSURE)}"):
        if token.type in ("fence", "code_block"):
            assert "AI assistance: ds542_tutor" in "\n".join(token.content.split("\n")[:2]), made
            assert USE in token.content, made


def test_notices_are_worded_as_the_policy_file_says() -> None:
    words = NOTICES | {"keep-header": "Leave the header on."}
    decision = Decision("answer", "concept", "5", "")
    enforced = enforce("```python\nx = 1\n```", decision, DISCLOSURE, GRADED, (), words)
    assert enforced.notices == ("Leave the header on.",)
