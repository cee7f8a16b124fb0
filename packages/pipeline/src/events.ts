import type {
  EpochRecord,
  MemoryReport,
  PieceReport,
  PruningReport,
  StepReport,
  Task,
} from '@kcr/core';
import type { TryReport } from '@kcr/lfc';
import type { SourceEvent } from '@kcr/pretrained';

/** A stage of a run, as it would be. */
export interface PlannedStage {
  /** As its folder and its events name it. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly does: string;
  readonly epochs?: number;
  /** Updates in all; where the images are known. */
  readonly steps?: number;
}

/** Which trial of a sweep an event is about. */
export interface TrialEvent {
  readonly id: string;
  /** What it is, in a few words. */
  readonly text: string;
  /** Its place in the sweep, from 0, and how many trials that has. */
  readonly index: number;
  readonly trials: number;
}

/** What a pipeline tells while it runs, in the order in which it happens. */
export type PipelineEvent =
  /** The images of a run are listed. */
  | { readonly type: 'reading'; readonly where: string }
  /** What a run will do, where it begins. */
  | { readonly type: 'plan'; readonly stages: readonly PlannedStage[] }
  /** A training starts, or goes on. */
  | { readonly type: 'training'; readonly stage: string; readonly epochs: number }
  /** What its steps take of the machine, before the first one. */
  | { readonly type: 'memory'; readonly stage: string; readonly report: MemoryReport }
  /** A piece of an update that has several is done. */
  | { readonly type: 'piece'; readonly stage: string; readonly report: PieceReport }
  | { readonly type: 'step'; readonly stage: string; readonly report: StepReport }
  | {
      readonly type: 'epoch';
      readonly stage: string;
      readonly record: EpochRecord;
      readonly epochs: number;
      /** The shares among the record's validation numbers, with what people call them. */
      readonly metrics: Task['metrics'];
    }
  /** A training has ended. */
  | { readonly type: 'trained'; readonly stage: string }
  | { readonly type: 'pruning'; readonly criterion: string; readonly images: number }
  | {
      readonly type: 'pruning-step';
      readonly report: PruningReport;
      /** Of the model before any pruning. */
      readonly whole: { readonly macs: number; readonly params: number };
    }
  | { readonly type: 'pruning-try'; readonly report: TryReport }
  | {
      readonly type: 'predicted';
      readonly image: string;
      readonly drawing: string;
      /** Images done, and in all. */
      readonly done: number;
      readonly images: number;
    }
  /** A trained model is measured next, one of several. */
  | {
      readonly type: 'analysing';
      readonly model: string;
      readonly done: number;
      readonly models: number;
    }
  /** Latencies of all models are measured next, in turn. */
  | { readonly type: 'timing'; readonly models: number }
  /** Widths of a model whose layers were timed, and all. */
  | { readonly type: 'latencies'; readonly done: number; readonly widths: number }
  /** Parts of a model that were changed and measured, and all. */
  | { readonly type: 'sensitivity'; readonly done: number; readonly parts: number }
  /** Exported files that were measured, and all. */
  | { readonly type: 'compared'; readonly done: number; readonly files: number }
  /** Images whose features were read, and all. */
  | { readonly type: 'features'; readonly done: number; readonly images: number }
  /** A trial of a sweep begins, or goes on; what follows is of it. */
  | ({ readonly type: 'trial' } & TrialEvent)
  /** A trial has ended. */
  | ({
      readonly type: 'trial-ended';
      /** The number that the sweep goes by, and its name; absent where the trial failed. */
      readonly value?: number;
      readonly metric: string;
      /** Why it failed. */
      readonly failed?: string;
      /** Trials of the sweep that have ended, those of other processes too. */
      readonly done: number;
      /** Until all of them have, by the time of those before. */
      readonly secondsLeft: number;
    } & TrialEvent)
  /** Entries of a data set that were left out, by reason. */
  | {
      readonly type: 'skipped';
      readonly where: string;
      readonly entries: Readonly<Record<string, number>>;
    }
  /** Weights from elsewhere became a model's, and something had to be drawn, resized, left or chosen. */
  | { readonly type: 'imported'; readonly where: string; readonly text: string }
  /** A download from the hub goes on; also warnings, of this and of all else. */
  | SourceEvent;

/** Hears the events of a pipeline. */
export type OnEvent = (event: PipelineEvent) => void;
