import { channelsFirst, type NdArray } from '@kcr/core';
import * as ort from 'onnxruntime-node';
import { rewrite } from '../passes/rewriter.ts';
import { encodeModel, type OnnxGraph } from '../proto.ts';
import { openSession } from '../session.ts';
import { clippedByEntropy, clippedByPercentile } from './clipping.ts';
import type { Range } from './range.ts';

/**
 * How ranges are chosen: all that was seen; without the outermost 0.01 % of the values; or by the least loss of information
 * (Kullback-Leibler divergence of the distribution from its 8-bit one).
 */
export const CALIBRATIONS = ['min-max', 'percentile', 'entropy'] as const;
export type Calibration = (typeof CALIBRATIONS)[number];

const BINS = 2048;

export interface CalibrateOptions {
  /** Names of the values whose ranges are wanted. */
  readonly values: readonly string[];
  /** The images, normalised, [batch, height, width, channels]; read twice unless the method is `min-max`. */
  readonly images: () => AsyncIterable<NdArray>;
  /** Default `percentile`. */
  readonly method?: Calibration;
}

/** The ranges that values of a graph have over images. */
export async function calibrate(
  graph: OnnxGraph,
  { values, images, method = 'percentile' }: CalibrateOptions,
): Promise<Map<string, Range>> {
  const [input] = graph.inputs;
  const given = new Set(graph.outputs.map(({ name }) => name));
  const watched = values.filter((name) => name !== input!.name);
  // Nothing is written anew: shapes are inferred.
  const { values: ports = [] } = rewrite(graph, () => false);
  const more = ports.filter(({ name }) => watched.includes(name) && !given.has(name));
  const outputs = [...graph.outputs, ...more];
  await using session = await openSession(encodeModel({ ...graph, outputs }), {
    logSeverityLevel: 4,
  });
  const each = async (see: (name: string, data: Float32Array) => void) => {
    for await (const image of images()) {
      const { data, shape } = channelsFirst(image);
      const pixels = new ort.Tensor('float32', data as Float32Array, [...shape]);
      const found = await session.run({ [input!.name]: pixels }, watched);
      if (values.includes(input!.name)) see(input!.name, data as Float32Array);
      for (const name of watched) see(name, found[name]!.data as Float32Array);
    }
  };
  const ranges = new Map<string, Range>();
  await each((name, data) => {
    let { low, high } = ranges.get(name) ?? { low: Infinity, high: -Infinity };
    for (const x of data) {
      if (x < low) low = x;
      if (x > high) high = x;
    }
    ranges.set(name, { low, high });
  });
  if (method === 'min-max') return ranges;
  const bins = new Map([...ranges.keys()].map((name) => [name, new Float64Array(BINS)]));
  await each((name, data) => {
    const { low, high } = ranges.get(name)!;
    const own = bins.get(name)!;
    const perBin = BINS / (high - low || 1);
    for (const x of data) own[Math.min(Math.floor((x - low) * perBin), BINS - 1)]!++;
  });
  const clip = { percentile: clippedByPercentile, entropy: clippedByEntropy }[method];
  return new Map(
    [...ranges].map(([name, range]) => [name, clip({ ...range, bins: bins.get(name)! })]),
  );
}
