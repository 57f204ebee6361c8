import os
from collections.abc import Generator

import pytest

from app.core.settings import forget_all


@pytest.fixture
def development(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """As for `app dev` on a machine where nothing is set."""
    monkeypatch.setenv("APP_ENVIRONMENT", "development")
    monkeypatch.setenv("ENV_FILE", os.devnull)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    forget_all()
    yield
    monkeypatch.undo()
    forget_all()
