"""What is made of a catalogue is made once."""

from app.parts.lesson import NOTHING
from app.parts.remembered import once_a_catalogue
from app.serving.library import library


def test_it_is_made_anew_for_another_catalogue_only(own_traces):
    asked = []

    @once_a_catalogue
    def count(catalogue):
        """How many there are."""
        asked.append(catalogue)
        return len(catalogue)

    first = library().catalogue()
    assert (count(first), count(first)) == (3, 3)
    assert count(NOTHING) == 0
    assert count(first) == 3  # of the latest alone
    assert asked == [first, NOTHING, first] and count.__doc__ == "How many there are."
