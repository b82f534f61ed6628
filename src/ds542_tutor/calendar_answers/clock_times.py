"""Times of day in a student's words: "3am", "11:59", "noon", "at 5"."""

from __future__ import annotations

import re
from datetime import time

TIME = re.compile(
    r"\b(?:at |by |before |until |til |till |around |about "
    r")?(?:(?P<hour>\d{1,2})(?::(?P<minute>\d\d))? ?"
    r"(?P<half>am|pm|a\.m\.?|p\.m\.?)|(?P<h24>\d{1,2}):(?P<m24>\d\d)|(?P<word>midnight"
    r"|noon))(?![a-z])"
    r"|\bat (?P<bare>\d{1,2})\b(?![\s]*(?:%|points?|percent|/|:|\.\d|hours?|days?))"
)
_AFTERNOON_UNTIL = 7
"""Hours that mean the afternoon when nothing says which half: students sleep at 3 in the night."""


def time_of(text: str) -> tuple[time | None, str]:
    """Return the time of day that `text` (lower case) names, and the words that do."""
    match = TIME.search(text)
    if not match:
        return None, ""
    if match["word"]:
        # "midnight" of a day is its end: that is how deadlines are spoken of.
        return (time(12) if match["word"] == "noon" else time(23, 59)), match.group()
    hour = int(match["hour"] or match["h24"] or match["bare"])
    minute = int(match["minute"] or match["m24"] or 0)
    if match["half"]:
        hour = hour % 12 + (12 if match["half"].startswith("p") else 0)
    elif _afternoon(hour, minute, match.group(), text):
        hour += 12
    return (time(hour, minute) if hour < 24 and minute < 60 else None), match.group()


def _afternoon(hour: int, minute: int, words: str, text: str) -> bool:
    """Say whether an hour without "am" or "pm" is one of the second half of the day."""
    if not 1 <= hour <= 11 or re.search(r"\b0\d", words) or re.search(r"\bmorning\b", text):
        return False
    if re.search(r"\b(?:night|evening|afternoon|tonight)\b", text):
        return True
    return hour <= _AFTERNOON_UNTIL or (hour, minute) == (11, 59)
