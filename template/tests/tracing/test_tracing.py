"""A process sets its provider of traces only once, so the service runs as one of its own."""

import pytest
from httpx2 import AsyncClient
from opentelemetry.trace import ProxyTracerProvider, get_tracer_provider

from app.core.project import project
from app.core.settings import StartupError, forget_all
from app.main import create_app
from tests.tracing.support import Json, collecting, serving

Recording = dict[str, list[Json]]
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


@pytest.fixture(scope="module")
async def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Make some requests of the service, stop it, and give the spans, log lines and calls."""
    spans: list[Json] = []
    calls: list[Json] = []
    lines: list[Json] = []
    sampled = {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-ID": "request-1"}
    unsampled = {"traceparent": f"00-{TRACE}-{PARENT}-00", "X-Request-ID": "request-2"}
    dotenv = tmp_path_factory.mktemp("tracing") / ".env"
    with collecting(spans, calls) as url:
        dotenv.write_text(f"OTEL_EXPORTER_OTLP_ENDPOINT={url}\nOTEL_EXPORTER_OTLP_HEADERS=key=k1\n")
        async with serving(dotenv, lines) as client:
            await client.get("/items?name_contains=hunter2", headers=sampled)
            await client.get("/probe/relay", params={"to": f"{url}/upstream"}, headers=sampled)
            await client.get("/probe/broken")
            await client.get("/probe/broken", headers=unsampled)
    return {"spans": spans, "lines": lines, "calls": calls}


def named(recording: Recording, name: str) -> Json:
    [span] = [span for span in recording["spans"] if span["name"] == name]
    return span


def children(recording: Recording, name: str) -> list[Json]:
    parent = named(recording, name)["id"]
    return [span for span in recording["spans"] if span["parent"] == parent]


def test_a_request_continues_the_trace_of_its_caller(recording: Recording) -> None:
    span = named(recording, "GET /items")

    assert (span["trace"], span["parent"]) == (TRACE, PARENT)
    assert span["attributes"]["http.response.status_code"] == 200
    assert span["attributes"]["url.query"] == "name_contains=***"


def test_a_statement_is_a_span_without_values(recording: Recording) -> None:
    *_, select = children(recording, "GET /items")

    assert select["name"] == select["attributes"]["db.operation.name"] == "SELECT"
    assert select["trace"] == TRACE
    assert "FROM item" in select["attributes"]["db.query.text"]
    assert "hunter2" not in str(select)


def test_each_statement_is_one_span(recording: Recording) -> None:
    statements = [span["name"] for span in children(recording, "GET /items")]

    assert statements in (["BEGIN", "SELECT"], ["SELECT"])  # SQLite, PostgreSQL


def test_a_failed_statement_and_its_request_are_errors(recording: Recording) -> None:
    request = named(recording, "GET /probe/broken")
    *_, statement = children(recording, "GET /probe/broken")

    assert statement["status"] == request["status"] == 2
    assert statement["attributes"]["error.type"]
    assert request["attributes"]["http.response.status_code"] == 500


def test_a_call_to_another_service_carries_the_trace(recording: Recording) -> None:
    [call] = recording["calls"]

    span = named(recording, "GET /probe/relay")
    assert call["traceparent"] == f"00-{TRACE}-{span['id']}-01"
    assert call["x-request-id"] == "request-1"


def test_log_lines_name_the_span(recording: Recording) -> None:
    span = named(recording, "GET /probe/relay")

    lines = [line for line in recording["lines"] if line.get("span_id") == span["id"]]
    assert [line["event"] for line in lines] == ["relaying", "request"]
    assert {line["trace_id"] for line in lines} == {TRACE}


def test_a_request_that_its_caller_does_not_trace_is_not_sent(recording: Recording) -> None:
    line = [line for line in recording["lines"] if line.get("request_id") == "request-2"][-1]

    assert line["trace_id"] == TRACE
    assert line["span_id"] not in {span["id"] for span in recording["spans"]}


def test_the_service_is_named(recording: Recording) -> None:
    resource = recording["spans"][0]["resource"]

    assert resource["service.name"] == project().name
    assert resource["service.version"] == "overridden"
    assert resource["deployment.environment.name"] == "test"


async def test_without_endpoint_nothing_is_traced(client: AsyncClient) -> None:
    await client.get("/items")

    assert isinstance(get_tracer_provider(), ProxyTracerProvider)


def test_another_protocol_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    forget_all()

    with pytest.raises(StartupError, match="OTEL_EXPORTER_OTLP_PROTOCOL"):
        create_app()
