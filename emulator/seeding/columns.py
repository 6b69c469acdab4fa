"""The columns of generated files, and the XDM fields that they are mapped to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from faker import Faker

_XDM = "https://ns.adobe.com/xdm"
PROFILE = f"{_XDM}/context/profile"


class Column(NamedTuple):
    """A column: its name, the path of its XDM field, and a function that generates a value."""

    name: str
    path: str
    generate: Callable[[Faker], str]


KEY = Column("Id", "_id", lambda faker: faker.uuid4())
"""The column of every file."""

GROUPS: dict[str, tuple[Column, ...]] = {
    f"{PROFILE}-person-details": (
        Column("FirstName", "person.name.firstName", lambda faker: faker.first_name()),
        Column("LastName", "person.name.lastName", lambda faker: faker.last_name()),
        Column("BirthDate", "person.birthDate", lambda faker: str(faker.date_of_birth())),
    ),
    f"{PROFILE}-personal-details": (
        Column("Email", "personalEmail.address", lambda faker: faker.email()),
        Column("City", "homeAddress.city", lambda faker: faker.city()),
        Column("Mobile", "mobilePhone.number", lambda faker: faker.numerify("+1-###-###-####")),
    ),
    f"{PROFILE}-work-details": (
        Column(
            "WorkEmail",
            "workEmail.address",
            lambda faker: f"{faker.user_name()}@{faker.domain_word()}.example.com",
        ),
    ),
    f"{_XDM}/mixins/profile/profile-loyalty-details": (
        Column("Program", "loyalty.program", lambda faker: faker.color_name()),
        Column("Points", "loyalty.points", lambda faker: str(faker.random_int(0, 90_000))),
    ),
}
"""Standard field groups with the columns that fill them; the first is in every schema."""

SUBJECTS = (
    "App users",
    "Campaign responses",
    "CRM contacts",
    "Loyalty members",
    "Newsletter subscribers",
    "Product reviews",
    "Store visitors",
    "Support customers",
    "Trial accounts",
    "Web shop customers",
)
"""Subjects of generated data sets."""
