import type { NdArray, Tensor, Value } from '@kcr/core';
import * as ort from 'onnxruntime-node';
import { OnnxBuilder } from '../builder.ts';
import { OnnxEngine } from '../engine.ts';
import { encodeModel, type OnnxPort } from '../proto.ts';
import { openSession } from '../session.ts';

/** Runs TensorFlow.js ops on ONNX Runtime. */
export async function onOnnx<I extends string>(
  inputs: Readonly<Record<I, NdArray>>,
  run: (tensors: Readonly<Record<I, Tensor>>) => Tensor,
): Promise<NdArray> {
  await using engine = new OnnxEngine();
  await using step = engine.compile('test', (context) => ({
    outputs: { y: run(context.inputs as Readonly<Record<I, Tensor>>) },
  }));
  return (await step(inputs)).y!;
}

/** Runs nodes that are written by hand over float32 values, on the CPU. */
export async function runNodes<I extends string>(
  inputs: Readonly<Record<I, NdArray>>,
  write: (b: OnnxBuilder, values: Readonly<Record<I, Value>>) => string,
  block = 0,
): Promise<{ data: Float32Array; shape: readonly number[] }> {
  const b = new OnnxBuilder('cpu', undefined, block);
  const entries = Object.entries<NdArray>(inputs).map(
    ([name, { shape, dtype }], id): [I, Value] => {
      const value: Value = { id, shape: [...shape], dtype, input: name };
      b.bind(value, name);
      return [name as I, value];
    },
  );
  const y = write(b, Object.fromEntries(entries) as Record<I, Value>);
  const ports = entries.map(([name, { shape, dtype }]): OnnxPort => ({ name, dtype, shape }));
  const bytes = encodeModel({
    name: 'test',
    nodes: b.finish([y]),
    initializers: b.initializers,
    inputs: ports,
    outputs: [{ name: y, dtype: 'float32', shape: [] }],
  });
  // The shape of the output is not said before: its warnings are not of interest.
  await using session = await openSession(bytes, { logSeverityLevel: 4 });
  const feeds = Object.fromEntries(
    Object.entries<NdArray>(inputs).map(([name, { data, shape }]) => [
      name,
      new ort.Tensor('float32', data as Float32Array, [...shape]),
    ]),
  );
  const out = (await session.run(feeds))[y]!;
  return { data: out.data as Float32Array, shape: out.dims };
}
