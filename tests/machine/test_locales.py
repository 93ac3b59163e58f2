"""Locales and encodings as the interpreter sets them up, and machines that keep nothing."""

from __future__ import annotations

import csv
import io
import json
import os

import pytest
from support.views import FORMATS

NAME = "日本 Grüße"
C = {"LC_ALL": "C", "LANG": None, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
# name: settings, and the encoding that the streams get by them
LOCALES = {
    "LANG=C": ({"LANG": "C"}, "utf-8"),
    "POSIX": ({"LC_ALL": "POSIX", "LANG": None}, "utf-8"),
    "C without UTF-8": (C, "ascii"),
    "no such locale": ({"LC_ALL": "xx_YY.ISO-8859-1", "PYTHONUTF8": "0"}, "ascii"),
    "cp1252": ({"PYTHONIOENCODING": "cp1252"}, "cp1252"),
    "ascii": ({"PYTHONIOENCODING": "ascii"}, "ascii"),
    "latin-1": ({"PYTHONIOENCODING": "latin-1"}, "latin-1"),
    "utf-16": ({"PYTHONIOENCODING": "utf-16"}, "utf-16"),
}
SEEN = {
    "utf-8": NAME,
    "utf-16": NAME,
    "cp1252": "\\u{65e5}\\u{672c} Grüße",
    "latin-1": "\\u{65e5}\\u{672c} Grüße",
    "ascii": "\\u{65e5}\\u{672c} Gr\\u{fc}\\u{df}e",
}


@pytest.fixture
def odd(builder):
    """Two pages of users with the odd one on the second."""
    builder.add("alice", 10)
    return builder.add(NAME, 10)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["latin-1", "utf-16"])
def test_every_format_is_one_readable_text(parsec, builder_env, odd, name, form):
    """Several writes make one text, for programs in UTF-8: no byte-order mark is in the middle."""
    settings, encoding = LOCALES[name]
    argv = ("users", "list", "-o", form, "--page-size", "1")
    completed = parsec(*argv, env={**builder_env, **settings})
    assert completed.code == 0, completed
    out = completed.out_bytes.decode(encoding if form == "table" else "utf-8")
    assert "\ufeff" not in out
    assert odd["customer_id"] in out
    if form == "json":
        assert [user["external_id"] for user in json.loads(out)["users"]] == ["alice", NAME]
    elif form == "jsonl":
        assert [json.loads(line)["external_id"] for line in out.splitlines()] == ["alice", NAME]
    elif form == "csv":
        assert [row["external_id"] for row in csv.DictReader(io.StringIO(out))] == ["alice", NAME]
    elif form != "ids":
        assert (SEEN[encoding] if form == "table" else NAME) in out


@pytest.mark.parametrize("form", ["tsv", "csv", "jsonl"])
def test_an_id_read_back_is_the_same_user_in_every_locale(parsec, builder, builder_env, work, form):
    """In Latin-1, the bytes of one of the two ids are the other one in UTF-8."""
    for name in ("é", "Ã©"):
        builder.add(name, 5)
    settings = {"PYTHONIOENCODING": "latin-1"}
    argv = ("users", "list", "--match", "Ã©", "-o", form, "--fields", "external_id")
    listed = parsec(*argv, env={**builder_env, **settings})
    (work / "gone").write_bytes(listed.out_bytes)
    argv = ("users", "deactivate", "--from-file", "gone", "--confirm", "1")
    done = parsec(*argv, env={**builder_env, **settings})
    assert done.code == 0, done
    assert [user["external_id"] for user in builder.users.values()] == ["é"]


@pytest.mark.parametrize("name", LOCALES)
def test_messages_are_printed_in_every_locale(parsec, builder_env, odd, name):
    """Arguments are read as UTF-8 and printed in the encoding of the stream."""
    settings, encoding = LOCALES[name]
    env = {**builder_env, **settings}
    found = parsec("users", "get", NAME, "--fields", "customer_id", env=env)
    assert found.code == 0, found
    assert found.out_bytes.decode() == f"{odd['customer_id']}\n"
    missing = parsec("users", "get", f"{NAME}x", env=env)
    assert missing.code == 3, missing
    assert f"user `{SEEN[encoding]}x` not found" in missing.err_bytes.decode(encoding)


@pytest.mark.parametrize("name", ["LANG=C", "C without UTF-8", "utf-16"])
@pytest.mark.usefixtures("odd")
def test_stdin_is_utf_8_in_every_locale(parsec, builder_env, name):
    """The encoding of the terminal does not affect a file."""
    settings, _ = LOCALES[name]
    stdin = f"external_id,qps_limit\n{NAME},7\nalice,10\n".encode()
    argv = ("users", "plan", "-", "--json")
    completed = parsec(*argv, env={**builder_env, **settings}, stdin=stdin)
    assert completed.code == 0, completed
    document = json.loads(completed.out_bytes.decode())
    changes = [found for found in document["actions"] if found["action"] != "none"]
    assert [(found["external_id"], found["after"]) for found in changes] == [
        (NAME, {"qps_limit": 7})
    ]


@pytest.mark.usefixtures("odd")
def test_file_names_are_used_as_typed(parsec, builder, builder_env, work):
    """The interpreter takes the names of files for ASCII."""
    env = {**builder_env, **C}
    (work / "größe.csv").write_text(f"external_id,qps_limit\n{NAME},7\n")
    for argv in (
        ("plan", "größe.csv", "--out", "plän"),
        ("apply", "plän", "--yes", "--results", "été.jsonl"),
        ("deactivate", "--from-file", "größe.csv", "--confirm", "1", "--results", "año"),
    ):
        completed = parsec("users", *argv, env=env)
        assert completed.code == 0, completed
    found = {os.fsencode(path.name).decode() for path in work.iterdir()}
    assert found == {"größe.csv", "plän", "été.jsonl", "año"}
    assert [effect for effect, _ in builder.effects] == ["PATCH", "DELETE"]


@pytest.mark.parametrize("name", ["POSIX", "C without UTF-8", "cp1252"])
def test_the_question_is_asked_and_answered_in_every_locale(terminal, builder, builder_env, name):
    settings, encoding = LOCALES[name]
    user = builder.add("日本" if encoding == "utf-8" else "Ab 1")
    argv = ["users", "deactivate", user["customer_id"]]
    answers = [("Type the external_id to deactivate it: ", f"{user['external_id']}\n")]
    session = terminal(argv, env={**builder_env, **settings}, answers=answers)
    assert session.code == 0, session
    assert builder.users == {}
