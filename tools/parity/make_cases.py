"""Makes reference cases with timm: python3 tools/parity/make_cases.py DIR

Needs torch, timm, numpy and safetensors. Each case NAME is an entry of DIR/cases.json (model, config, image)
and DIR/NAME.safetensors: the state dict; case.input and case.features, NCHW where the model is;
case.penultimate, case.logits, case.loss and grad.* in evaluation mode; where the model has batch
normalisation, case.train_logits and after.*, its running statistics after one forward pass in training mode.
"""

import json
import pathlib
import sys

import timm
import torch
from safetensors.torch import save_file
from timm.models.byobnet import ByobNet, ByoBlockCfg, ByoModelCfg
from timm.models.efficientvit_mit import EfficientVit, LiteMLA
from timm.models.swin_transformer import SwinTransformer

CASES = {
    # Windows that reach over the border of the grid, and a grid smaller than a window.
    "swin-odd": dict(
        model="SwinTransformer",
        image=20,
        config=dict(
            img_size=20, patch_size=2, window_size=4, embed_dim=12, depths=[2, 2, 2], num_heads=[2, 2, 4],
            mlp_ratio=3.0, qkv_bias=False, num_classes=5,
        ),
    ),
    # A last map of 3 x 3, which 2 x 2 patches need interpolated.
    "mobilevit-odd": dict(
        model="ByobNet",
        image=24,
        config=dict(
            stem_chs=8, channels=[8, 16, 24], depths=[1, 2, 1], bottle_ratio=2.0, transformer_dims=[0, 0, 12],
            transformer_depths=[0, 0, 2], num_heads=4, num_features=20, num_classes=5,
        ),
    ),
    # Three branches of attention, as in the paper.
    "efficientvit-three": dict(
        model="EfficientVit",
        image=64,
        config=dict(
            widths=[4, 8, 16, 24], depths=[1, 2, 1, 1], head_dim=8, expand_ratio=3, scales=[3, 5],
            head_widths=[24, 32], num_classes=5,
        ),
    ),
}  # fmt: skip


def mobilevit(config):
    blocks = []
    stages = zip(config["channels"], config["depths"], config["transformer_dims"], config["transformer_depths"])
    for i, (width, depth, transformer_dim, transformer_depth) in enumerate(stages):
        stage = [
            ByoBlockCfg(
                type="bottle", d=depth, c=width, s=2 if i > 0 else 1, gs=1, br=config["bottle_ratio"],
                block_kwargs=dict(bottle_in=True, linear_out=True),
            )
        ]  # fmt: skip
        if transformer_dim:
            kwargs = dict(transformer_dim=transformer_dim, transformer_depth=transformer_depth, patch_size=2)
            stage.append(ByoBlockCfg(type="mobilevit", d=1, c=width, s=1, block_kwargs=kwargs))
        blocks.append(tuple(stage))
    layout = ByoModelCfg(
        blocks=tuple(blocks), stem_chs=config["stem_chs"], stem_type="3x3", stem_pool="", downsample="",
        act_layer="silu", num_features=config["num_features"],
    )  # fmt: skip
    return ByobNet(layout, num_classes=config["num_classes"])


def efficientvit(config):
    scales = tuple(config["scales"])
    arguments = {key: value for key, value in config.items() if key != "scales"}
    plain = LiteMLA.__init__
    LiteMLA.__init__ = lambda self, *args, **kwargs: plain(self, *args, **{**kwargs, "scales": scales})
    try:
        return EfficientVit(**arguments)
    finally:
        LiteMLA.__init__ = plain


BUILD = dict(ByobNet=mobilevit, EfficientVit=efficientvit, SwinTransformer=lambda c: SwinTransformer(**c))


def make(case, seed):
    torch.manual_seed(seed)
    model = BUILD[case["model"]](case["config"])
    for name, tensor in model.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif tensor.is_floating_point():
            tensor.add_(torch.randn_like(tensor) * 0.05)
    size = case["image"]
    image = torch.randn(3, 3, size, size)
    labels = torch.randint(case["config"]["num_classes"], (3,))
    model.eval()
    features = model.forward_features(image)
    penultimate = model.forward_head(features, pre_logits=True)
    logits = model(image)
    loss = torch.nn.functional.cross_entropy(logits, labels)
    loss.backward()
    tensors = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    tensors |= {f"grad.{name}": parameter.grad for name, parameter in model.named_parameters()}
    tensors |= {
        "case.input": image, "case.labels": labels.int(), "case.features": features,
        "case.penultimate": penultimate, "case.logits": logits, "case.loss": loss.reshape(1),
    }  # fmt: skip
    if any("running_mean" in name for name in tensors):
        model.train()
        tensors["case.train_logits"] = model(image)
        after = {name: tensor for name, tensor in model.state_dict().items() if "running_" in name}
        tensors |= {f"after.{name}": tensor.clone() for name, tensor in after.items()}
    return {name: tensor.detach().contiguous() for name, tensor in tensors.items()}


def main(directory):
    path = directory / "cases.json"
    entries = json.loads(path.read_text()) if path.exists() else {}
    for seed, (name, case) in enumerate(CASES.items()):
        save_file(make(case, seed), directory / f"{name}.safetensors", metadata={"timm": timm.__version__})
        entries[name] = case
    path.write_text(json.dumps(entries, indent=2) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
