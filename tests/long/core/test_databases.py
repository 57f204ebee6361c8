"""The database that tests share is for each as the migrations left it."""

from sqlalchemy import select

from app.core.database.engine import open_database
from app.core.database.settings import DatabaseSettings
from app.items.models import Item
from tests.databases import shared_database
from tests.support import NewDatabase


async def test_rows_of_migrations_stay_and_others_go(
    new_database: NewDatabase, template_database: str
) -> None:
    url = await new_database(template_database)
    async with open_database(DatabaseSettings(url=url)) as database:
        async with database.write.begin() as session:
            session.add(Item(owner_id="a migration", name="from the start"))

        async with shared_database(url) as shared:
            async with database.write.begin() as session:
                item = (await session.scalars(select(Item))).one()
                item.name = "changed"
                session.add(Item(owner_id="a test", name="of a test"))
            await shared.restore()

        async with database.read.begin() as session:
            left = (await session.scalars(select(Item))).all()

    assert [(item.owner_id, item.name) for item in left] == [("a migration", "from the start")]
