import pytest

from app.core.problems import AppError
from app.realtime.connections import Connections
from app.realtime.settings import RealtimeSettings


@pytest.mark.parametrize("limit", ["max_connections", "max_connections_each"])
def test_place_of_one_who_left_is_free_again(limit: str) -> None:
    connections = Connections(RealtimeSettings.model_validate({limit: 1}))

    for _ in range(2):
        with connections.admit("sse", "alice"), pytest.raises(AppError):
            connections.admit("sse", "alice").__enter__()
