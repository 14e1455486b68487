"""The page of the speed of training: a table for each precision, in Markdown."""

from typing import Any

from rdfia.words import table

HEAD = """# Speed of training

Images a second, the best of {rounds} rounds, in each of which everything is measured in turn; batches of {batch},
{images} images of CIFAR-10's shape. Ratios are those of the best rounds, with the extremes within a round in brackets.
Where other work shares the machine, ratios by processor time say more than those by the clock.

- **(a)** the course's loop: PIL images, torchvision's transforms of each, a DataLoader with two workers, float32, loss,
  top-1 and top-5 by `.item()` in every batch. Its validation is not in the time.
- **(b)** today's advice: transforms v2 of tensors, workers that stay, channels last, scores read at the epoch's end.
- **ours**: an epoch of the study's run with its records (all of validation, and as many train images), in {cores}
  processes side by side of one thread each. (c) and (d) run so too.
- **(c)** the bare step of the same network: forward, backward, update on one fixed batch.
- **(d)** the arithmetic of a step ({mflop} MFLOP an image of 32×32) at the speed of the best matrix product, by
  processor time.
"""
COLUMNS = (
    "run", "(a)", "(b)", "ours", "(c)", "ours / (a)", "by processor time", "ours / (b)", "ours / (c)",
    "by processor time", "(c) / (d)",
)  # fmt: skip
CLOCK, PROCESSOR = "second", "processor_second"


def page(content: dict[str, Any]) -> str:
    """Return the page of what `throughput.measure` found."""
    measured, machine = content["runs"], content["machine"]
    cost = max(run["flops_an_image"] for run in measured.values()) / 1e6
    parts = [HEAD.format(**content, cores=machine["cores"], mflop=round(cost))]
    for precision in ("float32", "bfloat16"):
        rows = [_row(name, run, precision) for name, run in measured.items()]
        parts.append(f"## {precision}\n\n{table(COLUMNS, rows)}\n")
    first = next(iter(measured.values()))["ratios"]
    gains = ", ".join(f"{_spread(first[p]['(c) / plain'][PROCESSOR])} in {p}" for p in ("float32", "bfloat16"))
    parts.append(
        "The bare step pools before ReLU. Its speed against the same step in the course's order, by "
        f"processor time: {gains}.\n\n{machine['processor']}, {machine['cores']} cores, PyTorch {machine['torch']}.\n"
    )
    return "\n".join(parts)


def _row(name: str, run: dict[str, Any], precision: str) -> list[str]:
    rates, ratios = run["images_a"], run["ratios"][precision]
    kinds = ("(a)", f"(b) {precision}", f"ours {precision}", f"(c) {precision}")
    speeds = [f"{max(one[CLOCK] for one in rates[kind]):,.0f}" for kind in kinds]
    columns = (
        ("ours / (a)", CLOCK),
        ("ours / (a)", PROCESSOR),
        ("ours / (b)", CLOCK),
        ("ours / (c)", CLOCK),
        ("ours / (c)", PROCESSOR),
        ("(c) / (d)", PROCESSOR),
    )
    return [name, *speeds, *(_spread(ratios[column][kind]) for column, kind in columns)]


def _spread(found: list[float]) -> str:
    return f"{found[0]:.2f} [{found[1]:.2f}, {found[2]:.2f}]"
