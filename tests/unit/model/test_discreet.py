from edgetui.model.redacted import Discreet


class Account(Discreet, frozen=True):
    SHOWN = ("name",)

    name: str
    password: str = ""


def test_a_repr_shows_what_is_named_and_nothing_else() -> None:
    account = Account("ops", "s3cret")
    assert repr(account) == "Account(name='ops')"
    assert account.__rich_repr__() == [("name", "ops")]


def test_a_record_that_names_nothing_shows_nothing() -> None:
    class Key(Discreet, frozen=True):
        value: str

    assert repr(Key("s3cret")) == "Key()"
