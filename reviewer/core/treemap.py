"""Squarified treemaps: boxes whose areas stand for numbers, each as near to a square as can be.

The method is that of M. Bruls, K. Huizing and J. van Wijk, "Squarified Treemaps" (2000).
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; its origin is the top left corner, y grows downwards."""

    x: float
    y: float
    width: float
    height: float

    def inside(self, margin: float, top: float) -> "Box":
        """What is left within a margin on three sides and `top` above; never less than nothing."""
        width, height = max(0.0, self.width - 2 * margin), max(0.0, self.height - margin - top)
        return Box(self.x + margin, self.y + top, width, height)


def squarify(weights: Sequence[float], box: Box) -> list[Box]:
    """A box for each weight, in their order; areas are as the weights, which come largest first for the best shapes.

    ValueError for a weight that is not positive.
    """
    if any(weight <= 0 for weight in weights):
        raise ValueError("a weight must be positive")
    scale = box.width * box.height / sum(weights) if weights else 0.0
    areas = [weight * scale for weight in weights]
    boxes: list[Box] = []
    while len(boxes) < len(areas):
        start = len(boxes)
        end = _row_end(areas, start, min(box.width, box.height))
        row, box = _laid(areas[start:end], box)
        boxes += row
    return boxes


def _row_end(areas: Sequence[float], start: int, side: float) -> int:
    """How far the row that begins at `start` goes: until one more box would make its worst shape worse."""
    total = largest = smallest = areas[start]
    worst = _worst(total, largest, smallest, side)
    for position in range(start + 1, len(areas)):
        area = areas[position]
        total, largest, smallest = total + area, max(largest, area), min(smallest, area)
        shape = _worst(total, largest, smallest, side)
        if shape > worst:
            return position
        worst = shape
    return len(areas)


def _worst(total: float, largest: float, smallest: float, side: float) -> float:
    """The worst ratio of sides in a row of boxes along `side`; 1 is a square."""
    if not side or not smallest:
        return float("inf")
    return max(side * side * largest / (total * total), total * total / (side * side * smallest))


def _laid(areas: Sequence[float], box: Box) -> tuple[list[Box], Box]:
    """One row along the shorter side, and the box that is left."""
    total = sum(areas)
    if box.width >= box.height:
        depth = total / box.height if box.height else 0.0
        boxes, at = [], box.y
        for area in areas:
            length = area / depth if depth else 0.0
            boxes.append(Box(box.x, at, depth, length))
            at += length
        return boxes, Box(box.x + depth, box.y, max(0.0, box.width - depth), box.height)
    turned, rest = _laid(areas, Box(box.y, box.x, box.height, box.width))
    return [_turned(one) for one in turned], _turned(rest)


def _turned(box: Box) -> Box:
    return Box(box.y, box.x, box.height, box.width)
