"""What a task says of itself while it works."""


class Line(str):
    """A line that knows what share of the work is done."""

    done: float

    def __new__(cls, text: str, done: float = 0.0) -> "Line":
        line = super().__new__(cls, text)
        line.done = done
        return line
