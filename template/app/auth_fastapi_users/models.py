from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, backref, mapped_column, relationship

from app.auth.models import User
from app.core.database.models import Record


class OAuthAccount(Record):
    """An account elsewhere that somebody logs in with.

    The tokens of that place are not kept: nothing here uses them, and they would be worth stealing.
    """

    __tablename__ = "oauth_account"
    __table_args__ = (UniqueConstraint("oauth_name", "account_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    oauth_name: Mapped[str] = mapped_column(String(100))
    account_id: Mapped[str] = mapped_column(String(320))
    account_email: Mapped[str] = mapped_column(String(320))

    user: Mapped[User] = relationship(
        backref=backref("oauth_accounts", lazy="selectin", passive_deletes="all")
    )
