"""The rules that keep the project easy to change."""

import ast
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI

from app.core.feature import Feature
from app.features import FEATURES
from tests.support import Start


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {node.module for node in nodes if node.module}


def test_core_imports_no_feature() -> None:
    for path in Path("app/core").rglob("*.py"):
        own = {module for module in imports(path) if module.startswith("app")}
        assert all(module.startswith("app.core") for module in own), path


def test_every_feature_has_its_documentation_and_tests() -> None:
    for feature in FEATURES:
        assert Path("docs/features", f"{feature.name}.md").is_file()
        assert list(Path("tests", feature.name).glob("test_*.py"))


async def test_start_that_fails_half_way_closes_what_it_opened(start: Start) -> None:
    log: list[str] = []

    def resource(name: str, *, fails: bool = False) -> Feature:
        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncGenerator[dict[str, str]]:
            if fails:
                raise ConnectionError(name)
            log.append(f"open {name}")
            yield {name: name}
            log.append(f"close {name}")

        return Feature(name=name, router=APIRouter(lifespan=lifespan))

    async with start(resource("one"), resource("two")):
        pass
    assert log == ["open one", "open two", "close two", "close one"]

    log.clear()
    with pytest.raises(ConnectionError, match="two"):
        async with start(resource("one"), resource("two", fails=True)):
            pass
    assert log == ["open one"]
