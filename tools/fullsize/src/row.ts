import type { StageName } from './plan.ts';

/** What a stage of a recipe was measured to take. Sizes are in bytes, times in seconds. */
export interface Row {
  readonly recipe: string;
  readonly stage: StageName;
  /** Images of an update as published, in so many pieces for the room; of pruning, images of a batch and 1. */
  readonly images: number;
  readonly pieces: number;
  /** Images that the measured updates had, in pieces of the same size: fewer where whole ones would take too long. */
  readonly timedImages: number;
  readonly timedPieces: number;
  /** What the process was expected to take at its peak, in the measured run and with whole updates; of pruning nothing says. */
  readonly expected?: number;
  readonly expectedWhole?: number;
  /** What it took: VmHWM. */
  readonly peak: number;
  /** What it took before there was a step. */
  readonly before: number;
  /** Bytes that it was allowed. */
  readonly room: number;
  /** Of all its steps: tracing, and ONNX Runtime's session. */
  readonly compile: number;
  /** Of what the stage trains. */
  readonly parts: Readonly<Record<string, PartTime>>;
  readonly machine: Machine;
  readonly date: string;
  readonly command: string;
}

export interface PartTime {
  /** Seconds an image in the first update, with compilation. */
  readonly first: number;
  /** Seconds an image in the second update; where it had fewer pieces, as if it had all of them. */
  readonly second: number;
  /** Seconds of the second update after its last piece: the optimiser's. Of updates in one piece nothing is after it. */
  readonly update: number;
  /** Images of the stage in all. */
  readonly images: number;
}

/** Updates of fewer pieces than whole ones have, and images of a whole one. */
interface Shortened {
  readonly pieces: number;
  readonly size: number;
  readonly images: number;
}

interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly threads: number;
  readonly memory: number;
  /** Load average of a minute before the process began. */
  readonly load: number;
  /** Share of the cores' time that other processes had while it ran; 0 on an idle machine. */
  readonly others: number;
}

/** What a process that measures a stage is asked for. */
export interface Asked {
  readonly recipe: string;
  readonly stage: StageName;
  /** Bytes that it may take. Absent: what is free. */
  readonly memory?: number;
  /** Seconds that all its updates may take. */
  readonly limit: number;
  /** Pieces of an update that are timed, at most. Absent: as many as the limit allows. */
  readonly most?: number;
  /** Train updates of so many pieces of this size, however long they take. */
  readonly only?: Shortened;
  /** End with what is expected, before the first step. */
  readonly expectation?: boolean;
}

/** A line that such a process writes. */
export type Told =
  | { readonly type: 'progress'; readonly text: string }
  | { readonly type: 'expected'; readonly bytes: number }
  /** Whole updates would take longer than they may: what to ask for instead. */
  | {
      readonly type: 'too-long';
      readonly only: Shortened;
      readonly whole: Pick<Row, 'images' | 'pieces' | 'expectedWhole'>;
    }
  | {
      readonly type: 'row';
      readonly row: Omit<Row, 'recipe' | 'stage' | 'machine' | 'date' | 'command'> & {
        readonly others: number;
      };
    };
