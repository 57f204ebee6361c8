import asyncio
import os
import subprocess
import sys
from functools import partial

import pytest

from app.core.concurrency import background, gather_limited, run_cpu_bound


async def test_work_beside_a_block_ends_with_it_and_finishes_its_own_end() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            ended.append("all is put back")

    async with background(work()):
        await asyncio.sleep(0)

    assert ended == ["all is put back"]


async def test_cancellation_that_gets_lost_is_repeated() -> None:
    cancelled = 0

    async def work() -> None:
        nonlocal cancelled
        while cancelled < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled += 1

    async with background(work(), again=0.01):
        await asyncio.sleep(0)

    assert cancelled == 2


async def test_results_keep_their_order_and_the_limit_holds() -> None:
    running = most = 0

    async def call(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001 * (10 - number))
        running -= 1
        return number

    results = await gather_limited([partial(call, number) for number in range(10)], limit=3)

    assert results == list(range(10))
    assert most == 3


async def test_first_failure_cancels_the_others() -> None:
    finished = False

    async def fail() -> None:
        raise ValueError("no")

    async def wait() -> None:
        nonlocal finished
        await asyncio.sleep(10)
        finished = True

    with pytest.raises(ExceptionGroup) as caught:
        await gather_limited([wait, fail])

    assert caught.group_contains(ValueError, match="no")
    assert not finished


def test_process_for_cpu_bound_work_does_without_the_service() -> None:
    """It begins as the command did, and reads its file: `app.__main__`."""
    code = "import sys, app.__main__; sys.exit('fastapi' in sys.modules)"

    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603  (our own)


async def test_cpu_bound_work_leaves_the_loop_free() -> None:
    work = asyncio.create_task(run_cpu_bound(sum, range(2_000_001)))
    ticks = 0
    while not work.done():
        await asyncio.sleep(0.001)
        ticks += 1

    assert await work == 1_000_000 * 2_000_001
    assert ticks > 2
    assert await run_cpu_bound(os.getpid) != os.getpid()
