"""Stand-ins for servers that are not configured, while developing."""

import os
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path

from app.core.feature import Feature
from app.core.settings import AppSettings, forget_all

FOLDER = Path(".dev")


@contextmanager
def development_services(folder: Path = FOLDER) -> Generator[None]:
    """Start what the features offer, and point the settings at it; never where deployed."""
    with ExitStack() as stack:
        if not AppSettings.load().environment.deployed:
            # Imported late: features bring commands, and those start these services.
            features: list[Feature] = import_module("app.features").FEATURES
            for feature in features:
                if feature.development is not None:
                    os.environ.update(stack.enter_context(feature.development(folder)))
            forget_all()
        yield
