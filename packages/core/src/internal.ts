// For the packages of this repository, which have it as their peer: what none of the others needs who write extensions. What
// is here keeps its promise through minor versions as well, since a package that was published before meets a newer core.
import './ground/one-copy.ts';

export { alone } from './engine/communicator.ts';
export { missingState, runStep } from './engine/engine.ts';
export { gatherArrays } from './engine/gather-arrays.ts';
export * from './ground/atomic.ts';
export { authorLine, ownFolder } from './ground/author-line.ts';
export { checkContract, defineExtension, isMaker, marked } from './ground/extension.ts';
export { nonFinite } from './ground/finite.ts';
export { pickleConversion } from './ground/foreign-format.ts';
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
export { isAlive, startOf } from './ground/processes.ts';
export { removeLeftovers, temporaryOf } from './ground/temporary.ts';
export { checkExtension } from './model/check-extension.ts';
export { classesOf, fileOptions, isOfClassifier } from './model/import-state.ts';
export { keptFields } from './model/kept-fields.ts';
export * from './model/match-classes.ts';
export { areNumbered, numberedClasses } from './model/numbered-classes.ts';
export { normalizationFields } from './model/preprocessing-fields.ts';
export { firstNames } from './model/state-problems.ts';
export { affineOp } from './ops/affine.ts';
export { allGather } from './ops/all-gather.ts';
export {
  batchMomentsOp,
  batchNormGradientOp,
  batchNormOp,
  batchNormSumsOp,
  scaleShiftOp,
} from './ops/batch-norm.ts';
export { geluGradientOp, geluOp } from './ops/gelu.ts';
export { hardSwishGradientOp, hardSwishOp } from './ops/hard-swish.ts';
export { layerNormOp } from './ops/layer-norm.ts';
export { lookupGradientOp, lookupOp } from './ops/lookup.ts';
export { reindexOp } from './ops/reindex.ts';
export { resampleOp } from './ops/resize.ts';
export { siluGradientOp, siluOp } from './ops/silu.ts';
export { takeTokensOp } from './ops/take-tokens.ts';
export { checkShare, invalid } from './prune/allocator.ts';
export { scoreCharts } from './prune/score-charts.ts';
export { checkCountRules } from './prune/selection.ts';
export { convInfo } from './tensor/conv-info.ts';
export { copyNode, graphMacs, liveNodes, uniformOf } from './trace/graph.ts';
export { commonPath } from './trace/paths.ts';
export { recomputed } from './trace/recompute.ts';
export { type Tracing, trace } from './trace/tracer.ts';
export { checkDataset } from './train/check-dataset.ts';
export { clipModes } from './train/clip-gradients.ts';
export { validationName } from './train/epoch-record.ts';
export { imagesAtOnce } from './train/micro-batch.ts';
export { snapshotsFile, trainingFile } from './train/resume.ts';
export { type RunIdentity, requireSameRun, runIdentity } from './train/run-identity.ts';
export { parseState, seal, stateDamaged, unseal } from './train/seal.ts';
export { readState, writeState } from './train/state-file.ts';
export { withoutRefresh } from './train/without-refresh.ts';
