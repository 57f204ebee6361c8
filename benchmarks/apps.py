"""The two applications that are compared; imported by uvicorn inside a rendered project."""

from app.core.feature import Feature
from app.features import FEATURES
from app.main import create_app
from fastapi import APIRouter, FastAPI

router = APIRouter()


@router.get("/hello")
async def read_hello() -> dict[str, str]:
    return {"message": "hello"}


def bare() -> FastAPI:
    app = FastAPI()
    app.include_router(router)
    return app


def everything() -> FastAPI:
    return create_app([Feature(name="hello", router=router), *FEATURES])
