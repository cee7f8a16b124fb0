export type { Target } from './builder.ts';
export {
  type CompileTimes,
  createOnnxEngine,
  OnnxEngine,
  type OnnxEngineOptions,
} from './engine.ts';
export { type ExportOptions, exportOnnx } from './export.ts';
export { type OnnxGraphOptions, toOnnx } from './graph.ts';
export { type LatencyOptions, measureLatency } from './latency.ts';
