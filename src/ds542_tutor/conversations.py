"""The record of what was asked and answered: conversations, turns, answers and their evidence.

One SQLite file (write-ahead log) through SQLAlchemy. A saved answer keeps the text of every passage
it cites, the generation of the index, the model and the policy's decision, and never changes: the
database itself refuses updates, so that an answer reads the same after any re-ingest. Whoever asks
for a conversation must name the session it belongs to. What an answer says is `tutor`'s business,
how it is shown that of `app`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine, event, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ds542_tutor.conversation_tables import (
    AnswerRow,
    ConversationRow,
    EvidenceRow,
    TurnRow,
    configure,
    prepare,
)
from ds542_tutor.dialogue import Answer, Citation, Decision, Role, Turn
from ds542_tutor.errors import ConversationError

FILE = "conversations.sqlite"

# SQLite waits this long for another writer; an exchange is written in a few milliseconds.
_BUSY_TIMEOUT_S = 10

# 128 random bits: an id that nobody guesses.
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """An answer as it was given, with the evidence it rested on."""

    id: str
    created: datetime
    question: str
    text: str
    status: str
    model: str
    generation: str
    decision: Decision
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """What the policy said to a question, for staff. `turns`: the messages before it."""

    id: str
    created: datetime
    question: str
    status: str
    decision: Decision
    turns: tuple[Turn, ...] = ()


class Conversations:
    """The store. Safe to use from several threads and processes at once."""

    def __init__(self, folder: Path) -> None:
        """Open the store in `folder`, creating both where they are missing.

        Raises:
            ConversationError: the folder cannot be written, or the file is no such store.
        """
        self.path = folder.expanduser() / FILE
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConversationError(
                f"The folder {self.path.parent} for conversations cannot be created "
                f"({error.strerror}); set DS542_PATHS_DATA to one that can."
            ) from error
        self._engine = create_engine(
            f"sqlite:///{self.path}", connect_args={"timeout": _BUSY_TIMEOUT_S}
        )
        event.listen(self._engine, "connect", configure)
        with self._session() as session:
            prepare(session)

    def start(self, owner: str) -> str:
        """Begin a conversation of the session `owner`; return its id."""
        identifier = _new_id()
        with self._session() as session:
            session.add(ConversationRow(id=identifier, owner=_owner(owner), created=_now()))
        return identifier

    def save(self, conversation: str, owner: str, answer: Answer) -> str:
        """Append a question and its answer to a conversation; return the answer's id.

        Raises:
            ConversationError: the conversation is unknown or another session's, or the file
                cannot be written.
        """
        identifier = _new_id()
        with self._session() as session:
            _owned(session, conversation, owner)
            count = select(func.count()).where(TurnRow.conversation_id == conversation)
            position = session.scalar(count) or 0
            asked = _turn(conversation, position, "user", answer.question)
            given = _turn(conversation, position + 1, "assistant", answer.text)
            session.add_all([asked, given])
            session.flush()  # gives `given` its id
            decision = answer.decision
            session.add(
                AnswerRow(
                    id=identifier,
                    turn_id=given.id,
                    question=answer.question,
                    text=answer.text,
                    status=answer.status,
                    model=answer.model,
                    generation=answer.generation,
                    created=given.created,
                    action=decision.action,
                    rule=decision.rule,
                    clause=decision.clause,
                    reason=decision.reason,
                    assignment=decision.assignment,
                    decision_evidence=list(decision.evidence),
                    decision_scores=dict(decision.scores),
                )
            )
            session.add_all(
                EvidenceRow(answer_id=identifier, position=position, **asdict(citation))
                for position, citation in enumerate(answer.citations)
            )
        return identifier

    def turns(self, conversation: str, owner: str) -> tuple[Turn, ...]:
        """Return the messages of a conversation, oldest first.

        Raises:
            ConversationError: the conversation is unknown or another session's.
        """
        with self._session() as session:
            _owned(session, conversation, owner)
            rows = session.scalars(
                select(TurnRow)
                .where(TurnRow.conversation_id == conversation)
                .order_by(TurnRow.position)
            )
            return tuple(Turn(row.role, row.text) for row in rows)

    def answers(self, conversation: str, owner: str | None) -> tuple[SavedAnswer, ...]:
        """Return the answers of a conversation with their evidence, oldest first.

        `owner`: its session; None for whoever holds the file itself, as on the command line.

        Raises:
            ConversationError: the conversation is unknown or another session's.
        """
        with self._session() as session:
            if owner is not None or session.get(ConversationRow, conversation) is None:
                _owned(session, conversation, owner or "")
            rows = session.scalars(
                select(AnswerRow)
                .join(TurnRow, AnswerRow.turn_id == TurnRow.id)
                .where(TurnRow.conversation_id == conversation)
                .order_by(TurnRow.position)
            )
            return tuple(_saved(row) for row in rows)

    def decisions(self, limit: int) -> tuple[LoggedDecision, ...]:
        """Return the policy's decisions on the latest `limit` questions, the latest first.

        For staff alone. Whose questions they are is not told.
        """
        with self._session() as session:
            rows = session.execute(
                select(AnswerRow, TurnRow.conversation_id, TurnRow.position)
                .join(TurnRow, AnswerRow.turn_id == TurnRow.id)
                .order_by(AnswerRow.created.desc(), TurnRow.id.desc())
                .limit(limit)
            ).all()
            wanted = {conversation for _, conversation, _ in rows}
            said: dict[str, list[TurnRow]] = {}
            for turn in session.scalars(
                select(TurnRow)
                .where(TurnRow.conversation_id.in_(wanted))
                .order_by(TurnRow.position)
            ):
                said.setdefault(turn.conversation_id, []).append(turn)
            return tuple(
                LoggedDecision(
                    id=row.id,
                    created=datetime.fromisoformat(row.created),
                    question=row.question,
                    status=row.status,
                    decision=_decision(row),
                    # The question itself stands right before its answer.
                    turns=tuple(
                        Turn(turn.role, turn.text)
                        for turn in said[conversation]
                        if turn.position < position - 1
                    ),
                )
                for row, conversation, position in rows
            )

    def of(self, owner: str) -> tuple[str, ...]:
        """Return the ids of the conversations of a session, oldest first."""
        with self._session() as session:
            return tuple(
                session.scalars(
                    select(ConversationRow.id)
                    .where(ConversationRow.owner == _owner(owner))
                    .order_by(ConversationRow.created)
                )
            )

    def latest(self, limit: int) -> tuple[tuple[str, datetime, str], ...]:
        """Return id, beginning and first question of the latest conversations, the latest first.

        For whoever holds the file itself; it tells nobody's session.
        """
        with self._session() as session:
            rows = session.execute(
                select(ConversationRow.id, ConversationRow.created, TurnRow.text)
                .join(TurnRow, TurnRow.conversation_id == ConversationRow.id)
                .where(TurnRow.position == 0)
                .order_by(ConversationRow.created.desc())
                .limit(limit)
            )
            return tuple((i, datetime.fromisoformat(at), asked) for i, at, asked in rows)

    def close(self) -> None:
        """Close every connection to the file."""
        self._engine.dispose()

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on any error."""
        try:
            with Session(self._engine) as session, session.begin():
                yield session
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            raise ConversationError(
                f"Conversations cannot be read from or written to {self.path} ({cause}); check "
                "free space and permissions, or set DS542_PATHS_DATA to another folder."
            ) from error


def _owned(session: Session, conversation: str, owner: str) -> None:
    """Refuse a conversation that is not this session's.

    One message for "unknown" and "another's": a stranger must not learn which ids exist.
    """
    row = session.get(ConversationRow, conversation)
    if row is None or row.owner != _owner(owner):
        raise ConversationError(
            "This conversation does not exist or belongs to somebody else; start a new chat."
        )


def _owner(session_id: str) -> str:
    """The stored form of a session id, which is a secret: its hash, so that a copied file opens
    nobody's chat."""
    return hashlib.sha256(session_id.encode()).hexdigest()


def _turn(conversation: str, position: int, role: Role, text: str) -> TurnRow:
    return TurnRow(
        conversation_id=conversation, position=position, role=role, text=text, created=_now()
    )


def _saved(row: AnswerRow) -> SavedAnswer:
    return SavedAnswer(
        id=row.id,
        created=datetime.fromisoformat(row.created),
        question=row.question,
        text=row.text,
        status=row.status,
        model=row.model,
        generation=row.generation,
        decision=_decision(row),
        citations=tuple(_citation(item) for item in row.evidence),
    )


def _decision(row: AnswerRow) -> Decision:
    return Decision(
        row.action,  # type: ignore[arg-type]
        row.rule,
        row.clause,
        row.reason,
        row.assignment,
        tuple(row.decision_evidence or ()),
        dict(row.decision_scores or {}),
    )


def _citation(row: EvidenceRow) -> Citation:
    fields = {name: getattr(row, name) for name in Citation.__dataclass_fields__}
    saved = [(row.start, row.end)] if row.spans is None else row.spans
    fields["spans"] = tuple((start, end) for start, end in saved if start < end)
    fields["notes"] = tuple(row.notes or ())
    return Citation(**fields)


def _new_id() -> str:
    """Return an id that nobody guesses and every command line takes: none begins with "-"."""
    return secrets.token_hex(_ID_BYTES)


def _now() -> str:
    return datetime.now(UTC).isoformat()
