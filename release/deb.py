"""Build a Debian package that needs nothing but libc: `python release/deb.py DIRECTORY`.

DIRECTORY has the wheel, as `dist.py` writes it, and gets the package. The package has its own
Python in `/usr/lib/parsec`: the interpreter that runs this script, its standard library, the
dependencies as `uv.lock` names them, and all shared libraries. It starts as fast as a virtual
environment does; a PyInstaller folder takes 33 to 50 ms longer, because it unpacks each module.
The same commit, lock file and Python give the same bytes.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

from dist import REPOSITORY, call, commit_time, write_checksums

from parsec_cli import __version__

HOME = Path("usr/lib/parsec")
# parts of the standard library that the tool cannot reach
UNUSED = shutil.ignore_patterns(
    *("test", "idlelib", "tkinter", "turtledemo", "turtle.py", "lib2to3", "ensurepip", "venv"),
    *("pydoc_data", "site-packages", "__pycache__", "config-*"),
    *("_curses*", "_dbm.*", "_gdbm.*", "_test*", "_tkinter.*", "nis.*", "readline.*"),
)
# the loader and the parts of libc: they must be the system's
SYSTEM = re.compile(r"(ld-linux.*|lib(c|m|dl|rt|pthread|util|resolv|nsl))\.so.*")
LAUNCHER = """\
#!/usr/lib/parsec/bin/python3 -I
from parsec_cli.main import run

run()
"""
CONTROL = """\
Package: parsec
Version: {version}
Architecture: {architecture}
Depends: libc6 (>= {libc})
Installed-Size: {kilobytes}
Section: admin
Priority: optional
Maintainer: parsec maintainers <maintainers@parsec.invalid>
Description: admin tool for builders on the Parsec API
 Lists, creates and deactivates end-users, shares the QPS pool among them, and
 applies plans for the whole fleet. Contains its own Python.
"""


def build(directory: Path) -> None:
    """Build the package from the wheel in `directory`."""
    wheel = next(directory.glob(f"parsec_cli-{__version__}-*.whl"))
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        root.chmod(0o755)
        python = copy_python(root / HOME)
        install(wheel, python)
        bundle_libraries(root / HOME)
        compile_modules(root / HOME)
        add_command(root, wheel)
        write_control(root)
        package = directory.resolve() / f"parsec_{__version__}_{architecture()}.deb"
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(commit_time())}
        call("dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, package, env=environment)
    write_checksums(directory)


def copy_python(home: Path) -> Path:
    """Copy the interpreter and its standard library; return the new interpreter."""
    python, library = home / "bin" / "python3", Path(sysconfig.get_path("stdlib"))
    python.parent.mkdir(parents=True)
    shutil.copy(os.path.realpath(sys._base_executable), python)  # noqa: SLF001
    shutil.copytree(library, home / "lib" / library.name, ignore=UNUSED)
    return python


def install(wheel: Path, python: Path) -> None:
    """Install the wheel, and the versions of its dependencies that the lock file names."""
    packages = next(python.parents[1].glob("lib/python3*")) / "site-packages"
    locked = call("uv", "export", "--frozen", "--quiet", "--no-dev", "--no-emit-project")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(locked)
        requirements.flush()
        to = ("--quiet", "--python", sys.executable, "--target", packages, "--link-mode", "copy")
        call("uv", "pip", "install", *to, "--require-hashes", "--requirements", requirements.name)
    call("uv", "pip", "install", *to, "--no-deps", wheel)
    shutil.rmtree(packages / "bin")
    shutil.rmtree(packages / "share")
    # where the wheel was, and what was installed when
    for name in (".lock", "*.dist-info/RECORD", "*.dist-info/direct_url.json", "*.dist-info/uv_*"):
        for path in packages.glob(name):
            path.unlink()


def bundle_libraries(home: Path) -> None:
    """Copy all shared libraries but those of libc, and let the interpreter find them."""
    programs = [home / "bin" / "python3", *home.rglob("*.so")]
    needed = "".join(call("ldd", program) for program in programs)
    for name, path in sorted(set(re.findall(r"(\S+) => (/\S+)", needed))):
        if not SYSTEM.fullmatch(name):
            shutil.copy(path, home / "lib" / name)
            call("patchelf", "--remove-rpath", home / "lib" / name)
    # not `$ORIGIN`, which needs /proc; a DT_RPATH also counts for the libraries of a library
    call("patchelf", "--force-rpath", "--set-rpath", f"/{HOME}/lib", programs[0])
    for extension in programs[1:]:
        call("patchelf", "--remove-rpath", extension)


def compile_modules(home: Path) -> None:
    """Compile every module; a package manager replaces files, so nothing checks their times."""
    environment = {**os.environ, "PYTHONHASHSEED": "0", "LD_LIBRARY_PATH": str(home / "lib")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # an import would write files with times
    library = next(home.glob("lib/python3*"))
    how = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash")
    where = ("-s", home, "-p", f"/{HOME}", library)
    call(home / "bin" / "python3", *how, *where, env=environment)


def add_command(root: Path, wheel: Path) -> None:
    """Add the command, and what the wheel's `share` has, in the places that Debian uses."""
    launcher = root / HOME / "bin" / "parsec"
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)
    command = root / "usr" / "bin" / "parsec"
    command.parent.mkdir()
    command.symlink_to(os.path.relpath(launcher, command.parent))
    share = root / "usr" / "share"
    shutil.unpack_archive(wheel, root / "wheel", "zip")
    shutil.copytree(next((root / "wheel").glob("*.data/data/share")), share)
    shutil.rmtree(root / "wheel")
    (share / "zsh" / "site-functions").rename(share / "zsh" / "vendor-completions")
    pages = share / "man" / "man1"
    (pages / "parsec.1.gz").write_bytes(packed((pages / "parsec.1").read_bytes()))
    (pages / "parsec.1").unlink()
    documents = share / "doc" / "parsec"
    documents.mkdir(parents=True)
    shutil.copy(REPOSITORY / "LICENSE", documents / "copyright")
    (documents / "changelog.gz").write_bytes(packed((REPOSITORY / "CHANGELOG.md").read_bytes()))


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def write_control(root: Path) -> None:
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink()]
    for path in root.rglob("*"):  # regardless of the umask
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    programs = b"".join(path.read_bytes() for path in files if path.suffix != ".pyc")
    libc = max(map(int, re.findall(rb"GLIBC_2\.([0-9]+)", programs)))
    control = root / "DEBIAN" / "control"
    control.parent.mkdir()
    control.write_text(
        CONTROL.format(
            version=__version__,
            architecture=architecture(),
            libc=f"2.{libc}",
            kilobytes=sum(path.stat().st_size for path in files) // 1024,
        )
    )
    control.parent.chmod(0o755)


def architecture() -> str:
    return call("dpkg", "--print-architecture").strip()


if __name__ == "__main__":
    build(Path(sys.argv[1]))
