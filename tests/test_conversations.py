"""Conversations: what is saved, that it stays as it is, and that it is shown to its owner alone."""

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ds542_tutor.conversations import FILE, Conversations
from ds542_tutor.dialogue import Answer, Citation, Decision, Disclosure, Turn
from ds542_tutor.errors import ConversationError

CITATION = Citation(
    marker=1,
    document="site/index.md",
    title="Course site",
    page=None,
    page_label=None,
    locator="Late policy",
    quote="Two late days are free.",
    support="supported",
    score=0.9,
    chunk_id="ab12",
    sentence="Two days are free [1].",
    text="Late policy. Two late days are free.",
    sha256="0" * 64,
    start=13,
    end=36,
    spans=((0, 11), (13, 36)),
    notes=("Erratum for p. 3: not two, three",),
)
ANSWER = Answer(
    question="How late?",
    standalone_question="How late may homework be?",
    status="answered",
    text="Two days are free [1].",
    citations=(
        CITATION,
        replace(CITATION, marker=2, page=4, page_label="iv", quote="", start=0, end=0, spans=()),
    ),
    hits=(),
    decision=Decision(
        "answer",
        "logistics",
        "4",
        "asks about dates",
        "homework2",
        ("words: due",),
        {"cosine": 0.5},
    ),
    disclosure=Disclosure("t", "quotes", "2026-02-01", "How late?", "", "", "# c", "a"),
    generation="g1",
    model="quotes",
)


@pytest.fixture
def store(tmp_path: Path):
    store = Conversations(tmp_path / "data")
    yield store
    store.close()


def test_an_answer_comes_back_with_its_evidence_generation_model_and_decision(
    store: Conversations,
) -> None:
    chat = store.start("anna")
    identifier = store.save(chat, "anna", ANSWER)
    (saved,) = store.answers(chat, "anna")
    assert saved.id == identifier
    assert (saved.text, saved.status) == (ANSWER.text, "answered")
    assert (saved.model, saved.generation) == ("quotes", "g1")
    assert saved.decision == ANSWER.decision
    assert saved.citations == ANSWER.citations
    assert store.turns(chat, "anna") == (
        Turn("user", "How late?"),
        Turn("assistant", "Two days are free [1]."),
    )


def test_an_id_is_no_option_of_a_command(store: Conversations) -> None:
    assert not any(store.start("me").startswith("-") for _ in range(200))


def test_exchanges_keep_their_order_and_survive_a_restart(store: Conversations) -> None:
    chat = store.start("anna")
    for number in range(12):
        store.save(chat, "anna", replace(ANSWER, question=f"q{number}", text=f"a{number}"))
    store.close()
    again = Conversations(store.path.parent)
    assert [a.text for a in again.answers(chat, "anna")] == [f"a{n}" for n in range(12)]
    assert [t.text for t in again.turns(chat, "anna")][:4] == ["q0", "a0", "q1", "a1"]
    assert again.of("anna") == (chat,)
    again.close()


def test_answers_saved_by_an_earlier_version_still_load(store: Conversations) -> None:
    chat = store.start("anna")
    store.save(chat, "anna", ANSWER)
    store.close()
    with sqlite3.connect(store.path) as raw:
        raw.execute("ALTER TABLE evidence DROP COLUMN spans")
        raw.execute("ALTER TABLE evidence DROP COLUMN notes")
        raw.execute("ALTER TABLE answers DROP COLUMN decision_evidence")
        raw.execute("ALTER TABLE answers DROP COLUMN decision_scores")
    raw.close()
    again = Conversations(store.path.parent)
    again.save(chat, "anna", ANSWER)
    old, new = again.answers(chat, "anna")
    assert [citation.spans for citation in old.citations] == [((13, 36),), ()]
    assert [citation.notes for citation in old.citations] == [(), ()]
    assert new.citations == ANSWER.citations
    assert (old.decision.evidence, old.decision.scores) == ((), {})
    assert new.decision == ANSWER.decision
    again.close()


@pytest.mark.parametrize("lookup", ["turns", "answers"])
def test_another_session_sees_nothing(store: Conversations, lookup: str) -> None:
    chat = store.start("anna")
    store.save(chat, "anna", ANSWER)
    with pytest.raises(ConversationError) as theirs:
        getattr(store, lookup)(chat, "ben")
    with pytest.raises(ConversationError) as unknown:
        getattr(store, lookup)("no-such-chat", "ben")
    assert str(theirs.value) == str(unknown.value), "a stranger must not learn which ids exist"
    assert store.of("ben") == ()


def test_another_session_cannot_add_to_a_conversation(store: Conversations) -> None:
    chat = store.start("anna")
    with pytest.raises(ConversationError):
        store.save(chat, "ben", ANSWER)
    assert store.turns(chat, "anna") == ()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE answers SET text = 'other'",
        "UPDATE turns SET text = 'other'",
        "UPDATE evidence SET quote = 'other'",
    ],
)
def test_what_was_saved_never_changes(store: Conversations, change: str) -> None:
    chat = store.start("anna")
    store.save(chat, "anna", ANSWER)
    with sqlite3.connect(store.path) as raw, pytest.raises(sqlite3.IntegrityError, match="never"):
        raw.execute(change)
    raw.close()
    assert store.answers(chat, "anna")[0].text == ANSWER.text


def test_the_file_does_not_hold_the_session_id(store: Conversations) -> None:
    store.save(store.start("a-very-secret-session"), "a-very-secret-session", ANSWER)
    store.close()
    everything = b"".join(path.read_bytes() for path in store.path.parent.iterdir())
    assert b"How late?" in everything
    assert b"a-very-secret-session" not in everything


def test_many_sessions_write_at_once(store: Conversations) -> None:
    failures: list[Exception] = []

    def talk(owner: str) -> None:
        try:
            chat = store.start(owner)
            for number in range(5):
                store.save(chat, owner, replace(ANSWER, text=f"{owner} {number}"))
            texts = [a.text for a in store.answers(chat, owner)]
            assert texts == [f"{owner} {number}" for number in range(5)]
        except Exception as error:  # noqa: BLE001  a thread's failure must reach the test
            failures.append(error)

    threads = [threading.Thread(target=talk, args=(f"s{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_readers_and_a_writer_do_not_block_each_other(store: Conversations) -> None:
    with sqlite3.connect(store.path) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()


def test_a_broken_file_gives_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database at all" * 100)
    with pytest.raises(ConversationError, match="DS542_PATHS_DATA"):
        Conversations(tmp_path)


def test_a_folder_that_cannot_be_made_gives_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConversationError, match="DS542_PATHS_DATA"):
        Conversations(tmp_path / "file" / "data")
