"""What is run: the tool's commands and the programs that an operator would use instead."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from builder import KEY, external_id
from measuring import Program
from support.records import customer_id

WORKERS = 8
# what the writes set; another value than the users have
NEW_QPS = 7
ROOT = Path(__file__).parents[1]
_SCRIPTS = Path(__file__).with_name("yardsticks")


@dataclass(frozen=True, slots=True)
class Bench:
    """Where everything is: bin folders, the server's URL, a folder for files and homes."""

    tool: Path
    sdk: Path | None
    httpie: Path | None
    url: str
    scratch: Path

    @property
    def environ(self) -> dict[str, str]:
        """The clean environment that every program gets."""
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home("home")),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "PARSEC_API_KEY": KEY,
            "PARSEC_API_BASE_URL": self.url,
        }

    def home(self, name: str) -> Path:
        """Return a home that several programs share."""
        folder = self.scratch / name
        folder.mkdir(exist_ok=True)
        return folder

    def parsec(self, name: str, *argv: str, terminal: bool = False, code: int = 0) -> Program:
        return Program(name, (str(self.tool / "parsec"), *argv), terminal=terminal, code=code)

    def python(self, name: str, *argv: str) -> Program:
        """Run the interpreter of the tool's own environment."""
        return Program(name, (str(self.tool / "python"), *argv))

    def script(self, name: str, file: str) -> Program:
        return self.python(name, str(_SCRIPTS / file))

    def tab(self, name: str) -> Program | None:
        """Press TAB behind the beginning of a user's name, as bash would run it."""
        bash, script = shutil.which("bash"), ROOT / "completions" / "parsec.bash"
        if bash is None or not script.exists():
            return None
        line = f"parsec users get {external_id(0)[:-2]}"
        command = (bash, "--norc", str(_SCRIPTS / "tab.bash"), str(script), line)
        return Program(name, (*command, str(self.tool / "parsec")))

    def sdk_loop(self, name: str) -> Program | None:
        if self.sdk is None:
            return None
        return Program(name, (str(self.sdk / "python"), str(_SCRIPTS / "list_sdk.py")))

    def httpie_page(self, name: str) -> Program | None:
        if self.httpie is None:
            return None
        target = f"{self.url}/api/v1/builder/users?limit=100"
        command = (str(self.httpie / "http"), "--ignore-stdin", "--body", "GET", target)
        return Program(name, (*command, f"X-API-Key:{KEY}"))

    def curl_jq(self, name: str) -> Program | None:
        if not (shutil.which("curl") and shutil.which("jq")):
            return None
        return Program(name, ("/bin/sh", str(_SCRIPTS / "list_curl_jq.sh")))

    def first_line(self, name: str, *argv: str) -> Program:
        """Run the tool with a reader that leaves after one line."""
        return self.shell(name, '"$@" | head -1', str(self.tool / "parsec"), *argv)

    def shell(self, name: str, script: str, *argv: str) -> Program:
        """Run a line of shell with `argv` as its arguments."""
        return Program(name, ("/bin/sh", "-c", script, "sh", *argv))


@dataclass(frozen=True, slots=True)
class Writes:
    """The same bulk change as a file for the tool, for curl and for xargs.

    `created` new users, or new limits of that many existing ones.
    """

    count: int
    create: bool

    def _row(self, number: int) -> tuple[str, str, str, dict[str, object]]:
        """Return external_id, method, path and body of one write."""
        if self.create:
            name = f"new-{number:06d}"
            body = {"external_id": name, "qps_limit": NEW_QPS}
            return name, "POST", "/api/v1/builder/users", body
        path = f"/api/v1/builder/users/{customer_id(number)}"
        return external_id(number), "PATCH", path, {"qps_limit": NEW_QPS}

    def roster(self, folder: Path) -> Path:
        """Write the file that `users apply` takes."""
        file = folder / f"roster-{self.count}-{self.create}.csv"
        with file.open("w", encoding="utf-8") as rows:
            rows.write("external_id,qps_limit\n")
            rows.writelines(f"{self._row(n)[0]},{NEW_QPS}\n" for n in range(self.count))
        return file

    def curl_parallel(self, bench: Bench, name: str) -> Program | None:
        if not shutil.which("curl"):
            return None
        file = bench.scratch / f"curl-{self.count}-{self.create}.conf"
        parts = []
        for number in range(self.count):
            _, method, path, body = self._row(number)
            data = json.dumps(body).replace('"', '\\"')
            parts.append(
                f'url = "{bench.url}{path}"\nrequest = {method}\ndata = "{data}"\n'
                f'header = "X-API-Key: {KEY}"\nheader = "Content-Type: application/json"\n'
                'output = "/dev/null"\nsilent\nshow-error\nfail\n'
            )
        file.write_text("next\n".join(parts), encoding="utf-8")
        command = ("curl", "--parallel", "--parallel-max", str(WORKERS), "--config", str(file))
        return Program(name, command)

    def xargs_curl(self, bench: Bench, name: str) -> Program | None:
        if not (shutil.which("curl") and shutil.which("xargs")):
            return None
        file = bench.scratch / f"xargs-{self.count}-{self.create}.txt"
        lines = []
        for number in range(self.count):
            _, method, path, body = self._row(number)
            lines.append(f"-X\n{method}\n-d\n{json.dumps(body)}\n{bench.url}{path}\n")
        file.write_text("".join(lines), encoding="utf-8")
        headers = ("-H", f"X-API-Key: {KEY}", "-H", "Content-Type: application/json")
        curl = ("curl", "-sSf", "-o", "/dev/null", *headers)
        # five lines are the arguments of one write
        split = ("xargs", "-a", str(file), "-d", "\\n", "-n", "5", "-P", str(WORKERS))
        return Program(name, (*split, *curl))
