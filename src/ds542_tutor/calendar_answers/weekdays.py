"""Weekdays and weeks as they are meant on a given day: "next friday", "this week"."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from dateutil import relativedelta

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def weekday(name: str, today: date) -> date:
    """Return the first day called `name` from today on, today included."""
    index = next(i for i, day in enumerate(DAYS) if day.startswith(name[:3]))
    return today + timedelta((index - today.weekday()) % 7)


def named_day(relation: str, coming: date, today: date, *, past: bool) -> date:
    """Return the weekday meant, `coming` being the first one from today on.

    "next friday" is the one of the week after this one (Monday to Sunday); a bare weekday in a
    question in the past tense is the latest one before today.
    """
    if relation in ("last", "past", "this past"):
        return coming - timedelta(7)
    if relation == "next":
        monday = today + timedelta(7 - today.weekday())
        return coming if coming >= monday else coming + timedelta(7)
    if past and relation not in ("this", "coming", "this coming") and coming > today:
        return coming - timedelta(7)
    return coming


def week(which: str, span: str, today: date) -> tuple[date, date]:
    """Return the days of a week (Monday to Sunday), its weekend, or a month.

    On a Sunday "this week" is the one that begins: nobody plans the week that is over.
    """
    if span == "month":
        shift = {"next": 1, "last": -1, "past": -1}.get(which, 0)
        first = today.replace(day=1) + relativedelta.relativedelta(months=shift)
        return first, first + relativedelta.relativedelta(months=1) - timedelta(1)
    monday = today - timedelta(today.weekday())
    if span == "week" and today.weekday() == 6 and which in ("this", "current", "the", "coming"):
        return today, today + timedelta(6)
    shift = {"next": 7, "last": -7, "past": -7}.get(which, 0)
    if which == "coming" and span == "week":
        shift = 7
    first = monday + timedelta(shift + (5 if span == "weekend" else 0))
    return first, monday + timedelta(shift + 6)
