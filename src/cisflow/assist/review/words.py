"""What page and terminal say alike."""

from __future__ import annotations

from collections.abc import Iterator

from cisflow.assist.review.counting import counted
from cisflow.assist.review.facts import Card, WaveSheet

ROUNDED = "numbers of firms are multiples of {n}; < {n} is fewer than {n} firms, or none"
NO_LABELS = "none, so that only names tell what columns are"
SECTIONS = {
    "needed": "To confirm: the run's models rest on these",
    "open": "To confirm: no model of the run needs these",
    "settled": "Confirmed, or vouched for by a source",
}


def by_urgency(wave: WaveSheet) -> Iterator[tuple[str, list[Card]]]:
    """Yield the cards of a wave in the order in which a person should see them."""
    yield "needed", [c for c in wave.cards if not c.settled and c.needed]
    yield "open", [c for c in wave.cards if not c.settled and not c.needed]
    yield "settled", [c for c in wave.cards if c.settled]


def left_of(wave: WaveSheet) -> str:
    """Return how much of a wave is left to a person, and how much of it the models rest on."""
    needed = sum(card.needed for card in wave.open)
    of_models = f", {needed} of them for the models" if needed < len(wave.open) else ""
    against = f"{len(wave.doubted)} with something against them"
    return f"{len(wave.open)} to confirm{of_models}, {against}"


def state_of(card: Card) -> str:
    """Return a card's state, and whether something speaks against it."""
    return f"{card.state}, doubted" if card.doubted else card.state


def numbers_of(card: Card, minimum: int) -> str:
    """Return how many firms answered, were not asked, did not answer."""
    n = card.counts
    if n is None:
        return ""
    told = [f"valid {counted(n.valid, minimum)}"]
    if n.filtered_known:
        filtered = f" (asked if {card.asked_if})" if card.asked_if else ""
        if filtered or n.not_asked is not None:
            told.append(f"not asked {counted(n.not_asked, minimum)}{filtered}")
        told.append(f"missing {counted(n.missing, minimum)}")
    else:
        told.append(f"not asked or missing {counted(n.missing, minimum)}")
    if n.invalid is not None:
        told.append(f"not readable {counted(n.invalid, minimum)}")
    return " · ".join(told)
