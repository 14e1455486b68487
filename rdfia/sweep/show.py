"""How a sweep goes: one line for each run that ended, and one for each at work.

On a terminal the latter stand below, always new; in a log they come when nothing was said for some minutes.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from rdfia.line import Line
from rdfia.parallel import Message
from rdfia.words import first_line

SILENCE = 300  # seconds


class Show:
    """Called with every message of the tasks."""

    def __init__(self, labels: Sequence[str], logs: Path, costs: Sequence[float]) -> None:
        self.labels, self.logs, self.costs = labels, logs, list(costs)
        self.started, self.ended, self.done = time.monotonic(), 0, 0.0
        self.said = self.started
        self.active: dict[int, Line] = {}
        self.console = Console(highlight=False, soft_wrap=True)
        self.live = Live(console=self.console, transient=True, auto_refresh=False)

    def __enter__(self) -> "Show":
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.live.stop()

    def log(self, place: int) -> Path:
        """Return where the output of a task goes."""
        self.active[place] = Line(f"{self.labels[place]}  starts")
        return self.logs / f"{self.labels[place].replace('/', '-')}.log"

    def __call__(self, message: Message) -> None:
        if message.ended:
            self.end(message)
        elif message.place >= 0:
            content, last = message.content, self.active.get(message.place, Line(""))
            self.active[message.place] = content if isinstance(content, Line) else last.again(content)
        elif message.content is not None:
            self.say(str(message.content))
        lines = [*(f"  {text[:110]}" for text in self.active.values())]
        lines.append(f"  {self.ended} of {len(self.labels)} runs, {self.left()}")
        self.live.update(Text("\n".join(lines)), refresh=self.live.is_started)
        if not self.console.is_terminal and time.monotonic() - self.said > SILENCE:
            self.say("\n".join(lines))

    def say(self, text: str) -> None:
        """Print what stays."""
        self.said = time.monotonic()
        self.console.print(Text(text))

    def end(self, message: Message) -> None:
        """Say how a task ended."""
        self.ended += 1
        self.costs[message.place] *= 1 - self.active.pop(message.place, Line("")).before
        self.done += self.costs[message.place]
        name = self.labels[message.place]
        state = "done"
        if message.error is not None:
            state = f"failed: {first_line(message.error)} (all of it in {self.logs / name.replace('/', '-')}.log)"
        count = f"[{self.ended:>3}/{len(self.labels)}]"
        where = f"  on {message.content}" if message.content else ""
        self.say(f"{count} {name}  {message.seconds:.1f} s{where}  {state}  {self.left()}")

    def left(self) -> str:
        """Say the time left, as if all operations took as long as those that were done here."""
        work = {place: (self.costs[place], line) for place, line in self.active.items()}
        done = self.done + sum(cost * (line.done - line.before) for cost, line in work.values())
        if not done:
            return "time left unknown"
        todo = sum(self.costs) - sum(cost * line.before for cost, line in work.values()) - done
        left = todo * (time.monotonic() - self.started) / done
        return f"about {left / 60:.0f} min left" if left > 90 else f"about {left:.0f} s left"
