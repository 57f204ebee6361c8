"""Render a service into a folder and start it: python3 scripts/start.py ../my-service

A folder that was rendered before is started as it is. It needs Python 3.11 or newer, pip and git;
all else is installed into build/ here, and into .venv there.
"""

import argparse
import difflib
import os
import re
import subprocess
import sys
from pathlib import Path

import bootstrap

ANSWERS = ".copier-answers.yml"
NEWEST = (3, 14)


def main() -> int:
    bootstrap.need_python()
    options = parsed()
    folder = options.folder.resolve()
    if (folder / ANSWERS).exists():
        bootstrap.say(f"{folder} is there already: starting it as it is")
        if options.data:
            sys.exit("To change an answer: copier update --data question=answer, in that folder.")
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        sys.exit(f"{folder} is not empty, and was not rendered from here: name another folder.")
    else:
        render(folder, options.data)
    return start(folder, options.port)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--data", action="append", default=[], metavar="QUESTION=ANSWER", help="as often as needed"
    )
    # A string is read as one from the command line is: a wrong one is refused in a sentence.
    parser.add_argument("--port", type=int, default=os.environ.get("SERVER_PORT") or "8000")
    return parser.parse_args()


def render(folder: Path, data: list[str]) -> None:
    """Copy with the defaults, the given answers, and the Python that runs here."""
    refuse_unknown(data)
    version = min(sys.version_info[:2], NEWEST)
    answers = [f"python_version={version[0]}.{version[1]}", *data]
    copier = bootstrap.environment("start") / "copier"
    # HEAD: this checkout, and not the newest release.
    reference = ["--vcs-ref", "HEAD"] if (bootstrap.ROOT / ".git").exists() else []
    command = [str(copier), "copy", "--quiet", "--defaults", *reference]
    command += [f"--data={answer}" for answer in answers]
    bootstrap.say(f"Rendering {folder}")
    result = subprocess.run(
        [*command, str(bootstrap.ROOT), str(folder)], check=False, capture_output=True, text=True
    )
    if result.returncode:
        # Copier ends its traceback with the sentence that says what to answer instead.
        sys.exit(result.stderr.strip().splitlines()[-1].removeprefix("ValueError: "))
    if not installs_with_pip(folder):
        # Part of the first commit: an update wants nothing uncommitted.
        bootstrap.run([bootstrap.uv(), "lock", "--quiet"], folder)
    commit(folder)


def refuse_unknown(data: list[str]) -> None:
    """Copier would ignore an answer to a question that nobody asks, and so a misspelt one."""
    text = (bootstrap.ROOT / "copier.yml").read_text(encoding="utf-8")
    known = re.findall(r"^(\w+):\n  type: \w+\n  help: ", text, re.MULTILINE)
    for question in (answer.partition("=")[0] for answer in data):
        if question not in known:
            near = difflib.get_close_matches(question, known, 1) or known
            sys.exit(f"Nothing asks for {question!r}: did you mean {' or '.join(near)}?")


def commit(folder: Path) -> None:
    """Updates need git: begin its history, where git is there and knows who commits."""
    try:
        for command in (
            ["git", "init", "--quiet", "--initial-branch", "main"],
            ["git", "add", "--all"],
            ["git", "commit", "--quiet", "--message", "Render the service"],
        ):
            subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = str(getattr(error, "stderr", "") or error).strip().partition("\n")[0]
        bootstrap.say(f"Not committed, do it yourself: copier update will need it ({reason})")


def start(folder: Path, port: int) -> int:
    """Install what is missing and serve, until Ctrl+C."""
    uv = bootstrap.uv()
    bootstrap.say(f"Starting http://127.0.0.1:{port}, with its documentation on /docs")
    bootstrap.say(f"The same again: cd {folder}, then `{uv} run app dev`")
    command = [uv, "run", "app", "dev", "--port", str(port)]
    if installs_with_pip(folder):
        command = with_pip(folder, uv, port)
    return bootstrap.hand_over(command, folder)


def installs_with_pip(folder: Path) -> bool:
    return "package_manager: pip" in (folder / ANSWERS).read_text(encoding="utf-8").splitlines()


def with_pip(folder: Path, uv: str, port: int) -> list[str]:
    """As its README says, but for the environment: uv makes one with pip on every system."""
    venv = folder / ".venv"
    programs = venv / ("Scripts" if os.name == "nt" else "bin")
    if not programs.exists():
        bootstrap.run([uv, "venv", "--quiet", "--seed", "--python", sys.executable, str(venv)])
        pip = [str(programs / "python"), "-m", "pip", "install", "--quiet"]
        bootstrap.run([*pip, "--editable", ".", "--group", "dev"], folder)
    return [str(programs / "app"), "dev", "--port", str(port)]


if __name__ == "__main__":
    sys.exit(main())
