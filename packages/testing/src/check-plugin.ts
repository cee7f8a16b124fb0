import { join } from 'node:path';
import {
  type EpochRecord,
  type FitOptions,
  type ImageSet,
  type Model,
  type Plugin,
  prune,
  type StepReport,
  search,
} from '@kcr/core';
import { differingLosses } from './checks/engines.ts';
import { compareAdded, compareGradients } from './checks/gradients.ts';
import { countLeaks } from './checks/leaks.ts';
import { compareTraces } from './checks/pure.ts';
import { withFolder } from './checks/saved.ts';
import { comparedTimes, stepTime } from './checks/speed.ts';
import { imagesOfTask } from './data.ts';
import { eagerEngine, NO_ONNX, onnxPackage, usualEngine } from './engines.ts';
import { allOnAll, type TriedModels, triedModels } from './on-models.ts';
import type { Report } from './report.ts';
import {
  type CheckOf,
  fails,
  holds,
  leftOut,
  runChecks,
  type Skipped,
  type Suite,
  suiteOf,
} from './suite.ts';
import { startTraining, trainedText } from './trainers.ts';
import { lossesOf, shortRun, train } from './training.ts';
import { farthest, livelyWeights, numberText } from './values.ts';

/** A function that makes plugins, as `definePlugin` gives it. */
export type MakesPlugin<O> = ((options: O) => Plugin) & { readonly name: string };

/** Options, or a function that makes them for a model, such as a teacher of its size. */
export type OptionsFor<O> = O | ((model: Model) => O);

export interface PluginOptions<O extends object> {
  /** What the plugin is made with. Ramps should end within two epochs. */
  readonly options: OptionsFor<O>;
  /** Options with which it changes nothing, such as a weight of 0. */
  readonly zero?: OptionsFor<O>;
  /**
   * For a plugin that changes gradients in the backward pass, which no loss has then: options with which it adds to the loss what
   * it adds to the gradients otherwise, but for a factor.
   */
  readonly asLoss?: OptionsFor<O>;
  /** Default: a small ViT and a small MobileViT. */
  readonly models?: TriedModels;
  /** Number of training images. Default 24. */
  readonly images?: number;
  /** Checks to leave out, each with the reason. */
  readonly skip?: Skipped;
}

/** A plugin, and what it is tried on. */
interface PluginSubject {
  readonly prefix: string;
  readonly model: Model;
  readonly images: ImageSet;
  /** Makes the plugin anew, since it may have a state. */
  plugin(): Plugin;
  readonly zero?: () => Plugin;
  readonly asLoss?: () => Plugin;
}

const run = ({ model, images, plugin }: PluginSubject): Omit<FitOptions, 'engine'> => ({
  ...shortRun(model, images),
  batchSize: 8,
  plugins: [plugin()],
});

const builds: CheckOf<PluginSubject> = {
  expected: 'the plugin is attached to a training and takes a step',
  async run({ model, images, plugin }) {
    await using engine = await eagerEngine();
    const { trainer, step } = await startTraining(engine, model, images, livelyWeights(model), [
      plugin(),
    ]);
    await using _trainer = trainer;
    const loss = await step();
    const hooks = Object.entries(trainer.plugins[0]!).filter(
      ([, hook]) => typeof hook === 'function',
    );
    return holds(`hooks ${hooks.map(([name]) => name).join(', ')}; a loss of ${numberText(loss)}`);
  },
};

const engines: CheckOf<PluginSubject> = {
  expected:
    'it trains alike step by step (eager) and compiled (onnx): what changes while a run goes on is a slot (input, buffer, noise, parameter), all else is fixed when the step is compiled',
  async run(subject) {
    const onnx = await onnxPackage();
    if (!onnx) return leftOut(NO_ONNX);
    const eager = lossesOf(await train(eagerEngine, run(subject)));
    const compiled = lossesOf(await train(async () => onnx.createOnnxEngine(), run(subject)));
    const differing = differingLosses(eager, compiled, 1e-4);
    return differing
      ? fails(differing, `${subject.prefix}what its hooks take from JavaScript variables`)
      : holds(`losses ${eager.map(numberText).join(', ')} on both`);
  },
};

const gradients: CheckOf<PluginSubject> = {
  expected:
    'the gradients of the loss with the plugin are those of finite differences, for the weights and for its own parameters; where it changes gradients itself, it adds those of the loss that it names',
  run({ model, images, plugin, asLoss, prefix }) {
    const run = { model, images };
    return asLoss
      ? compareAdded(run, plugin, asLoss)
      : compareGradients({ ...run, plugins: [plugin()] }, (name) => prefix + trainedText(name));
  },
};

const seed: CheckOf<PluginSubject> = {
  expected:
    'two trainings with one seed end with the same weights, bit for bit: random numbers come from run.noise() and run.generator',
  async run(subject) {
    const [a, b] = [await train(eagerEngine, run(subject)), await train(eagerEngine, run(subject))];
    const { name, difference } = farthest(a.weights, b.weights);
    return difference === 0
      ? holds('the same weights')
      : fails(
          `${name} ${numberText(difference)} apart`,
          `${subject.prefix}random numbers of its own`,
        );
  },
};

const resumes: CheckOf<PluginSubject> = {
  expected:
    'a run that was stopped within an epoch goes on as if it had not been: what the plugin carries from epoch to epoch is in slots (buffer, parameter) or made again by refresh(), and what it keeps of steps is in a hostBuffer',
  run: (subject) =>
    withFolder(async (folder) => {
      const directory = join(folder, 'run');
      const options = () => ({ ...run(subject), epochs: 3, checkpointEvery: 0 });
      const through = await train(usualEngine, options());
      const stop = new Error('stopped');
      const onStep = ({ epoch, step, steps }: StepReport) => {
        if (epoch === 2 && step === Math.min(2, steps)) throw stop;
      };
      try {
        await train(usualEngine, { ...options(), directory, onStep });
      } catch (error) {
        if (error !== stop && !(error instanceof Error && error.cause === stop)) throw error;
      }
      const resumed = await train(usualEngine, { ...options(), directory });
      const { name, difference } = farthest(resumed.weights, through.weights);
      const where = `${subject.prefix}variables that its hooks keep`;
      if (difference !== 0) return fails(`${name} ${numberText(difference)} apart`, where);
      const record = differingRecord(resumed.history, through.history);
      return record ? fails(record, where) : holds('the same weights and metrics');
    }),
};

/** The first number of two logs that differs, besides times. */
function differingRecord(a: readonly EpochRecord[], b: readonly EpochRecord[]): string | undefined {
  for (const [i, record] of b.entries())
    for (const [name, value] of Object.entries(record))
      if (name !== 'seconds' && a[i]?.[name] !== value)
        return `${name} ${a[i]?.[name]} instead of ${value} in epoch ${i + 1}`;
  return undefined;
}

const leaks: CheckOf<PluginSubject> = {
  expected:
    'a training leaves no tensor behind: hooks between epochs put theirs into tf.tidy(), and hooks of steps keep none',
  run: (subject) => countLeaks(run(subject), `${subject.prefix}refresh(), observe(), metrics()`),
};

const pure: CheckOf<PluginSubject> = {
  expected:
    'a step is the same whenever it is traced: hooks draw no random numbers, ask no clock, read no tensor and change no variable of their own in it',
  run: ({ model, images, plugin, prefix }) =>
    compareTraces({ model, images, plugins: () => [plugin()] }, `${prefix}tap(), loss(), watch()`),
};

const zero: CheckOf<PluginSubject> = {
  expected: 'with a weight of 0 a training ends as it ends without the plugin',
  async run({ model, images, zero, prefix }) {
    if (!zero) return leftOut('give `zero`, options with which the plugin changes nothing');
    const options = { ...shortRun(model, images), batchSize: 8 };
    const plain = await train(eagerEngine, options);
    const own = await train(eagerEngine, { ...options, plugins: [zero()] });
    const { name, difference } = farthest(own.weights, plain.weights);
    return difference <= 1e-6
      ? holds(`weights at most ${numberText(difference)} apart`)
      : fails(`${name} ${numberText(difference)} apart`, `${prefix}tap(), loss()`);
  },
};

const selects: CheckOf<PluginSubject> = {
  expected: 'a search ends with a selection that the model can be pruned by',
  async run({ model, images, plugin }) {
    await using engine = await usualEngine();
    const options = { ...shortRun(model, images), batchSize: 4, epochs: 1, engine };
    const { trainer } = await startTraining(engine, model, images, livelyWeights(model), [
      plugin(),
    ]);
    const chooses = trainer.plugins.some(({ select }) => select);
    await trainer.dispose();
    if (!chooses) return leftOut('it has no select()');
    const { kept } = await search({ ...options, plugins: [plugin()] });
    const { macs } = prune(model, kept);
    return holds(
      `${numberText(macs.total)} of ${numberText(model.macs.total)} MACs left, ${Object.keys(kept).length} dims chosen`,
    );
  },
};

const speed: CheckOf<PluginSubject> = {
  expected: 'a number to look at; it is not judged',
  async run({ model, images, plugin }) {
    const own = await stepTime(model, images, [plugin()]);
    return holds(comparedTimes(own, await stepTime(model, images)));
  },
};

/**
 * The checks of a plugin: that it trains alike on both engines, with right gradients, the same by seed and after a stop, without
 * leaks, and changes nothing with a weight of 0.
 *
 * @param make as a package exports it
 */
export function pluginChecks<O extends object>(
  make: MakesPlugin<O>,
  {
    options,
    zero: none,
    asLoss,
    models = ['vit', 'mobilevit'],
    images = 24,
    skip,
  }: PluginOptions<O>,
): Suite {
  const subjects = (): PluginSubject[] =>
    triedModels(models).map(([name, model]) => {
      const optionsOf = (given: OptionsFor<O>): O =>
        typeof given === 'function' ? (given as (model: Model) => O)(model) : given;
      return {
        prefix: `${name}, `,
        model,
        images: imagesOfTask(model, images)!,
        plugin: () => make(optionsOf(options)),
        zero: none === undefined ? undefined : () => make(optionsOf(none)),
        asLoss: asLoss === undefined ? undefined : () => make(optionsOf(asLoss)),
      };
    });
  const checks = allOnAll({
    builds,
    engines,
    gradients,
    seed,
    resumes,
    leaks,
    pure,
    zero,
    selects,
    speed,
  });
  return suiteOf(make.name, subjects, checks, skip);
}

/** Runs {@link pluginChecks}. */
export const checkPlugin = <O extends object>(
  make: MakesPlugin<O>,
  options: PluginOptions<O>,
): Promise<Report> => runChecks(pluginChecks(make, options));
