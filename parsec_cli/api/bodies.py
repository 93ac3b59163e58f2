"""The body of a response, decompressed and parsed within bounds of size, objects and depth."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import Any

from parsec_cli.exact_json import decimal, integer

MAX_BODY = 16 * 1024 * 1024
MAX_DEPTH = 64
# strings, separators and opening brackets: each may cost a hundred bytes once it is parsed
MAX_TOKENS = 250_000
MAX_STRING = 1024 * 1024
# bytes that the text of a body may take in memory, or once it is shown with its escapes
MAX_TEXT = 2 * MAX_BODY
_CHUNK = 64 * 1024
# a string, whole or cut off by the end, a bracket, or a separator; possessive, so that no body
# makes it slow
_TOKEN = rb'(?s)"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]|[:,]'
_WIDE = rb"[\xf0-\xf4]|\\u[dD][89abAB]"  # one such character quadruples the text around it
_ESCAPED = bytes(range(0x7F, 0x100))
_ONE_KIND = bytes.maketrans(b"{}", b"[]")  # mixed-up kinds are the parser's to find
_NOT_BRACKETS = bytes(b for b in range(256) if b not in b"[]{}")


class Unfit(Exception):
    """A body that cannot be used; the text says why, but quotes nothing from it."""


def collect(chunks: Iterator[bytes], encoding: str) -> bytearray:
    """Join raw, maybe compressed chunks to the decompressed body; Unfit beyond MAX_BODY."""
    body = bytearray()
    for chunk in _decoded(chunks, encoding.strip().lower()):
        body += chunk
        if len(body) > MAX_BODY:
            raise Unfit(f"it is larger than {MAX_BODY // 1024 // 1024} MiB")
    return body


def _decoded(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    if encoding in ("", "identity"):
        yield from chunks
        return
    first = next(filter(None, chunks), b"")
    if not first:
        # a server may name an encoding even for a response without a body
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise Unfit("it has a content encoding that was not requested")
    yield from _inflated(chain((first,), chunks))


def _inflated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: gzip or zlib by its header
    try:
        for chunk in chunks:
            data = chunk
            while data and not inflater.eof:
                yield inflater.decompress(data, _CHUNK)
                data = inflater.unconsumed_tail
        yield inflater.flush()
    except zlib.error:
        raise Unfit("its compression is broken") from None
    if not inflater.eof:
        raise Unfit("its compression is broken")


def parse(body: bytes | bytearray) -> Any:
    """Parse JSON text (UTF-8, a BOM allowed) with the digits of numbers; anything else is Unfit.

    A bytearray is emptied.
    """
    try:
        if len(body) > MAX_STRING or _may_be_much(body) or _may_be_deep(body):
            _check_tokens(body)
        _check_text(body)
        text = body.decode("utf-8-sig")
        if isinstance(body, bytearray):
            body.clear()  # before the parser needs the memory
        return (_WITH_MINUS if "-0" in text else _DECODER).decode(text)
    except UnicodeDecodeError:
        raise Unfit("it is not UTF-8 text") from None
    except RecursionError:
        raise Unfit("it is nested too deeply") from None
    except ValueError as fault:
        # json's own errors quote no content but a position; an integer beyond Python's limit of
        # 4,300 digits is a plain ValueError
        what = "JSON" if isinstance(fault, json.JSONDecodeError) else "JSON with usable numbers"
        raise Unfit(f"it is not {what}") from None


def _may_be_much(body: bytes | bytearray) -> bool:
    """Count tokens at C speed; False means that there are at most MAX_TOKENS."""
    # a token takes a byte at least: a page of 100 users is too short to be counted
    return (
        len(body) > MAX_TOKENS and sum(map(body.count, (b"[", b"{", b":", b",", b'"'))) > MAX_TOKENS
    )


def _check_text(body: bytes | bytearray) -> None:
    """Raise Unfit when the text of a body takes too much memory."""
    size = len(body)
    if size * 6 <= MAX_TEXT:
        return
    if re.search(_WIDE, body):
        size *= 4
    else:
        escaped = size - len(body.translate(None, _ESCAPED))
        size += 2 * escaped + 3 * body.count(b"\x7f")  # \u00e9 for two bytes, \u007f for one
    if size > MAX_TEXT:
        raise Unfit("its text takes too much memory")


def _may_be_deep(body: bytes | bytearray) -> bool:
    """Remove innermost pairs of brackets, at C speed; False means a depth of at most MAX_DEPTH.

    Brackets inside strings count as well, so only the exact count can confirm a True.
    """
    brackets = body.translate(_ONE_KIND, _NOT_BRACKETS)
    for peeled in range(MAX_DEPTH):
        rest = brackets.replace(b"[]", b"")
        if len(rest) == len(brackets):
            return peeled + len(rest) > MAX_DEPTH
        brackets = rest
    return bool(brackets)


def _check_tokens(body: bytes | bytearray) -> None:
    """Raise Unfit for too many tokens, a huge string, or brackets that nest too deeply."""
    depth = 0
    for number, token in enumerate(re.finditer(_TOKEN, body)):
        start, end = token.span()
        first = body[start]
        if number >= MAX_TOKENS:
            raise Unfit("it contains too many values")
        if end - start > MAX_STRING:
            raise Unfit("it contains a text of more than 1 MiB")
        if first in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Unfit("it is nested too deeply")
        elif first in b"]}":
            depth -= 1


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=decimal)
# apart, because a call for each integer takes time
_WITH_MINUS = json.JSONDecoder(parse_constant=_no_constant, parse_float=decimal, parse_int=integer)
