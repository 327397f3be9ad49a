"""`python -m launcher setup`: the virtual environment and the pinned packages, only when they changed.

Runs on the machine's own Python, before anything is installed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from launcher.errors import LaunchError
from launcher.options import ROOT

VENV = ROOT / ".venv"
BYTES_NEEDED = 4_000_000_000
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


def setup(*, developer: bool, browser: bool) -> int:
    """Make .venv and install requirements.txt (developer: requirements-dev.txt) unless that is done already.

    Raises LaunchError naming what is missing and the line to run.
    """
    if browser:
        _have_chromium()
    wanted = ROOT / ("requirements-dev.txt" if developer else "requirements.txt")
    stamp = VENV / f"installed-{wanted.stem}"
    pins = _pins(developer)
    if stamp.is_file() and stamp.read_text() == pins and _works(VENV / "bin" / "python"):
        return 0
    _check_room()
    _have_venv()
    _install(wanted)
    (VENV / "installed-requirements").write_text(_pins(False))  # the larger set contains the smaller one
    stamp.write_text(pins)
    return 0


def _pins(developer: bool) -> str:
    files = ["requirements.txt", *(["requirements-dev.txt"] if developer else [])]
    return hashlib.sha256(b"\0".join((ROOT / name).read_bytes() for name in files)).hexdigest()


def _works(python: Path) -> bool:
    try:
        return subprocess.run([python, "-c", "import pip"], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _check_room() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < BYTES_NEEDED:
        raise LaunchError(
            f"Only {free / 1e9:.1f} GB are free on the disk of {ROOT}; installing needs about "
            f"{BYTES_NEEDED / 1e9:.0f} GB. Nothing was changed. Free some space and repeat the command."
        )


def _have_venv() -> None:
    """Make .venv with pip in it, also where Debian's Python comes without its venv package."""
    if _works(VENV / "bin" / "python"):
        return
    print(f"making {VENV} with Python {sys.version.split()[0]}", flush=True)
    package = f"python3.{sys.version_info.minor}-venv"
    if not _has_ensurepip() and os.geteuid() == 0 and shutil.which("apt-get"):
        _apt_install(package)
    if _has_ensurepip():
        _run_or_say([sys.executable, "-m", "venv", "--clear", str(VENV)])
    elif _python_can("-m", "pip", "--version"):  # Debian's pip can fill an environment from outside
        _run_or_say([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)])
        _run_or_say(
            [sys.executable, "-m", "pip", "--python", str(VENV / "bin" / "python"), "install", "--quiet", "pip"]
        )
    else:
        raise LaunchError(
            "This Python cannot make virtual environments. Install what is missing and repeat the command:\n"
            f"    sudo apt-get install -y {package}"
        )


def _has_ensurepip() -> bool:
    return _python_can("-c", "import ensurepip; ensurepip.version()")


def _python_can(*words: str) -> bool:
    """Asked in a new process: what apt has just installed is not seen by this one."""
    return subprocess.run([sys.executable, *words], check=False, capture_output=True).returncode == 0


def _install(wanted: Path) -> None:
    """pip, its output kept in a file and told in short lines: what it is at, how many, how long."""
    log = VENV / "install.log"
    print(f"installing the packages of {wanted.name}; this takes a few minutes the first time", flush=True)
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--progress-bar=off", "-r", str(wanted)]
    # One environment, made as its own: settings of other projects in this shell must not leak in.
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    begun = time.monotonic()
    with (
        log.open("wb") as file,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file) as pip,
    ):
        while not _has_ended(pip):
            print(f"  {time.monotonic() - begun:4.0f} s  {_progress(log)}", flush=True)
    if pip.returncode != 0:
        last = "".join(f"    {line}\n" for line in log.read_text().strip().splitlines()[-8:])
        raise LaunchError(
            f"The packages could not be installed. pip said last:\n{last}All of it is in {log}. "
            "Check the network and the free disk space, then repeat the command; what was downloaded is kept."
        )
    print(f"  {time.monotonic() - begun:4.0f} s  installed", flush=True)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Wait a little, as long as one likes to look at a screen on which nothing moves."""
    try:
        process.wait(4)
    except subprocess.TimeoutExpired:
        return False
    return True


def _progress(log: Path) -> str:
    """What pip is at, from its own words; of the unpacking, about which it is silent, how far it has come."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    found = sum(line.startswith("Collecting ") for line in lines)
    if any(line.startswith("Installing collected packages") for line in lines):
        unpacked = len(list(VENV.glob("lib/python3*/site-packages/*.dist-info")))
        return f"unpacking: {unpacked} packages of about {found} are in place"
    told = [line for line in lines if line.startswith(("Collecting ", "Downloading ", "Building "))]
    return told[-1].split(" (from")[0][:100].lower() if told else "looking for the packages"


def _have_chromium() -> None:
    if any(shutil.which(name) for name in CHROMIUMS):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise LaunchError(
            "The browser tests need Chromium, which only root can install here. Run this line once, then repeat:\n"
            "    sudo apt-get install -y chromium"
        )
    _apt_install("chromium")
    if not any(shutil.which(name) for name in CHROMIUMS):
        raise LaunchError("apt-get installed 'chromium', but no program of that name can be found on the PATH.")


def _apt_install(package: str) -> None:
    print(f"installing Debian's {package}; this takes a minute", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    _run_or_say(["apt-get", "update", "-qq"], environment)
    _run_or_say(["apt-get", "install", "-y", "-qq", package], environment)


def _run_or_say(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, check=False, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        raise LaunchError(f"`{' '.join(command)}` failed:\n{done.stdout.strip()[-1500:]}")
