"""The texts of `parsec help TOPIC`.

A text is a title and paragraphs with a blank line between them. Its lines are joined and wrapped
again for each terminal. A line that begins with two blanks is a row: a name, at least two blanks,
and a text that goes on in lines with a deeper indentation. Without the second column, it is a
command line to copy.
"""

from __future__ import annotations

import re
from typing import Literal

from parsec_cli.records import changed, record

OPTIONS = "options"  # a page made of the options that every command takes

TOPICS = {
    "environment": """\
ENVIRONMENT: variables, and what takes precedence

Precedence: option > explicit --profile > environment > profile file > default. An empty variable
counts as unset.

  PARSEC_API_KEY       the builder key; printable ASCII, blanks around it are removed
  PARSEC_API_BASE_URL  the API host, with or without /api/v1
  PARSEC_PROFILE       the profile to use
  PARSEC_OUTPUT        the output format
  PARSEC_CONFIG        the config file to use instead of the one in the user config folder
  PARSEC_DEBUG         1: show a traceback, without values, for a fault of the tool itself

  SSL_CERT_FILE, SSL_CERT_DIR  certificates to trust instead of the built-in bundle
  HTTPS_PROXY, ALL_PROXY       the proxy; also in lower case
  NO_PROXY                     hosts without a proxy: names, addresses, ranges; also in lower case
  NO_COLOR                     non-empty: no colour, regardless of other variables
  FORCE_COLOR, CLICOLOR_FORCE  colour even without a terminal
  CLICOLOR                     0: no colour
  TERM                         dumb: no colour, no repainting
  ACCESSIBLE                   1: sentences instead of bars and tables
  COLUMNS                      the width of the output

A stored key belongs to the host of its profile and is never sent to another host.
""",
    "exit-codes": """\
EXIT CODES: what each of them means

    0  success, including nothing to do and an empty list
    1  a fault of the tool, or local I/O failed (disk full, stdout not writable)
    2  usage or local validation error: nothing was sent
    3  not found, or an ambiguous USER
    4  no key, 401, or not a builder key
    5  the API refused the request: 400, 402, 409, 422, 501, another 403
    6  rate limit beyond --max-wait, or the monthly quota is used up
    7  unreachable, time-out, 5xx or unreadable response: nothing was changed, or a read failed
    8  a bulk run ended with failed rows
    9  consent is missing, refused or does not match: nothing was sent
   10  a guard refused: pool, --max, stale plan, incomplete listing, quota, key of another host
   11  `pool check` or `usage check` over a limit; `users audit` with findings;
       `users plan --exit-code` and `users diff --exit-code` with changes
   12  outcome unknown: a change was sent, but no final response arrived
  130  interrupted by Ctrl-C
  141  the reader of stdout closed it, as `head` does
  143  terminated, or the terminal is gone
""",
    "output": """\
OUTPUT: formats, fields and what goes where

stdout contains only data; messages for people go to stderr. Without -o, a terminal gets a table,
and a pipe or file gets tsv. In pipes and files, all formats but the table are UTF-8 in any locale.

  table       for people: fitted to the terminal, hidden characters shown as escapes
  tsv         one record per line, full values, no header unless --headers; \\t, \\n, \\\\ and
              \\u{…} are escapes
  csv         with a header; cells that a spreadsheet would run get an apostrophe, which
              `users plan` removes again
  json        one document; a listing is {"users": [...], "count", "complete", "next_cursor"}, and
              "filtered": true if only some users were requested
  jsonl       one record per line, flushed after each page
  ids         customer_ids, one per line
  markdown    a sentence and a table for a comment or a summary of a CI job: `users plan`,
              `users apply`, `users diff`, `users audit`, `pool show`, `runs show` only
  prometheus  gauges for monitoring: `pool show`, `pool check`, `usage show`, `usage check` only

With tsv and csv, the totals and summaries of a table go to stderr. --fields a,b.c selects fields
in every format.

A listing that fails on a later page is closed as valid JSON with "complete": false, and the exit
code is not 0.

Keys and secrets are masked by field name in every format; --reveal-keys shows api_key.

With json and jsonl an error is one line on stderr: {"error": {"code", "message", "http_status",
"retryable", "hint", "exit_code"}}. If a hint proposes a command, its last line is that command.

`parsec help COMMAND --json` contains the JSON Schema of what a command writes as json.
""",
    "safety": """\
SAFETY: consent, guards and what is never done

Deactivations cannot be undone. To deactivate one user, type the external_id; for several, type
their count. Scripts pass the same value with --confirm. --yes, CI, an environment variable and
piped input are never consent. Without a terminal and --confirm, the command ends with exit 9. At
most --max users (10) are deactivated in one run.

What a user would lose access to is read and shown first: balances, open orders, positions. If
users hold something, scripts also pass --allow-holdings with the number of these users. Any other
number is refused (exit 10). What cannot be read counts as held.

Every change starts with its target: profile and host. If `protected` is set in a profile, changes
require -p NAME on the command line (exit 10).

Outcomes are applied, not applied or unknown (exit 12). If the outcome is unknown, the message
shows the command that checks it. The user's record is on disk before a deactivation is sent.

-n shows what a change would send and sends nothing. --reason is kept in the history: `parsec
history list`.

Bulk runs survive a kill: `parsec runs show RUN` shows every row, and with --failed what is left.
`parsec history revert` prints a roster that undoes a change or a run, as far as it can be undone.

The pool: a change that would raise the sum of limits above qps_pool is refused (exit 10) unless
--allow-overcommit.

Redirects are never followed, TLS checking cannot be switched off, and a key is bound to the host
of its profile. The sandbox (-p sandbox) needs no key and touches nothing real.
""",
    "scripting": """\
SCRIPTING: driving the tool from scripts, CI and AI agents

Find out what a command does before running it. `parsec help --json` describes every command:
arguments, options, effect, consent, exit codes, examples, and the JSON Schema of its output. Begin
with the overview, and then ask for one command:

  parsec help --json --fields path,effect,summary
  parsec help users list --json

The effect says what a command can do at worst:

  read          only reads: safe at any time
  local         changes files on this machine, nothing at the API
  change        changes something at the API; a later command can change it back
  irreversible  can deactivate users, which cannot be undone

Practise without a key: in the sandbox every command works, and nothing is real.

  parsec -p sandbox users list --json
  parsec -p sandbox users set-qps user_001 20 --dry-run --json

Name the target and the format on every line, and do not rely on defaults: -p PROFILE --json. Read
data from stdout alone; messages are on stderr. --no-input makes a command fail where it would ask.
-q leaves only errors on stderr. Check the exit code before you use the output.

Branch on the exit code, never on the text of a message:

   0  done, or nothing to do
   2  the command line is wrong: nothing was sent; do not repeat it unchanged
   3  a user was not found, or an id means several users
   6  the rate limit or the monthly quota: wait, then run the command again
   7  no usable response: nothing was changed; run the command again later
   8  some rows of a bulk run failed; the same command does only the rest
   9  consent is missing: ask a person, who gives it with --confirm
  10  a guard refused: read the message; do not work around it
  11  a check is above its limit, or there are findings or changes
  12  the outcome is unknown: run the command in the hint before anything else

With --json an error is the last line on stderr, {"error": {...}}, with "retryable" and "hint". Its
schema is the last member of `parsec help --json`.

No environment variable is consent, nor is --yes, CI or piped input. A deactivation without a
terminal needs --confirm with the external_id, or with the count for several users. A person
should read the plan and supply this value; a script that computes it defeats its purpose. First
show what would happen:

  parsec -p sandbox users deactivate user_001 --dry-run --json

Pass ids safely. Quote variables. Write `ext:` before an external_id and `id:` before a
customer_id, so that an id cannot be taken for the other kind, and end the options with `--`, so
that an id cannot be taken for an option:

  parsec -p sandbox users get --json -- "ext:user_001"

The format `ids` is for pipes; files of users, such as `--from-file FILE`, can be `-` for stdin:

  parsec -p sandbox users list --match user_00 -o ids | xargs parsec -p sandbox users get --json

Use one listing instead of one request per user: each request counts against the quota. Change many
users with a file: `users plan` shows the changes and sends nothing; `users apply` makes them, and
continues after an interruption when it is run again.
""",
}


@record
class Piece:
    """A part of a paragraph: prose, a row of two columns, or a command line."""

    kind: Literal["prose", "row", "command"]
    text: str
    name: str = ""


def paragraphs_of(topic: str) -> list[list[Piece]]:
    """Split the text of a topic into paragraphs, whose lines are joined."""
    return [_pieces(paragraph.splitlines()) for paragraph in topic.strip("\n").split("\n\n")]


def _pieces(lines: list[str]) -> list[Piece]:
    pieces: list[Piece] = []
    for line in lines:
        row = re.fullmatch(r"  ( *\S+(?: \S+)*?)  +(\S.*)", line)
        if row:
            pieces.append(Piece("row", row[2], row[1]))
        elif line.startswith("   ") or (pieces and pieces[-1].kind == "prose" and line[0] != " "):
            pieces[-1] = changed(pieces[-1], text=f"{pieces[-1].text} {line.strip()}")
        else:
            pieces.append(Piece("command" if line[0] == " " else "prose", line.strip()))
    return pieces
