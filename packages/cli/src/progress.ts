import { type EpochRecord, type Task, validationName } from '@kcr/core';
import type { OnEvent, PipelineEvent } from '@kcr/pipeline';
import { Presets, SingleBar } from 'cli-progress';

type EventOf<T extends PipelineEvent['type']> = Extract<PipelineEvent, { type: T }>;

/** Milliseconds between lines of what has many small steps. */
const PAUSE = 2000;

const seconds = (s: number) =>
  s < 90
    ? `${Math.round(s)} s`
    : `${Math.floor(s / 60)} min ${String(Math.round(s % 60)).padStart(2, '0')} s`;

/** Seconds left of something of which parts are done one after another. */
class Clock {
  readonly #started = performance.now();
  #first?: number;

  /** @param done parts done; the first call says how many were before this clock began */
  left(done: number, all: number, firstDone = done): number {
    this.#first ??= firstDone;
    const spent = (performance.now() - this.#started) / 1000;
    return (spent * (all - done)) / Math.max(done - this.#first, 1e-9);
  }
}

/** The metrics of an epoch's validation, as text. */
function metricsText(record: EpochRecord, metrics: Task['metrics']): string {
  const shownAs = (way: string, also = '') =>
    Object.entries(metrics).flatMap(([key, title]) => {
      const value = record[validationName(key, way)];
      return value === undefined ? [] : [`, ${title} ${(100 * value).toFixed(1)} %${also}`];
    });
  return [...shownAs(''), ...shownAs('sample', ' of a sample')].join('');
}

/**
 * Tells of many small parts that are done one after another, with the time left: a line at the end, and every few seconds
 * until then.
 *
 * @param name of the work
 * @param parts what it is made of
 * @param text of a number of parts, and of all
 */
export function counter(
  name: string,
  parts: string,
  stream: NodeJS.WriteStream = process.stderr,
  text: (done: number, all: number) => string = String,
): (done: number, all: number) => void {
  const clock = new Clock();
  let told = performance.now();
  return (done, all) => {
    const left = clock.left(done, all);
    if (done < all && performance.now() - told < PAUSE) return;
    told = performance.now();
    const rest = done < all ? `, ${seconds(left)} left` : '';
    stream.write(`${name}: ${text(done, all)} of ${text(all, all)} ${parts}${rest}\n`);
  };
}

/** A number of bytes, of the size that all have. */
const megabytes = (bytes: number, all: number) =>
  all < 1e6 ? (bytes / 1e3).toFixed(1) : (bytes / 1e6).toFixed(1);

/** Tells of downloads, one file after another, in the way of {@link counter}. */
function downloads(stream: NodeJS.WriteStream): (event: EventOf<'download'>) => void {
  let file = '';
  let tell = counter('', '', stream);
  return ({ where, done, bytes }) => {
    if (where !== file) tell = counter(where, bytes < 1e6 ? 'kB' : 'MB', stream, megabytes);
    file = where;
    tell(done, bytes);
  };
}

/** How a training is shown. */
interface TrainingView {
  step(event: EventOf<'step'>): void;
  epoch(event: EventOf<'epoch'>): void;
  stop(): void;
}

/** A line for each epoch. */
function trainingLines(stream: NodeJS.WriteStream): TrainingView {
  const clock = new Clock();
  return {
    step: () => {},
    epoch({ stage, record, epochs, metrics }) {
      const done = record.epoch!;
      const left = seconds(clock.left(done, epochs, done - 1));
      stream.write(
        `${stage}: epoch ${done}/${epochs}, loss ${record.loss!.toFixed(4)}${metricsText(record, metrics)}, ${left} left\n`,
      );
    },
    stop: () => {},
  };
}

/** A bar with the time left. */
function trainingBar(stream: NodeJS.WriteStream, stage: string): TrainingView {
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
    step({ report: { epoch, epochs, step, steps, loss } }) {
      const shown = { epoch: `${epoch + 1}/${epochs}`, loss: loss.toFixed(3), metrics };
      if (!begun) bar.start(epochs * steps, epoch * steps, shown);
      begun = true;
      bar.update(epoch * steps + step, shown);
    },
    epoch: (event) => {
      metrics = metricsText(event.record, event.metrics);
    },
    stop: () => bar.stop(),
  };
}

/**
 * Shows what a pipeline tells: a bar for each training on a terminal, lines elsewhere; all on standard error, so that
 * results stand alone on standard output.
 */
export function progress(stream: NodeJS.WriteStream = process.stderr): OnEvent {
  const write = (line: string) => void stream.write(`${line}\n`);
  let training: TrainingView | undefined;
  let pruning = new Clock();
  const reading = counter('features', 'images', stream);
  const changing = counter('sensitivity', 'parts', stream);
  const comparing = counter('compare', 'files', stream);
  const timing = counter('latency', 'widths', stream);
  const downloading = downloads(stream);
  const left = (done: number, all: number) =>
    done === 0 ? '' : `, ${seconds(pruning.left(done, all, 0))} left`;
  const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;

  const show: { [T in PipelineEvent['type']]: (event: EventOf<T>) => void } = {
    training: ({ stage }) => {
      training = stream.isTTY ? trainingBar(stream, stage) : trainingLines(stream);
    },
    step: (event) => training?.step(event),
    epoch: (event) => training?.epoch(event),
    trained: () => training?.stop(),
    pruning({ criterion, images }) {
      pruning = new Clock();
      write(`prune: ${criterion} on ${images} images`);
    },
    imported: ({ where, text }) => write(`${where}: ${text}`),
    'pruning-step'({ report: { name, step, steps, macs, params, channels }, whole }) {
      const sizes = `${percent(macs, whole.macs)} of MACs, ${percent(params, whole.params)} of parameters, ${percent(channels, 1)} of the channels that may go`;
      write(`prune: ${name}, ${sizes}${left(step, steps)}`);
    },
    'pruning-try'({ report: { block, turn, blocks, what, count, drop, allowed } }) {
      const points = `${drop.toFixed(2)} of at most ${allowed.toFixed(2)} points`;
      const rest = left(turn - 1, blocks);
      write(`prune: ${block} (${turn}/${blocks}), ${count} ${what} fewer: drop ${points}${rest}`);
    },
    predicted: ({ image, drawing, done, images }) =>
      write(`${image}: ${drawing} (${done}/${images})`),
    download: (event) => downloading(event),
    sensitivity: ({ done, parts }) => changing(done, parts),
    compared: ({ done, files }) => comparing(done, files),
    latencies: ({ done, widths }) => timing(done, widths),
    features: ({ done, images }) => reading(done, images),
    trial: ({ index, trials, text }) => write(`trial ${index + 1}/${trials}: ${text}`),
    'trial-ended'({ index, trials, metric, value, failed, done, secondsLeft }) {
      const result = failed
        ? `failed: ${failed}`
        : `${metric} ${value?.toPrecision(4) ?? 'is not there'}`;
      const rest = done < trials && secondsLeft > 0 ? `, ${seconds(secondsLeft)} left` : '';
      write(`trial ${index + 1}/${trials}: ${result}; ${done} of ${trials} have ended${rest}`);
    },
    skipped({ where, entries }) {
      for (const [code, n] of Object.entries(entries))
        write(`warning: ${where}: ${n} entries left out (${code})`);
    },
    warning: ({ message }) => write(`warning: ${message}`),
  };
  return (event) => (show[event.type] as (event: PipelineEvent) => void)(event);
}
