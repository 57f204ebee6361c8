"""The command line: `app --help`."""


def cli() -> None:
    # Imported late: each process of `run_cpu_bound` reads this file, and needs none of the service.
    from app.cli import cli  # noqa: PLC0415

    cli()


if __name__ == "__main__":
    cli()
