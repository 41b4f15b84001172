"""The table of measured times: read as it is, and refused where nobody can have measured it."""

from pathlib import Path

import pytest

from app.parts.speed import Speed, SpeedError, lanes_of, read_speed, seconds_text

HEAD = "sampler,steps,seconds,clip_seconds,runs,machine,command\n"


def table(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "speed.csv"
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_times_are_told_for_one_second_of_sound(tmp_path):
    (line,) = read_speed(table(tmp_path, 'euler,40,3,6,5,"a machine, CPU",make'))
    assert line == Speed("euler", 40, 3.0, 6.0, 5, "a machine, CPU", "make")
    assert line.per_second == 0.5


@pytest.mark.parametrize(
    "line",
    ["", "euler,40,0,6,5,m,c", "euler,40,-1,6,5,m,c", "euler,40,inf,6,5,m,c", "euler,40,,6,5,m,c", "euler,x,1,6,5,m,c"],
)
def test_a_table_that_nobody_can_have_measured_is_refused(tmp_path, line):
    with pytest.raises(SpeedError, match=r"speed\.csv"):
        read_speed(table(tmp_path, line) if line else table(tmp_path))


def test_a_missing_or_damaged_table_is_said(tmp_path):
    with pytest.raises(SpeedError, match="missing"):
        read_speed(tmp_path / "speed.csv")
    (tmp_path / "speed.csv").write_bytes(b"\xff\x00\x01")
    with pytest.raises(SpeedError, match="no table"):
        read_speed(tmp_path / "speed.csv")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0051, "5.1 ms"),
        (0.0123, "12 ms"),
        (0.099, "99 ms"),
        (0.0999, "0.10 s"),
        (0.2455, "0.25 s"),
        (14.46, "14.5 s"),
    ],
)
def test_times_are_written_so_that_they_can_be_compared(seconds, text):
    assert seconds_text(seconds) == text


def test_what_is_no_sampler_stands_apart():
    lines = [Speed("euler", 40, 3.0, 6.0, 3, "m", "c"), Speed("vocoder", 0, 0.6, 6.0, 3, "m", "c")]
    euler, vocoder = lanes_of(lines, {("euler", 40): "Teacher"}, "6 s of singing")
    assert (euler["name"], euler["apart"], euler["text"], euler["whole"]) == (
        "Teacher",
        False,
        "0.50 s",
        "3.0 s for 6 s of singing",
    )
    assert (vocoder["name"], vocoder["apart"]) == ("once after: the vocoder", True)
    assert vocoder["per_second"] == pytest.approx(0.1)


def test_the_shipped_times_are_of_all_samplers_and_in_order():
    lines = read_speed()
    assert [(line.sampler, line.steps) for line in lines] == [
        ("ddpm", 1000),
        ("euler", 40),
        ("consistency", 4),
        ("consistency", 2),
        ("consistency", 1),
        ("conditions", 0),
        ("vocoder", 0),
    ]
    seconds = [line.seconds for line in lines[:5]]
    assert seconds == sorted(seconds, reverse=True)
    looks = [line.seconds / line.steps for line in lines[:5]]
    assert max(looks) < 2 * min(looks)  # a look costs every sampler about as much, or the machine was busy with others
    assert {(line.clip_seconds, line.runs) for line in lines} == {(lines[0].clip_seconds, 3)}
