import {
  type EpochRecord,
  type Model,
  type PruningReport,
  type StepReport,
  type Task,
  validationName,
} from '@kcr/core';
import type { TryReport } from '@kcr/lfc';
import { Presets, SingleBar } from 'cli-progress';

/** How a run tells a person how far it is. */
export interface ProgressView {
  onStep(report: StepReport): void;
  onEpoch(record: EpochRecord): void;
  onWarning(message: string): void;
  /** Ends the display of this stage. */
  stop(): void;
}

const seconds = (s: number) =>
  s < 90
    ? `${Math.round(s)} s`
    : `${Math.floor(s / 60)} min ${String(Math.round(s % 60)).padStart(2, '0')} s`;

/** The metrics of an epoch's validation, as text. */
function metricsText(record: EpochRecord, { metrics }: Task): string {
  const shown = Object.entries(metrics).flatMap(([key, title]) => {
    const value = record[validationName(key)];
    return value === undefined ? [] : [`, ${title} ${(100 * value).toFixed(1)} %`];
  });
  return shown.join('');
}

/** A bar with the time left on a terminal, a plain line per epoch elsewhere; all on standard error. */
export function progressView(
  stage: string,
  task: Task,
  stream: NodeJS.WriteStream = process.stderr,
): ProgressView {
  const started = performance.now();
  let first: number | undefined;
  let epochs = 0;
  const left = (done: number) => {
    first ??= done;
    const spent = (performance.now() - started) / 1000;
    return (spent * (epochs - done)) / Math.max(done - first + 1, 1e-9);
  };
  const warn = (message: string) => void stream.write(`warning: ${message}\n`);
  if (!stream.isTTY)
    return {
      onStep: (report) => {
        epochs = report.epochs;
        first ??= report.epoch + 1;
      },
      onEpoch: (record) =>
        void stream.write(
          `${stage}: epoch ${record.epoch}/${epochs}, loss ${record.loss!.toFixed(4)}${metricsText(record, task)}, ${seconds(left(record.epoch!))} left\n`,
        ),
      onWarning: warn,
      stop: () => {},
    };
  const bar = new SingleBar(
    {
      format: `${stage} {bar} {percentage}% | {eta_formatted} left | epoch {epoch}, loss {loss}{metrics}`,
      stream,
    },
    Presets.shades_classic,
  );
  let metrics = '';
  let begun = false;
  return {
    onStep({ epoch, epochs: all, step, steps, loss }) {
      const shown = { epoch: `${epoch + 1}/${all}`, loss: loss.toFixed(3), metrics };
      if (!begun) bar.start(all * steps, epoch * steps, shown);
      begun = true;
      bar.update(epoch * steps + step, shown);
    },
    onEpoch: (record) => {
      metrics = metricsText(record, task);
    },
    onWarning: warn,
    stop: () => bar.stop(),
  };
}

/** A line for each step of pruning, and for each try of a cascade, on standard error. */
export function pruningView(stream: NodeJS.WriteStream = process.stderr) {
  const started = performance.now();
  const left = (done: number, all: number) => {
    if (done === 0) return '';
    const spent = (performance.now() - started) / 1000;
    return `, ${seconds((spent * (all - done)) / done)} left`;
  };
  const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;
  return {
    start(criterion: string, images: number): void {
      stream.write(`prune: ${criterion} on ${images} images\n`);
    },
    onStep({ name, step, steps, macs, params }: PruningReport, whole: Model): void {
      const [ofMacs, ofParams] = [
        share(macs, whole.macs.total),
        share(params, whole.parameterCount),
      ];
      const rest = left(step, steps);
      stream.write(`prune: ${name}, ${ofMacs} of MACs, ${ofParams} of parameters${rest}\n`);
    },
    onTry({ block, turn, blocks, what, count, drop, allowed }: TryReport): void {
      const points = `${drop.toFixed(2)} of at most ${allowed.toFixed(2)} points`;
      const rest = left(turn - 1, blocks);
      stream.write(
        `prune: ${block} (${turn}/${blocks}), ${count} ${what} fewer: drop ${points}${rest}\n`,
      );
    },
  };
}
