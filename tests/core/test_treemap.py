import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.core.treemap import Box, squarify

FIELD = Box(0, 0, 6, 4)


def test_the_example_of_the_paper():
    boxes = squarify([6, 6, 4, 3, 2, 2, 1], FIELD)
    assert boxes[0] == Box(0, 0, 3, 2)
    assert boxes[1] == Box(0, 2, 3, 2)
    assert [round(box.width * box.height, 9) for box in boxes] == [6, 6, 4, 3, 2, 2, 1]


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=60))
def test_areas_are_as_the_weights_and_stay_inside(weights):
    boxes = squarify(sorted(weights, reverse=True), FIELD)
    total = sum(weights)
    for weight, box in zip(sorted(weights, reverse=True), boxes, strict=True):
        assert box.width * box.height == pytest.approx(24 * weight / total)
        assert box.x >= -1e-9
        assert box.y >= -1e-9
        assert box.x + box.width <= 6 + 1e-6
        assert box.y + box.height <= 4 + 1e-6


@given(st.lists(st.integers(1, 1_000), min_size=2, max_size=20))
def test_no_two_boxes_overlap(weights):
    boxes = squarify(sorted(weights, reverse=True), FIELD)
    for at, one in enumerate(boxes):
        for other in boxes[at + 1 :]:
            wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
            high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
            assert min(wide, high) < 1e-6


def test_nothing_and_no_room():
    assert squarify([], FIELD) == []
    assert [box.width * box.height for box in squarify([2, 1], Box(0, 0, 0, 5))] == [0, 0]
    with pytest.raises(ValueError, match="must be positive"):
        squarify([1, 0], FIELD)


def test_a_box_has_an_inside():
    assert Box(1, 2, 10, 30).inside(2, 12) == Box(3, 14, 6, 16)
    assert Box(1, 2, 3, 3).inside(2, 12) == Box(3, 14, 0, 0)
