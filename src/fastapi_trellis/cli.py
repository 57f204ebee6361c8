"""The commands, and how each of them ends."""

import functools
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer

from fastapi_trellis.commands import change, diff, doctor, matrix, new, options, update
from fastapi_trellis.errors import Exit, Stop
from fastapi_trellis.git import GitError
from fastapi_trellis.screen import say, show

# Answers are flags too, and which ones there are only the template knows.
WITH_ANSWERS = {"ignore_unknown_options": True, "allow_interspersed_args": True}

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


def guarded(command: Callable[..., Exit | None]) -> Callable[..., None]:
    """End with an exit code, and say why in a sentence; a traceback is a bug."""

    @functools.wraps(command)
    def run(*arguments: object, **options: object) -> None:
        try:
            code = command(*arguments, **options) or Exit.DONE
        except Stop as stop:
            say(str(stop), "red")
            code = stop.code
        except GitError as error:
            say(f"git refused: {error}", "red")
            code = Exit.REFUSED
        except OSError as error:
            say(f"{error.filename or 'The system'}: {error.strerror or error}", "red")
            code = Exit.REFUSED
        except (KeyboardInterrupt, EOFError):
            say("Interrupted: everything is as it was before.", "red")
            code = Exit.INTERRUPTED
        raise typer.Exit(code)

    return run


def print_version(value: bool) -> None:  # noqa: FBT001  (Typer calls it so)
    if value:
        show(f"fastapi-trellis {version('fastapi-trellis')}, with Copier {version('copier')}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[  # noqa: FBT002  (Typer makes a flag of it)
        bool,
        typer.Option("--version", callback=print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Render FastAPI services from the template fastapi-trellis, and keep them current."""


app.command("new", context_settings=WITH_ANSWERS)(guarded(new.new))
app.command("add")(guarded(change.add))
app.command("remove")(guarded(change.remove))
app.command("set")(guarded(change.set_answers))
app.command("update")(guarded(update.update))
app.command("diff")(guarded(diff.diff))
app.command("doctor")(guarded(doctor.doctor))
app.command("options")(guarded(options.options))
app.command("matrix")(guarded(matrix.matrix))
