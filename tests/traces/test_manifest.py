"""trace.json: what is written is read again, and every lie in it is named."""

import json
import tracemalloc
from dataclasses import asdict, fields, replace
from functools import cache

import pytest

from svc_core.traces.manifest import (
    MOST_BANDS,
    MOST_FRAMES,
    MOST_STEPS,
    SAFE_FILE,
    FileFacts,
    Manifest,
    Swap,
    parse_manifest,
)
from svc_core.traces.parsing import ParseError
from tests.support.hand_traces import hand_files, hand_manifest, listed


def whole(**changes) -> Manifest:
    """A manifest as it is written, with the facts of its files."""
    return replace(hand_manifest(), **{"files": _facts()} | changes)


@cache
def _facts() -> dict[str, FileFacts]:
    return {name: FileFacts(len(data), "0" * 64) for name, data in hand_files(hand_manifest()).items()}


def as_json(*way: str | int, **leaf) -> dict:
    """The whole manifest as JSON has it, with a leaf changed or, where it is ..., taken away."""
    value = json.loads(whole().to_json())
    inner = value
    for step in way:
        inner = inner[step]
    for name, what in leaf.items():
        if what is ...:
            del inner[name]
        else:
            inner[name] = what
    return value


def refusal(given: dict | str | bytes) -> str:
    with pytest.raises(ParseError) as caught:
        parse_manifest(json.dumps(given) if isinstance(given, dict) else given)
    message = str(caught.value)
    assert "\n" not in message
    assert message.isprintable()
    assert len(message) < 300
    return message


def shown(value: object) -> str:
    """A short name for a case."""
    return repr(value)[:30]


def leaves(value: object, way: tuple = ()) -> list[tuple]:
    """The way to every field of a manifest that is made of named fields."""
    if not isinstance(value, dict):
        return [way]
    inside = [deeper for name, inner in value.items() for deeper in leaves(inner, (*way, name))]
    return [*([way] if way else []), *inside]


FREE = ("files", "scores", "sampler.guidance")  # tables whose names are no fields
WAYS = [way for way in leaves(asdict(whole())) if not any(".".join(way).startswith(f"{free}.") for free in FREE)]
OPTIONAL = {"files", "sampler.guidance", "sampler.without", "model.attribution", "label", "note"} | {
    *(f"sampler.{name}" for name in ("swap", "defect", "clamp")),
    *(f"{recording}.gain_db" for recording in ("source", "reference")),
    *(f"scale.{name}" for name in ("floor_db", "db_per_level", "f0_low_hz", "f0_high_hz")),
}


@pytest.mark.parametrize(
    "manifest",
    [
        whole(),
        whole(hidden=None),
        whole(detail="own"),
        whole(notes=["şarkı", "聲"], scores={}, label="öğrenci", note="One of these is broken."),
        whole(sampler=replace(hand_manifest().sampler, swap=Swap("bass", 7), defect="clamp", clamp=1.0)),
        hand_manifest("a", sampler="heun", steps=1, sounds=1, detail="light", reference=None, reference_frames=0),
    ],
)
def test_what_is_written_is_read_again(manifest):
    if not manifest.files:
        manifest = replace(
            manifest, files=listed("a.txt") | {sound.predicted: FileFacts(1, "") for sound in manifest.sounds}
        )
    again = parse_manifest(manifest.to_json())
    assert again == manifest
    assert parse_manifest(manifest.to_json().encode()) == manifest
    assert again.to_json() == manifest.to_json()


def test_what_is_written_is_readable_by_people():
    text = whole(target="şarkıcı").to_json()
    assert "şarkıcı" in text
    assert text.endswith("}\n")
    assert text.count("\n") > 50


def test_length_and_size_by_hand():
    manifest = whole(files={"a": FileFacts(7, ""), "b": FileFacts(5, "")}, frames=375)
    assert manifest.seconds == 4.0  # 375 frames of 256 samples at 24 kHz
    assert manifest.bytes == 12


def test_a_number_that_is_none_is_not_written():
    with pytest.raises(ValueError):
        whole(state_error_db=float("nan")).to_json()


def test_fields_of_a_later_version_are_passed_over():
    value = json.loads(whole().to_json())
    for inner in (
        value,
        value["sampler"],
        value["source"],
        value["sounds"][0],
        value["hidden"],
        *value["files"].values(),
    ):
        inner["invented later"] = {"anything": [1, None, "x"]}
    assert parse_manifest(json.dumps(value)) == whole()


@pytest.mark.parametrize("way", WAYS, ids=".".join)
def test_a_missing_field_is_named(way):
    given = as_json(*way[:-1], **{way[-1]: ...})
    name = ".".join(way)
    if name in OPTIONAL:
        try:
            parse_manifest(json.dumps(given))
        except ParseError as error:
            assert name == "files"  # its sounds are not among them then
            assert "is not among its files" in str(error)
    elif name == "format":
        assert "none of SingSteps" in refusal(given)
    else:
        assert refusal(given) == f"'{name}' is missing"


@pytest.mark.parametrize("way", WAYS, ids=".".join)
def test_a_field_of_a_wrong_type_is_named(way):
    """None of these is right for any field; NaN and Infinity are no JSON, but Python reads them."""
    name = ".".join(way)
    for wrong in (True, [[]], {"a": {}}, "text\n", float("nan"), float("inf"), 1 << 60):
        message = refusal(as_json(*way[:-1], **{way[-1]: wrong}))
        assert f"'{name}" in message or (name == "format" and "none of SingSteps" in message)


@pytest.mark.parametrize(
    ("way", "value", "named"),
    [
        (("id",), "", "id"),
        (("detail",), "medium", "detail"),
        (("detail",), "", "detail"),
        (("detail",), "OWN", "detail"),
        (("sampler", "steps"), 0, "sampler.steps"),
        (("sampler", "steps"), -1, "sampler.steps"),
        (("sampler", "steps"), MOST_STEPS + 1, "sampler.steps"),
        (("sampler", "seed"), -1, "sampler.seed"),
        (("sampler", "seed"), 1 << 32, "sampler.seed"),
        (("sampler", "start_address"), -1, "sampler.start_address"),
        (("sampler", "start_address"), 1 << 32, "sampler.start_address"),
        (("sampler", "swap"), {"singer": "bass", "at": 0}, "sampler.swap"),
        (("sampler", "swap"), {"singer": "bass", "at": 8}, "sampler.swap"),
        (("sampler", "clamp"), 0.0, "sampler.clamp"),
        (("sampler", "clamp"), -1.0, "sampler.clamp"),
        (("frames",), 0, "frames"),
        (("frames",), MOST_FRAMES + 1, "frames"),
        (("reference_frames",), -1, "reference_frames"),
        (("reference_frames",), MOST_FRAMES + 1, "reference_frames"),
        (("grid", "n_mels"), 0, "grid.n_mels"),
        (("grid", "n_mels"), MOST_BANDS + 1, "grid.n_mels"),
        (("grid", "hop"), 0, "grid.hop"),
        (("grid", "sample_rate_hz"), 0, "grid.sample_rate_hz"),
        (("grid", "mel_low_hz"), -1.0, "grid.mel_high_hz"),
        (("grid", "mel_high_hz"), 0.0, "grid.mel_high_hz"),
        (("grid", "mel_high_hz"), 12_001.0, "grid.mel_high_hz"),
        (("scale", "mel_std_db"), 0.0, "scale"),
        (("scale", "mel_std_db"), -1.0, "scale"),
        (("scale", "floor_db"), -100.0, "scale"),
        (("scale", "db_per_level"), 1.0, "scale"),
        (("pictures", "places"), [], "pictures.places"),
        (("pictures", "places"), [0, 1, 2], "pictures.places"),  # less the last
        (("pictures", "places"), [1, 7], "pictures.places"),  # less the first
        (("pictures", "places"), [0, 3, 2, 7], "pictures.places"),
        (("pictures", "places"), [0, 3, 3, 7], "pictures.places"),
        (("pictures", "places"), [0, 7, 8], "pictures.places"),
        (("pictures", "places"), [-1, 0, 7], "pictures.places"),
        (("pictures", "quantum"), 0, "pictures.quantum"),
        (("pictures", "quantum"), 17, "pictures.quantum"),
        (("sounds",), [], "sounds"),
        (("sounds", 0, "place"), -1, "sounds"),
        (("sounds", 2, "place"), 8, "sounds"),
        (("sounds", 0, "place"), 7, "sounds"),
        (("contours", "predicted"), [8], "contours"),
        (("contours", "state"), [-1], "contours"),
        (("contours", "predicted"), [0, 0], "contours"),
        (("contours", "state"), [3, 1], "contours"),
        (("hidden", "components"), 0, "hidden"),
        (("hidden", "components"), 5_000, "hidden"),
        (("hidden", "every"), 0, "hidden"),
        (("hidden", "every"), 9, "hidden"),
        (("hidden", "scales"), [0.1], "hidden"),
        (("hidden", "names"), ["block_1", "block_1"], "hidden"),
        (("files", "walk.npy.gz", "bytes"), -1, "files"),
        (("files", "walk.npy.gz", "bytes"), (1 << 26) + 1, "files"),
    ],
)
def test_a_value_out_of_range_is_named(way, value, named):
    given = as_json()
    inner = given
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = value
    assert refusal(given) == f"'{named}' is out of range"


def test_pictures_and_features_have_a_size_that_memory_has():
    given = as_json("grid", n_mels=512)
    given["frames"], given["sampler"]["steps"] = 8_192, 10_000
    given["pictures"]["places"] = list(range(10_000))
    assert refusal(given) == "'pictures' is out of range"


def test_hidden_features_have_at_most_eight_million_numbers():
    def of_features(count: int) -> dict:  # of 4096 components at 8 places each
        return as_json("hidden", components=4_096, every=1, names=[f"n{i}" for i in range(count)], scales=[1.0] * count)

    assert len(parse_manifest(json.dumps(of_features(256))).hidden.names) == 256  # 2^23 of them
    assert refusal(of_features(257)) == "'hidden' is out of range"


# names


@pytest.mark.parametrize("name", ["a", "hymn--bass--alto", "şarkı--ağır~1", "聲", "a b", "C#_@+", "x" * 200], ids=shown)
def test_an_id_may_be_any_name_of_a_folder(name):
    assert parse_manifest(whole(id=name).to_json()).id == name


NO_IDS = [
    "",
    ".",
    "..",
    ".hidden",
    "-rf",
    "a/b",
    "/a",
    "..\\a",
    "a\\b",
    "C:a",
    "a*",
    "a?",
    'a"',
    "a<b",
    "a|b",
    "a.",
    "a ",
]


@pytest.mark.parametrize("name", [*NO_IDS, "x" * 201, "聲" * 67], ids=shown)
def test_an_id_that_is_no_name_of_a_folder_is_refused(name):
    assert refusal(as_json(id=name)) == "'id' is out of range"


@pytest.mark.parametrize(
    "name", ["a\nb", "a\0", "a\x1b", "a\x7f", "a\u202eb", "a\u200bb", "a\u2028", "a\xa0b", "\ud800"]
)
def test_an_id_that_cannot_be_shown_is_refused(name):
    assert "'id' must be one line" in refusal(as_json(id=name))


@pytest.mark.parametrize("name", ["walk.npy.gz", "sound/predicted_0999.flac", "metrics.csv", "a.b", "sound-2/a_b.mp3"])
def test_names_that_files_have(name):
    assert SAFE_FILE.fullmatch(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "noending",
        "../walk.npy.gz",
        "sound/../walk.npy",
        "sound/../../etc/passwd.x",
        "/etc/hostname.txt",
        "a/b/c.txt",
        "sound//a.flac",
        "./a.txt",
        ".hidden.txt",
        "..",
        "a.txt/",
        "C:a.txt",
        "C:/a.txt",
        "sound\\a.flac",
        "..\\a.txt",
        "a.txt\n",
        "a.txt\0",
        "a .txt",
        "A.txt",
        "~/a.txt",
        "$HOME/a.txt",
        "-rf.txt",
        "a.tar.gz.exe",
        "ａ.txt",
        "s\u0131.txt",
        "．．/a.txt",
        "a\u2215b.txt",
        "\u202ea.txt",
        "%2e%2e/a.txt",
        "https://host/a.txt",
    ],
)
def test_names_that_files_do_not_have(name):
    given = as_json()
    given["files"][name] = {"bytes": 1, "sha256": ""}
    message = refusal(given)
    assert "is no part of a trace" in message or "'files' must be one line" in message


@pytest.mark.parametrize("kind", ["predicted", "state"])
def test_a_sound_that_is_no_file_is_named(kind):
    assert (
        refusal(as_json("sounds", 1, **{kind: "sound/other.flac"}))
        == "the sound 'sound/other.flac' is not among its files"
    )


# versions, and what is no manifest


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"at": 3}, "'sampler.swap.singer' is missing"),
        ({"singer": "bass"}, "'sampler.swap.at' is missing"),
        ({"singer": 1, "at": 3}, "'sampler.swap.singer' must be text"),
        ({"singer": "bass", "at": 2.5}, "'sampler.swap.at' must be a whole number"),
    ],
)
def test_a_swap_has_a_singer_and_a_place(given, message):
    assert refusal(as_json("sampler", swap=given)) == message


def test_the_version_before_is_read_and_had_no_swap_defect_clamp_label_or_note():
    value = as_json(format="singsteps-trace-2", label=..., note=...)
    for name in ("swap", "defect", "clamp"):
        del value["sampler"][name]
    found = parse_manifest(json.dumps(value))
    assert found == whole(format="singsteps-trace-2")
    assert (found.sampler.swap, found.sampler.defect, found.sampler.clamp) == (None, "", None)
    assert (found.label, found.note) == ("", "")


@pytest.mark.parametrize("version", [4, 10, 999_999])
def test_a_later_version_says_what_to_do(version):
    message = refusal({"format": f"singsteps-trace-{version}", "all": "else is unknown"})
    assert (
        message
        == f"a newer SingSteps wrote it (singsteps-trace-{version}; this one reads singsteps-trace-3): update SingSteps"
    )


def test_an_older_version_says_what_to_do():
    message = refusal({"format": "singsteps-trace-1"})
    assert (
        message == "an older SingSteps wrote it (singsteps-trace-1; this one reads singsteps-trace-3): record it again"
    )


NO_VERSIONS = ["", "-", "-0", "-02", "--1", "-2.0", "-2\n", "-²", "-\u0662", "-" + "9" * 5_000, "-2-"]


@pytest.mark.parametrize(
    "found",
    [None, 2, [], {}, "", "2", "SingSteps-trace-2", "other-2", "x" * 100_000, "a\nb"]
    + [f"singsteps-trace{version}" for version in NO_VERSIONS],
    ids=shown,
)
def test_another_format_is_none_of_ours(found):
    assert "none of SingSteps" in refusal(as_json(format=found))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff\xfe\0",
        b"\x80",
        b'{"format": "singsteps-trace-2"',
        b"\x1f\x8b\x08",
        "[" * 100_000,
        '{"a":' * 100_000,
        "9" * 10_000,
        "nope",
        "'a'",
        '{"a": 1} {"b": 2}',
        '"\\ud8',
    ],
    ids=shown,
)
def test_what_is_no_json_is_damaged(text):
    assert refusal(text).startswith("it is damaged")


@pytest.mark.parametrize("text", ["[]", "null", '"trace"', "7", "NaN", "true", "[{}]"])
def test_what_is_no_object_is_none(text):
    assert refusal(text) == "it is no object"


def test_ten_megabytes_are_refused_or_read_without_taking_ten_times_as_much():
    """Place.read stops at two megabytes; were it not so, it would still end."""
    text = json.dumps(as_json(notes=["la " * 600] * 5_000))
    assert len(text) > 9_000_000
    tracemalloc.start()
    assert len(parse_manifest(text).notes) == 5_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * len(text)


def test_a_manifest_in_a_foreign_code_of_letters_is_read_or_refused():
    """Windows' editors put a mark in front, and some write two bytes a letter."""
    text = whole().to_json()
    assert parse_manifest(text.encode("utf-8-sig")) == whole()
    assert parse_manifest(text.encode("utf-16")) == whole()
    assert "damaged" in refusal(whole(target="şarkı").to_json().encode("iso-8859-9"))


def test_the_same_field_twice_is_its_last():
    text = whole().to_json().replace('"frames": 12', '"frames": 99, "frames": 12')
    assert parse_manifest(text) == whole()


def test_every_field_is_known_to_these_tests():
    """A new field is found in WAYS, and so is refused where it is missing or of a wrong type."""
    assert {way[0] for way in WAYS} == {field.name for field in fields(Manifest)}
