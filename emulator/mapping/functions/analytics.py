"""Functions of Adobe Analytics' event and product strings.

An event string lists `name=value:id`, separated by commas. A product string lists products,
separated by commas, each `category;product;quantity;price;events;eVars`; within a product, events
and eVars are separated by `|`.
"""

from __future__ import annotations

from emulator.mapping.functions.definition import Category

CATEGORY = Category("Analytics")

_CATEGORY, _NAME, _QUANTITY, _PRICE, _EVENTS, _EVARS = range(6)


def _event(listed: list[str], name: str) -> tuple[str, str | None] | None:
    """Return value and id of an event in a list, None if it is not there; the value may be 1."""
    for entry in listed:
        named, has_value, rest = entry.strip().partition("=")
        if named.partition(":")[0] == name:
            value, _, identifier = rest.partition(":")
            if not has_value:
                identifier = named.partition(":")[2]
            return value or "1", identifier or None
    return None


def _products(products: str, column: int) -> list[str | None]:
    rows = (product.split(";") for product in products.split(","))
    return [row[column].strip() or None if column < len(row) else None for row in rows]


def _product_events(products: str, name: str) -> list[tuple[str, str | None]]:
    listed = ((events or "").split("|") for events in _products(products, _EVENTS))
    return [found for found in (_event(events, name) for events in listed) if found]


@CATEGORY.function()
def aa_get_event_id(event_string: str, event_name: str) -> str | None:
    """Take the id of an event out of an event string.

    Null if there is none (assumed).
    """
    found = _event(event_string.split(","), event_name)
    return found[1] if found else None


@CATEGORY.function()
def aa_get_event_value(event_string: str, event_name: str) -> str | None:
    """Take the value of an event out of an event string, 1 if it has none.

    Null if there is no such event (assumed).
    """
    found = _event(event_string.split(","), event_name)
    return found[0] if found else None


@CATEGORY.function()
def aa_get_product_categories(products_string: str) -> list[str | None]:
    """List the categories in a product string, null where there is none."""
    return _products(products_string, _CATEGORY)


@CATEGORY.function()
def aa_get_product_names(products_string: str) -> list[str | None]:
    """List the products in a product string."""
    return _products(products_string, _NAME)


@CATEGORY.function()
def aa_get_product_quantities(products_string: str) -> list[str | None]:
    """List the quantities in a product string, null where there is none."""
    return _products(products_string, _QUANTITY)


@CATEGORY.function("aa_get_product_price")
def aa_get_product_prices(products_string: str) -> list[str | None]:
    """List the prices in a product string, null where there is none.

    Some pages call it `aa_get_product_price`.
    """
    return _products(products_string, _PRICE)


@CATEGORY.function()
def aa_get_product_event_values(products_string: str, event_name: str) -> list[str]:
    """List the values of an event in a product string.

    A product without the event is left out; an event without a value has 1 (assumed).
    """
    return [value for value, _ in _product_events(products_string, event_name)]


@CATEGORY.function()
def aa_get_product_evars(products_string: str, evar_name: str) -> list[str]:
    """List the values of an eVar in a product string.

    A product without the eVar is left out (assumed).
    """
    listed = [
        entry.partition("=")
        for evars in _products(products_string, _EVARS)
        for entry in (evars or "").split("|")
    ]
    return [value for name, _, value in listed if name.strip() == evar_name and value]


@CATEGORY.function()
def aa_get_product_events(products_string: str, event_name: str) -> list[dict[str, str | None]]:
    """List id and value of an event in a product string, one object for each product that has it.

    The page hides this function in a comment.
    """
    found = _product_events(products_string, event_name)
    return [{"id": identifier, "value": value} for value, identifier in found]


@CATEGORY.function()
def aa_get_product_event_ids(products_string: str, event_name: str) -> list[str | None]:
    """List the ids of an event in a product string.

    The page hides this function in a comment.
    """
    return [identifier for _, identifier in _product_events(products_string, event_name)]
