import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createModel } from '@kcr/backbones';
import { encodeSafetensors, Generator, writeSafetensors } from '@kcr/core';
import { loadPretrained } from '@kcr/pretrained';
import { COMMIT, LocalHub, listOf } from '../../../integration/src/local-hub.ts';
import { timmConfig } from '../../../integration/src/timm-config.ts';
import { type Json, jsonText, mutateJson } from '../mutate-json.ts';
import { type Files, type Reader, require } from '../target.ts';
import { requireWhole } from './checkpoints.ts';

const NAME = 'vit_tiny_patch16_224';
const small = { img_size: 16, patch_size: 8, embed_dim: 8, depth: 1, num_heads: 2, num_classes: 2 };
const said = timmConfig(NAME, small, ['a', 'b']);
const config = {
  ...said,
  pretrained_cfg: { ...said.pretrained_cfg, tag: 'augreg_in21k' },
} satisfies Json;
const tensors = createModel(NAME, small).initialize(new Generator(0));
const index = {
  metadata: { total_size: 1 },
  weight_map: Object.fromEntries(Object.keys(tensors).map((name) => [name, 'all.safetensors'])),
} satisfies Json;

/** A timm folder, one of whose JSON files is another. */
const timmFolder = (
  name: string,
  changed: 'config.json' | 'model.safetensors.index.json',
): Reader => ({
  name,
  async ready(folder) {
    const files = { 'config.json': config, 'model.safetensors.index.json': index };
    for (const [file, json] of Object.entries(files))
      await writeFile(join(folder, file), jsonText(json));
    await writeSafetensors(join(folder, 'all.safetensors'), { tensors, metadata: {} });
    return {
      mutate: (generator): Files => ({ [changed]: mutateJson(generator, files[changed]) }),
      read: async () => requireWhole(await loadPretrained(folder)),
    };
  },
});

const repository = {
  'config.json': { bytes: Buffer.from(jsonText(config)) },
  'model.safetensors': { bytes: encodeSafetensors({ tensors, metadata: {} }), lfs: true },
};
const answers: Readonly<Record<string, Json>> = {
  state: { _id: '1', id: 'timm/tiny', sha: COMMIT, lastModified: '2024-01-01T00:00:00.000Z' },
  list: JSON.parse(JSON.stringify(listOf(repository))) as Json,
};

/** Reads the repository of a hub whose answers lie in a folder, into a cache beside them. */
async function readFromHub(folder: string): Promise<void> {
  await using hub = await LocalHub.open({ 'timm/tiny': { files: repository } });
  const said = {
    state: await readFile(join(folder, 'state')),
    list: await readFile(join(folder, 'list')),
  };
  hub.answer = (path, response) => {
    const answer = path.includes('/revision/')
      ? said.state
      : path.includes('/tree/')
        ? said.list
        : undefined;
    if (answer) response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
    return answer !== undefined;
  };
  Object.assign(process.env, {
    HF_ENDPOINT: hub.endpoint,
    HF_HUB_CACHE: join(folder, 'cache'),
    HF_TOKEN: '',
    HF_HUB_OFFLINE: '',
  });
  requireWhole(await loadPretrained('hf://timm/tiny'));
}

/** What a hub says of a repository. Nothing may lie outside the repository's folder of the cache. */
const hubAnswers: Reader = {
  name: 'hub-answers',
  async ready(folder) {
    return {
      mutate(generator): Files {
        const changed = generator.uniform() < 0.3 ? 'state' : 'list';
        return Object.fromEntries(
          Object.entries(answers).map(([name, json]) => [
            name,
            name === changed ? mutateJson(generator, json) : Buffer.from(jsonText(json)),
          ]),
        );
      },
      async read() {
        await rm(join(folder, 'cache'), { recursive: true, force: true });
        try {
          await readFromHub(folder);
        } finally {
          const places = (await readdir(folder)).sort().join();
          require(['cache,list,state', 'list,state'].includes(places), () => `files in ${places}`);
          const caches = await readdir(join(folder, 'cache')).catch(() => []);
          require(caches.every((name) => name === 'models--timm--tiny'), () => `caches: ${caches}`);
        }
      },
    };
  },
};

/** `loadPretrained`: of timm's folders and of the hub. */
export const pretrained: readonly Reader[] = [
  timmFolder('timm-config', 'config.json'),
  timmFolder('timm-index', 'model.safetensors.index.json'),
  hubAnswers,
];
