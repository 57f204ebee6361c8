"""The program: `fastapi-trellis`, or `python -m fastapi_trellis`."""

from types import FrameType

from fastapi_trellis.cli import app
from fastapi_trellis.rendering import handled


def main() -> None:
    """Run the command line; a request to end is taken like Ctrl+C, so that things are put back."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with handled(stop):
        app()


if __name__ == "__main__":
    main()
