"""The paths of the tool's files; nothing is read, created or changed here."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from parsec_cli.records import record

APP = "parsec"
# no file can exist below this: reads find none, and `save.fault` explains failed saves
_NOWHERE = Path(os.devnull) / "no-home"


@record
class Places:
    """The paths of one environment. Empty and relative variables count as unset."""

    environ: Mapping[str, str]

    @property
    def config_file(self) -> Path:
        chosen = self.environ.get("PARSEC_CONFIG", "")
        if chosen.strip():
            return _absolute(self._from_home(chosen))
        return self._directory("XDG_CONFIG_HOME", ".config") / "config.toml"

    def _from_home(self, chosen: str) -> Path:
        """Expand `~/`, because a variable may be set without a shell."""
        home = _home(self.environ) if chosen.startswith("~/") else None
        return Path(chosen) if home is None else home / chosen[2:]

    @property
    def state_dir(self) -> Path:
        return self._directory("XDG_STATE_HOME", ".local/state")

    @property
    def history_file(self) -> Path:
        return self.state_dir / "history.jsonl"

    @property
    def runs_dir(self) -> Path:
        return self.state_dir / "runs"

    @property
    def index_file(self) -> Path:
        return self.state_dir / "index"

    @property
    def sandbox_db(self) -> Path:
        return self.state_dir / "sandbox.sqlite3"

    def _directory(self, variable: str, below_home: str) -> Path:
        """Return the user's directory for the tool.

        platformdirs knows the rules of Windows and macOS. The XDG rule is here, because
        platformdirs reads the environment of the process and once accepted relative variables.
        """
        chosen = self.environ.get(variable, "")
        if Path(chosen).is_absolute():
            return Path(chosen) / APP
        if sys.platform in ("win32", "darwin"):
            import platformdirs

            of_kind = (
                platformdirs.user_config_path
                if variable == "XDG_CONFIG_HOME"
                else platformdirs.user_state_path
            )
            return of_kind(APP, appauthor=False)
        home = _home(self.environ)
        return home / below_home / APP if home else _NOWHERE


def _absolute(path: Path) -> Path:
    """Return the absolute path, or `path` if the working directory no longer exists."""
    try:
        return path.absolute()
    except OSError:
        return path


def _home(environ: Mapping[str, str]) -> Path | None:
    """Return the home directory, or None without HOME and without a passwd entry."""
    home = Path(environ.get("HOME", ""))
    if not home.is_absolute() and sys.platform != "win32":
        import pwd

        try:
            home = Path(pwd.getpwuid(os.getuid()).pw_dir)
        except KeyError:
            return None
    return home if home.is_absolute() else None
