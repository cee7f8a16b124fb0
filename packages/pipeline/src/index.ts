export { timmConfig, writeTimmFolder } from '@kcr/pretrained';
export { type CalibrationOptions, calibrationImages } from './calibration-images.ts';
export * from './check-export.ts';
export * from './compare/compare.ts';
export * from './compress.ts';
export { augments, photometricAugments } from './data/augments.ts';
export {
  type DataContext,
  type DataKind,
  defineDataKind,
  type Fold,
  type Splits,
} from './data/data-kind.ts';
export { dataKinds } from './data/data-kinds.ts';
export { isLabelled, labelled } from './data/labelled.ts';
export * from './engine.ts';
export * from './evaluate.ts';
export * from './events.ts';
export * from './export-checkpoint.ts';
export * from './features.ts';
export { findModel } from './find-model.ts';
export { type ImportCheckpointOptions, importCheckpoint } from './import-checkpoint.ts';
export { type InitOptions, type InitResult, init } from './init.ts';
export {
  type LatencyFile,
  readLatencies,
  writeLatencies,
} from './latency/latency-file.ts';
export * from './latency/measure-layers.ts';
export {
  type Listed,
  type ListKind,
  listExtensions,
  listKinds,
} from './listing/list-extensions.ts';
export {
  type Checkpoint,
  type CheckpointOptions,
  isCheckpoint,
  loadCheckpoint,
  type ReadAs,
  type Trust,
} from './load-checkpoint.ts';
export { loadPart, loadPlugin, type Part, type PluginPart } from './modules.ts';
export { requireNew } from './out/require-new.ts';
export { requireWritableFile } from './out/writable.ts';
export {
  type ExportedPage,
  type ExportPageOptions,
  exportPage,
  type PageVariant,
} from './page/export-page.ts';
export { type NamedCheckpoint, namedCheckpoints } from './page/page-checkpoints.ts';
export * from './predict.ts';
export * from './prune.ts';
export { allocators } from './pruning/allocators.ts';
export { criteria } from './pruning/criteria.ts';
export { schedules } from './pruning/schedules.ts';
export {
  FINE_TUNING_METHODS,
  type FineTuning,
  type FineTuningMethod,
  fineTuning,
} from './recipes/fine-tuning.ts';
export { recipes } from './recipes/index.ts';
export { type InspectedRecipe, inspectRecipe } from './recipes/inspect-recipe.ts';
export { isRecipe, loadRecipe } from './recipes/load-recipe.ts';
export type { MeasuredTraining, MeasureTrainingsOptions } from './recipes/measure-trainings.ts';
export { parsePruning, parseRecipe } from './recipes/parse-recipe.ts';
export {
  defineRecipe,
  type PartInput,
  type Pruning,
  type PruningInput,
  type Recipe,
  type RecipeInput,
} from './recipes/recipe.ts';
export { recipeData } from './recipes/recipe-data.ts';
export { recipeModel, wholeModel } from './recipes/recipe-model.ts';
export { loadOptimizer, type OptimizerRecipe } from './recipes/training-fields.ts';
export { lineChart } from './report/charts.ts';
export { figuresHtml, page } from './report/page.ts';
export { writeReport } from './report/report.ts';
export type { RunAnalysis, Summary } from './report/run-analysis.ts';
export { type SummaryTable, summaryTable } from './report/summary-table.ts';
export * from './sensitivity/measure-sensitivity.ts';
export {
  sensitivityReport,
  sensitivityRows,
  writeSensitivity,
} from './sensitivity/sensitivity-report.ts';
export { isShippedSweep, type ShippedSweep, shippedSweeps } from './shipped-sweeps.ts';
export { type CompactModel, compactModel } from './stages/compact-model.ts';
export { denseStage } from './stages/dense.ts';
export { pruneStage } from './stages/prune.ts';
export { readSelection } from './stages/read-selection.ts';
export { retrainStage } from './stages/retrain.ts';
export { searchStage } from './stages/search.ts';
export { defineStage, type Stage, type StageContext } from './stages/stage.ts';
export { inheritingModel } from './stages/train-compact.ts';
export { loadSweep } from './sweep/load-sweep.ts';
export {
  forgetFailed,
  listTrials,
  runSweep,
  type SweepOptions,
  type SweepOutcome,
  sweepOutcome,
  trialText,
} from './sweep/run-sweep.ts';
export type { ArrayJob } from './sweep/submit/array-job.ts';
export { type KubernetesJob, kubernetesJob } from './sweep/submit/kubernetes-job.ts';
export { type SlurmJob, slurmScript } from './sweep/submit/slurm-script.ts';
export { defineSweep, type LoadedSweep, type Sweep, type SweepInput } from './sweep/sweep.ts';
export { savedSweep } from './sweep/sweep-file.ts';
export type { Best, Effect, Findings, SettingFinding } from './sweep/sweep-findings.ts';
export type { Slot, Trial } from './sweep/sweep-plan.ts';
export { intervalText, settingsTable, writeSweepReport } from './sweep/sweep-report.ts';
export { classificationKit } from './tasks/classification.ts';
export { findTaskKit, taskKits } from './tasks/find-task-kit.ts';
export { type FramedGallery, framedGallery } from './tasks/framed-gallery.ts';
export { instanceDetectionKit } from './tasks/instance-detection.ts';
export { semanticSegmentationKit } from './tasks/semantic-segmentation.ts';
export * from './tasks/task-kit.ts';
export { transformersFile, writeTransformersFolder } from './transformers-folder.ts';
