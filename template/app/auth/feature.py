from fastapi import APIRouter

from app.auth.authenticators import access_token, cookie
from app.auth.commands import commands
from app.auth.routes import account, session, user
from app.core.feature import Feature

router = APIRouter()
for part in (account.router, session.oauth, session.router, user.router, user.others):
    router.include_router(part)

feature = Feature(
    name="auth", router=router, authenticators=[access_token, cookie], commands=commands
)
