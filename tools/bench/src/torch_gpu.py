"""What PyTorch takes for an AdamW step, or for a run, of one of timm's models at 224 px: prints JSON, and stays until its input ends.

torch_gpu.py probe
torch_gpu.py step|inference MODEL BATCH WARM_UP TIMES eager|compiled [cuda|cpu]

Images come from the host and losses or logits go back to it in each run, as they do in what it is compared with. All is float32.
"""

import json
import resource
import statistics
import sys
import time

import torch


def tell(found):
    print(json.dumps(found), flush=True)
    sys.stdin.read()


def probe():
    import timm

    cuda = torch.cuda.is_available()
    name = torch.cuda.get_device_name() if cuda else None
    return {"torch": torch.__version__, "timm": timm.__version__, "cuda": cuda, "name": name}


def measure(kind, name, batch, warm_up, times, how, device="cuda"):
    import timm

    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    model = timm.create_model(name).to(device)
    run_model = torch.compile(model) if how == "compiled" else model
    images = torch.randn(int(batch), 3, 224, 224)
    labels = torch.randint(0, 1000, (int(batch),))

    if kind == "step":
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05, fused=True)
        criterion = torch.nn.CrossEntropyLoss(label_smoothing=0.1)

        def run():
            optimizer.zero_grad()
            loss = criterion(run_model(images.to(device)), labels.to(device))
            loss.backward()
            optimizer.step()
            return loss.item()
    else:
        model.eval()

        def run():
            with torch.inference_mode():
                return run_model(images.to(device)).cpu()

    spent = []
    for i in range(int(warm_up) + int(times)):
        start = time.perf_counter()
        run()
        if device == "cuda":
            torch.cuda.synchronize()
        spent.append(1e3 * (time.perf_counter() - start))
        print(f"{kind} {i + 1}: {spent[-1]:.0f} ms", file=sys.stderr, flush=True)
    found = {
        "ms": statistics.median(spent[int(warm_up) :]),
        "firstMs": spent[0],
        "hostMB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }
    if device == "cuda":
        found["allocatedMB"] = torch.cuda.max_memory_allocated() / 1e6
    return found


tell(probe() if sys.argv[1] == "probe" else measure(*sys.argv[1:]))
