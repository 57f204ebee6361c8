"""Stand-ins for servers that are not configured, while developing."""

import os
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.core.settings import AppSettings, forget_all

FOLDER = Path(".dev")


@contextmanager
def development_services(folder: Path = FOLDER) -> Generator[None]:
    """Start what the features offer, and point the settings at it; never where deployed."""
    with ExitStack() as stack:
        if not AppSettings.load().environment.deployed:
            # Imported late: features bring commands, and those start these services.
            from app.features import FEATURES  # noqa: PLC0415

            for feature in FEATURES:
                if feature.development is not None:
                    os.environ.update(stack.enter_context(feature.development(folder)))
            forget_all()
        yield
