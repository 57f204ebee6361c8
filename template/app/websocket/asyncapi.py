"""The protocol as an AsyncAPI document, https://www.asyncapi.com/docs/reference/specification/v3.0.0."""

import json
from importlib import import_module
from typing import Any, get_args

import typer
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.core.settings import AppSettings
from app.websocket.codes import CloseCode
from app.websocket.protocol import ClientMessage, ServerMessage
from app.websocket.routes import router

SENT: list[type[BaseModel]] = list(get_args(ClientMessage))
RECEIVED: list[type[BaseModel]] = list(get_args(ServerMessage))


def document(app: FastAPI) -> dict[str, Any]:
    """Describe the messages of `/ws` from their models, and the topics that features list."""
    models = SENT + RECEIVED
    names = [model.__name__ for model in models]
    _, schemas = models_json_schema(
        [(model, "validation") for model in models],
        ref_template="#/components/schemas/{model}",
    )
    codes = [f"- {code.value}: {code.reason}" for code in CloseCode]
    about = "\n".join(["Close codes:\n", *codes])
    return {
        "asyncapi": "3.0.0",
        "info": {"title": app.title, "version": app.version, "description": about},
        "defaultContentType": "application/json",
        "channels": {
            "socket": {
                "address": "/ws",
                "description": f"Topics: {', '.join(sorted(app.state.topics))}.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
            }
        },
        # As the service sees it: it receives what clients send.
        "operations": {
            "receiveFromClient": operation("receive", SENT),
            "sendToClient": operation("send", RECEIVED),
        },
        "components": {
            "messages": {
                name: {"name": name, "payload": {"$ref": f"#/components/schemas/{name}"}}
                for name in names
            },
            "schemas": schemas["$defs"],
        },
    }


def operation(action: str, models: list[type[BaseModel]]) -> dict[str, Any]:
    channel = "#/channels/socket"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{model.__name__}"} for model in models],
    }


@router.get("/asyncapi.json", include_in_schema=False)
def read_asyncapi(request: Request) -> dict[str, Any]:
    if not AppSettings.load().serves_docs:
        raise HTTPException(404)
    return document(request.app)


commands = typer.Typer(help="The WebSocket.", no_args_is_help=True)


@commands.command()
def asyncapi() -> None:
    """Export the AsyncAPI document of the WebSocket, for generators of clients."""
    # Imported late: the application brings this command.
    app: FastAPI = import_module("app.main").app
    typer.echo(json.dumps(document(app), indent=2))
