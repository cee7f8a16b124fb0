import type { Engine } from '../engine/engine.ts';
import { arraySlot, inputSlot, noiseSlot } from '../engine/slots.ts';
import type { NdArray } from '../ground/array.ts';
import type { Generator } from '../ground/random.ts';
import type { Progress } from '../model/clock.ts';
import type { Model } from '../model/model.ts';
import type { EngineArrays } from './engine-arrays.ts';
import type { PluginRun } from './plugin.ts';
import type { Trained } from './train-step.ts';

/** What plugins are told of the run. */
export type RunFacts = Pick<PluginRun, 'stage' | 'epochs' | 'samples' | 'travel' | 'warn'>;

/** What plugins are attached to. */
export interface PluginHost {
  readonly model: Model;
  readonly engine: Engine;
  readonly arrays: EngineArrays;
  readonly progress: Progress;
  /** Gets the plugins' parameters. */
  readonly trained: Trained[];
  /** Random numbers of now. */
  generator(): Generator;
}

/** The side of a run that one plugin sees: what it declares is under its own name. */
export function pluginRun(plugin: string, run: RunFacts, host: PluginHost): PluginRun {
  const { model, engine, arrays, progress, generator } = host;
  const path = (name: string) => `${plugin}/${name}`;
  const array = (name: string, initial: NdArray, saved = true) => {
    arrays.set({ [path(name)]: initial }, { saved });
    return arraySlot(engine, path(name), initial);
  };
  return {
    ...run,
    warn: (message) => run.warn(`${plugin}: ${message}`),
    model,
    generator: generator().fork(plugin),
    constant: (name, value) => array(name, value, false),
    buffer: (name, initial) => array(name, initial),
    hostBuffer: (name, initial) => arrays.host(path(name), initial),
    parameter: (name, initial) => {
      const facts = { shape: initial.shape, decay: false, rate: 1, adaptive: false };
      host.trained.push({ name: path(name), ...facts });
      return array(name, initial);
    },
    input: (name, next) => inputSlot(path(name), () => next(progress)),
    noise: (name, shape, draw) => noiseSlot(path(name), shape, draw, generator),
  };
}
