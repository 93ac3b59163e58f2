"""The one place that knows secrets: by a field's name, by a key's look, and by known values.

Names are those of the API and its headers, at any depth. Output masks secrets; files omit them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from parsec_cli.records import state

_NAMES = frozenset(("api_key", "private_key", "x_api_key", "x_exchange_credentials"))
_NAME_START = "clob_"
# the member of an input file whose value consists of secrets
_FILE_MEMBER = "credentials"
_REVEALED = "api_key"
_KINDS = frozenset(("pk_live_", "pk_test_", "sk_live_", "sk_test_"))
# people paste keys into a reason, and a server may quote a key; compiled on first use
_KEY_LIKE = r"(?i)\b([ps]k_(?:live|test)_)[A-Za-z0-9_-]+"
# a proposed command has a placeholder for what has such a name; elsewhere it is a name like others
_MAYBE = (
    r"(?i)pass|pwd|secret|token|key|auth|credential|signature|cookie|session|jwt|bearer|mnemonic|"
    r"seed|otp|(?<![a-z])pin(?![a-z])|[%\\]"
)
_HIDDEN = "****"
_SHORTEST_KEY = 6  # a shorter value is not a key; masking it would garble ordinary words
_CUT = "…"  # ends a shortened text
_ALONE = 1  # the number of known keys if nothing is known but the key of the profile
# a text that has so many characters in a row in common with a known key contains a part of it
_PART = 12
_PEM_MARK = r"-----(?:BEGIN|END) [A-Z0-9 ]+-----"
# a character: encoded, a line end as its escape, or as it is
_ESCAPED = r"(?:%|\\+u00)([0-9A-Fa-f]{2})|\\+[nrt]"
_CHARACTER = rf"{_ESCAPED}|\S"
# other spellings of a key change the rest: blanks, quotes, and what base64 for URLs replaces
_COMPARED = frozenset(map(chr, range(33, 127))) - frozenset("\"'%+-/=\\_")
_UNCOMPARED = f"[^{re.escape(''.join(sorted(_COMPARED)))}]+"
_BLOCK = 65_536  # characters that are searched at a time


def looks_like_key(text: str) -> bool:
    return text.strip().startswith(("pk_", "sk_"))


def shown(text: str) -> str:
    """Return `text` for a message, with misplaced keys masked."""
    return mask(text) if looks_like_key(text) else text


@lru_cache(1024)
def is_secret(name: str) -> bool:
    """Whether a field or header of this name contains a secret, in any case, with `-` or `_`."""
    plain = name.strip().lower().replace("-", "_")
    return plain in _NAMES or plain.startswith(_NAME_START)


def may_be_secret(name: str) -> bool:
    """Whether the value of this name could be a secret of any API, such as a `session_token`.

    A name with an escaped character could be anything.
    """
    return is_secret(name) or re.search(_MAYBE, name) is not None


@lru_cache(1024)
def _stored_name(name: str) -> str | None:
    """Return the name of a field as files have it, or None for a secret field."""
    secret = is_secret(name) or name.lower() == _FILE_MEMBER
    return None if secret else re.sub(_KEY_LIKE, rf"\1{_HIDDEN}", name)


def without_secrets(value: Any) -> Any:
    """Copy a JSON value without secret fields, at any depth, and with keys in texts masked."""
    if isinstance(value, dict):
        return {
            stored: without_secrets(inner)
            for name, inner in value.items()
            if (stored := _stored_name(str(name))) is not None
        }
    if isinstance(value, list | tuple):
        return [without_secrets(inner) for inner in value]
    if isinstance(value, str) and "_" in value:  # as in every key
        return re.sub(_KEY_LIKE, rf"\1{_HIDDEN}", value)
    return value


def mask(value: str) -> str:
    """Return `pk_live_****c123`: the kind of key and its last four characters, if long enough."""
    kind = value[:8]
    if kind not in _KINDS:
        kind = value[:3] if value.startswith(("pk_", "sk_")) else ""
    # four visible characters are safe only when at least as many stay hidden
    tail = value[-4:] if len(value) - len(kind) >= 8 else ""  # noqa: PLR2004
    return f"{kind}{_HIDDEN}{tail}"


def hide(value: Any) -> Any:
    """Mask the value of a secret field of any type."""
    if isinstance(value, str):
        return mask(value) if value else value
    if value is None:
        return None
    if isinstance(value, dict) and set(value) in ({"value", "source"}, {"value"}):
        # a setting of `config show`, whole or narrowed by `--fields`: its source is not a secret
        return {**value, "value": hide(value["value"])}
    return _HIDDEN


def without_keys(text: str) -> str:
    """Return `text` with everything that looks like an API key masked, known or not."""
    return re.sub(_KEY_LIKE, lambda found: mask(found[0]), text)


@state
class Redaction:
    """Masks what this command must not show; `secrets()` returns the keys known so far."""

    secrets: Callable[[], Sequence[str]]
    reveal_keys: bool = False
    _ordered: tuple[Sequence[str], tuple[str, ...]] = ((), ())

    def hides(self, name: str) -> bool:
        """Whether the field of this name is masked here."""
        return is_secret(name) and not self.reveals(name)

    def reveals(self, name: str) -> bool:
        return self.reveal_keys and name.lower() == _REVEALED

    def known(self) -> tuple[str, ...]:
        """Return the keys to look for, longest first, because one may contain another."""
        secrets = self.secrets()
        seen, ordered = self._ordered
        # called for every text, while new keys are rare
        if seen != secrets:
            keys = {key for key in secrets if len(key) >= _SHORTEST_KEY}
            ordered = tuple(sorted(keys, key=lambda key: (-len(key), key)))
            self._ordered = [*secrets], ordered
        return ordered

    @property
    def thorough(self) -> bool:
        """Whether every text is searched for parts of keys, not only messages.

        That is too slow for long listings, so it is done only if more than one key is known. Such a
        command is about one user.
        """
        return len(self.known()) > _ALONE

    def message(self, text: str) -> str:
        """Return a text that may quote a response with keys, and parts of known ones, masked."""
        return _without_parts(self.text(without_keys(text)), self.known())

    def text(self, text: str) -> str:
        """Return `text` with every known key masked, and parts of them if `thorough`."""
        known = self.known()
        for key in known:
            if key in text:
                text = text.replace(key, mask(key))
            if _CUT in text and key[:_SHORTEST_KEY] in text:
                text = _CUT.join(_without_start(part, key) for part in text.split(_CUT))
        return _without_parts(text, known) if len(known) > _ALONE else text

    def may_change(self, text: str) -> bool:
        """Whether `value` may mask a key in what this JSON text contains, whole or in part.

        A search of the text takes a tenth of the time. The text is ASCII, without secret fields.
        """
        if self.thorough or json.dumps(_CUT)[1:-1] in text:
            return True
        return any(json.dumps(key)[1:-1] in text for key in self.known())

    def value(self, value: Any) -> Any:
        """Return a copy of a JSON value with secrets masked; null stays null."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {
                self.text(name): self.value(hide(inner) if self.hides(name) else inner)
                for name, inner in value.items()
            }
        if isinstance(value, list):
            return [self.value(inner) for inner in value]
        return value


def _without_start(text: str, key: str) -> str:
    """Mask the start of a key at the end of `text`, where a long text was shortened."""
    for length in range(min(len(key), len(text)), _SHORTEST_KEY - 1, -1):
        if text.endswith(key[:length]):
            return text[:-length] + mask(key)
    return text


def _without_parts(text: str, keys: Sequence[str]) -> str:
    """Return `text` with every part of a key masked, however it is spelled.

    A server may return a key URL-encoded, in the other case, with other line ends or cut anywhere.
    """
    if len(text) > _BLOCK:
        blocks = (text[at : at + _BLOCK] for at in range(0, len(text), _BLOCK))
        return "".join(_without_parts(block, keys) for block in blocks)
    if not _may_contain(text, keys):
        return text
    letters, places = _letters(text)
    for key in keys:
        found = _parts(letters, _pieces(key))
        for start, end in reversed(found):
            before, after = text[: places[start][0]], text[places[end - 1][1] :]
            text = before + mask(_without_marks(key)) + after
        if found:
            letters, places = _letters(text)
    return text


def _may_contain(text: str, keys: Sequence[str]) -> bool:
    """Whether a text may contain a part of a key, found in a tenth of the time of a search.

    Each part contains a half of a piece whose place in the text is a multiple of its length.
    """
    if "%" in text or "\\" in text:
        text = re.sub(_ESCAPED, lambda found: chr(int(found[1] or "20", 16)), text)
    letters, half = re.sub(_UNCOMPARED, "", text).lower(), _PART // 2
    seen = {letters[at : at + half] for at in range(0, len(letters), half)}
    return any(not seen.isdisjoint(_halves(key)) for key in keys)


def _letters(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Return what is compared of a text, and where each of these characters is in it."""
    letters, places = [], []
    for found in re.finditer(_CHARACTER, text):
        letter = chr(int(found[1], 16)) if found[1] else found[0]
        if letter in _COMPARED:
            letters.append(letter.lower())
            places.append(found.span())
    return "".join(letters), places


def _parts(letters: str, pieces: frozenset[str]) -> list[tuple[int, int]]:
    """Return start and end of each run of `letters` that consists of these pieces."""
    found: list[tuple[int, int]] = []
    for start in range(len(letters) - _PART + 1):
        if letters[start : start + _PART] in pieces:
            joined = found and start <= found[-1][1]
            found.append((found.pop()[0] if joined else start, start + _PART))
    return found


@lru_cache(64)
def _pieces(key: str) -> frozenset[str]:
    """Return the pieces of a key that must not be seen: keys of one kind share its name."""
    bare = _without_marks(key)
    letters, _ = _letters(bare[8:] if bare[:8] in _KINDS else bare)
    return frozenset(letters[at : at + _PART] for at in range(len(letters) - _PART + 1))


@lru_cache(64)
def _halves(key: str) -> frozenset[str]:
    return frozenset(one[at : at + _PART // 2] for one in _pieces(key) for at in range(_PART // 2))


def _without_marks(key: str) -> str:
    """Return a key without the lines around a PEM key, which all of them share."""
    return re.sub(_PEM_MARK, "", key).strip()
