"""The JSON form of an answer: the contract of `ask --json`, which evaluation reads too."""

from __future__ import annotations

from typing import Any

from ds542_tutor.dialogue import Answer, Citation, Decision, Hit


def answer_json(answer: Answer) -> dict[str, Any]:
    """Return the JSON form of an answer: the contract of `ask --json`."""
    disclosure = answer.disclosure
    return {
        "question": answer.question,
        "standalone_question": answer.standalone_question,
        "status": answer.status,
        "text": answer.text,
        "citations": [_citation_json(citation) for citation in answer.citations],
        "hits": [_hit_json(hit) for hit in answer.hits],
        "decision": decision_json(answer.decision),
        "disclosure": {
            "tool": disclosure.tool,
            "model": disclosure.model,
            "date": disclosure.date,
            "prompt": disclosure.prompt,
            "use": disclosure.use,
            "link": disclosure.link,
            "as_comment": disclosure.as_comment,
            "as_appendix": disclosure.as_appendix,
        },
        "generation": answer.generation,
        "model": answer.model,
        "timings_ms": answer.timings_ms,
        "notices": list(answer.notices),
        "dropped_markers": answer.dropped_markers,
        "removed_sentences": answer.removed_sentences,
        "sentences": [
            {
                "sentence": verdict.sentence,
                "markers": list(verdict.markers),
                "support": verdict.support,
                "score": verdict.score,
            }
            for verdict in answer.verdicts
        ],
        "evidence": None if answer.evidence is None else round(answer.evidence, 4),
    }


def decision_json(decision: Decision) -> dict[str, Any]:
    """Return the JSON form of a decision, with what it rests on."""
    return {
        "action": decision.action,
        "rule": decision.rule,
        "clause": decision.clause,
        "assignment": decision.assignment,
        "reason": decision.reason,
        "evidence": list(decision.evidence),
        "scores": {name: round(score, 4) for name, score in decision.scores.items()},
    }


def _citation_json(citation: Citation) -> dict[str, Any]:
    return {
        "marker": citation.marker,
        "document": citation.document,
        "title": citation.title,
        "page": citation.page,
        "page_label": citation.page_label,
        "locator": citation.locator,
        "quote": citation.quote,
        "support": citation.support,
        "score": citation.score,
        "text": citation.text,
        "notes": list(citation.notes),
    }


def _hit_json(hit: Hit) -> dict[str, Any]:
    return {
        "document": hit.chunk.document,
        "page": hit.chunk.locator.page,
        "pages": list(hit.chunk.pages),
        "score": round(hit.score, 5),
        "retriever": hit.retriever,
    }
