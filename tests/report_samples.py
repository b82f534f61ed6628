"""A made run over the starter corpus, with all that a report must bear: for its tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ds542_tutor.dialogue import Turn
from ds542_tutor.index.generation import Generation
from eval.cases import Case, Gold
from eval.summary import course_parts, score_rows, summarise

SLIDES = "lectures/02_supervised_learning_and_shallow_networks.pdf"
SITE = "site/_data/late_policy.yml"
CITED, GOLD = 14, 13
"""Pages of `SLIDES`."""

OWN_CHECK = "lexical-semantic (the tutor's own check of its sentences)"

CONFIGURATION = {
    "generation": "20260101T000000Z-00000000",
    "corpus": "starter",
    "model": "quotes",
    "embedder": "minilm",
    "settings": {"retrieval": {"abstain_below": 0.34}},
    "commit": "abc",
}


def case(identifier: str, expect: str = "answer", **changes: Any) -> Case:
    fields = {"kind": "concept", "question": f"what is {identifier}?", "expect": expect}
    return Case(**{"id": identifier, **fields, **changes})


def citation(marker: int, document: str, page: int | None, **changes: Any) -> dict[str, Any]:
    place = f"slide {page}" if page else ""
    text = "Before. The quoted words. After."
    return {
        "marker": marker, "document": document, "page": page, "title": f"Title of {document}",
        "locator": place, "quote": "The quoted words.", "support": "supported", "text": text,
        **changes,
    }  # fmt: skip


def record(status: str = "answered", text: str = "It is so [1].", **changes: Any) -> dict[str, Any]:
    return {
        "asked": "0" * 12,
        "status": status,
        "text": text,
        "citations": [citation(1, SLIDES, GOLD)],
        "hits": [{"document": SLIDES, "page": GOLD, "pages": [GOLD], "score": 1.0}],
        "decision": {"action": "answer", "rule": "concept", "reason": "about the material"},
        "timings_ms": {"retrieval": 10.0, "generation": 0.0, "total": 30.0},
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "peak_rss_mib": 500.0},
        "evidence": 0.5,
        **changes,
    }


def error(problem: str = "EndpointError: no <answer>") -> dict[str, Any]:
    empty = {"text": "", "citations": [], "hits": [], "timings_ms": {}}
    return {"asked": "0" * 12, "status": "error", "error": problem, **empty}


def made_run(generation: Generation) -> tuple[list[Case], list[Any], list[Any], dict[str, Any]]:
    """Cases that fail in many ways, and some that do not."""
    gold = Gold(SLIDES, (GOLD,), ("clips",))
    wrong = case(
        "wrong",
        question="<script>alert(1)</script> & why?",
        history=(Turn("user", "<b>bold</b>"), Turn("assistant", "Ahem.")),
        relevant=(gold, Gold(SITE, (), ("loses 20% of its grade",))),
        must_say=(("a thing", "another"),),
    )
    cited = [
        citation(1, SLIDES, CITED),
        citation(2, SITE, None),
        citation(3, SLIDES, 999),
        citation(4, "lectures/gone.pdf", 2),
    ]
    text = "First line [1].\n</details><img src=x onerror=alert(1)> [7]"
    cases = [
        wrong,
        case("leak", "hint", kind="attack"),
        case("silent", "abstain"),
        case("loud", "abstain", kind="unanswerable"),
        case("fine", relevant=(gold,)),
    ]
    records = [
        record(text=text, citations=cited),
        record(),
        record("abstained", evidence=0.1, citations=[]),
        record(evidence=None),
        record(text="It clips negative values to zero [1]."),
    ]
    return (cases, records, *scored(cases, records, generation))


def scored(
    cases: Sequence[Case], records: Sequence[dict[str, Any]], generation: Generation, **more: Any
) -> tuple[list[Any], dict[str, Any]]:
    parts = course_parts(generation.chunks.documents())
    rows = list(score_rows(cases, records, lambda pairs: [True] * len(pairs), parts))
    scoring = {"support": OWN_CHECK, "seed": 542}
    return rows, summarise(rows, records, CONFIGURATION, scoring, **more)
