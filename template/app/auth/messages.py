"""The mails that are sent. A link carries its token behind `#`, which servers never see."""

from app.auth.settings import AuthSettings
from app.core.project import project
from app.mail.mailer import Mail


def confirm_address(email: str, token: str) -> Mail:
    settings = AuthSettings.load()
    text = f"""To confirm that this address is yours, open this within {settings.link_hours} hours:

{settings.link("verify", token)}

It asks for the password of the account. If you have not made one, there is nothing to do."""
    return Mail(email, f"{project().title}: confirm your address", text)


def reset_password(email: str, token: str) -> Mail:
    settings = AuthSettings.load()
    text = f"""To choose a new password, open this link within {settings.link_hours} hours:

{settings.link("reset-password", token)}

If you have not asked for it, there is nothing to do: your password stays as it is."""
    return Mail(email, f"{project().title}: choose a new password", text)


def account_exists(email: str) -> Mail:
    text = """Somebody, perhaps you, wanted to make an account with this address. It has one.

If you have forgotten its password, ask for a new one."""
    return Mail(email, f"{project().title}: you have an account already", text)


def password_changed(email: str) -> Mail:
    text = """The password of your account was changed, and every other log-in was ended.

If that was not you, ask for a new password now."""
    return Mail(email, f"{project().title}: your password was changed", text)
