import './ground/one-copy.ts';

export type { Communicator } from './engine/communicator.ts';
export { createEagerEngine, type EagerOptions } from './engine/eager.ts';
export type {
  CompiledStep,
  Engine,
  StateChange,
  StepContext,
  StepFunction,
  StepMemory,
  StepResult,
} from './engine/engine.ts';
export { type ArraySlot, oncePerStep, type Slot } from './engine/slots.ts';
export * from './ground/array.ts';
export * from './ground/channel-order.ts';
export * from './ground/error.ts';
export * from './ground/error-codes.ts';
export {
  CONTRACT_VERSION,
  type ContractVersion,
  type Definition,
  type Extension,
  type ExtensionKind,
  type Maker,
  type MakerInfo,
  type Needs,
} from './ground/extension.ts';
export * from './ground/random.ts';
export * from './ground/resampling.ts';
export * from './ground/safetensors.ts';
export type { SchemaIssue, StandardSchema } from './ground/standard-schema.ts';
export * from './layers/attention.ts';
export * from './layers/classifier.ts';
export * from './layers/conv.ts';
export * from './layers/conv-norm.ts';
export * from './layers/dropout.ts';
export * from './layers/linear.ts';
export * from './layers/mlp.ts';
export * from './layers/norm.ts';
export * from './layers/transformer-block.ts';
export * from './model/adapt.ts';
export {
  type Adapter,
  type AdapterDefinition,
  type AdapterTap,
  defineAdapter,
} from './model/adapter.ts';
export * from './model/architecture.ts';
export * from './model/batch.ts';
export * from './model/channel-view.ts';
export * from './model/checkpoint.ts';
export * from './model/clock.ts';
export * from './model/config.ts';
export * from './model/cost.ts';
export {
  type Axis,
  type AxisPart,
  axisChannels,
  axisParts,
  axisSize,
  type Dim,
  type DimGroup,
  type DimOptions,
  type Kept,
  makeDim,
  partDim,
} from './model/dim.ts';
export {
  type ImportedState,
  type ImportOptions,
  type ImportReport,
  importState,
  type ResizedParam,
} from './model/import-state.ts';
export { importText } from './model/import-text.ts';
export * from './model/initializer.ts';
export * from './model/model.ts';
export * from './model/model-output.ts';
export * from './model/preprocessing.ts';
export {
  type Resize,
  type Resized,
  type ResizeSource,
  resizeInputChannels,
} from './model/resize.ts';
export { resizeBiasTable } from './model/resize-bias-table.ts';
export { resizePatches } from './model/resize-patches.ts';
export { type PositionTable, resizePositions } from './model/resize-positions.ts';
export * from './model/scope.ts';
export type { StateDict, StateMapping } from './model/state-dict.ts';
export * from './model/task.ts';
export { transformerBlocks } from './model/transformer-blocks.ts';
export { affine } from './ops/affine.ts';
export { arange } from './ops/arange.ts';
export * from './ops/cross-entropy.ts';
export { gelu } from './ops/gelu.ts';
export { valueAndGradients } from './ops/gradients.ts';
export { hardSwish } from './ops/hard-swish.ts';
export { lookup } from './ops/lookup.ts';
export { oneHot } from './ops/one-hot.ts';
export {
  defineOp,
  type NoAttrs,
  type Op,
  type OpDefinition,
  type OpInputs,
  type OpLowering,
  type OpOutputs,
} from './ops/op.ts';
export { inverse, reindex } from './ops/reindex.ts';
export {
  adaptiveAveragePool,
  resizeBilinear,
  resizeNearest,
  resizePlanes,
} from './ops/resize.ts';
export { silu } from './ops/silu.ts';
export { stopGradient } from './ops/stop-gradient.ts';
export { chosenMask, takeTokens, tokenOneHot, topTokens } from './ops/take-tokens.ts';
export * from './prune/accuracy.ts';
export {
  type AllocationContext,
  type Allocator,
  type AllocatorDefinition,
  defineAllocator,
  type PruningPath,
  partOf,
} from './prune/allocator.ts';
export * from './prune/allowed-drop.ts';
export * from './prune/blocks.ts';
export { type BudgetOptions, budget, type CostMeasure, selectWithin } from './prune/budget.ts';
export * from './prune/channel-gates.ts';
export * from './prune/channel-sums.ts';
export * from './prune/criterion.ts';
export { type FixedCountsOptions, fixedCounts } from './prune/fixed-counts.ts';
export * from './prune/keep-ratio.ts';
export * from './prune/mean-gradients.ts';
export * from './prune/prunable-dims.ts';
export * from './prune/prune.ts';
export * from './prune/prune-trained.ts';
export * from './prune/pruning-schedule.ts';
export {
  allowedCount,
  type CountRules,
  type Scores,
  selectCounts,
  topChannels,
} from './prune/selection.ts';
export * from './prune/threshold-selections.ts';
export * from './prune/weight-values.ts';
export { type Tensor, tf } from './tensor/tf.ts';
export * from './tokens/define-token-selector.ts';
export { requireAttended, requireTokenSet } from './tokens/token-checks.ts';
export * from './tokens/token-counts.ts';
export * from './tokens/token-selector.ts';
export type { Constant, Graph, GraphOp, Node, Value } from './trace/graph.ts';
export { constant } from './trace/tracer.ts';
export { type AdamWOptions, adamw } from './train/adamw.ts';
export * from './train/analysis.ts';
export * from './train/balanced-sample.ts';
export * from './train/batches.ts';
export * from './train/chart.ts';
export * from './train/classification.ts';
export * from './train/classification-evaluation.ts';
export * from './train/classification-metrics.ts';
export type { ClipMode, ClipOptions } from './train/clip-gradients.ts';
export type { EpochRecord } from './train/epoch-record.ts';
export * from './train/evaluate-task.ts';
export { extractFeatures, extractLogits } from './train/feature-extraction.ts';
export * from './train/fit.ts';
export * from './train/fit-options.ts';
export type { Freezing } from './train/freezing.ts';
export * from './train/inference.ts';
export * from './train/lamb.ts';
export * from './train/learning-rate.ts';
export type { MemoryReport, MicroBatch } from './train/micro-batch.ts';
export { namedPlugin } from './train/named-plugin.ts';
export * from './train/optimizer.ts';
export { type OptimizerChoice, type OptimizerName, optimizers } from './train/optimizers.ts';
export * from './train/plugin.ts';
export type { PluginOrder } from './train/plugin-order.ts';
export { valuesDigest, weightsDigest } from './train/run-identity.ts';
export * from './train/search.ts';
export * from './train/sgd.ts';
export type { Snapshots } from './train/snapshots.ts';
export * from './train/subset.ts';
export * from './train/top-classes.ts';
export { type Group, Trainer, type TrainerOptions, type TrainerState } from './train/trainer.ts';
export type { Watching } from './train/watching.ts';
export * from './train/weight-after-warmup.ts';
