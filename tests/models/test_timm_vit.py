"""timm's vision transformer: its sizes, its weights, and its pretrained weights."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from timm.layers import resample_abs_pos_embed, resample_patch_embed
from torch import Generator, Tensor

from rdfia.config import ConfigError, parse
from rdfia.models.timm_vit import TimmNetwork, TimmViT, adapt_weights
from tests.processes import Touch

SHAPE = (1, 28, 28)
SMALL: dict[str, Any] = {"img_size": 28, "patch_size": 7, "embed": 12, "depth": 2, "heads": 3}


def nowhere(chapter: str, run: str) -> Path:
    return Path("nowhere") / f"{chapter}-{run}.safetensors"


def built(shape: tuple[int, ...] = SHAPE, classes: int = 10, seed: int = 0, **changes: Any) -> TimmNetwork:
    config = parse(TimmViT, SMALL, changes, where=["model", "model"])
    network = config.resolve_weights(lambda chapter, run: Path(f"{chapter}-{run}")).build(
        shape, classes, Generator().manual_seed(seed)
    )
    assert isinstance(network, TimmNetwork)
    return network


def saved(state: dict[str, Tensor], path: Path) -> Path:
    save_file({key: weight.contiguous() for key, weight in state.items()}, path)
    return path


def test_the_same_seed_gives_the_same_bytes_and_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    first, again, other = (built(seed=seed).state_dict() for seed in (0, 0, 1))
    torch.rand(3)  # the global generator has no influence
    assert all(torch.equal(weight, again[key]) for key, weight in first.items())
    assert not torch.equal(first["vit.blocks.0.attn.qkv.weight"], other["vit.blocks.0.attn.qkv.weight"])
    torch.manual_seed(7)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_network_equals_timm() -> None:
    import timm

    ours, images = built(), torch.rand(2, *SHAPE)
    sizes = {"img_size": 28, "patch_size": 7, "embed_dim": 12, "depth": 2, "num_heads": 3}
    theirs = timm.create_model("vit_small_patch16_224", in_chans=1, num_classes=10, **sizes)
    theirs.load_state_dict(ours.vit.state_dict())
    torch.testing.assert_close(ours(images), theirs(images))


def test_the_initialisations_have_the_deviations_of_timm() -> None:
    deviations = {
        name: built(initialisation=name).vit.blocks[0].mlp.fc1.weight.std().item() for name in ("timm", "jax", "moco")
    }
    assert deviations["timm"] == pytest.approx(0.02, rel=0.1)
    for name in ("jax", "moco"):
        assert deviations[name] == pytest.approx((2 / (12 + 48)) ** 0.5, rel=0.1)  # Glorot: 2 / (inputs + outputs)


def test_resizing_happens_inside() -> None:
    network, images = built(resize=56, img_size=56), torch.rand(2, *SHAPE)
    larger = torch.nn.functional.interpolate(images, (56, 56), mode="bilinear")
    torch.testing.assert_close(network(images), network.vit(larger))
    assert network.vit.patch_embed.num_patches == 64


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"img_size": None}, "img_size: found 224×224, which is timm's own, allowed: 28×28, .* `resize: 224`"),
        ({"img_size": 32}, "img_size: found 32×32, allowed: 28×28"),
        ({"patch_size": 29}, "patch_size: found 29, allowed: 1 to 28"),
        ({"model": "resnet18"}, "model: found 'resnet18', allowed: a vision transformer of timm"),
    ],
)
def test_settings_that_do_not_fit_the_images_are_a_one_line_error(changes: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError, match=rf"^model\.{line}"):
        built(**changes)


def test_heads_that_do_not_divide_and_points_are_a_one_line_error() -> None:
    with pytest.raises(ConfigError, match=r"^model: found .*'num_heads': 5.*allowed: what timm can build"):
        built(heads=5)
    with pytest.raises(ConfigError, match=r"^model\.name: found timm on points"):
        built(shape=(2,))


def test_a_checkpoint_in_a_file_is_resampled_by_the_helpers_of_timm(tmp_path: Path) -> None:
    source = built((3, 56, 56), classes=7, seed=1, img_size=56, patch_size=14).vit.state_dict()
    path = saved(source, tmp_path / "vit.safetensors")
    result = built(start={"name": "file", "path": str(path)}, patch_size=4).vit.state_dict()
    kernel = resample_patch_embed(source["patch_embed.proj.weight"], [4, 4]).sum(1, keepdim=True)
    places = resample_abs_pos_embed(source["pos_embed"], new_size=[7, 7], num_prefix_tokens=1)
    torch.testing.assert_close(result["patch_embed.proj.weight"], kernel)
    torch.testing.assert_close(result["pos_embed"], places)
    rest = [key for key in source if key.startswith(("blocks.", "norm.", "cls_token"))]
    assert rest
    assert all(torch.equal(result[key], source[key]) for key in rest)
    assert torch.equal(result["head.weight"], built(patch_size=4).vit.state_dict()["head.weight"])  # 7 classes, not 10


def test_adapting_grey_kernels_to_colour_keeps_the_logits(tmp_path: Path) -> None:
    grey = built(seed=1)
    path = saved(grey.vit.state_dict(), tmp_path / "vit.safetensors")
    colour, images = built((3, 28, 28), start={"name": "file", "path": str(path)}), torch.rand(2, *SHAPE)
    torch.testing.assert_close(colour(images.expand(-1, 3, -1, -1)), grey(images))


def test_weights_that_fit_stay_unchanged() -> None:
    state = built(seed=1).vit.state_dict()
    assert all(torch.equal(weight, state[key]) for key, weight in adapt_weights(built().vit, state).items())


def test_another_run_gives_each_seed_its_weights_and_no_head(tmp_path: Path) -> None:
    sources = [built(seed=seed).state_dict() for seed in (5, 6)]
    tensors = {f"seed{i}/{key}": weight for i, state in enumerate(sources) for key, weight in state.items()}
    path = saved(tensors | {"statistics/mean": torch.zeros(1), "seed0@3/vit.norm.bias": torch.ones(12)}, tmp_path / "w")
    config = TimmViT.model_validate(SMALL | {"start": {"name": "run", "chapter": "pretrain", "run": "supervised"}})
    calls = []
    resolved = config.resolve_weights(lambda *key: (calls.append(key), path)[1])
    assert calls == [("pretrain", "supervised")]
    for seed, source in ((0, 0), (1, 1), (2, 0)):
        result = resolved.build(SHAPE, 10, Generator().manual_seed(seed)).state_dict()
        drawn = config.build(SHAPE, 10, Generator().manual_seed(seed)).state_dict()
        for key, weight in result.items():
            assert torch.equal(weight, drawn[key] if key.startswith("vit.head.") else sources[source][key])


def test_settings_record_the_hash_and_rebuilding_needs_no_file(tmp_path: Path) -> None:
    path = saved(built(seed=1).vit.state_dict(), tmp_path / "vit.safetensors")
    config = TimmViT.model_validate(SMALL | {"start": {"name": "file", "path": str(path)}})
    resolved = config.resolve_weights(nowhere)
    result = resolved.model_dump(mode="json")
    assert result["start"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    path.unlink()
    again = TimmViT.model_validate(result).build(SHAPE, 10, Generator().manual_seed(0)).state_dict()
    assert all(torch.equal(weight, again[key]) for key, weight in built().state_dict().items())


def test_a_path_counts_from_the_project_in_a_copy_of_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, copy = saved(built(seed=1).vit.state_dict(), tmp_path / "vit.safetensors"), tmp_path / "copy"
    copy.mkdir()
    monkeypatch.chdir(copy)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    for given in (path.name, str(path)):
        config = TimmViT.model_validate(SMALL | {"start": {"name": "file", "path": given}})
        assert config.resolve_weights(nowhere).start.path == given


def error(start: Any, **changes: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        built(start=start, **changes)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_unusable_start_is_a_one_line_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(built().vit.state_dict(), tmp_path / "vit.safetensors")
    start: dict[str, Any] = {"name": "file", "path": str(path)}
    assert "model.start: found blocks.0.attn.proj.bias of 12, allowed: 24, as" in error(start, embed=24)
    assert "model.start: found no blocks.2.norm1.weight, allowed: weights of this network, 12" in error(start, depth=3)
    assert "model.start: found blocks.1.attn.proj.bias of 12, allowed: none" in error(start, depth=1)
    assert "model.start.sha256: found" in error(start | {"sha256": "0"})
    assert "model.start.path: found 'none.pth', allowed: a file" in error({"name": "file", "path": "none.pth"})
    path.write_bytes(b"no weights")
    assert "model.start: found" in error(start)
    monkeypatch.chdir(tmp_path)
    run = {"name": "run", "chapter": "pretrain", "run": "supervised"}
    assert "model.start: found pretrain/supervised, allowed: a run that is trained; there is no" in error(run)
    saved({"seed0/conv.weight": torch.zeros(1)}, tmp_path / "pretrain-supervised")
    assert "model.start: found pretrain/supervised, allowed: a run of a model named timm" in error(run)


def test_a_file_of_weights_that_would_run_code_is_refused(tmp_path: Path) -> None:
    path, touched = tmp_path / "vit.pth", tmp_path / "touched"
    torch.save(built().vit.state_dict(), path)
    built(start={"name": "file", "path": str(path)})  # PyTorch's format may hold tensors
    torch.save(built().vit.state_dict() | {"evil": Touch(str(touched))}, path)
    assert "model.start: found" in error({"name": "file", "path": str(path)})
    assert not touched.exists()


def test_the_hub_without_network_is_a_one_line_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    message = error("hub")
    assert message.startswith("model.start: found hub, which needs timm/vit_small_patch16_224")
    assert message.endswith(
        "allowed: a machine with network, where they are downloaded once, or `start: file` or `start: run` without"
    )
    assert "model.model: found 'vit_small_patch16_224.none', allowed: a tag" in error(
        "hub", model="vit_small_patch16_224.none"
    )


def test_the_hub_is_read_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = built((3, 224, 224), classes=1000, seed=1, img_size=None, patch_size=None).vit.state_dict()
    path = saved(source, tmp_path / "model.safetensors")
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda name, file: str(path))
    result = built(start="hub").vit.state_dict()
    assert result["pos_embed"].shape == (1, 17, 12)
    assert torch.equal(result["blocks.1.mlp.fc2.weight"], source["blocks.1.mlp.fc2.weight"])
