"""Many rows a few at a time, so that neither memory nor a transaction grows with an audit."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Engine, Row, Select

PAGE = 500
"""Rows in memory at a time, and in one transaction."""
T = TypeVar("T")


def pages(items: Iterable[T], size: int = PAGE) -> Iterator[list[T]]:
    """The items, so many at a time."""
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page


def by_number(engine: Engine, query: Select[Any], number: ColumnElement[int]) -> Iterator[Row[Any]]:
    """The rows of a query in the order of a number from 1 on, which is the first of its columns."""
    last = 0
    while True:
        with engine.begin() as connection:
            rows = connection.execute(query.where(number > last).order_by(number).limit(PAGE)).all()
        yield from rows
        if len(rows) < PAGE:
            return
        last = rows[-1][0]
