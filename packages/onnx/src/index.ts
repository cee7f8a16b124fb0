export type { OnnxBuilder, Target } from './builder.ts';
export {
  type CompileTimes,
  createOnnxEngine,
  OnnxEngine,
  type OnnxEngineOptions,
} from './engine.ts';
export {
  type ExportedStep,
  type ExportOptions,
  exportGraph,
  exportOnnx,
  INPUT,
  RUNTIMES,
  type Runtime,
} from './export.ts';
export { type OnnxGraphOptions, toOnnx } from './graph.ts';
export {
  type ExportedFile,
  type Latency,
  type LatencyOptions,
  measureFiles,
  measureLatencies,
  measureLatency,
} from './latency.ts';
export {
  type LatencyTable,
  type LatencyTableOptions,
  type LayerTime,
  latencyByTable,
  layerMacs,
  layerTimes,
  measureLatencyTable,
} from './latency-table.ts';
export { lower } from './lowering.ts';
export { openExported } from './open-exported.ts';
export { type NodeTime, profileNodes } from './profile.ts';
export { CALIBRATIONS, type Calibration } from './quantise/calibration.ts';
export { encodeGraph, quantisedModules } from './quantise/modules.ts';
export { PRECISIONS, type Precision, type PrecisionOptions } from './quantise/precision.ts';
