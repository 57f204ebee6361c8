from prometheus_client import Counter, Histogram

ATTEMPTS = Histogram(
    "task_attempt_duration_seconds",
    "Time of one attempt, by task and outcome: done, retried or failed.",
    ["name", "outcome"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600),
)
SENT = Counter("task_messages_sent", "Tasks handed to the broker, also again.", ["queue"])
UNSENT = Counter("task_messages_unsent", "Tasks that the broker did not take, for now.")
