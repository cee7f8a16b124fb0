import type { EpochRecord, Task } from '@kcr/core';
import { validationName } from '@kcr/core/internal';
import type { OnEvent, PipelineEvent } from '@kcr/pipeline';
import { Presets, SingleBar } from 'cli-progress';

type EventOf<T extends PipelineEvent['type']> = Extract<PipelineEvent, { type: T }>;

/** Milliseconds between lines of what has many small steps. */
const PAUSE = 2000;

/** Milliseconds within an epoch after which one hears of it. */
const SILENCE = 5000;

/** Milliseconds after which one hears what is at work, where nothing else is said. */
const PATIENCE = 10_000;

/** Seconds as people say them, by two units. */
export function seconds(s: number): string {
  const whole = Math.round(s);
  if (whole < 90) return `${whole} s`;
  const [minutes, hours] = [Math.floor(whole / 60), Math.floor(whole / 3600)];
  if (minutes < 90) return `${minutes} min ${twoDigits(whole % 60)} s`;
  if (hours < 48) return `${hours} h ${twoDigits(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${twoDigits(hours % 24)} h`;
}

const twoDigits = (n: number) => String(n).padStart(2, '0');

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

/** Shows how a training goes on. */
interface TrainingView {
  piece(event: EventOf<'piece'>): void;
  step(event: EventOf<'step'>): void;
  epoch(event: EventOf<'epoch'>): void;
  stop(): void;
}

/** One that can say what is at work between two events. */
interface PatientView extends TrainingView {
  /** @param text what is at work, and for how long */
  waiting(text: string): void;
}

/** The trainings of a run: how long they all take. */
class Whole {
  #stages: readonly { readonly name: string; readonly steps: number }[] = [];

  set stages(stages: EventOf<'plan'>['stages']) {
    this.#stages = stages.map(({ name, steps = 0 }) => ({ name, steps }));
  }

  /** Steps of the trainings after one. */
  after(stage: string): number {
    const at = this.#stages.findIndex(({ name }) => name === stage);
    return at < 0 ? 0 : this.#stages.slice(at + 1).reduce((sum, { steps }) => sum + steps, 0);
  }
}

/** Steps of a training, and what is left of it and of those after it, if their steps take as long. */
class Steps {
  readonly #clock = new Clock();

  constructor(private readonly whole: Whole) {}

  /** @returns seconds left of the training, and of all; steps before the first report were done by an earlier process */
  left(event: EventOf<'step' | 'piece'>): { own: number; all: number } {
    const { epochs, steps } = event.report;
    const [done, all] = [stepsDone(event), epochs * steps];
    const later = this.whole.after(event.stage);
    const before = Math.ceil(done) - 1;
    return {
      own: this.#clock.left(done, all, before),
      all: this.#clock.left(done, all + later, before),
    };
  }
}

/** Steps of a training that are done, with the part of the one that goes on. */
function stepsDone({ type, report }: EventOf<'step' | 'piece'>): number {
  const whole = report.epoch * report.steps + report.step;
  return type === 'piece' ? whole + report.piece / report.pieces : whole;
}

/** Counts images of steps, and of pieces of steps before these end. */
class Images {
  /** Since it was last set to 0. */
  count = 0;
  /** Of the step that goes on. */
  #within = 0;

  add({ type, report }: EventOf<'step' | 'piece'>): void {
    const done = type === 'piece' ? (report.images * report.piece) / report.pieces : report.images;
    this.count += done - this.#within;
    this.#within = type === 'piece' ? done : 0;
  }
}

/** A rate as text, by images and milliseconds. */
function imagesPerSecond(images: number, ms: number): string {
  const rate = (1000 * images) / Math.max(ms, 1);
  return `${rate.toFixed(rate < 10 ? 1 : 0)} images/s`;
}

/** A line for each epoch, and within long ones every few seconds. */
function trainingLines(stream: NodeJS.WriteStream, stage: string, whole: Whole): PatientView {
  const clock = new Clock();
  const passed = new Steps(whole);
  let told = performance.now();
  const images = new Images();

  /** @param text of what is done of the epoch */
  function tell(event: EventOf<'step' | 'piece'>, text: string): void {
    const { own, all } = passed.left(event);
    images.add(event);
    const now = performance.now();
    if (now - told < SILENCE || event.report.step === event.report.steps) return;
    const { epoch, epochs } = event.report;
    const others = all > own ? `, ${seconds(all)} in all` : '';
    const rate = imagesPerSecond(images.count, now - told);
    stream.write(
      `${stage}: epoch ${epoch + 1}/${epochs}, ${text}, ${rate}, ${seconds(own)} left${others}\n`,
    );
    told = now;
    images.count = 0;
  }

  return {
    piece(event) {
      const { step, steps, piece, pieces } = event.report;
      tell(event, `step ${step + 1}/${steps}, piece ${piece}/${pieces}`);
    },
    step(event) {
      const { step, steps, loss } = event.report;
      tell(event, `step ${step}/${steps}, loss ${loss.toFixed(4)}`);
    },
    epoch({ record, epochs, metrics }) {
      const done = record.epoch!;
      const left = seconds(clock.left(done, epochs, done - 1));
      stream.write(
        `${stage}: epoch ${done}/${epochs}, loss ${record.loss!.toFixed(4)}${metricsText(record, metrics)}, ${left} left\n`,
      );
      told = performance.now();
      images.count = 0;
    },
    waiting: (text) => void stream.write(`${stage}: ${text}\n`),
    stop: () => {},
  };
}

/** Says what a training is at where it says nothing else for a while. */
function neverSilent(view: PatientView): TrainingView {
  let timer: NodeJS.Timeout;
  function wait(at: string): void {
    const since = performance.now();
    clearInterval(timer);
    timer = setInterval(() => {
      view.waiting(`${at}, for ${seconds((performance.now() - since) / 1000)}`);
    }, PATIENCE).unref();
  }
  wait('preparing the first update');
  return {
    piece(event) {
      view.piece(event);
      const { step, steps, piece, pieces } = event.report;
      wait(
        piece < pieces
          ? `piece ${piece + 1}/${pieces} of step ${step + 1}/${steps}`
          : `step ${step + 1}/${steps}, the update`,
      );
    },
    step(event) {
      view.step(event);
      const { epoch, step, steps } = event.report;
      wait(
        step < steps
          ? `step ${step + 1}/${steps}`
          : `evaluation and refreshes after epoch ${epoch + 1}`,
      );
    },
    epoch(event) {
      view.epoch(event);
      wait(
        event.record.epoch === event.epochs
          ? 'the end'
          : `step 1 of epoch ${event.record.epoch! + 1}`,
      );
    },
    stop() {
      clearInterval(timer);
      view.stop();
    },
  };
}

/** A bar with the time left. */
function trainingBar(stream: NodeJS.WriteStream, stage: string, whole: Whole): PatientView {
  const bar = new SingleBar(
    {
      format: `${stage} {bar} {percentage}% | {left} left{all} | {rate} | epoch {epoch}, loss {loss}{metrics}{waiting}`,
      stream,
    },
    Presets.shades_classic,
  );
  const passed = new Steps(whole);
  let metrics = '';
  let loss = '-';
  let begun = false;
  let last = performance.now();
  const images = new Images();

  function show(event: EventOf<'step' | 'piece'>): void {
    const { epoch, epochs, steps } = event.report;
    const { own, all } = passed.left(event);
    images.add(event);
    const now = performance.now();
    const shown = {
      epoch: `${epoch + 1}/${epochs}`,
      loss,
      left: seconds(own),
      all: all > own ? `, ${seconds(all)} in all` : '',
      rate: imagesPerSecond(images.count, now - last),
      metrics,
      waiting: '',
    };
    last = now;
    images.count = 0;
    if (!begun) bar.start(epochs * steps, epoch * steps, shown);
    begun = true;
    bar.update(stepsDone(event), shown);
  }

  return {
    piece: show,
    step(event) {
      loss = event.report.loss.toFixed(3);
      show(event);
    },
    epoch: (event) => {
      metrics = metricsText(event.record, event.metrics);
    },
    waiting(text) {
      if (begun) bar.update({ waiting: ` | ${text}` });
      else stream.write(`${stage}: ${text}\n`);
    },
    stop: () => bar.stop(),
  };
}

/** In 10^9 bytes. */
export const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

/**
 * Shows what a pipeline tells: a bar for each training on a terminal, lines elsewhere; all on standard error, so that
 * results stand alone on standard output.
 */
export function progress(stream: NodeJS.WriteStream = process.stderr): OnEvent {
  const write = (line: string) => void stream.write(`${line}\n`);
  const whole = new Whole();
  let training: TrainingView | undefined;
  /** Says that a training begins: one that is done already does not. */
  let begun: (() => void) | undefined;
  const begin = () => {
    begun?.();
    begun = undefined;
  };
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
    reading: ({ where }) => write(`reading ${where}`),
    plan({ stages }) {
      whole.stages = stages;
    },
    training: ({ stage, epochs }) => {
      begun = () => write(`${stage}: ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}`);
      const view = stream.isTTY ? trainingBar : trainingLines;
      training = neverSilent(view(stream, stage, whole));
    },
    memory({ stage, report: { images, pieces, bytes, available } }) {
      begin();
      const cut = pieces === 1 ? '' : ` in ${pieces} pieces of ${images / pieces}`;
      write(
        `${stage}: updates of ${images} images${cut}, with some ${gigabytes(bytes)} of memory of ${gigabytes(available)}`,
      );
    },
    analysing: ({ model, done, models }) => write(`analysis: ${model} (${done + 1}/${models})`),
    timing: ({ models }) =>
      write(
        models === 1 ? 'analysis: latency' : `analysis: latencies of ${models} models, in turn`,
      ),
    piece(event) {
      begin();
      training?.piece(event);
    },
    step(event) {
      begin();
      training?.step(event);
    },
    epoch(event) {
      begin();
      training?.epoch(event);
    },
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
