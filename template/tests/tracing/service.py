"""The service with some more routes, as a process of its own: `service.py FILENO` of a socket."""

import socket
import sys
from contextlib import suppress

import structlog
import uvicorn
from fastapi import APIRouter
from sqlalchemy import text

from app.core.database.session import SessionDep
from app.core.feature import Feature
from app.core.http import HttpClient
from app.features import FEATURES
from app.main import create_app
from tests.support import SOMEBODY, logged_in

router = APIRouter(prefix="/probe")
log = structlog.get_logger()


@router.get("/relay")
async def relay(http: HttpClient, to: str) -> None:
    log.info("relaying")
    await http.get(to)


@router.get("/broken")
async def fail(session: SessionDep) -> None:
    await session.execute(text("SELECT 'a value' FROM missing"))


if __name__ == "__main__":
    app = create_app([*FEATURES, Feature(name="probe", router=router)])
    app.state.authenticators = logged_in(SOMEBODY)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    with suppress(KeyboardInterrupt):
        server.run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
