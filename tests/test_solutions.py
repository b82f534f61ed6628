"""Solutions in disguise leave hints; examples of something else and the use of libraries stay."""

import functools
import itertools
from datetime import date
from pathlib import Path

import nbformat
import pytest
from solution_samples import BENIGN, DISGUISES, STARTER, Solution, fenced

from ds542_tutor.dialogue import Decision, Passage
from ds542_tutor.documents import Chunk, Locator
from ds542_tutor.policy.code_forms import code_lines, line_forms
from ds542_tutor.policy.disclosure import make_disclosure
from ds542_tutor.policy.enforce import REMOVED, enforce
from ds542_tutor.policy.graded import GradedItems
from ds542_tutor.policy.solutions import OpenWork, solves

NOTEBOOKS = Path(__file__).parents[1] / "corpus" / "starter" / "notebooks"
DISCLOSURE = make_disclosure("How?", "", "quotes", date(2026, 2, 3), "", "0.1.0")


def cell(key: str, number: int, text: str, *, graded: bool = True) -> Chunk:
    name, assignment = f"{key}.ipynb", key if graded else None
    return Chunk(
        f"{key}-{number}", name, key, "notebook", text, text, Locator(cell=number),
        assignment=assignment, graded=graded,
    )  # fmt: skip


@functools.cache
def graded() -> GradedItems:
    """The starter course's two notebooks, cell by cell."""
    chunks = []
    for key, file in (("homework2", "homework2"), ("discussion4", "discussion_04")):
        notebook = nbformat.read(NOTEBOOKS / f"{file}.ipynb", as_version=4)
        chunks += [cell(key, i, c["source"]) for i, c in enumerate(notebook["cells"])]
    return GradedItems.from_chunks(chunks)


def hint(text: str, assignment: str | None, *passages: Passage) -> str:
    decision = Decision("hint", "graded-solution", "5", "", assignment)
    return enforce(text, decision, DISCLOSURE, graded(), passages).text


CASES = [
    pytest.param(solution, disguise, id=f"{solution.name}: {disguise}")
    for solution, disguise in itertools.product(STARTER, DISGUISES)
]


@pytest.mark.parametrize(("solution", "disguise"), CASES)
def test_a_solution_leaves_a_hint_in_any_disguise(solution: Solution, disguise: str) -> None:
    text = DISGUISES[disguise](solution)
    for assignment in (solution.assignment, None):
        made = hint(f"The idea first [1].\n\n{text}", assignment)
        assert REMOVED in made and made.startswith("The idea first [1].")


@pytest.mark.parametrize("solution", STARTER, ids=lambda s: s.name)
def test_nothing_of_a_split_solution_is_left(solution: Solution) -> None:
    assert "```" not in hint(DISGUISES["two blocks"](solution), solution.assignment)


@pytest.mark.parametrize("code", BENIGN.values(), ids=BENIGN.keys())
def test_other_examples_and_library_calls_stay(code: str) -> None:
    for assignment in ("homework2", "discussion4", None):
        made = hint(fenced(code), assignment)
        assert code in made and REMOVED not in made


TAUGHT = "def s(p):\n    a = p[:, 1]\n    b = p[:, 0]\n    return np.stack([a, b])"


def test_code_of_the_teaching_materials_may_be_shown() -> None:
    shown = Passage(1, cell("lecture", 1, TAUGHT, graded=False), f"Swapping:\n\n{TAUGHT}")
    assert REMOVED in hint(fenced(TAUGHT), "homework2")
    assert REMOVED not in hint(fenced(TAUGHT), "homework2", shown)


def test_code_of_a_graded_passage_may_not() -> None:
    own = Passage(1, cell("homework2", 1, TAUGHT), TAUGHT)
    assert REMOVED in hint(fenced(TAUGHT), "homework2", own)


def test_what_is_to_be_written_may_not_be_shown_even_where_it_is_taught() -> None:
    code = "def relu(z):\n    return np.maximum(0, z)"
    shown = Passage(1, cell("lecture", 1, code, graded=False), code)
    assert REMOVED in hint(fenced(code), "homework2", shown)


@pytest.mark.parametrize("name", ["maxRegions", "my_max_regions", "MaxRegions", "max_regions_v2"])
def test_the_name_of_a_task_is_known_in_other_spellings(name: str) -> None:
    work = OpenWork.of(graded(), "homework2")
    assert solves(f"def {name}(a):\n    return a", work)


@pytest.mark.parametrize(
    "code",
    [
        "function n = regions(i, d)\n  n = 0;\n  for j = 0:i\n    n = n + nchoosek(d, j);\n  end",
        "const r = v => Math.max(0, v);",
        "regions(i, d) = sum(binomial(d, j) for j in 0:min(i, d))",
        "r <- function(v) max(0, v)",
    ],
)
def test_other_languages_do_not_hide_a_solution(code: str) -> None:
    assert solves(code, OpenWork.of(graded(), "homework2"))


@pytest.mark.parametrize(
    "steps",
    [
        "1. Read chapter 2.\n2. Draw the three lines.\n3. Mark where each one bends.",
        "- A joint is where a unit switches.\n- Between joints the slope stays the same.",
        "First look at one unit. Then ask what the second adds.",
    ],
)
def test_advice_in_steps_is_no_pseudocode(steps: str) -> None:
    assert hint(steps, "homework2") == steps


def test_lines_are_compared_without_names_comments_and_numbers() -> None:
    assert line_forms("a = np.exp(b)  # one") == line_forms("c=np.exp( d )")
    assert line_forms("return a\nimport x") == frozenset()
    assert code_lines("a = 1  # x\n\n# y\nb = '#'") == ["a=1", "b='#'"]
