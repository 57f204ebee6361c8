from fastapi import APIRouter
from starlette.middleware import Middleware

from app.core.feature import Feature
from app.tracing.export import lifespan
from app.tracing.middleware import TraceIds

feature = Feature(
    name="tracing", router=APIRouter(lifespan=lifespan), middleware=[Middleware(TraceIds)]
)
