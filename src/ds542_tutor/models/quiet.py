"""Keeps libraries from printing while a model is loaded."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from transformers.utils import logging as transformers_logging


@contextlib.contextmanager
def quiet_loading() -> Iterator[None]:
    """Keep transformers' "Loading weights" bar and notes off the terminal."""
    logs: Any = transformers_logging  # its switches carry no types
    level, bar = logs.get_verbosity(), logs.is_progress_bar_enabled()
    logs.set_verbosity_error()
    logs.disable_progress_bar()
    try:
        yield
    finally:
        logs.set_verbosity(level)
        if bar:
            logs.enable_progress_bar()


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, without its full stop."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
