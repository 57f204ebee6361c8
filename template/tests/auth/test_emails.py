import pytest

from app.auth.emails import normalise


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("ada@example.com", "ada@example.com"),
        ("Ada.Lovelace@EXAMPLE.com", "ada.lovelace@example.com"),
        ("ada+shop@example.com", "ada+shop@example.com"),
        # A domain in another script is what the mail system makes of it, in plain sight.
        ("ada@exämple.com", "ada@xn--exmple-cua.com"),
        ("ada@\u0435\u0445\u0430mple.com", "ada@xn--mple-43d3a6i.com"),  # Cyrillic
        ("ada@\uff45xample.com", "ada@example.com"),  # full width
    ],
)
def test_each_address_has_one_spelling(given: str, expected: str) -> None:
    assert normalise(given) == expected


@pytest.mark.parametrize(
    "given",
    [
        "",
        "ada",
        "ada@",
        "ada@example",
        "ada@example..com",
        "ada@example.com\nBcc: eve@example.com",
        "Ada <ada@example.com>",
        "=?utf-8?q?eve=40example.org=3e?=@example.com",  # the mail would go to eve@example.org
        "\u0430da@example.com",  # Cyrillic
        "ada@example.c\u200bom",
        "\ufb01@example.com",  # a ligature
        f"{'x' * 65}@example.com",
    ],
)
def test_what_is_no_address_or_looks_like_another_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="must be an e-mail address"):
        normalise(given)
