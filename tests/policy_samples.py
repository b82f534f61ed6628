"""A course with graded work, made up for tests of decisions, and the cases that go with it."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ds542_tutor.course import Assignment, Course
from ds542_tutor.dialogue import Decision, Turn
from ds542_tutor.documents import Chunk, Locator
from ds542_tutor.policy.classify import decide
from ds542_tutor.policy.graded import GradedItems
from ds542_tutor.policy.rules import Policy, load_policy

ROOT = Path(__file__).parents[1]
POLICY = load_policy(ROOT / "corpus" / "policy.toml")
COURSE = Course(
    "DS542",
    "sp2026",
    assignments=(Assignment("homework1", "Homework 1 -- Algebra Refresher", "homework1.md"),),
)
NOW = datetime(2026, 2, 3, 12, tzinfo=ZoneInfo("America/New_York"))


def graded_chunk(assignment: str, number: int, text: str) -> Chunk:
    document = f"{assignment}.ipynb"
    return Chunk(
        f"{assignment}-{number}", document, assignment, "notebook", text, text,
        Locator(cell=number), assignment=assignment, graded=True,
    )  # fmt: skip


EXERCISE = """## Exercise 1: A square root by descent
Find a number whose square equals seven. Start anywhere above zero and minimize the squared
gap G(x) = (x^2 - 7)^2 with gradient descent in PyTorch. Print `root_found` for the grader."""

GRADED = GradedItems.from_chunks(
    graded_chunk(assignment, number, text)
    for number, (assignment, text) in enumerate(
        [
            (
                "homework2",
                "def count_corners(n_in, n_units):\n  # TODO count them\n  C = ...\n  return C",
            ),
            ("homework2", "def count_weights(n_in, n_units):\n  # TODO\n  N = ...\n  return N"),
            ("homework2", "def tiny_net_1(x, act):\n  pre_1 = ...\n  return pre_1"),
            ("homework2", "def tiny_net_2(x, act):\n  # TODO\n  return ..."),
            ("homework2", "def tiny_net_3(x, act):\n  # TODO\n  return ..."),
            (
                "homework2",
                "def step_fn(z):\n  # TODO 0 or 1\n  activation = ...\n  return activation",
            ),
            ("discussion2", EXERCISE),
            ("discussion2", "def loss_root(x):\n    # TODO: the squared gap\n    return __fill__"),
            ("discussion2", "def invert_slowly(A):\n    # TODO: descend\n    return __fill__"),
            ("project3", "# YOUR CHANGES HERE\nclass AdderNet(torch.nn.Module):\n    pass"),
        ]
    )
)


def decision(question: str, *turns: tuple[str, str], policy: Policy = POLICY) -> Decision:
    history = [Turn("user" if who == "user" else "assistant", text) for who, text in turns]
    return decide(question, history, policy, COURSE, GRADED, NOW)


CASES = [
    json.loads(line)
    for line in (ROOT / "tests" / "data" / "policy_cases.jsonl").read_text("utf-8").splitlines()
]
"""Cases, attacks and their benign twins: `action` expected, `history`, `question`."""
