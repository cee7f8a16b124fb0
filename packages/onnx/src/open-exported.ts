import {
  type CompiledStep,
  channelsFirst,
  channelsLast,
  type DataType,
  KcrError,
  type NdArray,
  sizeOf,
} from '@kcr/core';
import * as ort from 'onnxruntime-node';
import { INPUT } from './export.ts';
import { openSession, type Session } from './session.ts';

/** The batch size of a file, where it is fixed. */
function fixedBatch({ inputMetadata }: Session): number | undefined {
  const found = inputMetadata.find(({ name }) => name === INPUT);
  const size = found?.isTensor ? found.shape[0] : undefined;
  return typeof size === 'number' && size > 0 ? size : undefined;
}

/** Some images of a batch, in order, with images of zeros after the last. */
function cut({ shape, data, dtype }: NdArray, from: number, count: number): NdArray {
  const image = shape.slice(1);
  const size = sizeOf(image);
  const part = new Float32Array(count * size);
  part.set((data as Float32Array).subarray(from * size, (from + count) * size));
  return { dtype, shape: [count, ...image], data: part };
}

/** The first images of batches one after another. */
function join(parts: readonly ort.Tensor[], images: number): NdArray {
  const [{ dims, type }] = parts as [ort.Tensor];
  const size = sizeOf(dims.slice(1));
  const whole = new (type === 'int32' ? Int32Array : Float32Array)(images * size);
  let at = 0;
  for (const { data } of parts) {
    whole.set((data as Float32Array).subarray(0, whole.length - at), at);
    at += data.length;
  }
  return { dtype: type as DataType, shape: [images, ...dims.slice(1)], data: whole };
}

/**
 * An exported file as a step that takes what the model takes and gives what it gives: input `image`, float32
 * [batch, height, width, channels]; outputs the file's, `logits` with their classes last. A file of a fixed batch runs as
 * often as it takes.
 *
 * @throws KcrError `ONNX_SESSION`
 */
export async function openExported(bytes: Uint8Array): Promise<CompiledStep> {
  const session = await openSession(bytes).catch((cause: Error) => {
    throw new KcrError('ONNX_SESSION', {
      where: 'openExported',
      found: cause.message,
      fix: 'Use a file that kcr export wrote, with this version of ONNX Runtime or an older operator set',
      cause,
    });
  });
  const run = async ({ image }: Readonly<Record<string, NdArray>> = {}) => {
    const images = image!.shape[0]!;
    const batch = fixedBatch(session) ?? images;
    const results: ort.InferenceSession.ReturnType[] = [];
    for (let at = 0; at < images; at += batch) {
      const { data, shape } = channelsFirst(cut(image!, at, batch));
      const pixels = new ort.Tensor('float32', data as Float32Array, [...shape]);
      results.push(await session.run({ [INPUT]: pixels }));
    }
    const outputs = session.outputNames.map((name) => {
      const whole = join(
        results.map((result) => result[name] as ort.Tensor),
        images,
      );
      return [name, name === 'logits' ? channelsLast(whole) : whole] as const;
    });
    return Object.fromEntries(outputs);
  };
  const dispose = () => session.release();
  return Object.assign(run, { dispose, [Symbol.asyncDispose]: dispose });
}
