export {
  type AdapterOptions,
  adapterChecks,
  checkAdapter,
  type MakesAdapter,
} from './check-adapter.ts';
export * from './check-allocator.ts';
export * from './check-backbone.ts';
export * from './check-criterion.ts';
export * from './check-head.ts';
export * from './check-plugin.ts';
export * from './check-token-selector.ts';
export { maskBy } from './checks/pruned.ts';
export { imagesOfTask, labelledImages } from './data.ts';
export type { TriedModels } from './on-models.ts';
export { type Check, checkText, failures, type Report, reportText } from './report.ts';
export { type SmallModel, smallModels } from './small-models.ts';
export {
  type RegisterTest,
  registerChecks,
  runChecks,
  type Skipped,
  type Suite,
} from './suite.ts';
export { livelyWeights } from './values.ts';
