from prometheus_client import Counter, Gauge

CONNECTIONS = Gauge(
    "realtime_connections",
    "Streams and sockets that are open.",
    ["transport"],
    multiprocess_mode="livesum",
)
PUBLISHED = Counter("realtime_published_total", "Events published.")
UNPUBLISHED = Counter("realtime_unpublished_total", "Events that could not be passed on to Redis.")
DROPPED = Counter("realtime_dropped_total", "Listeners that were too slow: they have to come back.")
RESETS = Counter("realtime_resets_total", "Listeners told that they may have missed events.")
