"""GraphML keeps everything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from conncore.formats import read, write
from random_connectomes import connectomes, same, same_attributes, with_attributes

# XML has no other characters.
TEXT = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r"),
    max_size=6,
)


@given(worm=with_attributes(connectomes(TEXT, TEXT.filter(bool)), TEXT))
def test_graphml_round_trip(tmp_path_factory, worm):
    path = tmp_path_factory.mktemp("graphml") / "worm.graphml"
    assert write(worm, path) == ""
    back = read(path)
    assert same(worm, back, but=("attributes",))
    assert same_attributes(worm, back)
    assert worm.checksum == back.checksum
