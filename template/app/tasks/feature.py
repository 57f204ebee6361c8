from fastapi import APIRouter

from app.core.feature import Feature
from app.tasks.commands import commands
from app.tasks.purge import purge_tasks
from app.tasks.resources import lifespan
from app.tasks.routes import router as routes

router = APIRouter(lifespan=lifespan)
router.include_router(routes)

TASKS = [purge_tasks]

feature = Feature(name="tasks", router=router, commands=commands)
