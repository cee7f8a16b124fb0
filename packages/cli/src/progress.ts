import type { EpochRecord, Model, PruningReport, StepReport } from '@kcr/core';
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

const percent = (x: number | undefined) =>
  x === undefined ? '' : `, top-1 ${(100 * x).toFixed(1)} %`;

const epochText = (stage: string, record: EpochRecord, epochs: number, left: number) =>
  `${stage}: epoch ${record.epoch}/${epochs}, loss ${record.loss!.toFixed(4)}${percent(record.valTop1)}, ${seconds(left)} left`;

/** A bar with the time left on a terminal, a plain line per epoch elsewhere; all on standard error. */
export function progressView(
  stage: string,
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
        void stream.write(`${epochText(stage, record, epochs, left(record.epoch!))}\n`),
      onWarning: warn,
      stop: () => {},
    };
  const bar = new SingleBar(
    {
      format: `${stage} {bar} {percentage}% | {eta_formatted} left | epoch {epoch}, loss {loss}{top1}`,
      stream,
    },
    Presets.shades_classic,
  );
  let top1 = '';
  let begun = false;
  return {
    onStep({ epoch, epochs: all, step, steps, loss }) {
      const shown = { epoch: `${epoch + 1}/${all}`, loss: loss.toFixed(3), top1 };
      if (!begun) bar.start(all * steps, epoch * steps, shown);
      begun = true;
      bar.update(epoch * steps + step, shown);
    },
    onEpoch: (record) => {
      top1 = percent(record.valTop1);
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
