from fastapi import APIRouter

from app.core.feature import Feature
from app.tracing.export import lifespan

feature = Feature(name="tracing", router=APIRouter(lifespan=lifespan))
