"""The course: its lessons in reading order. Everything that lists lessons reads this."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lesson:
    """``path`` is the page's address below the site's ("" for the first); ``figures`` are fetched ahead of time."""

    id: str
    path: str
    title: str
    goal: str  # what the reader can do afterwards, one line
    minutes: int
    icon: str
    figures: tuple[str, ...] = ()

    @property
    def script(self) -> str:
        """The page's script, below app/."""
        return f"lessons/{self.id}.py"

    @property
    def address(self) -> str:
        """A link to the page from any other."""
        return self.path or "./"


LESSONS = (
    Lesson(
        "start", "", "One voice becomes another",
        "Hear what a conversion keeps of a singer, and what it changes.",
        2, ":material/play_circle:", ("course", "overture", "tour", "stays", "quiz"),
    ),
    Lesson(
        "seeing", "seeing", "How a computer sees singing",
        "Read a mel spectrogram and a pitch contour: find a syllable, a note, vibrato and a breath.",
        4, ":material/visibility:", ("course", "layers", "quiz"),
    ),
    Lesson(
        "time_grid", "time-grid", "Everything on one time grid",
        "Say why features of different rates must be brought onto one grid, and what happens at the edges.",
        3, ":material/grid_on:", ("course", "timegrid", "timegrid_hops", "timegrid_early", "quiz"),
    ),
    Lesson(
        "noising", "noising", "Adding noise",
        "Say what a thousand steps of noise do to a voice, and why the colours must not move.",
        3, ":material/grain:", ("course", "noising", "quiz"),
    ),
    Lesson(
        "denoising", "denoising", "Taking noise away",
        "Explain what the network predicts at a step, and why its first guess is blurred.",
        5, ":material/blur_off:", ("course", "tour", "scrubber", "guesses", "curves", "matrix", "quiz"),
    ),
    Lesson(
        "conditions", "conditions", "Who carries what",
        "Tell what content, melody, loudness and singer each bring, by taking them away.",
        4, ":material/tune:", ("course", "compare", "quiz"),
    ),
    Lesson(
        "network", "network", "Inside the network",
        "Read a map of the network's inside, and choose the steps that tell a walk best.",
        4, ":material/hub:", ("course", "scrubber", "maps", "picks", "quiz"),
    ),
    Lesson(
        "fewer_steps", "fewer-steps", "From a thousand steps to one",
        "Explain why fewer steps are possible, and what one step gives up.",
        4, ":material/fast_forward:", ("course", "timing", "noise_levels", "paths", "draft", "quiz"),
    ),
    Lesson(
        "measuring", "measuring", "How good is it?",
        "Name what each figure can tell, and how it can mislead.",
        4, ":material/straighten:", ("course", "verdicts", "hertz", "stretch", "mistake", "quiz"),
    ),
)  # fmt: skip
BY_ID = {lesson.id: lesson for lesson in LESSONS}


def neighbours(lesson: Lesson) -> tuple[Lesson | None, Lesson | None]:
    """The lessons before and after; None at the ends."""
    index = LESSONS.index(lesson)
    after = LESSONS[index + 1] if index + 1 < len(LESSONS) else None
    return (LESSONS[index - 1] if index else None), after
