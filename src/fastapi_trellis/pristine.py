"""What the template rendered when the project was last rendered: what edits are measured by."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi_trellis.project import Project
from fastapi_trellis.rendering import copy


@contextmanager
def pristine(project: Project) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="trellis-", ignore_cleanup_errors=True) as folder:
        target = Path(folder, project.folder.name)
        with project.entered():
            # Tasks of a template are not wanted here, so nothing is trusted.
            copy(project.source, project.commit, target, project.answers, trust=False)
        yield target
