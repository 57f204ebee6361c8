"""A Docker engine of the tests' own: Debian's programs, and stand-ins for what cannot be pulled.

All it needs is in build/engine, so that a second run finds it there. It leaves nothing behind on
the machine: no process, mount, bridge or rule of the firewall.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.questions import ROOT
from tests.tools import UV, attempt, environment, run

FOLDER = ROOT / "build" / "engine"
STANDINS = Path(__file__).with_name("standins")
SUITE = "trixie"  # the first Debian whose engine has BuildKit and Compose 2
PATIENCE = 60  # seconds

# Of the machine. Debian's own runc, as the newer one may want a newer libc.
UNPACKING = ("apt-get", "dpkg-deb")
PROGRAMS = (*UNPACKING, "mmdebstrap", "runc", "iptables", "ip")
PACKAGES = ("docker.io", "docker-cli", "docker-compose", "docker-buildx", "containerd")
PLUGINS = FOLDER / "root" / "usr" / "libexec" / "docker" / "cli-plugins"
COMPOSE = PLUGINS / "docker-compose"

KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"

UNWANTED = (
    "--dpkgopt=force-unsafe-io",
    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale")),
)
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
FORWARD = Path("/proc/sys/net/ipv4/ip_forward")

SBIN = {"PATH": os.pathsep.join((os.environ["PATH"], "/usr/sbin", "/sbin"))}
POLICY = {"filter": ":FORWARD ACCEPT [0:0]\n"}

BASES = {
    "python": ("python3.13", "python3-pip", "ca-certificates"),
    "servers": ("postgresql", "valkey-server", "rabbitmq-server", "nginx-light", "prometheus"),
}
IMAGES = {
    "python": "python:3.13-slim",
    "uv": "ghcr.io/astral-sh/uv:0.13",
    "postgres": "postgres:18",
    "valkey": "valkey/valkey:9",
    "rabbitmq": "rabbitmq:4",
    "nginx": "nginx:stable",
    "prometheus": "prom/prometheus:v3.5.0",
}


def obstacle(*programs: str) -> str | None:
    """Why this machine cannot make an engine, or do what takes these programs; None if it can."""
    if os.environ.get("TRELLIS_CONTAINERS") == "0":
        return "TRELLIS_CONTAINERS=0: nothing about containers is proved"
    if os.geteuid() != 0:
        return "containers are not proved: an engine needs root"
    missing = [
        name for name in programs or PROGRAMS if shutil.which(name, path=SBIN["PATH"]) is None
    ]
    return (
        f"containers are not proved: this machine lacks {', '.join(missing)}" if missing else None
    )


class Apt:
    """Debian's packages from where the machine gets its own, apart from its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sources = folder / "sources.list"
        for name in ("lists/partial", "cache/archives/partial", "debs"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        self.options = [
            f"--option={option}"
            for option in (
                f"Dir::Etc::SourceList={self.sources}",
                "Dir::Etc::SourceParts=/dev/null",
                f"Dir::State::Lists={folder}/lists",
                f"Dir::State::Status={folder}/status",
                f"Dir::Cache={folder}/cache",
                "APT::Sandbox::User=root",
            )
        ]

    def update(self) -> None:
        self.sources.write_text(f"deb [signed-by={KEYS}] {mirror()} {SUITE} main\n")
        run("apt-get", "update", "--quiet", *self.options, cwd=self.folder)

    def unpack(self, target: Path, *packages: str) -> None:
        debs = self.folder / "debs"
        run("apt-get", "download", "--quiet", *self.options, *packages, cwd=debs)
        for deb in debs.glob("*.deb"):
            run("dpkg-deb", "--extract", deb, target, cwd=debs)
            deb.unlink()


def mirror() -> str:
    """The address of Debian's archive that the machine uses itself."""
    wanted = ("--format", "$(REPO_URI)", "Origin: Debian", "Label: Debian", "Created-By: Packages")
    found = run("apt-get", "indextargets", *wanted, cwd=ROOT).split()
    assert found, "the machine's own package lists are missing: apt-get update"
    return found[0]


def once(name: str, *inputs: bytes) -> Path | None:
    """A file that says that something is made of these inputs; None where it is there already."""
    mark = FOLDER / f"{name}.done"
    digest = hashlib.sha256(b"\0".join(inputs)).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return None
    mark.unlink(missing_ok=True)
    mark.with_suffix(".next").write_text(digest)
    return mark


def done(mark: Path) -> None:
    mark.with_suffix(".next").rename(mark)


@contextmanager
def alone(name: str) -> Iterator[None]:
    """One at a time, of all that work in this checkout."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def prepare_programs() -> None:
    """Unpack the engine and its command line."""
    with alone("programs"):
        if mark := once("programs", repr((SUITE, PACKAGES)).encode()):
            apt = Apt(FOLDER / "apt")
            apt.update()
            shutil.rmtree(FOLDER / "root", ignore_errors=True)
            apt.unpack(FOLDER / "root", *PACKAGES)
            done(mark)


class Engine:
    """A running `dockerd`, and its command line."""

    def __init__(self) -> None:
        prepare_programs()
        self.data = FOLDER / "data"
        # Not below build/: a path of a socket has at most 108 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="trellis-engine-"))
        self.log = FOLDER / "dockerd.log"
        plugins = self.folder / "config" / "cli-plugins"
        plugins.mkdir(parents=True)
        for plugin in PLUGINS.iterdir():
            (plugins / plugin.name).symlink_to(plugin)
        programs = FOLDER / "root" / "usr"
        self.settings = {
            "PATH": os.pathsep.join(
                [f"{programs}/bin", f"{programs}/sbin", environment()["PATH"], "/usr/sbin", "/sbin"]
            ),
            "DOCKER_HOST": f"unix://{self.folder}/socket",
            "DOCKER_CONFIG": str(self.folder / "config"),
            # What a build says is read by tests.
            "BUILDKIT_PROGRESS": "plain",
        }

    def start(self) -> None:
        self.network = Network.now()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(FOLDER / "root" / "usr" / "sbin" / "dockerd", "--data-root", self.data),
                    *("--exec-root", self.folder / "exec", "--pidfile", self.folder / "pid"),
                    *("--host", self.settings["DOCKER_HOST"], "--storage-driver", "overlay2"),
                    *("--exec-opt", "native.cgroupdriver=cgroupfs"),
                ],
                env=environment(**self.settings),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        end = time.monotonic() + PATIENCE
        while self.attempt("version").returncode:
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < end, self.log.read_text()[-3000:]
            time.sleep(0.1)

    def stop(self) -> None:
        with suppress(AssertionError):
            if containers := self.docker("ps", "--all", "--quiet").split():
                self.docker("rm", "--force", "--volumes", *containers)
            self.docker("network", "prune", "--force")
            self.docker("volume", "prune", "--all", "--force")
            # What is built again in each run would fill the disk; the stand-ins stay.
            self.docker("builder", "prune", "--all", "--force")
            self.docker("image", "prune", "--force")
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE)
        for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
            if (mount := line.split()[1]).startswith((str(self.folder), str(self.data))):
                attempt("umount", "--lazy", mount, cwd=ROOT)
        self.network.restore()
        shutil.rmtree(self.folder, ignore_errors=True)

    def docker(self, *arguments: str | Path, cwd: Path = ROOT, **variables: str) -> str:
        return run("docker", *arguments, cwd=cwd, env={**self.settings, **variables})

    def attempt(
        self, *arguments: str | Path, cwd: Path = ROOT, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return attempt("docker", *arguments, cwd=cwd, env={**self.settings, **variables})

    def prepare_images(self) -> None:
        """Make the stand-ins, where they are not there from an earlier run."""
        dockerfile = (STANDINS / "Dockerfile").read_bytes()
        certificates = Path(ssl.get_default_verify_paths().cafile or CERTIFICATES).read_bytes()
        names = repr((SUITE, BASES, IMAGES)).encode()
        mark = once("images", dockerfile, certificates, names)
        if mark is None and not self.missing():
            return
        self.prepare_bases()
        with tempfile.TemporaryDirectory() as name:
            context = Path(name)
            (context / "Dockerfile").write_bytes(dockerfile)
            (context / "certificates.pem").write_bytes(certificates)
            shutil.copy(UV, context / "uv")
            for target, image in IMAGES.items():
                self.docker("build", "--quiet", "--target", target, "--tag", image, context)
        if mark is not None:
            done(mark)

    def missing(self) -> list[str]:
        found = self.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()
        return [image for image in IMAGES.values() if image not in found]

    def prepare_bases(self) -> None:
        apt = Apt(FOLDER / "apt")
        apt.update()
        for name, packages in BASES.items():
            image = f"trellis/{name}"
            mark = once(f"base-{name}", repr((SUITE, packages)).encode())
            if mark is None and self.attempt("image", "inspect", image).returncode == 0:
                continue
            with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
                archive = Path(folder, "base.tar")
                run(
                    *("mmdebstrap", "--quiet", "--variant=minbase", *UNWANTED),
                    *(f"--include={','.join(packages)}", SUITE, archive, apt.sources),
                    cwd=FOLDER,
                )
                self.docker("import", archive, image)
            if mark is not None:
                done(mark)


class Network:
    """What an engine changes of the machine's network, as it was before."""

    def __init__(self) -> None:
        self.rules = run("iptables-save", cwd=ROOT, env=SBIN)
        self.forward = FORWARD.read_text()
        self.bridged = Path("/sys/class/net/docker0").exists()

    @classmethod
    def now(cls) -> "Network":
        return cls()

    def restore(self) -> None:
        if self.bridged:
            return  # another engine's: it shares these rules
        attempt("ip", "link", "delete", "docker0", cwd=ROOT, env=SBIN)
        tables = {
            line[1:]
            for line in run("iptables-save", cwd=ROOT, env=SBIN).splitlines()
            if line[:1] == "*"
        }
        empty = "".join(
            f"*{table}\n{POLICY.get(table, '')}COMMIT\n"
            for table in sorted(tables)
            if f"*{table}\n" not in self.rules
        )
        subprocess.run(
            ["iptables-restore"],
            input=self.rules + empty,
            text=True,
            check=True,
            env=environment(**SBIN),
        )
        FORWARD.write_text(self.forward)


@contextmanager
def running_engine() -> Iterator[Engine]:
    """With the stand-ins. Of those who ask at the same time, each waits for the others."""
    with alone("engine"):
        engine = Engine()
        engine.start()
        try:
            engine.prepare_images()
            yield engine
        finally:
            engine.stop()
