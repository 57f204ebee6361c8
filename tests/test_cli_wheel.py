"""The wheel: installed into an empty environment, and used far from any checkout."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.repository import changes
from tests.summary import Count
from tests.tools import UV, environment, run

pytestmark = pytest.mark.installs


def test_wheel_works_by_itself(source: Path, small: Path, tmp_path: Path, count: Count) -> None:
    run(UV, "build", "--quiet", "--wheel", "--out-dir", tmp_path, source, cwd=tmp_path)
    wheel = next(tmp_path.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        folders = {name.split("/")[0] for name in archive.namelist()}
    assert {name for name in folders if not name.endswith(".dist-info")} == {"fastapi_trellis"}

    venv = tmp_path / "venv"
    run(UV, "venv", "--quiet", venv, cwd=tmp_path)
    run(UV, "pip", "install", "--quiet", "--python", venv, wheel, cwd=tmp_path)
    work = tmp_path / "work"
    work.mkdir()
    program = venv / "bin" / "fastapi-trellis"
    arguments = ("new", "--cache", "--yes", "--no-lock", "--template", small)
    run(program, *arguments, cwd=work, env=environment())

    assert (work / "my-service/app/cache/feature.py").exists()
    assert "--template" in run(program, "new", "--help", cwd=work, env=environment(COLUMNS="200"))
    assert run(program, "--version", cwd=work, env=environment()).startswith("fastapi-trellis 0.")
    count("installs from nothing")


def test_program_is_installed_from_its_repository(small: Path, tmp_path: Path) -> None:
    folders = {f"UV_TOOL_{name}": str(tmp_path / name) for name in ("DIR", "BIN_DIR")}
    run(UV, "tool", "install", "--quiet", f"git+file://{small}", cwd=tmp_path, env=folders)

    said = run(tmp_path / "BIN_DIR/fastapi-trellis", "--version", cwd=tmp_path)

    assert said.startswith("fastapi-trellis 0.")


def test_checkout_renders_itself(small: Path, tmp_path: Path) -> None:
    checkout = Path(shutil.copytree(small, tmp_path / "checkout"))

    command = ("run", "--quiet", "fastapi-trellis", "options", "--json")
    described = json.loads(run(UV, *command, cwd=checkout, env=environment()))

    assert (described["template"], described["version"]) == (str(checkout), "HEAD")
    assert changes(checkout) == ""
