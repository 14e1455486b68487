"""Stage `images`: what the user's folders and archives hold now, so that changed images are prepared again.

DVC watches no path that is said in the parameters, so it runs always; it imports nothing of PyTorch.
"""

from rdfia import config
from rdfia.command import run_stage
from rdfia.files import write_json
from rdfia.record import layout
from rdfia.study.images import looked_at


def main() -> None:
    profile = config.profile(config.load())
    found = looked_at(profile)
    for name, one in found.items():
        write_json(one, layout.images(profile, name))
    for path in layout.images(profile, "any").parent.glob("*.json"):
        if path.stem not in found:
            path.unlink()


if __name__ == "__main__":
    run_stage(main)
