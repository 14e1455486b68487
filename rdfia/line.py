"""What a task says of itself while it works."""


class Line(str):
    """A line that knows what share of the work is done, and what share of it was done before the task began."""

    done: float
    before: float

    def __new__(cls, text: str, done: float = 0.0, before: float = 0.0) -> "Line":
        line = super().__new__(cls, text)
        line.done, line.before = done, before
        return line

    def again(self, text: str) -> "Line":
        """Say something else of the same work."""
        return Line(text, self.done, self.before)
