"""The OpenAPI document, and the pages that show it."""

import base64
import hashlib
import re
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from app.core.problems import MEDIA_TYPE, Problem
from app.core.settings import AppSettings

OPENAPI_PATH = "/openapi.json"
CDN = "https://cdn.jsdelivr.net"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def operation_id(route: APIRoute) -> str:
    """The endpoint's name: what generated clients call the method."""
    return route.name


def customise_openapi(app: FastAPI) -> None:
    """Let the document show problem documents where FastAPI assumes its own error format."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            declare_problems(generate())
        return generate()

    app.openapi = openapi  # type: ignore[method-assign]


def declare_problems(document: dict[str, Any]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**problem.pop("$defs"), "Problem": problem}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in document["paths"].values():
        for operation in (path[method] for method in METHODS if method in path):
            responses = operation["responses"]
            for status, response in responses.items():
                if status.startswith(("4", "5")):
                    response["content"] = content
            responses["default"] = {"description": "Any other problem", "content": content}


def add_docs(app: FastAPI) -> None:
    """Serve the document, Swagger UI and ReDoc, unless the settings close them."""
    if not AppSettings.load().serves_docs:
        return
    title = app.title
    pages = {
        "/docs": get_swagger_ui_html(openapi_url=OPENAPI_PATH, title=title),
        "/redoc": get_redoc_html(openapi_url=OPENAPI_PATH, title=title, with_google_fonts=False),
    }
    for path, page in pages.items():
        add_page(app, path, page)

    @app.get(OPENAPI_PATH, include_in_schema=False)
    def read_openapi() -> dict[str, Any]:
        return app.openapi()


def add_page(app: FastAPI, path: str, page: HTMLResponse) -> None:
    headers = {"Content-Security-Policy": docs_policy(bytes(page.body).decode())}

    @app.get(path, include_in_schema=False)
    def read_page() -> HTMLResponse:
        return HTMLResponse(page.body, headers=headers)


def docs_policy(page: str) -> str:
    """Allow just this page's own inline script, by hash, and the library's files on the CDN."""
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    hashes = "".join(f" 'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {CDN}{hashes}; style-src {CDN} 'unsafe-inline'; "
        "img-src data: https://fastapi.tiangolo.com https://cdn.redoc.ly; connect-src 'self'; "
        "worker-src blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
