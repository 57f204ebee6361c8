"""E-mail addresses, in one spelling each, so that no two accounts look alike."""

from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field

EXPECTED = "must be an e-mail address like team@example.com"
# Of RFC 2047: what sends mail would read it as another address.
ENCODED_WORD = "=?"


def normalise(address: str) -> str:
    """Return an address in lower case and in ASCII.

    Letters of other alphabets before the @, which can be mistaken for one another and for Latin
    ones, are refused; a domain with such letters becomes its IDNA form.

    Raises:
        ValueError: this is no address.
    """
    try:
        found = validate_email(
            address, check_deliverability=False, allow_smtputf8=False, strict=True
        )
    except EmailNotValidError as error:
        raise ValueError(EXPECTED) from error
    if ENCODED_WORD in address:
        raise ValueError(EXPECTED)
    return str(found.ascii_email).lower()


def as_typed(address: str) -> str:
    """The same for what somebody typed to log in: what is no address finds no account."""
    try:
        return normalise(address.strip())
    except ValueError:
        return address.strip().lower()


Email = Annotated[
    str, Field(max_length=254, json_schema_extra={"format": "email"}), AfterValidator(normalise)
]
