import { KcrError } from '@kcr/core';
import type { OnnxGraph } from '../proto.ts';
import { type CalibrateOptions, calibrate } from './calibration.ts';
import { dynamicInt8 } from './dynamic.ts';
import { halfPrecision } from './half.ts';
import { calibrated, staticInt8 } from './static.ts';
import { weightOnlyInt8 } from './weight-only.ts';

/**
 * What numbers an exported file has: of 32 or 16 bits; or layers of 8-bit integers, with ranges that calibration found (`int8`), that each run has
 * (`int8-dynamic`), or for weights alone, which are multiplied out before anything is computed (`int8-weights`).
 */
export const PRECISIONS = ['fp32', 'fp16', 'int8', 'int8-dynamic', 'int8-weights'] as const;
export type Precision = (typeof PRECISIONS)[number];

export interface PrecisionOptions {
  /** Default `fp32`. */
  precision?: Precision;
  /** Images to find ranges with, and how: for `int8`. */
  calibration?: Omit<CalibrateOptions, 'values'>;
  /** Modules whose layers stay in float32, with all that is in them, such as `head` or `blocks.0`: for integers. */
  float?: readonly string[];
}

/** A graph of float32 in other numbers. @throws KcrError `ONNX_CALIBRATION`, `ONNX_MODULE` */
export async function inPrecision(
  graph: OnnxGraph,
  { precision = 'fp32', calibration, float = [] }: PrecisionOptions,
): Promise<OnnxGraph> {
  const within = (path: string | undefined, module: string) =>
    path === module || path?.startsWith(`${module}.`) === true;
  const unknown = float.find((module) => !graph.nodes.some(({ path }) => within(path, module)));
  if (unknown !== undefined)
    throw new KcrError('ONNX_MODULE', {
      where: `float: ${unknown}`,
      found: 'no layer of that module',
      fix: `Name modules as parameters do, such as ${firstModules(graph)}`,
    });
  const options = {
    keep: ({ node }: { node: { path?: string } }) =>
      float.some((module) => within(node.path, module)),
  };
  switch (precision) {
    case 'fp32':
      return graph;
    case 'fp16':
      return halfPrecision(graph);
    case 'int8-weights':
      return weightOnlyInt8(options)(graph);
    case 'int8-dynamic':
      return dynamicInt8(options)(graph);
    case 'int8': {
      if (!calibration)
        throw new KcrError('ONNX_CALIBRATION', {
          where: 'precision int8',
          found: 'no images to find the ranges of values with',
          fix: 'Give some hundred images that are like those to come, or take int8-dynamic, which needs none',
        });
      const values = calibrated(graph, options);
      return staticInt8(await calibrate(graph, { ...calibration, values }), options)(graph);
    }
  }
}

const firstModules = ({ nodes }: OnnxGraph) =>
  [...new Set(nodes.flatMap(({ path }) => path ?? []))].slice(0, 3).join(', ');
