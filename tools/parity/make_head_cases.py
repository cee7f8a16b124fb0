"""Writes what PyTorch gives for the parts of heads for dense prediction.

python make_head_cases.py FILE.safetensors   (needs torch and safetensors)
"""
import sys

import torch
from safetensors.torch import save_file
from torch.nn import functional as F

torch.manual_seed(5)
x = torch.randn(2, 3, 5, 7)
weight, bias = torch.randn(3, 4, 2, 2), torch.randn(4)
logits = torch.randn(2, 4, 3, 5)
labels = torch.randint(0, 4, (2, 8, 9))
labels[torch.rand(2, 8, 9) < 0.2] = 255
differences = torch.randn(20) * 2
tensors = {"x": x, "weight": weight, "bias": bias, "logits": logits, "labels": labels.int(), "differences": differences}
tensors["upsampled"] = F.conv_transpose2d(x, weight, bias, stride=2)
for n in (1, 2, 3, 6):
    tensors[f"pooled.{n}"] = F.adaptive_avg_pool2d(x, n)
for size in ((10, 14), (3, 4), (8, 5)):
    tensors["nearest.%d.%d" % size] = F.interpolate(x, size=size, mode="nearest")
large = F.interpolate(logits, size=labels.shape[1:], mode="bilinear", align_corners=False)
tensors["loss"] = F.cross_entropy(large, labels, ignore_index=255)
tensors["smooth_l1"] = F.smooth_l1_loss(differences, torch.zeros(20), reduction="none")
tensors["bce"] = F.binary_cross_entropy_with_logits(differences, (differences > 1).float(), reduction="none")
save_file({name: value.contiguous() for name, value in tensors.items()}, sys.argv[1])
