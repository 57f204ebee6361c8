from app.core.feature import Feature
from app.tasks.commands import commands
from app.tasks.purge import purge_tasks
from app.tasks.routes import router

TASKS = [purge_tasks]

feature = Feature(name="tasks", router=router, commands=commands)
