from app.core.feature import Feature
from app.websocket.asyncapi import commands
from app.websocket.routes import router

feature = Feature(name="websocket", router=router, commands=commands)
