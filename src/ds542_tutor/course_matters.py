"""Which matter of running a course a question is about, and in which words pages speak of it.

Students ask "can my buddy and i split the hw"; the page says "Collaboration in the form of
discussion is allowed". Few of the words are shared, and a small embedder does not bridge that. A
regression over exemplars (`policy.kinds`) tells the matter, whose words join the search. This is
query expansion by intent; the words are those of courses in general, not of one course's pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from ds542_tutor.policy.findings import judged
from ds542_tutor.policy.kinds import Kinds, read_exemplars

LIKELY = 0.4
"""Probability from which a question counts as being about a matter."""

ELSEWHERE, NEAR_ENOUGH = "elsewhere", 0.55
"""The matter of which pages are mostly silent, and the cosine from which one is believed to speak
of it all the same."""

WORDS = {
    "collaboration": "discuss homework with classmates, collaboration, copying, turn in your own",
    "honesty": "academic honesty, cheating, plagiarism, old solutions online, code of conduct",
    "accommodations": "accommodations, accommodations letter, disability, access services",
    "textbook": "textbook, book available online, free PDF, buy at bookstore, reference material",
    "prerequisites": "prerequisites, python proficiency, math, linear algebra, calculus",
    "cluster-access": "computing environment, shared computing cluster, GPU, access",
    "cluster-use": "shared computing cluster, SCC, OnDemand",
    "ai-credit": "give credit to AI tools whenever used, ideas, cite, chat link, AI policy",
    "ai-written": "AI tools on written assignments, appendix, entire exchange, how and why",
    "ai-code": "AI tools on coding assignments, prompt text and tool as comments, as is, modified",
    "ai-exam": "AI tools during in-class examinations or assignments, unless explicitly permitted",
    "ai-suspicion": "suspect improper AI usage, oral examination, AI detection, grade adjusted",
    "reflections": "pre-class reflections, pre-work, reading assignment, graded for participation",
    "discussion-work": "discussion section, hands-on, submit code and answers, end of the day",
    "hand-in": "submit, turn in, Gradescope, entry code, write by hand, LaTeX, template, notebook",
    "writing": "text answers, concise and direct, verbose, poorly written, points deducted",
    "projects": "projects, weeks, biweekly, implement, assigned, project work",
    "piazza": "Piazza, questions, office hours posted, links sent via email",
    "after-class": "after class, leave promptly, office hours, by appointment",
    "outcomes": "course description, learning outcomes, objectives, students will be able to",
    "schedule-changes": "schedule subject to change, placeholders, updated, upload, tentative",
    "feedback": "lecture feedback form",
}
"""What pages say on each matter, in the usual words."""

CREDITED = frozenset({"", "ai-credit", "ai-written", "ai-code"})
"""Matters of AI use on which the duties of a student are the answer, or the beginning of it."""


@cache
def exemplars() -> tuple[tuple[str, str], ...]:
    """Return what `course_matters.txt` holds, as (matter, message) pairs."""
    return read_exemplars(files("ds542_tutor").joinpath("course_matters.txt").read_text("utf-8"))


def matter_of(question: str, kinds: Kinds | None, vector: Sequence[float] | None) -> str:
    """Return the matter that a question on the course is about, "" where it is unsure.

    Args:
        kinds: the regression over `exemplars`. vector: unit embedding of its `judged`.
    """
    if kinds is None:
        return ""
    likely = kinds.likely(judged(question), vector)
    best = max(likely, key=lambda matter: likely[matter])
    return best if likely[best] >= LIKELY else ""
