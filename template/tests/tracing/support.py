"""A collector of traces, and the service as a process of its own that sends to it."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from httpx2 import AsyncClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from app.core.http import trusted
from tests.processes import ModuleProcess

Json = dict[str, Any]


@contextmanager
def collecting(spans: list[Json], calls: list[Json]) -> Generator[str]:
    """Run a server that collects spans by POST, and the headers of other calls."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            assert self.headers["key"] == "k1"
            spans.extend(decode(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer()

        def do_GET(self) -> None:
            calls.append({name.lower(): value for name, value in self.headers.items()})
            self.answer()

        def answer(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 (its name there)
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def decode(body: bytes) -> Generator[Json]:
    for exported in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = values(exported.resource.attributes)
        for span in (span for scope in exported.scope_spans for span in scope.spans):
            yield {
                "name": span.name,
                "trace": span.trace_id.hex(),
                "id": span.span_id.hex(),
                "parent": span.parent_span_id.hex(),
                "status": span.status.code,
                "attributes": values(span.attributes),
                "resource": resource,
            }


def values(attributes: Iterable[KeyValue]) -> Json:
    return {
        item.key: getattr(item.value, str(item.value.WhichOneof("value"))) for item in attributes
    }


@asynccontextmanager
async def serving(dotenv: Path, lines: list[Json]) -> AsyncGenerator[AsyncClient]:
    """Run the service; at the end, give the lines of its log."""
    environment = {
        **os.environ,
        "ENV_FILE": str(dotenv),
        "LOG_FORMAT": "json",
        "OTEL_RESOURCE_ATTRIBUTES": "service.version=overridden",
    }
    output = dotenv.with_name("output")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = ModuleProcess(
            "tests.tracing.service", environment=environment, output=output, listening=listening
        )
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    # The first request waits until the service has started.
    async with AsyncClient(base_url=url, timeout=60, verify=trusted()) as client:
        yield client
    process.send_signal(signal.SIGINT)
    await asyncio.to_thread(process.wait, 30)
    lines += [json.loads(line) for line in output.read_text().splitlines()]
