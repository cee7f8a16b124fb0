import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel } from '@kcr/backbones';
import { encodeSafetensors, Generator } from '@kcr/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LocalHub } from '../../integration/src/local-hub.ts';
import { compile, examplesOf, type Outcome, repository, runAll } from './examples.ts';

const guides = ['docs', 'docs/extending'].map(async (folder) =>
  (await readdir(join(repository, folder)))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `${folder}/${file}`),
);
// Those of the packages' own pages run where the packages are installed: install.check.ts.
const pages = ['README.md', ...(await Promise.all(guides)).flat()];
const examples = (await Promise.all(pages.map(examplesOf))).flat();

/** Where the examples are: as a reader's folder, with the packages installed and the repository's images. */
let folder: string;
let complaints: readonly string[];
let outcomes: readonly Outcome[];

const PUBLISHED = 'deit_tiny_patch16_224';

/** A hub on this machine that has the model that the pages take, with weights that nobody trained. */
function openHub(): Promise<LocalHub> {
  const [mean, std] = [
    [0.485, 0.456, 0.406],
    [0.229, 0.224, 0.225],
  ];
  const input = { input_size: [3, 224, 224], interpolation: 'bicubic', crop_pct: 0.9, mean, std };
  const config = { architecture: PUBLISHED, num_classes: 1000, pretrained_cfg: input };
  const tensors = createModel(PUBLISHED).initialize(new Generator(0));
  const files = {
    'config.json': { bytes: Buffer.from(JSON.stringify(config)) },
    'model.safetensors': { bytes: encodeSafetensors({ tensors, metadata: { format: 'pt' } }) },
  };
  return LocalHub.open({ [`timm/${PUBLISHED}.fb_in1k`]: { files } });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcr-examples-'));
  for (const shared of ['node_modules', 'tools'])
    await symlink(join(repository, shared), join(folder, shared));
  for (const { source, code } of examples) await writeFile(join(folder, source), code);
  complaints = await compile(
    folder,
    examples.map(({ source }) => source),
  );
  await using hub = await openHub();
  const env = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: join(folder, 'hub'), HF_TOKEN: '' };
  outcomes = await runAll(
    folder,
    examples.map(({ program }) => program),
    env,
  );
});
afterAll(() => rm(folder, { recursive: true }));

describe('what the pages show is what a reader can do with the packages', () => {
  test.each(examples)('$name', ({ source, code }) => {
    const i = examples.findIndex((example) => example.source === source);
    const own = complaints.filter((line) => line.startsWith(source));
    expect(own).toEqual([]);
    const { said, complained, error } = outcomes[i]!;
    expect(error).toBe('');
    expect(complained).toBe('');
    // One that is a module for others says nothing by itself.
    if (!/^export /m.test(code)) expect(said).not.toBe('');
  });
});
