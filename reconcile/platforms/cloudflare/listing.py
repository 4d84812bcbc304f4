"""Whole listings: every page, or the reason why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...model.errors import PlatformError, Unavailable
from ...wire import Call, Client

ZONES_PER_PAGE = 50
"""The vendor's maximum."""
RECORDS_PER_PAGE = 5_000
"""Far below the vendor's maximum of 5,000,000: about 2 MB an answer, so that one broken answer costs little."""


@dataclass(frozen=True)
class Listing:
    """What to list: a path, its filters, and how much a page."""

    path: str
    per_page: int
    filters: Mapping[str, str | int] = field(default_factory=dict)

    def page(self, number: int) -> Call:
        return Call("GET", self.path, {**self.filters, "page": number, "per_page": self.per_page})


def read_whole(client: Client, listings: Sequence[Listing]) -> list[list[dict[str, Any]] | PlatformError]:
    """The items of each listing, or what went wrong with it, in order.

    All first pages together, then all that follow. A listing whose pages do not fit together moved while it was read:
    it is an error and no list.
    """
    firsts = client.together([listing.page(1) for listing in listings])
    later = [
        (index, number)
        for index, first in enumerate(firsts)
        if not isinstance(first, PlatformError)
        for number in range(2, _pages(first, listings[index].per_page) + 1)
    ]
    answers: list[list[Any]] = [[first] for first in firsts]
    more = client.together([listings[index].page(number) for index, number in later]) if later else []
    for (index, _), answer in zip(later, more, strict=True):
        answers[index].append(answer)
    return [_joined(listing, pages) for listing, pages in zip(listings, answers, strict=True)]


def _total(answer: Any) -> int | None:
    info = answer.get("result_info") if isinstance(answer, dict) else None
    total = info.get("total_count") if isinstance(info, dict) else None
    return total if isinstance(total, int) else None


def _pages(answer: Any, per_page: int) -> int:
    return -(-(_total(answer) or 0) // per_page)


def _joined(listing: Listing, pages: Sequence[Any]) -> list[dict[str, Any]] | PlatformError:
    items: list[dict[str, Any]] = []
    total = _total(pages[0])
    for page in pages:
        if isinstance(page, PlatformError):
            return page
        result = page.get("result") if isinstance(page, dict) else None
        if not isinstance(result, list) or _total(page) is None:
            return Unavailable(f"{listing.path}: the answer is no listing", platform="cloudflare")
        if _total(page) != total:
            return _shifted(listing, f"{total} things on page 1, {_total(page)} on a later one")
        items += result
    if len(items) != total:
        return _shifted(listing, f"{len(items)} things came, {total} were announced")
    if len({item.get("id") for item in items}) != len(items):
        return _shifted(listing, "one thing came twice")
    return items


def _shifted(listing: Listing, how: str) -> Unavailable:
    return Unavailable(
        f"{listing.path}: page shifted: {how}",
        platform="cloudflare",
        advice="somebody changed the listing while it was read; run the same command again",
    )
