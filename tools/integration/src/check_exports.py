"""Gives exported files to the tools that others use on ONNX files, and prints for each file what failed, a line of JSON.

python check_exports.py FOLDER: of each NAME.onnx, NAME.safetensors has the input `pixel_values` and the outputs of the model.
"""
import json
import logging
import os
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_dynamic, quantize_static
from safetensors.numpy import load_file

try:
    from onnxconverter_common.float16 import convert_float_to_float16
except ImportError:
    # The same converter, as ONNX Runtime ships it.
    from onnxruntime.transformers.float16 import convert_float_to_float16

logging.disable(logging.WARNING)
onnxruntime.set_default_logger_severity(3)


def compare(found, expected, tolerance):
    """Raises where an output is further off than a share of its largest value."""
    for name, value in expected.items():
        if name not in found:
            continue
        assert found[name].shape == value.shape, f"{name}: {found[name].shape} for {value.shape}"
        most = max(1.0, np.abs(value).max(initial=0))
        far = np.abs(found[name].astype("float64") - value).max(initial=0) / most
        assert far <= tolerance, f"{name} differs by {far:.2g} of its largest value"


def run(model, pixels):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"pixel_values": pixels})))


def sizes(value):
    """Sizes that are known as numbers, others as None."""
    return [d.dim_value if d.HasField("dim_value") else None for d in value.type.tensor_type.shape.dim]


def shapes(model):
    """What ONNX infers agrees with what the file says."""
    said = {value.name: value for value in model.graph.value_info}
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    del bare.graph.value_info[:]
    inferred = onnx.shape_inference.infer_shapes(bare, check_type=True, strict_mode=True, data_prop=True)
    for value in inferred.graph.value_info:
        if value.name not in said:
            continue
        theirs, ours = sizes(value), sizes(said[value.name])
        assert len(theirs) == len(ours), f"{value.name}: {ours}, inferred {theirs}"
        for a, b in zip(theirs, ours):
            assert a is None or b is None or a == b, f"{value.name}: {ours}, inferred {theirs}"
        ours_type = said[value.name].type.tensor_type.elem_type
        assert value.type.tensor_type.elem_type == ours_type, f"{value.name}: type"


class Images(CalibrationDataReader):
    def __init__(self, pixels):
        self.images = iter([{"pixel_values": pixels}])

    def get_next(self):
        return next(self.images, None)


def quantized(path, pixels, quantize):
    """The quantised file loads, runs and gives finite numbers of the right shapes."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "q.onnx")
        quantize(path, out)
        found = run(out, pixels)
    assert all(np.isfinite(value).all() for value in found.values()), "a number that is not finite"


def checks(path, model, pixels, expected):
    yield "checker", lambda: onnx.checker.check_model(model, full_check=True)
    yield "shape inference", lambda: shapes(model)
    yield "onnxruntime", lambda: compare(run(path, pixels), expected, 1e-4)

    def reference():
        evaluator = ReferenceEvaluator(model)
        found = evaluator.run(None, {"pixel_values": pixels})
        compare(dict(zip(evaluator.output_names, found)), expected, 1e-3)

    yield "reference evaluator", reference
    yield "quantize_dynamic", lambda: quantized(path, pixels, lambda a, b: quantize_dynamic(a, b))
    yield "quantize_static", lambda: quantized(
        path,
        pixels,
        lambda a, b: quantize_static(a, b, Images(pixels), quant_format=QuantFormat.QDQ),
    )

    def half():
        converted = convert_float_to_float16(model, keep_io_types=True)
        found = run(converted.SerializeToString(), pixels)
        assert all(np.isfinite(value).all() for value in found.values()), "a number that is not finite"

    yield "float16 converter", half


def main(folder):
    for file in sorted(os.listdir(folder)):
        if not file.endswith(".onnx"):
            continue
        path = os.path.join(folder, file)
        arrays = load_file(path.replace(".onnx", ".safetensors"))
        pixels = arrays.pop("pixel_values")
        failed = {}
        for name, check in checks(path, onnx.load(path), pixels, arrays):
            try:
                check()
            except Exception as error:  # a tool may fail in any way
                failed[name] = f"{type(error).__name__}: {str(error)[:300]}"
        print(json.dumps({"file": file.removesuffix(".onnx"), "failed": failed}), flush=True)


main(sys.argv[1])
