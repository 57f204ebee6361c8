import pytest
from pydantic import BaseModel, SecretStr

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


async def test_secret_is_no_part_of_a_key(cache: Cache) -> None:
    """All look alike there: one would get what belongs to another."""

    @cached(Rate)
    async def load_own_rate(token: SecretStr) -> Rate:
        return Rate(currency=token.get_secret_value(), number=1)

    with pytest.raises(TypeError, match="secrets look alike"):
        await load_own_rate(cache, SecretStr("of Alice"))
