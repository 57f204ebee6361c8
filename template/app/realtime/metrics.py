from prometheus_client import Counter, Gauge

CONNECTIONS = Gauge(
    "realtime_connections",
    "Streams and sockets that are open.",
    ["transport"],
    multiprocess_mode="livesum",
)
PUBLISHED = Counter("realtime_published_total", "Events published.")
UNPUBLISHED = Counter(
    "realtime_unpublished_total", "Tries to pass events on to Redis that have failed."
)
DROPPED = Counter("realtime_dropped_total", "Listeners that were too slow: they have to come back.")
RESETS = Counter("realtime_resets_total", "Listeners told that they may have missed events.")
