from app.core.feature import Feature
from app.postgres.development import development_postgres

feature = Feature(name="postgres", development=development_postgres)
