"""What hostile addresses and lists brought up in the page's own scripts."""

import pytest

from tests.fuzz.of_addresses import addresses, listing


@pytest.mark.parametrize("moment", ["Infinity", "1e999", "9" * 5_000, "-1", "", "NaN"])
def test_a_moment_without_end_is_passed_over(tmp_path, moment):
    reader = addresses(tmp_path)
    reader.lay((f"?at={moment}", [0]))
    reader.read()


@pytest.mark.parametrize("text", ["", "\n", "id\n", '"'])
def test_a_list_without_columns_is_refused(tmp_path, text):
    reader = listing(tmp_path)
    reader.lay({"do": "listing", "text": text})
    reader.read()
