export type { Target } from './builder.ts';
export {
  type CompileTimes,
  createOnnxEngine,
  OnnxEngine,
  type OnnxEngineOptions,
} from './engine.ts';
export { type OnnxGraphOptions, toOnnx } from './graph.ts';
