"""Makes reference values of optimisers and of gradient clipping: python3 tools/parity/make_optimizer_cases.py DIR

Needs torch, timm and numpy. Writes DIR/optimizers.json: parameters, their gradients in some steps, and what torch.optim.SGD,
torch.optim.AdamW and timm's Lamb make of them in float64; and gradients as torch and timm clip them. All numbers that go in are
multiples of 1/64, so that they are the same in float32.
"""

import json
import pathlib
import sys

import numpy as np
import timm
import torch
from timm.optim import Lamb
from timm.utils import dispatch_clip_grad

SEED = 20261129
rng = np.random.default_rng(SEED)

# Name, shape, whether it is decayed, factor of the learning rate, scale of its gradients. `still` is 0 and has no gradient.
PARAMETERS = [
    ("conv", (2, 3, 2, 2), True, 1.0, 1.0),
    ("matrix", (3, 4), True, 0.25, 2.0),
    ("vector", (4,), False, 1.0, 0.5),
    ("slow", (4,), False, 0.25, 4.0),
    ("still", (2, 2), True, 1.0, 0.0),
    ("head.weight", (3, 4), True, 1.0, 8.0),
    ("head.bias", (3,), False, 1.0, 8.0),
]
LRS = [0.125, 0.25, 0.25, 0.0625, 0.5, 0.125]

CASES = [
    ("sgd", {"momentum": 0, "weightDecay": 0}, lambda p: torch.optim.SGD(p)),
    ("sgd", {}, lambda p: torch.optim.SGD(p, momentum=0.9)),
    ("sgd", {"momentum": 0, "weightDecay": 0.25}, lambda p: torch.optim.SGD(p, weight_decay=0.25)),
    (
        "sgd",
        {"momentum": 0.75, "nesterov": True, "weightDecay": 0.125},
        lambda p: torch.optim.SGD(p, momentum=0.75, nesterov=True, weight_decay=0.125),
    ),
    ("adamw", {"weightDecay": 0.01}, lambda p: torch.optim.AdamW(p)),
    (
        "adamw",
        {"betas": [0.5, 0.75], "eps": 0.125, "weightDecay": 0.5},
        lambda p: torch.optim.AdamW(p, betas=(0.5, 0.75), eps=0.125, weight_decay=0.5),
    ),
    ("lamb", {}, lambda p: Lamb(p)),
    ("lamb", {"maxGradNorm": None, "weightDecay": 0.25}, lambda p: Lamb(p, max_grad_norm=None, weight_decay=0.25)),
    (
        "lamb",
        {"betas": [0.5, 0.75], "eps": 0.125, "maxGradNorm": 4, "biasCorrection": False},
        lambda p: Lamb(p, betas=(0.5, 0.75), eps=0.125, max_grad_norm=4, bias_correction=False),
    ),
    ("lamb", {"trustClip": True, "weightDecay": 0.5}, lambda p: Lamb(p, trust_clip=True, weight_decay=0.5)),
    ("lamb", {"alwaysAdapt": True}, lambda p: Lamb(p, always_adapt=True)),
    (
        "lamb",
        {"decoupledDecay": True, "weightDecay": 0.5},
        lambda p: Lamb(p, decoupled_decay=True, weight_decay=0.5),
    ),
]
CLIPPED = [
    *[("norm", amount) for amount in [0.5, 20, 1000]],
    *[("value", amount) for amount in [0.25, 4, 1000]],
    *[("agc", amount) for amount in [0.01, 1, 1000]],
]


def draw(shape, scale):
    return torch.tensor(np.round(64 * scale * rng.standard_normal(shape)) / 64, dtype=torch.float64)


START = {name: draw(shape, 0.0 if name == "still" else 1.0) for name, shape, *_ in PARAMETERS}
# The second row of the matrix is short, so that adaptive clipping has its least norm there.
START["matrix"][1] = 0
GRADIENTS = [{name: draw(shape, scale) for name, shape, _, _, scale in PARAMETERS} for _ in LRS]


def parameters():
    return {name: torch.nn.Parameter(value.clone()) for name, value in START.items()}


def numbers(tensors):
    return {name: tensor.detach().flatten().tolist() for name, tensor in tensors.items()}


def run(make):
    values = parameters()
    groups = []
    for name, _, decay, rate, _ in PARAMETERS:
        groups.append({"params": [values[name]], "rate": rate, **({} if decay else {"weight_decay": 0.0})})
    optimizer = make(groups)
    for lr, gradients in zip(LRS, GRADIENTS):
        for group in optimizer.param_groups:
            group["lr"] = lr * group["rate"]
        for name, value in values.items():
            value.grad = gradients[name].clone()
        optimizer.step()
    return numbers(values)


def clipped(mode, amount):
    """As timm's train.py does: adaptive clipping leaves the last two parameters out (`model_parameters`, exclude_head)."""
    values = parameters()
    for name, value in values.items():
        value.grad = GRADIENTS[0][name].clone()
    chosen = list(values.values())
    dispatch_clip_grad(chosen[:-2] if mode == "agc" else chosen, amount, mode=mode)
    return numbers({name: value.grad for name, value in values.items()})


out = pathlib.Path(sys.argv[1])
content = {
    "made": f"torch {torch.__version__}, timm {timm.__version__}, seed {SEED}",
    "parameters": [
        {"name": name, "shape": shape, "decay": decay, "rate": rate} for name, shape, decay, rate, _ in PARAMETERS
    ],
    "start": numbers(START),
    "lrs": LRS,
    "gradients": [numbers(gradients) for gradients in GRADIENTS],
    "optimizers": [{"name": name, "options": options, "end": run(make)} for name, options, make in CASES],
    "clipped": [{"mode": mode, "amount": amount, "gradients": clipped(mode, amount)} for mode, amount in CLIPPED],
}
(out / "optimizers.json").write_text(json.dumps(content) + "\n")
