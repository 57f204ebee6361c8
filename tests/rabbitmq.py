"""A RabbitMQ of the tests' own, where the machine has the program; .ci/run sees to that."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from tests.service import free_port

PATIENCE = 90  # seconds
# Debian's command on the PATH changes the user, and refuses all but two of them.
PROGRAMS = (Path("/usr/lib/rabbitmq/bin/rabbitmq-server"), shutil.which("rabbitmq-server"))
PROGRAM = next((str(path) for path in PROGRAMS if path and Path(path).exists()), None)


class RabbitMQ:
    """Can be stopped and started; what is in its queues stays."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.port = free_port()
        # Everything that is not named here is looked for in folders of the whole machine.
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(free_port()),
            "RABBITMQ_NODENAME": f"trellis{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder),
            "RABBITMQ_LOG_BASE": str(folder),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "none"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
        }

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        assert PROGRAM is not None
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                [PROGRAM],
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        end = time.monotonic() + PATIENCE
        while not self.answers():
            assert self.process.poll() is None, (self.folder / "output").read_text()
            assert time.monotonic() < end, (self.folder / "output").read_text()
            time.sleep(0.2)

    def answers(self) -> bool:
        """Whether it speaks AMQP: its port is open before that."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as client:
                client.sendall(b"AMQP\x00\x00\x09\x01")
                return bool(client.recv(1))
        except OSError:
            return False

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)

    def close(self) -> None:
        """Stop it for good, and the name server that came with it."""
        self.stop()
        subprocess.run(
            ["epmd", "-port", self.environment["ERL_EPMD_PORT"], "-kill"],
            env=self.environment,
            check=False,
            capture_output=True,
        )
