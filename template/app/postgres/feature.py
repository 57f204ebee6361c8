from app.core.feature import Feature
from app.postgres.commands import commands
from app.postgres.development import development_postgres

feature = Feature(name="postgres", commands=commands, development=development_postgres)
