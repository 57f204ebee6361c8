"""The environment of the tests, and where their fixtures are: one database, one application."""

import gc
import os
import sys
from importlib import import_module

import pytest
from dotenv import dotenv_values

# Before `app` is imported: the developer's own settings, and the servers they name, stay out.
os.environ.pop("DATABASE_URL", None)
os.environ.pop("REDIS_URL", None)
os.environ |= {
    "APP_ENVIRONMENT": "test",
    "ENV_FILE": os.devnull,
    "SECRETS_DIR": "/nonexistent",
}
# Read once: as ENV_FILE, each class of settings would read it again whenever a test changes one.
os.environ |= {name: value for name, value in dotenv_values("tests/settings.env").items() if value}

FIXTURES = ["tests.fixtures.application", "tests.fixtures.databases", "tests.fixtures.redis"]


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Import the service once its coverage is measured, and only where tests run.

    A process that hands them out to others, as with `-n`, can do without.
    """
    if session.config.getoption("dist", "no") == "no" or hasattr(session.config, "workerinput"):
        gc.disable()  # it would look through all that has been imported, again and again
        for module in FIXTURES:
            session.config.pluginmanager.import_plugin(module)
        gc.set_threshold(10_000)  # and less often through what the tests leave behind
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """With `-n auto`, all tests run on all cores, and a few of them here: that is quicker."""
    chosen = config.getoption("keyword") or config.getoption("markexpr") or config.getoption("lf")
    return 0 if chosen or config.args != config.getini("testpaths") else None


def pytest_collection_finish() -> None:
    """Where a test starts processes, they are copies of this one as it is now."""
    gc.freeze()  # what is imported stays: it need not be looked at again, nor copied
    if "tests.processes" in sys.modules:
        import_module("tests.processes").prepare()
