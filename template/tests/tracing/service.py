"""The service with two more routes, run as a process of its own: `service.py PORT`."""

import sys

import structlog
import uvicorn
from fastapi import APIRouter

from app.core.feature import Feature
from app.core.http import HttpClient
from app.features import FEATURES
from app.main import create_app

router = APIRouter(prefix="/probe")
log = structlog.get_logger()


@router.get("/relay")
async def relay(http: HttpClient, to: str) -> None:
    log.info("relaying")
    await http.get(to)


@router.get("/broken")
async def fail() -> None:
    raise RuntimeError("broken")


if __name__ == "__main__":
    app = create_app([*FEATURES, Feature(name="probe", router=router)])
    uvicorn.run(app, port=int(sys.argv[1]), log_config=None)
