import './ground/one-copy.ts';

export * from './engine/communicator.ts';
export { createEagerEngine, type EagerOptions } from './engine/eager.ts';
export * from './engine/engine.ts';
export { type ArraySlot, oncePerStep, type Slot } from './engine/slots.ts';
export * from './ground/array.ts';
export * from './ground/atomic.ts';
export * from './ground/author-line.ts';
export * from './ground/channel-order.ts';
export * from './ground/error.ts';
export * from './ground/error-codes.ts';
export * from './ground/extension.ts';
export { nonFinite } from './ground/finite.ts';
export { pickleConversion } from './ground/foreign-format.ts';
export * from './ground/in-turn.ts';
export {
  checkDepth,
  checkFields,
  DepthCheck,
  fieldProblems,
  type JsonRefusal,
  parseJson,
  readJson,
} from './ground/json.ts';
export { isCount, isRecord, jsonCopy } from './ground/json-value.ts';
export { didYouMean, nearest } from './ground/nearest.ts';
export * from './ground/processes.ts';
export * from './ground/random.ts';
export * from './ground/resampling.ts';
export * from './ground/safetensors.ts';
export type { SchemaIssue, StandardSchema } from './ground/standard-schema.ts';
export * from './ground/temporary.ts';
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
export * from './model/adapter.ts';
export * from './model/architecture.ts';
export * from './model/batch.ts';
export * from './model/channel-view.ts';
export { checkExtension, type ExtensionHost } from './model/check-extension.ts';
export * from './model/checkpoint.ts';
export * from './model/clock.ts';
export * from './model/config.ts';
export * from './model/cost.ts';
export * from './model/dim.ts';
export * from './model/import-state.ts';
export { importText } from './model/import-text.ts';
export * from './model/initializer.ts';
export { keptFields } from './model/kept-fields.ts';
export * from './model/match-classes.ts';
export * from './model/model.ts';
export * from './model/model-output.ts';
export * from './model/numbered-classes.ts';
export * from './model/preprocessing.ts';
export { normalizationFields } from './model/preprocessing-fields.ts';
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
export { firstNames } from './model/state-problems.ts';
export * from './model/task.ts';
export { transformerBlocks } from './model/transformer-blocks.ts';
export { affine, affineOp } from './ops/affine.ts';
export { arange } from './ops/arange.ts';
export { batchNormGradientOp, batchNormOp, scaleShiftOp } from './ops/batch-norm.ts';
export * from './ops/cross-entropy.ts';
export { gelu, geluGradientOp, geluOp } from './ops/gelu.ts';
export { valueAndGradients } from './ops/gradients.ts';
export { hardSwish, hardSwishGradientOp, hardSwishOp } from './ops/hard-swish.ts';
export { layerNormOp } from './ops/layer-norm.ts';
export { lookup, lookupGradientOp, lookupOp } from './ops/lookup.ts';
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
export { inverse, reindex, reindexOp } from './ops/reindex.ts';
export {
  adaptiveAveragePool,
  resampleOp,
  resizeBilinear,
  resizeNearest,
  resizePlanes,
} from './ops/resize.ts';
export { silu, siluGradientOp, siluOp } from './ops/silu.ts';
export { stopGradient } from './ops/stop-gradient.ts';
export { chosenMask, takeTokens, takeTokensOp, tokenOneHot, topTokens } from './ops/take-tokens.ts';
export * from './prune/accuracy.ts';
export * from './prune/allocator.ts';
export * from './prune/allowed-drop.ts';
export * from './prune/blocks.ts';
export { type BudgetOptions, budget, type CostMeasure, selectWithin } from './prune/budget.ts';
export * from './prune/channel-gates.ts';
export * from './prune/channel-sums.ts';
export * from './prune/criterion.ts';
export * from './prune/fixed-counts.ts';
export * from './prune/keep-ratio.ts';
export * from './prune/mean-gradients.ts';
export * from './prune/prunable-dims.ts';
export * from './prune/prune.ts';
export * from './prune/prune-trained.ts';
export * from './prune/pruning-schedule.ts';
export * from './prune/score-charts.ts';
export * from './prune/selection.ts';
export * from './prune/threshold-selections.ts';
export * from './prune/weight-values.ts';
export { type ConvGeometry, convInfo } from './tensor/conv-info.ts';
export { type Tensor, tf } from './tensor/tf.ts';
export * from './tokens/define-token-selector.ts';
export { requireAttended, requireTokenSet } from './tokens/token-checks.ts';
export * from './tokens/token-counts.ts';
export * from './tokens/token-selector.ts';
export * from './trace/graph.ts';
export { commonPath } from './trace/paths.ts';
export { constant, type TraceOptions, type Tracing, trace } from './trace/tracer.ts';
export { type AdamWOptions, adamw } from './train/adamw.ts';
export * from './train/analysis.ts';
export * from './train/attaching.ts';
export * from './train/balanced-sample.ts';
export * from './train/batches.ts';
export * from './train/chart.ts';
export * from './train/check-dataset.ts';
export * from './train/check-labels.ts';
export * from './train/classification.ts';
export * from './train/classification-evaluation.ts';
export * from './train/classification-metrics.ts';
export {
  type ClipMode,
  type ClipOptions,
  clipGradients,
  clipModes,
} from './train/clip-gradients.ts';
export * from './train/epoch-record.ts';
export * from './train/evaluate-task.ts';
export { extractFeatures, extractLogits } from './train/feature-extraction.ts';
export * from './train/fit.ts';
export * from './train/fit-options.ts';
export { type Freezing, frozenParts } from './train/freezing.ts';
export * from './train/inference.ts';
export * from './train/lamb.ts';
export * from './train/learning-rate.ts';
export { imagesAtOnce, type MemoryReport, type MicroBatch } from './train/micro-batch.ts';
export { namedPlugin } from './train/named-plugin.ts';
export * from './train/optimizer.ts';
export * from './train/optimizers.ts';
export * from './train/plugin.ts';
export type { PluginOrder } from './train/plugin-order.ts';
export { snapshotsFile, trainingFile } from './train/resume.ts';
export * from './train/run-identity.ts';
export * from './train/seal.ts';
export * from './train/search.ts';
export * from './train/sgd.ts';
export type { Snapshots } from './train/snapshots.ts';
export * from './train/state-file.ts';
export * from './train/subset.ts';
export * from './train/top-classes.ts';
export { type Group, Trainer, type TrainerOptions, type TrainerState } from './train/trainer.ts';
export type { Watching } from './train/watching.ts';
export * from './train/weight-after-warmup.ts';
