"""What is read of a message against the whole message that Streamlit's own protobufs make of it."""

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.load.protocol import AGAIN, BROKEN, Choice, Frame, ProtocolError, read_element, read_frame, rerun


def test_end_of_a_script_is_read_with_its_status():
    message = ForwardMsg(script_finished=BROKEN)
    message.metadata.run.script_run_id = "run"
    assert read_frame(message.SerializeToString()) == Frame("script_finished", "", False, BROKEN)


def test_success_is_a_status_though_it_is_zero():
    frame = read_frame(ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY).SerializeToString())
    assert frame == Frame("script_finished", "", False, 0)
    assert frame.value != AGAIN


def test_hash_and_cacheable_are_read_of_what_is_shown():
    message = ForwardMsg(hash="a1b2")
    message.delta.new_element.markdown.body = "x" * 300  # a length of two bytes
    message.metadata.delta_path.extend([0, 300])
    assert read_frame(message.SerializeToString()) == Frame("delta", "a1b2", False, "")
    message.metadata.cacheable = True
    assert read_frame(message.SerializeToString()) == Frame("delta", "a1b2", True, "")


def test_reference_names_the_message_it_stands_for():
    assert read_frame(ForwardMsg(ref_hash="ff00").SerializeToString()) == Frame("ref_hash", "", False, "ff00")


@pytest.mark.parametrize(
    "data",
    [
        b"",  # nothing at all
        b"\x0a\x05ab",  # a text of five bytes, of which two came
        b"\x30",  # a number that does not come
        b"\x30\x80",  # a number that does not end
        b"\x33",  # the third wire type, long forbidden
        b"\x08\x01",  # a number for a hash
        b"\xfa\x7f\x00",  # a field that no message has, and nothing else
    ],
)
def test_what_is_no_message_is_refused(data):
    with pytest.raises(ProtocolError):
        read_frame(data)


def test_every_kind_of_message_is_known_by_its_name():
    kinds = [each.name for each in ForwardMsg.DESCRIPTOR.oneofs_by_name["type"].fields]
    for kind in kinds:
        message = ForwardMsg()
        field = ForwardMsg.DESCRIPTOR.fields_by_name[kind]
        if field.message_type:
            getattr(message, kind).SetInParent()
        else:
            setattr(message, kind, "text" if field.cpp_type == field.CPPTYPE_STRING else 1)
        assert read_frame(message.SerializeToString()).kind == kind


def test_page_is_opened_by_its_path_and_turned_to_by_its_hash():
    opened = BackMsg.FromString(rerun("http://127.0.0.1:1/seeing", page_name="seeing")).rerun_script
    assert (opened.page_name, opened.page_script_hash, opened.context_info.url) == (
        "seeing", "", "http://127.0.0.1:1/seeing",
    )  # fmt: skip
    assert opened.HasField("widget_states")
    turned = BackMsg.FromString(rerun("http://127.0.0.1:1/", page_hash="ab", known=["1", "2"])).rerun_script
    assert (turned.page_script_hash, list(turned.cached_message_hashes)) == ("ab", ["1", "2"])


def test_what_was_chosen_goes_with_the_request():
    state = BackMsg.FromString(rerun("http://127.0.0.1:1/", chosen={"box": "the second"})).rerun_script.widget_states
    assert [(widget.id, widget.string_value) for widget in state.widgets] == [("box", "the second")]


def test_figure_tells_its_data():
    message = ForwardMsg()
    message.delta.new_element.bidi_component.json = '{"trace": "one"}'
    assert read_element(message.SerializeToString()).data == {"trace": "one"}


def test_only_a_box_with_something_chosen_offers_a_choice():
    message = ForwardMsg()
    box = message.delta.new_element.selectbox
    box.id = "box"
    box.options.extend(["a", "b"])
    assert read_element(message.SerializeToString()).choice is None
    box.default = 0
    assert read_element(message.SerializeToString()).choice == Choice("box", ("a", "b"))


def test_exception_on_the_page_is_told():
    message = ForwardMsg()
    message.delta.new_element.exception.type = "KeyError"
    message.delta.new_element.exception.message = "'x'"
    assert read_element(message.SerializeToString()).problem == "KeyError: 'x'"


def test_pages_are_found_by_their_paths():
    message = ForwardMsg()
    message.navigation.app_pages.add(page_script_hash="h0", url_pathname="start", is_default=True)
    message.navigation.app_pages.add(page_script_hash="h1", url_pathname="seeing")
    assert read_element(message.SerializeToString()).pages == {"": "h0", "seeing": "h1"}
