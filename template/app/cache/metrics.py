"""What the cache is worth. The label is the name of a model: there are few, and ids stay out."""

from prometheus_client import Counter, Histogram

READS = Counter(
    "cache_reads",
    "Reads: hit was kept, shared was made for another at the same time, miss asked the source.",
    ["model", "result"],
)
SOURCE = Histogram(
    "cache_source_duration_seconds",
    "Time that the source took for a miss.",
    ["model"],
    buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5),
)
TOO_BIG = Counter("cache_too_big", "Values that were not kept for their size.", ["model"])
FAILURES = Counter("cache_store_failures", "Times that Redis did not answer.")
