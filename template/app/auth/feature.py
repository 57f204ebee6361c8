from fastapi import APIRouter

from app.auth.authenticators import access_token, cookie
from app.auth.commands import commands
from app.auth.routes import account, oauth, session, user
from app.core.feature import Feature

router = APIRouter()
for part in (account, oauth, session, user):
    router.include_router(part.router)

feature = Feature(
    name="auth", router=router, authenticators=[access_token, cookie], commands=commands
)
