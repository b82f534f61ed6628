"""The tables of the store of conversations, as SQLAlchemy maps them, and how a file is set up.

Saved rows never change: triggers in the database refuse updates. What is asked of the tables is
`conversations`' business.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint, inspect, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from ds542_tutor.dialogue import Role


class Base(DeclarativeBase):
    pass


class ConversationRow(Base):
    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(index=True)  # sha-256 of the session id, see `_owner`
    created: Mapped[str]


class TurnRow(Base):
    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("conversation_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    position: Mapped[int]
    role: Mapped[Role]
    text: Mapped[str]
    created: Mapped[str]


class AnswerRow(Base):
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
    evidence: Mapped[list[EvidenceRow]] = relationship(order_by="EvidenceRow.position")


class EvidenceRow(Base):
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


def configure(connection: Any, _record: object) -> None:
    """Set up one SQLite connection: readers beside a writer, and references that hold."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def prepare(session: Session) -> None:
    """Create what is missing of the tables, and the triggers that keep saved rows as they are."""
    session.execute(text("BEGIN IMMEDIATE"))  # of two servers that start, one looks at a time
    Base.metadata.create_all(session.connection())
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
