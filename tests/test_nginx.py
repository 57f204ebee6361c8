"""nginx itself reads every configuration that is rendered."""

import shutil
from pathlib import Path

import pytest

from tests.engine import IMAGES, Engine
from tests.rendering import Renders
from tests.summary import Count
from tests.tools import run
from tests.trees import Tree
from tests.variants import services

pytestmark = pytest.mark.suites


def test_nginx_takes_every_configuration(
    engine: Engine, renders: Renders, tmp_path: Path, count: Count
) -> None:
    trees = [
        tree
        for service in services()
        for tree in map(Tree, renders.trees(service.variants))
        if "deploy/nginx/nginx.conf" in tree.names
    ]
    found = {
        tuple((name, tree.files[name]) for name in tree.names if name.startswith("deploy/nginx/"))
        for tree in trees
    }
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "certificate.pem"),
        cwd=secrets,
    )
    for number, files in enumerate(sorted(found)):
        folder = tmp_path / str(number)
        for name, content in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        for server in ("http", "https"):
            target = folder / server
            shutil.copytree(folder / "deploy" / "nginx", target)
            (target / f"{server}.conf").rename(target / "server.conf")
            engine.docker(
                *("run", "--rm", "--volume", f"{target}:/etc/nginx:ro"),
                *("--volume", f"{secrets}:/run/secrets:ro", IMAGES["nginx"], "-t"),
            )

    assert found
    count("configurations that nginx takes", 2 * len(found))
