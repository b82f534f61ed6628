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
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    UniqueConstraint,
    create_engine,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

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


class _Base(DeclarativeBase):
    pass


class _Conversation(_Base):
    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(index=True)  # sha-256 of the session id, see `_owner`
    created: Mapped[str]


class _Turn(_Base):
    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("conversation_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    position: Mapped[int]
    role: Mapped[Role]
    text: Mapped[str]
    created: Mapped[str]


class _Answer(_Base):
    __tablename__ = "answers"

    id: Mapped[str] = mapped_column(primary_key=True)
    turn_id: Mapped[int] = mapped_column(ForeignKey("turns.id"), unique=True)
    question: Mapped[str]
    text: Mapped[str]
    status: Mapped[str]
    model: Mapped[str]
    generation: Mapped[str]
    action: Mapped[str]
    rule: Mapped[str]
    clause: Mapped[str]
    reason: Mapped[str]
    assignment: Mapped[str | None]
    created: Mapped[str]
    # Null in answers that were saved before decisions told what they rest on.
    decision_evidence: Mapped[list[str] | None] = mapped_column(JSON)
    decision_scores: Mapped[dict[str, float] | None] = mapped_column(JSON)
    evidence: Mapped[list[_Evidence]] = relationship(order_by="_Evidence.position")


class _Evidence(_Base):
    """One citation: the columns after `position` are the fields of `dialogue.Citation`."""

    __tablename__ = "evidence"

    answer_id: Mapped[str] = mapped_column(ForeignKey("answers.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    marker: Mapped[int]
    document: Mapped[str]
    title: Mapped[str]
    page: Mapped[int | None]
    page_label: Mapped[str | None]
    locator: Mapped[str]
    quote: Mapped[str]
    support: Mapped[str]
    score: Mapped[float]
    chunk_id: Mapped[str]
    sentence: Mapped[str]
    text: Mapped[str]
    sha256: Mapped[str]
    start: Mapped[int]
    end: Mapped[int]
    # Null in answers that were saved when a citation had one span only.
    spans: Mapped[list[list[int]] | None] = mapped_column(JSON)
    # Null in answers that were saved before citations had notes.
    notes: Mapped[list[str] | None] = mapped_column(JSON)


_ADDED = {
    "answers": ("decision_evidence", "decision_scores"),
    "evidence": ("spans", "notes"),
}
"""Columns that files of earlier versions lack."""


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
        event.listen(self._engine, "connect", _configure)
        with self._session() as session:
            _prepare(session)

    def start(self, owner: str) -> str:
        """Begin a conversation of the session `owner`; return its id."""
        identifier = secrets.token_urlsafe(_ID_BYTES)
        with self._session() as session:
            session.add(_Conversation(id=identifier, owner=_owner(owner), created=_now()))
        return identifier

    def save(self, conversation: str, owner: str, answer: Answer) -> str:
        """Append a question and its answer to a conversation; return the answer's id.

        Raises:
            ConversationError: the conversation is unknown or another session's, or the file
                cannot be written.
        """
        identifier = secrets.token_urlsafe(_ID_BYTES)
        with self._session() as session:
            _owned(session, conversation, owner)
            count = select(func.count()).where(_Turn.conversation_id == conversation)
            position = session.scalar(count) or 0
            asked = _turn(conversation, position, "user", answer.question)
            given = _turn(conversation, position + 1, "assistant", answer.text)
            session.add_all([asked, given])
            session.flush()  # gives `given` its id
            decision = answer.decision
            session.add(
                _Answer(
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
                _Evidence(answer_id=identifier, position=position, **asdict(citation))
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
                select(_Turn).where(_Turn.conversation_id == conversation).order_by(_Turn.position)
            )
            return tuple(Turn(row.role, row.text) for row in rows)

    def answers(self, conversation: str, owner: str) -> tuple[SavedAnswer, ...]:
        """Return the answers of a conversation with their evidence, oldest first.

        Raises:
            ConversationError: the conversation is unknown or another session's.
        """
        with self._session() as session:
            _owned(session, conversation, owner)
            rows = session.scalars(
                select(_Answer)
                .join(_Turn, _Answer.turn_id == _Turn.id)
                .where(_Turn.conversation_id == conversation)
                .order_by(_Turn.position)
            )
            return tuple(_saved(row) for row in rows)

    def of(self, owner: str) -> tuple[str, ...]:
        """Return the ids of the conversations of a session, oldest first."""
        with self._session() as session:
            return tuple(
                session.scalars(
                    select(_Conversation.id)
                    .where(_Conversation.owner == _owner(owner))
                    .order_by(_Conversation.created)
                )
            )

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


def _configure(connection: Any, _record: object) -> None:
    """Set up one SQLite connection: readers beside a writer, and references that hold."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _prepare(session: Session) -> None:
    """Create what is missing of the tables, and the triggers that keep saved rows as they are."""
    session.execute(text("BEGIN IMMEDIATE"))  # of two servers that start, one looks at a time
    _Base.metadata.create_all(session.connection())
    for table, added in _ADDED.items():
        columns = {column["name"] for column in inspect(session.connection()).get_columns(table)}
        for column in added:
            if column not in columns:
                session.execute(text(f"ALTER TABLE {table} ADD COLUMN {column} JSON"))
    for table in ("turns", "answers", "evidence"):
        session.execute(
            text(
                f"CREATE TRIGGER IF NOT EXISTS {table}_never_change BEFORE UPDATE ON "
                f"{table} BEGIN SELECT RAISE(ABORT, 'saved {table} never change'); END"
            )
        )


def _owned(session: Session, conversation: str, owner: str) -> None:
    """Refuse a conversation that is not this session's.

    One message for "unknown" and "another's": a stranger must not learn which ids exist.
    """
    row = session.get(_Conversation, conversation)
    if row is None or row.owner != _owner(owner):
        raise ConversationError(
            "This conversation does not exist or belongs to somebody else; start a new chat."
        )


def _owner(session_id: str) -> str:
    """The stored form of a session id, which is a secret: its hash, so that a copied file opens
    nobody's chat."""
    return hashlib.sha256(session_id.encode()).hexdigest()


def _turn(conversation: str, position: int, role: Role, text: str) -> _Turn:
    return _Turn(
        conversation_id=conversation, position=position, role=role, text=text, created=_now()
    )


def _saved(row: _Answer) -> SavedAnswer:
    return SavedAnswer(
        id=row.id,
        created=datetime.fromisoformat(row.created),
        question=row.question,
        text=row.text,
        status=row.status,
        model=row.model,
        generation=row.generation,
        decision=Decision(
            row.action,  # type: ignore[arg-type]
            row.rule,
            row.clause,
            row.reason,
            row.assignment,
            tuple(row.decision_evidence or ()),
            dict(row.decision_scores or {}),
        ),
        citations=tuple(_citation(item) for item in row.evidence),
    )


def _citation(row: _Evidence) -> Citation:
    fields = {name: getattr(row, name) for name in Citation.__dataclass_fields__}
    saved = [(row.start, row.end)] if row.spans is None else row.spans
    fields["spans"] = tuple((start, end) for start, end in saved if start < end)
    fields["notes"] = tuple(row.notes or ())
    return Citation(**fields)


def _now() -> str:
    return datetime.now(UTC).isoformat()
