"""The program: `fastapi-trellis`, or `python -m fastapi_trellis`."""

import signal
import sys
from types import FrameType

from fastapi_trellis.cli import app


def main() -> None:
    """Run the command line; a request to end is taken like Ctrl+C, so that things are put back."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, stop)
    app()


if __name__ == "__main__":
    main()
