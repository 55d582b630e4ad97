"""The rooms in their order: names on the command line, titles, where their classes are. Needs no Qt.

A room is added here in one line; its file is `app/rooms/`, its icon `assets/icons/NAME.svg`.
"""

from __future__ import annotations

from dataclasses import dataclass


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:
    """Marks a text for the translators, who find it by this function's name; it is translated later."""
    return text


@dataclass(frozen=True)
class RoomEntry:
    """A room before it is built."""

    name: str
    title: str
    module: str
    class_name: str


# A room's module is imported on the first visit.
ROOMS = (
    RoomEntry("entrance", QT_TRANSLATE_NOOP("rooms", "Entrance"), "app.rooms.entrance", "EntranceRoom"),
    RoomEntry("filters", QT_TRANSLATE_NOOP("rooms", "Filters"), "app.rooms.filters", "FiltersRoom"),
    RoomEntry("two-gpus", QT_TRANSLATE_NOOP("rooms", "Two GPUs"), "app.rooms.two_gpus", "TwoGpusRoom"),
    RoomEntry("try-it", QT_TRANSLATE_NOOP("rooms", "Try it"), "app.rooms.try_it", "TryItRoom"),
    RoomEntry("inside", QT_TRANSLATE_NOOP("rooms", "Inside"), "app.rooms.inside", "InsideRoom"),
    RoomEntry(
        "neighbours", QT_TRANSLATE_NOOP("rooms", "Neighbours"), "app.rooms.neighbours", "NeighboursRoom"
    ),
    RoomEntry("training", QT_TRANSLATE_NOOP("rooms", "Training"), "app.rooms.training", "TrainingRoom"),
    RoomEntry(
        "pull-the-plug",
        QT_TRANSLATE_NOOP("rooms", "Pull the plug"),
        "app.rooms.pull_the_plug",
        "PullThePlugRoom",
    ),
)
