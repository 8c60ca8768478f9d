import time
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.core.cluster import Related, cluster

_PATHS = st.lists(st.text("abcd/", min_size=1, max_size=8), unique=True, max_size=30)
_TEXTS = st.lists(st.sampled_from(["load_user", "save_user", "Basket total", "x", "é ü", "config"]), max_size=3)


@given(_PATHS, st.data(), st.integers(1, 60))
def test_every_path_is_in_one_group_and_groups_keep_the_limit(paths, data, limit):
    files = [Related(path, tuple(data.draw(_TEXTS)), data.draw(st.integers(0, 30))) for path in paths]
    groups = cluster(files, limit)
    assert sorted(path for group in groups for path in group) == sorted(paths)
    tokens = {file.path: file.tokens for file in files}
    assert all(sum(map(tokens.get, group)) <= limit or len([p for p in group if tokens[p]]) == 1 for group in groups)
    assert groups == cluster(files, limit)


def test_files_that_share_rare_names_stand_together():
    files = [
        Related("api/users.py", ("calls load_user in the store",), 10),
        Related("api/basket.py", ("calls price_basket",), 10),
        Related("store/prices.py", ("price_basket now takes a currency",), 10),
        Related("store/rows.py", ("load_user was renamed to fetch_user",), 10),
    ]
    assert sorted(map(sorted, cluster(files, 20))) == [
        ["api/basket.py", "store/prices.py"],
        ["api/users.py", "store/rows.py"],
    ]


def test_a_file_and_the_one_that_names_it_stand_together():
    files = [Related("a/one.py", (), 10), Related("a/mailer.py", (), 10), Related("z/three.py", ("uses mailer",), 10)]
    assert ("a/mailer.py", "z/three.py") in cluster(files, 20)


def test_what_nothing_ties_is_packed_by_folder():
    files = [Related(f"{folder}/{folder}{number}.py", (), 10) for number in range(2) for folder in ("b", "a")]
    assert cluster(files, 20) == [("a/a0.py", "a/a1.py"), ("b/b0.py", "b/b1.py")]


def test_a_file_above_the_limit_stands_alone():
    files = [Related("a.py", (), 5), Related("b.py", (), 500), Related("c.py", (), 5)]
    assert cluster(files, 20) == [("a.py",), ("b.py",), ("c.py",)]
    assert cluster([], 20) == []


def tied_to_neighbours(number: int) -> tuple[str, ...]:
    names = (f"shared_name_{(number // 20) * 40 + n}" for n in range(80))
    return (*(f"calls {name} with two arguments" for name in names), f"defines own_{number}")


def tied_at_random(number: int) -> tuple[str, ...]:
    names = (f"name_{(number * 7919 + n * n * 104_729) % 25_013}" for n in range(100))
    return tuple(f"calls {name}" for name in names)


@pytest.mark.parametrize(("notes", "near"), [(tied_to_neighbours, 0.9), (tied_at_random, 0)])
def test_3000_files_with_many_shared_names_are_grouped_in_two_seconds(notes, near):
    files = [Related(f"package_{n // 50}/module_{n}.py", notes(n), 1_000) for n in range(3_000)]
    start = time.process_time()
    groups = cluster(files, 36_000)
    assert time.process_time() - start < 2
    assert sorted(path for group in groups for path in group) == sorted(file.path for file in files)
    folders = [{PurePosixPath(path).parent.name for path in group} for group in groups]
    assert sum(len(names) <= 2 for names in folders) >= len(groups) * near
