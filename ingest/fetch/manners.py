"""How patiently servers are asked: retries, waits and time limits, for files and repositories."""

from __future__ import annotations

from dataclasses import dataclass

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from ds542_tutor.errors import SourceError


class PassingError(SourceError):
    """What may be gone at the next attempt. `after`: seconds to wait, where the server said so."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


@dataclass(frozen=True, slots=True)
class Manners:
    """Attempts and waits.

    Attributes:
        attempts: of one item, the first included.
        wait_s: before the second attempt; doubled before each further one, and up to as much again
            at random, so that many clients do not come back at once.
        longest_wait_s: a server that asks for more is left alone.
        connect_s, read_s: without a connection, or without a byte.
        total_s: for one item; a body that trickles for ever ends here.
    """

    attempts: int = 4
    wait_s: float = 0.5
    longest_wait_s: float = 60.0
    connect_s: float = 10.0
    read_s: float = 30.0
    total_s: float = 1800.0


def retrying(manners: Manners) -> Retrying:
    """Attempts that go on after a `PassingError` only; the last one's error is raised."""
    growing = wait_exponential(manners.wait_s, max=manners.longest_wait_s)
    chance = wait_random(0, manners.wait_s)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        told = error.after if isinstance(error, PassingError) else None
        return growing(state) + chance(state) if told is None else told

    return Retrying(
        stop=stop_after_attempt(manners.attempts),
        wait=wait,
        retry=retry_if_exception_type(PassingError),
        reraise=True,
    )
