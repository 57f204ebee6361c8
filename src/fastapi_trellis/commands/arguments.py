"""Arguments that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Url = Annotated[
    str | None,
    typer.Option(
        "--template", metavar="PATH_OR_URL", help="Another template (or TRELLIS_TEMPLATE)."
    ),
]
Ref = Annotated[
    str | None, typer.Option("--ref", "-r", help="A tag, branch or commit, not the newest release.")
]
Data = Annotated[
    list[str] | None,
    typer.Option("--data", "-d", metavar="QUESTION=ANSWER", help="An answer; as often as needed."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing, and do it.")]
Preview = Annotated[bool, typer.Option("--preview", help="Only show what would happen.")]
Trust = Annotated[
    bool, typer.Option("--trust", help="Let the template run its scripts, such as migrations.")
]
Folder = Annotated[
    Path, typer.Option("--project", "-p", metavar="FOLDER", help="The project; else it is here.")
]
HERE = Path()
