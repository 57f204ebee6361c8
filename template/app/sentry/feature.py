from fastapi import APIRouter
from starlette.middleware import Middleware

from app.core.feature import Feature
from app.sentry.client import lifespan
from app.sentry.middleware import SentryScope

feature = Feature(
    name="sentry", router=APIRouter(lifespan=lifespan), middleware=[Middleware(SentryScope)]
)
