"""Parts with tables come and go on a database with rows: nothing is lost, and it says so."""

from pathlib import Path

import pytest

from tests.everything import Packages, enter
from tests.projects import Project
from tests.questions import Answer
from tests.repository import TemplateRepository, commit, update
from tests.summary import Count
from tests.tools import PYTHON_VERSION, attempt, environment

pytestmark = pytest.mark.suites

ADMIN = "ada@example.com"
AGREE = "tests/core/test_migrations.py"
COUNT = """
import asyncio, sys
from sqlalchemy import text
from app.commands.development import development_services
from app.core.database.engine import open_database
from app.core.database.settings import DatabaseSettings

async def count():
    async with open_database(DatabaseSettings.load()) as database, database.read() as session:
        print(await session.scalar(text(f"SELECT count(*) FROM {sys.argv[1]}")))

with development_services():
    asyncio.run(count())
"""


class Life:
    """A project with a database, through changes of its answers."""

    def __init__(self, project: Project, large: Path, packages: Packages) -> None:
        self.project = project
        self.large = large
        self.packages = packages
        self.install()

    def install(self) -> None:
        enter(self.project, self.large, self.packages)

    def app(self, *arguments: str) -> str:
        return self.project.run("app", *arguments)

    def change(self, **answers: Answer) -> None:
        commit(self.project.path, "Before")
        update(self.project.path, answers)
        self.install()

    def rows(self, table: str) -> int:
        return int(self.project.run("python", "-c", COUNT, table))

    def disagreement(self) -> str:
        """What the project's own tests say of models and revisions, if they say anything."""
        result = attempt(
            *(self.project.bin / "python", "-m", "pytest", "-q", AGREE),
            cwd=self.project.path,
            env=environment(),
        )
        return result.stdout if result.returncode else ""

    def revise(self, message: str, *options: str) -> str:
        said = self.app("revision", message, *options)
        self.app("migrate")
        assert self.disagreement() == ""
        return said


@pytest.fixture
def life(
    database: str, repository: TemplateRepository, large: Path, packages: Packages, tmp_path: Path
) -> Life:
    """Migrated, with the three example rows."""
    answers = {"database": database, "auth": "none", "python_version": PYTHON_VERSION}
    path = repository.copy(tmp_path / "project", answers)
    life = Life(Project(path, path / ".venv"), large, packages)
    life.app("migrate")
    assert "items: 3 added" in life.app("seed")
    return life


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_tables_come_and_go_with_their_rows(life: Life, count: Count) -> None:
    life.change(auth="jwt", tasks=True)
    assert "missing migration" in life.disagreement()

    said = life.revise("Add accounts and tasks")
    assert "No model describes" not in said
    life.app("auth", "create-admin", ADMIN, "--password", "correct horse battery staple")
    assert life.rows("item") == 3

    life.change(auth="none", tasks=False)
    assert life.disagreement() == ""
    assert life.rows("user_account") == 1
    assert "user_account" in life.revise("Nothing").partition("No model describes")[2]
    assert life.rows("user_account") == 1

    life.change(auth="jwt", tasks=False)
    assert life.disagreement() == ""
    assert ADMIN in life.app("auth", "list")

    life.change(auth="none")
    assert "drops them" in life.revise("Drop what is left", "--drop-tables")
    assert life.rows("item") == 3
    with pytest.raises(AssertionError, match="user_account"):
        life.rows("user_account")
    count("changes of answers on a database with rows", 4)


@pytest.mark.parametrize("database", ["sqlite"])
def test_accounts_and_rows_move_on(life: Life, count: Count) -> None:
    """To another library, and then to another database."""
    life.change(auth="jwt", tasks=True)
    life.revise("Add accounts and tasks")
    life.app("auth", "create-admin", ADMIN, "--password", "correct horse battery staple")

    life.change(auth="fastapi-users")
    assert "missing migration" in life.disagreement()
    life.revise("Add what the library keeps")
    assert ADMIN in life.app("auth", "list")

    life.change(database="postgres")
    life.app("migrate")
    said = life.app("postgres", "import-sqlite", "app.db")
    assert "item: 3 imported\n" in said
    assert "user_account: 1 imported\n" in said
    assert ADMIN in life.app("auth", "list")
    assert "items: 0 added" in life.app("seed")
    assert life.disagreement() == ""
    count("changes of answers on a database with rows", 3)
