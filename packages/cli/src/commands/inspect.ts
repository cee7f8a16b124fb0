import { KcrError, Model } from '@kcr/core';
import {
  findModel,
  type InspectedRecipe,
  inspectRecipe,
  isRecipe,
  loadRecipe,
} from '@kcr/pipeline';
import type { Command } from 'commander';
import { CHECKPOINT, json, microBatch, withTrust } from '../options.ts';
import { printResult, printTable } from '../output.ts';
import { gigabytes, progress, seconds } from '../progress.ts';

interface InspectOptions {
  model?: string;
  config?: string;
  data?: string;
  measure?: boolean;
  microBatch?: number | 'auto';
  trust?: readonly string[];
  json?: boolean;
}

/** What `kcr inspect` says of a model. */
function inspection(model: Model) {
  const dims = [...model.dims.values()].map((dim) => ({
    name: dim.name,
    role: dim.role,
    size: dim.size,
    full: dim.full,
    groups: dim.groups,
    prunable: dim.prunable,
    ...(dim.of ? { of: dim.of.name } : {}),
  }));
  const { parameterCount: params, macs, featureMaps } = model;
  return { params, macs, adapters: adapterShares(model), dims, featureMaps };
}

/** What each adapter adds to the parameters and MACs. */
function adapterShares(model: Model) {
  const own = new Model(model.architecture, model.config).dims;
  const kept = Object.fromEntries(Object.entries(model.kept).filter(([name]) => own.has(name)));
  return model.adapters.map(({ name }, i) => {
    const [before, after] = [i, i + 1].map(
      (n) => new Model(model.architecture, model.config, kept, model.adapters.slice(0, n)),
    ) as [Model, Model];
    return {
      name,
      params: after.parameterCount - before.parameterCount,
      macs: after.macs.total - before.macs.total,
    };
  });
}

/** `kcr inspect`: parameters, MACs, dimensions, feature maps and taps of a model or checkpoint; what a recipe would run. */
export function addInspect(kcr: Command): void {
  withTrust(kcr.command('inspect'))
    .description('parameters, MACs, dimensions and taps of a model; what a recipe would run')
    .argument('<model>', `a timm name, MODULE#NAME, ${CHECKPOINT}, or a recipe by name or file`)
    .option('--model <name>', 'the model of a bare safetensors file, by timm name or MODULE#NAME')
    .option('--config <json>', 'options of the model that differ, as JSON')
    .option('--data <folder>', "of a recipe: its images, which are counted (default: the recipe's)")
    .option(
      '--measure',
      'of a recipe: make the first updates of each training on its images, and say what memory and time they take',
    )
    .option('--micro-batch <n>', 'with --measure: as of `kcr compress`', microBatch)
    .option('--json', 'print the result as JSON')
    .action(inspect);
}

async function inspect(nameOrPath: string, options: InspectOptions): Promise<void> {
  if (isRecipe(nameOrPath)) {
    const { data } = options;
    const measure = options.measure
      ? { microBatch: options.microBatch, on: progress() }
      : undefined;
    const inspected = await inspectRecipe(await loadRecipe(nameOrPath), { data, measure });
    if (options.json) printResult(inspected, true);
    else printRecipe(inspected);
    return;
  }
  const { model: architecture, trust } = options;
  const config = parseConfig(options.config);
  const model = await findModel(nameOrPath, config, {
    architecture,
    trust,
    on: progress(),
  });
  const inspected = inspection(model);
  if (options.json) {
    printResult(inspected, true);
    return;
  }
  const { params, macs, adapters, dims, featureMaps } = inspected;
  const added = adapters.map(({ name, ...share }) => [`by ${name}`, share]);
  printResult({ params, macs, ...Object.fromEntries(added) }, false);
  process.stdout.write('\ndimensions\n');
  const rows = dims.map((d) => [
    d.name,
    d.size === d.full ? `${d.size}` : `${d.size} of ${d.full}`,
    d.groups > 1 ? `${d.groups} groups` : '',
    d.prunable ? '' : 'fixed',
  ]);
  printTable([['name', 'size', 'groups', ''], ...rows]);
  process.stdout.write('\nfeature maps\n');
  const maps = featureMaps.map((map) => [
    `stride ${map.stride}`,
    `${map.height} x ${map.width} x ${map.channels}`,
  ]);
  printTable(maps.length > 0 ? maps : [['none: tokens are taken out']]);
  process.stdout.write('\ntaps\n');
  printTable(model.taps.map((tap) => [tap.name, tap.dim?.name ?? '']));
}

/** What a recipe would run, for people. */
function printRecipe({ name, stages, model, data, trainings, parts }: InspectedRecipe): void {
  const { input, dense, ...own } = model;
  const known = Object.entries({ ...own, ...(dense ? { dense } : {}) });
  printResult({
    recipe: name,
    model: {
      ...Object.fromEntries(known.filter(([, value]) => value !== undefined)),
      input: input.join(' x '),
    },
    data: data ?? 'no folder given: --data',
  });
  process.stdout.write('\nstages\n');
  const numbers = (value: number | undefined) => value?.toLocaleString('en') ?? '';
  printTable([
    ['name', 'epochs', 'steps', ''],
    ...stages.map(({ name: stage, does, epochs, steps }) => [
      stage,
      numbers(epochs),
      numbers(steps),
      does,
    ]),
  ]);
  if (trainings) printTrainings(trainings);
  if (parts.length === 0) return;
  process.stdout.write('\nparts\n');
  printTable(parts.map(({ field, kind, part, module }) => [field, kind, part.use, module]));
}

/** What trainings take, for people. */
function printTrainings(trainings: NonNullable<InspectedRecipe['trainings']>): void {
  process.stdout.write('\ntrainings, by their first updates on this machine\n');
  printTable([
    ['name', 'memory', 'pieces', 'first update', 'an update', 'all updates'],
    ...trainings.map(({ name, memory, first, update, all }) => [
      name,
      memory ? gigabytes(memory.bytes) : '',
      memory ? `${memory.pieces}` : '',
      seconds(first),
      update < 10 ? `${update.toFixed(2)} s` : seconds(update),
      all === undefined ? '' : seconds(all),
    ]),
  ]);
}

/** @throws KcrError `MODEL_CONFIG` */
function parseConfig(text: string | undefined): object {
  if (text === undefined) return {};
  try {
    return json(text);
  } catch (cause) {
    throw new KcrError('MODEL_CONFIG', {
      where: '--config',
      found: (cause as Error).message,
      fix: `Write JSON, e.g. '{"img_size": 64, "num_classes": 10}'`,
      cause,
    });
  }
}
