from app.core.feature import Feature
from app.websocket import asyncapi
from app.websocket.routes import router

router.include_router(asyncapi.router)

feature = Feature(name="websocket", router=router, commands=asyncapi.commands)
