from fastapi import APIRouter, Depends

from app.core.feature import Feature
from app.core.flags import CurrentFlags, Flags, RequireFlag
from app.core.identity import Principal
from tests.support import Start

router = APIRouter()


@router.get("/new", dependencies=[Depends(RequireFlag("new"))])
async def read_new(flags: CurrentFlags) -> dict[str, bool]:
    return {"other": flags.is_on("other")}


FEATURE = Feature(name="flagged", router=router)


async def test_route_behind_a_flag_exists_only_with_it(start: Start) -> None:
    async with start(FEATURE) as client:
        without = await client.get("/new")
    async with start(FEATURE, FLAGS='{"new": true}') as client:
        with_flag = await client.get("/new")

    assert without.status_code == 404
    assert with_flag.json() == {"other": False}


async def test_share_of_principals_is_stable(start: Start) -> None:
    principals = [Principal(str(number)) for number in range(1000)]

    async with start(FLAGS='{"new": 25, "none": 0, "all": 100}'):
        chosen = [Flags(principal).is_on("new") for principal in principals]
        again = [Flags(principal).is_on("new") for principal in principals]
        assert not any(Flags(principal).is_on("none") for principal in principals)
        assert all(Flags(principal).is_on("all") for principal in principals)

    assert chosen == again
    assert 200 < sum(chosen) < 300
