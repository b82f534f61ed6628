"""`ds542-tutor disclosure`: says how the tutor was used, in the form that the work needs.

The disclosure goes to stdout; questions to the person at the terminal go to stderr.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ds542_tutor.errors import DisclosureError
from ds542_tutor.settings import Settings

_LISTED = 20
_EPILOG = """\
forms:
  code      the comment header, for above the code
  notebook  a notebook cell (JSON, nbformat 4.5) with the header and the answer's Python code
  markdown  the appendix for written work; so are latex and text. It needs --how and --why.

examples:
  ds542-tutor ask "What is dropout?" --json > answer.json
  ds542-tutor disclosure answer.json --form code
  ds542-tutor disclosure answer.json --parts
  ds542-tutor disclosure answer.json --form latex --used 1,3 \\
      --how "I rewrote its explanation in my words." --why "The slide was too short for me."
  ds542-tutor disclosure --conversation last --form markdown
"""


def add_command(commands: Any) -> None:
    """Add the command's parser to argparse's `commands`."""
    parser = commands.add_parser(
        "disclosure",
        help="say how the tutor was used, as the GAIA policy asks",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EPILOG,
    )
    parser.add_argument(
        "file", nargs="?", type=Path, help="answers as `ask --json` prints them, one or several"
    )
    parser.add_argument(
        "--conversation", metavar="ID", help='a saved conversation; "last" is the latest'
    )
    parser.add_argument("--list", action="store_true", help="list the saved conversations")
    parser.add_argument("--turn", type=int, help="only this answer of the conversation, from 1")
    parser.add_argument("--form", default="markdown", help="see below (default: markdown)")
    parser.add_argument("--language", default="python", help="of the code that a header is for")
    parser.add_argument("--used", default="none", help='parts that were used: "1,3", "2.1" or all')
    parser.add_argument("--parts", action="store_true", help="list the parts and their numbers")
    parser.add_argument("--how", default="", help="how the answers were used, in your words")
    parser.add_argument("--why", default="", help="why they were used, in your words")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print what was asked for.

    Raises:
        TutorError: nothing to disclose, or something that it has to say is missing.
    """
    from ds542_tutor.exchanges import listed_parts, mark_used, read_exchanges
    from ds542_tutor.policy.appendix import FORMS as APPENDICES
    from ds542_tutor.policy.disclosure import export

    if arguments.list:
        print(_listing(settings))
        return 0
    if (arguments.file is None) == (arguments.conversation is None):
        raise DisclosureError(
            "Name a file of answers or a saved conversation: `ds542-tutor disclosure answer.json` "
            "or `ds542-tutor disclosure --conversation last`."
        )
    exchanges = (
        read_exchanges(arguments.file)
        if arguments.file is not None
        else _saved(arguments.conversation, settings)
    )
    if arguments.turn is not None:
        if not 1 <= arguments.turn <= len(exchanges):
            raise DisclosureError(
                f"There is no answer {arguments.turn}; --turn counts from 1 to {len(exchanges)}."
            )
        exchanges = (exchanges[arguments.turn - 1],)
    if arguments.parts:
        print(listed_parts(exchanges))
        return 0
    how, why = arguments.how, arguments.why
    if arguments.form in APPENDICES and sys.stdin.isatty():
        how = how or _ask("How did you use it (ideas, wording, an argument, code, a figure …)? ")
        why = why or _ask("Why did you use it (to get unstuck, to save time …)? ")
    marked = mark_used(exchanges, arguments.used)
    text = export(marked, arguments.form, how=how, why=why, language=arguments.language)
    print(text, end="")
    return 0


def _ask(question: str) -> str:
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _saved(conversation: str, settings: Settings) -> Any:
    from ds542_tutor.conversations import Conversations
    from ds542_tutor.exchanges import saved_exchanges

    store = Conversations(settings.paths.data)
    try:
        if conversation == "last":
            latest = store.latest(1)
            if not latest:
                raise DisclosureError(f"No conversation is saved in {store.path}; ask in the chat.")
            conversation = latest[0][0]
        return saved_exchanges(store.answers(conversation, None))
    finally:
        store.close()


def _listing(settings: Settings) -> str:
    from ds542_tutor.conversations import Conversations

    store = Conversations(settings.paths.data)
    try:
        rows = store.latest(_LISTED)
    finally:
        store.close()
    if not rows:
        return f"No conversation is saved in {store.path}."
    return "\n".join(
        f"{i}  {at.astimezone():%Y-%m-%d %H:%M}  {' '.join(asked.split())[:80]}"
        for i, at, asked in rows
    )
