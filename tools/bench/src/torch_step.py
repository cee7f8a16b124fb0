"""AdamW steps, or the latency, of the benchmark's models in PyTorch eager: prints JSON.

torch_step.py a|b|TIMM_MODEL steps
torch_step.py a|b|TIMM_MODEL latency BATCH
torch_step.py a|b|TIMM_MODEL serve BATCH THREADS FILE.onnx
torch_step.py layer NAME

`steps` and `serve`, which exports the model first, answer each line with the milliseconds of one run, so that another process can take turns
with it.
"""

import json
import statistics
import sys
import time

import torch
from torch import nn
from turns import answer

CONFIGS = {
    "a": dict(image=32, patch=4, dim=192, depth=6, heads=3, classes=10, batch=64),
    "b": dict(image=224, patch=16, dim=192, depth=12, heads=3, classes=1000, batch=8),
}


class Block(nn.Module):
    """Pre-norm block with PyTorch's fused attention, as timm's."""

    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(dim, eps=1e-6), nn.LayerNorm(dim, eps=1e-6)
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.fc1, self.fc2 = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v)
        x = x + self.proj(mixed.transpose(1, 2).reshape(b, n, d))
        return x + self.fc2(nn.functional.gelu(self.fc1(self.norm2(x))))


class ViT(nn.Module):
    def __init__(self, image, patch, dim, depth, heads, classes, batch):
        super().__init__()
        self.embed = nn.Conv2d(3, dim, patch, patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos = nn.Parameter(torch.zeros(1, (image // patch) ** 2 + 1, dim))
        self.blocks = nn.Sequential(*[Block(dim, heads) for _ in range(depth)])
        self.norm, self.head = nn.LayerNorm(dim, eps=1e-6), nn.Linear(dim, classes)

    def forward(self, x):
        x = self.embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.pos
        return self.head(self.norm(self.blocks(x))[:, 0])


def median_ms(run, times, warm_up=3):
    spent = []
    for i in range(times + warm_up):
        start = time.perf_counter()
        run()
        if i >= warm_up:
            spent.append(1e3 * (time.perf_counter() - start))
    return statistics.median(spent)


# The layers of models.ts: kernel, stride, depthwise, size, input and output channels.
LAYERS = {
    "regular 3x3": (3, 1, False, 32, 192, 96),
    "regular 3x3, stride 2": (3, 2, False, 64, 64, 96),
    "pointwise": (1, 1, False, 64, 64, 256),
    "depthwise 3x3": (3, 1, True, 64, 256, 256),
    "depthwise 3x3, stride 2": (3, 2, True, 64, 256, 256),
}


def layer_ms(kernel, stride, depthwise, size, inputs, outputs):
    groups = inputs if depthwise else 1
    layer = nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False)
    x = torch.randn(4, inputs, size, size, requires_grad=True)
    along = torch.randn_like(layer(x))

    def run():
        x.grad = layer.weight.grad = None
        (layer(x) * along).sum().backward()

    return median_ms(run, 20, 5)


if sys.argv[1] == "layer":
    print(json.dumps({"ms": layer_ms(*LAYERS[sys.argv[2]])}))
    sys.exit()
if sys.argv[1] in CONFIGS:
    config = CONFIGS[sys.argv[1]]
    model = ViT(**config)
else:
    import timm

    model = timm.create_model(sys.argv[1])
    config = dict(image=model.pretrained_cfg["input_size"][-1], classes=1000, batch=4)
size = int(sys.argv[3]) if len(sys.argv) > 3 else config["batch"]
images = torch.randn(size, 3, config["image"], config["image"])
if sys.argv[2] == "serve":
    model.eval()
    torch.onnx.export(model, images, sys.argv[5], dynamo=False, opset_version=18, input_names=["pixel_values"])
    torch.set_num_threads(int(sys.argv[4]))
    with torch.inference_mode():
        answer(lambda: model(images))
elif sys.argv[2] == "latency":
    model.eval()
    with torch.inference_mode():
        print(json.dumps({"ms": median_ms(lambda: model(images), 20)}))
else:
    labels = torch.randint(0, config["classes"], (size,))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05, fused=True)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)

    def step():
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        loss.item()

    answer(step)
