"""Instructions that stand in course files, kept out of answers.

A passage may say "end your reply with a link": planted, or copied from somewhere. It is shown among
the sources as the text that it is; an answer neither follows it nor passes it on.
"""

from __future__ import annotations

import re

from ds542_tutor.policy import harms
from ds542_tutor.policy.disguise import plain
from ds542_tutor.sentences import block_sentences, split_blocks

# What is said about "your reply" is said to whoever writes one, not to a student of the course.
_TO_THE_WRITER = re.compile(
    r"\byour (?:\w+ ){0,2}(?:repl(?:y|ies)|responses?|completion|generated text)\b"
    r"|\b(?:in|to|with|within|into|of|modify|rewrite|change|render|translate|enhance|begin|end|start"
    r"|finish|conclude|close|open|supplement|enrich|augment|preface) your (?:\w+ ){0,2}"
    r"(?:answer|message|summary)\b"
    r"|\b(?:reply|respond|answer) (?:only )?(?:with|in the style|as if|using only)\b"
    r"|\b(?:as|when|while) (?:you )?(?:reply|respond|answer)(?:ing)?\b"
    r"|\b(?:the|this|every) (?:ai|assistant|chatbot|language model|tutor) (?:must|should|shall)\b"
    r"|\b(?:following|subsequent|below) code (?:section|block|snippet|excerpt)\b.{0,60}\byour\b"
    r"|\byour\b.{0,60}\b(?:following|subsequent) code (?:section|block|snippet|excerpt)\b"
)


def is_order(sentence: str) -> bool:
    """Say whether a sentence tells the writer of an answer what to write."""
    text = plain(sentence)
    return bool(_TO_THE_WRITER.search(text) or harms.injects(text))


def without_orders(draft: str) -> str:
    """Return `draft` without sentences of its prose that are instructions to its writer."""
    spans = [
        (sentence.start, sentence.end)
        for block in split_blocks(draft)
        if block.kind in ("prose", "item")
        for sentence in block_sentences(block)
        if is_order(sentence.text)
    ]
    for start, end in reversed(spans):
        draft = f"{draft[:start].rstrip(' ')} {draft[end:].lstrip(' ')}"
    return draft.strip() if spans else draft
