"""Put the service together."""

import gc
from collections.abc import Sequence

from fastapi import FastAPI

from app.core.error_handlers import add_error_handlers
from app.core.feature import Feature
from app.core.health import health_router
from app.core.lifespan import lifespan
from app.core.logging import configure_logging
from app.core.metrics import router as metrics_router
from app.core.middleware import core_middleware
from app.core.openapi import add_docs, customise_openapi, operation_id
from app.core.project import project
from app.core.requests import is_quiet
from app.core.settings import load_all
from app.features import FEATURES


def create_app(features: Sequence[Feature] = FEATURES) -> FastAPI:
    load_all()
    configure_logging()
    app = FastAPI(
        title=project().title,
        version=project().version,
        description=project().summary,
        lifespan=lifespan,
        middleware=[*core_middleware(), *(layer for f in features for layer in f.middleware)],
        generate_unique_id_function=operation_id,
        openapi_url=None,
        # Spans of requests, where a tracer is set up; metrics and logs are ours.
        telemetry={"metrics": False, "logs": False, "operation_spans": False, "exclude": is_quiet},
    )
    app.state.authenticators = [way for feature in features for way in feature.authenticators]
    app.state.topics = {topic.name: topic for feature in features for topic in feature.topics}
    add_error_handlers(app)
    for feature in features:
        if feature.router is not None:
            app.include_router(feature.router)
    app.include_router(health_router(features))
    app.include_router(metrics_router)
    customise_openapi(app)
    add_docs(app)
    return app


app = create_app()

# What is imported by now stays: the garbage collector need not look at it again and again.
gc.freeze()
