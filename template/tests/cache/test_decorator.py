from pydantic import BaseModel

from app.cache.decorator import cached
from app.core.cache import Cache


class Rate(BaseModel):
    currency: str
    number: int


calls: list[str] = []


@cached(Rate, tags=("rates:{currency}",))
async def load_rate(currency: str, *, factor: int = 1) -> Rate:
    calls.append(currency)
    return Rate(currency=currency, number=len(calls) * factor)


async def test_function_is_called_once_for_each_set_of_arguments(cache: Cache) -> None:
    calls.clear()

    first = await load_rate(cache, "EUR")
    same = await load_rate(cache, currency="EUR", factor=1)
    other = await load_rate(cache, "SEK")
    await cache.forget("rates:EUR")
    anew = await load_rate(cache, "EUR")

    assert first == same
    assert calls == ["EUR", "SEK", "EUR"]
    assert (other.number, anew.number) == (2, 3)
