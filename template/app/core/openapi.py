"""The OpenAPI document, and the pages that show it."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute, iter_route_contexts

from app.core.identity import (
    Authenticator,
    authenticators,
    known_permissions,
    needs_log_in,
    required_permissions,
)
from app.core.problems import MEDIA_TYPE, Problem
from app.core.settings import AppSettings

DOCUMENT = "/openapi.json"
CDN = "https://cdn.jsdelivr.net"


def operation_id(route: APIRoute) -> str:
    """The endpoint's name: what generated clients call the method."""
    return route.name


def customise_openapi(app: FastAPI) -> None:
    """Let the document show problem documents where FastAPI assumes its own error format."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            declare_security(generate(), app)
            declare_problems(generate())
        return generate()

    app.openapi = openapi  # type: ignore[method-assign]


def declare_security(document: dict[str, Any], app: FastAPI) -> None:
    """Say of each route whether it needs a log-in, of which kinds, and with which permissions."""
    ways = authenticators(app)
    if not ways:
        return
    schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
    scopes = dict.fromkeys(sorted(known_permissions(app)), "")
    schemes |= {way.name: with_scopes(way.scheme, scopes) for way in ways}
    for route in iter_route_contexts(app.routes):
        if not needs_log_in(route):
            continue
        names = sorted({permission.name for permission in required_permissions(route)})
        for method in route.methods or ():
            operation = document["paths"].get(route.path_format, {}).get(method.lower())
            if operation is not None:
                declare_log_in(operation, names, ways)


def with_scopes(scheme: Mapping[str, Any], scopes: dict[str, str]) -> dict[str, Any]:
    """Add the permissions to a scheme of OAuth2, whose log-in can be for some of them only."""
    if scheme["type"] != "oauth2":
        return dict(scheme)
    flows = {name: {**flow, "scopes": scopes} for name, flow in scheme["flows"].items()}
    return {**scheme, "flows": flows}


def declare_log_in(
    operation: dict[str, Any], permissions: list[str], ways: Sequence[Authenticator]
) -> None:
    operation["security"] = [
        {way.name: permissions if way.scheme["type"] == "oauth2" else []} for way in ways
    ]
    operation["responses"].setdefault("401", {"description": "Nobody is logged in"})
    if permissions:
        operation["x-permissions"] = permissions
        needs = f"Needs the permission `{'`, `'.join(permissions)}`."
        operation["description"] = f"{operation.get('description', '')}\n\n{needs}".strip()
        operation["responses"].setdefault("403", {"description": "Not permitted"})


def declare_problems(document: dict[str, Any]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**problem.pop("$defs"), "Problem": problem}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in document["paths"].values():
        for operation in path.values():
            responses = operation["responses"]
            for status, response in responses.items():
                if status.startswith(("4", "5")):
                    response["content"] = content
            responses["default"] = {"description": "Any other problem", "content": content}


def add_docs(app: FastAPI) -> None:
    """Serve the document, Swagger UI and ReDoc, unless the settings close them."""
    if not AppSettings.load().serves_docs:
        return
    pages = {
        "/docs": get_swagger_ui_html(openapi_url=DOCUMENT, title=app.title),
        "/redoc": get_redoc_html(openapi_url=DOCUMENT, title=app.title, with_google_fonts=False),
    }
    for path, page in pages.items():
        add_page(app, path, page)

    @app.get(DOCUMENT, include_in_schema=False)
    async def read_openapi() -> dict[str, Any]:
        return app.openapi()


def add_page(app: FastAPI, path: str, page: HTMLResponse) -> None:
    headers = {"Content-Security-Policy": docs_policy(bytes(page.body).decode())}

    @app.get(path, include_in_schema=False)
    async def read_page() -> HTMLResponse:
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
