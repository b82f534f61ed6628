"""Passwords: lines, their places, and what a check gives away."""

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ds542_tutor.accounts import VARIABLE, Accounts, normal, password_line
from ds542_tutor.errors import SettingsError

WORDS = "four unrelated words here"
LINE = password_line("TA@bu.edu", WORDS)


def command(*arguments: str, cwd: Path, given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ds542_tutor.cli", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_line_holds_a_hash_and_no_password() -> None:
    account, hashed = LINE.split(":")
    assert account == "ta@bu.edu"
    assert hashed.startswith("$argon2id$")
    assert WORDS not in LINE
    assert password_line("ta@bu.edu", WORDS) != LINE, "each hash has a salt of its own"


def test_accounts_come_from_the_file_and_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "passwords.txt"
    file.write_text(f"# staff\n\n{LINE}\n", encoding="utf-8")
    other = password_line("other@bu.edu", "another four words now")
    accounts = Accounts(file, {VARIABLE: f"{other} {password_line('c@bu.edu', WORDS)}"})
    assert accounts.hashes().keys() == {"ta@bu.edu", "other@bu.edu", "c@bu.edu"}
    assert accounts.check("ta@bu.edu", WORDS)
    assert accounts.check("  Ta@BU.edu ", WORDS)
    assert accounts.check("other@bu.edu", "another four words now")
    assert not accounts.check("other@bu.edu", WORDS)
    assert not accounts.check("ta@bu.edu", WORDS + " ")
    assert not accounts.check("nobody@bu.edu", WORDS)
    assert not accounts.check("a:b", WORDS)
    assert not accounts.check("", "")
    assert not accounts.check("ta@bu.edu", "x" * 100_000)


def test_a_change_of_the_file_holds_at_once(tmp_path: Path) -> None:
    file = tmp_path / "passwords.txt"
    file.write_text(LINE, encoding="utf-8")
    accounts = Accounts(file, {})
    before = accounts.mark("ta@bu.edu")
    file.write_text(password_line("ta@bu.edu", WORDS), encoding="utf-8")
    assert before and accounts.mark("ta@bu.edu") not in (None, before)
    file.write_text("", encoding="utf-8")
    assert accounts.mark("ta@bu.edu") is None
    assert not accounts.check("ta@bu.edu", WORDS)


@pytest.mark.parametrize("line", ["ta@bu.edu", "ta@bu.edu:secret", ":$argon2id$", "a b:" + LINE])
def test_a_malformed_line_is_named_but_not_repeated(tmp_path: Path, line: str) -> None:
    file = tmp_path / "passwords.txt"
    file.write_text(f"{LINE}\n{line}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"line 2 of .*passwords\.txt") as told:
        Accounts(file, {}).hashes()
    assert "secret" not in str(told.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"staff\.passwords"):
        Accounts(tmp_path / "none.txt", {}).hashes()


def test_no_account_takes_as_long_as_a_wrong_password() -> None:
    accounts = Accounts(None, {VARIABLE: LINE})

    def seconds(account: str) -> float:
        began = time.perf_counter()
        assert not accounts.check(account, "not the right words")
        return time.perf_counter() - began

    known, unknown = (min(seconds(a) for _ in range(5)) for a in ("ta@bu.edu", "nobody@bu.edu"))
    assert 0.5 < known / unknown < 2, (known, unknown)


@pytest.mark.parametrize("name", ["", "  ", "a b@bu.edu", "a:b", "a\nb", "a\0b", "x" * 255])
def test_what_is_no_account(name: str) -> None:
    with pytest.raises(SettingsError, match="is not an account"):
        normal(name)


@pytest.mark.parametrize("password", ["", "eleven chrs", "x" * 1025])
def test_a_password_has_a_fit_length(password: str) -> None:
    with pytest.raises(SettingsError, match="use 12 to 1,024"):
        password_line("ta@bu.edu", password)


def test_the_command_prints_the_line_alone(tmp_path: Path) -> None:
    done = command("password", "New@bu.edu", cwd=tmp_path, given=f"{WORDS}\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    assert Accounts(None, {VARIABLE: done.stdout}).check("new@bu.edu", WORDS)
    assert "not among the [staff] members" in done.stderr
    assert "DS542_STAFF_PASSWORDS" in done.stderr


def test_the_command_refuses_in_one_line(tmp_path: Path) -> None:
    for account, given in (("new@bu.edu", "short\n"), ("not an account", f"{WORDS}\n")):
        done = command("password", account, cwd=tmp_path, given=given)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_at_a_terminal_it_is_asked_for_twice_and_not_shown(tmp_path: Path) -> None:
    terminal, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ds542_tutor.cli", "password", "ta@bu.edu"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,  # else it asks the terminal that the tests run in
    )
    os.close(slave)
    shown = b""
    for prompt, answer in ((b"Password for", WORDS), (b"again:", "something else altogether")):
        while prompt not in shown:
            shown += os.read(terminal, 1024)
        time.sleep(0.2)  # until the echo is off
        os.write(terminal, f"{answer}\n".encode())
    try:
        while piece := os.read(terminal, 1024):
            shown += piece
    except OSError:  # the child has closed its end
        pass
    os.close(terminal)
    assert process.wait(20) == 2
    assert b"differ" in shown
    assert WORDS.encode() not in shown
