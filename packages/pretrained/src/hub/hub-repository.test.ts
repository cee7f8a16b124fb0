import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createModel } from '@kcr/backbones';
import {
  encodeSafetensors,
  Generator,
  plainPreprocessing,
  type StateDict,
  saveModel,
} from '@kcr/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  COMMIT,
  type HubFile,
  type HubRepository,
  LocalHub,
} from '../../../../tools/integration/src/local-hub.ts';
import { loadPretrained } from '../load-pretrained.ts';
import type { SourceEvent } from '../source.ts';

const NAME = 'vit_tiny_patch16_224';
const small = { img_size: 32, embed_dim: 12, num_heads: 3, depth: 1, num_classes: 3 };
const given = createModel(NAME, small);
const weights = given.initialize(new Generator(1));
const fixture = fileURLToPath(new URL('../../fixtures/tuned.json', import.meta.url));
const config = {
  ...JSON.parse(await readFile(fixture, 'utf8')),
  architecture: NAME,
  num_classes: 3,
  global_pool: 'token',
  label_names: ['a', 'b', 'c'],
  model_args: small,
};

const text = (value: unknown): HubFile => ({
  bytes: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
});
const large = (tensors: StateDict, listed?: HubFile['listed']): HubFile => ({
  bytes: encodeSafetensors({ tensors, metadata: { format: 'pt' } }),
  lfs: true,
  listed,
});
/** A repository as timm's are. */
const timm = (more: Record<string, HubFile> = {}): HubRepository => ({
  files: {
    'README.md': text('# tiny'),
    'config.json': text(config),
    'model.safetensors': large(weights),
    'pytorch_model.bin': { bytes: new Uint8Array(500), lfs: true },
    ...more,
  },
});

let cache: string;
let events: SourceEvent[];
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'kcr-hub-'));
  events = [];
  vi.stubEnv('HF_HUB_CACHE', cache);
  for (const name of ['HF_TOKEN', 'HF_HUB_OFFLINE']) vi.stubEnv(name, '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true });
});

async function hubWith(repositories: Record<string, HubRepository>): Promise<LocalHub> {
  const hub = await LocalHub.open(repositories);
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  return hub;
}

const TINY = 'hf://timm/tiny';
const load = (source = TINY) => loadPretrained(source, { on: (event) => events.push(event) });
const warnings = () => events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
const paths = ({ seen }: LocalHub) => seen.map(({ host, path }) => `${host} ${path.split('?')[0]}`);
const folder = () => join(cache, 'models--timm--tiny');

describe("a repository as timm's", () => {
  test('is downloaded as far as it is needed, into the cache as Python has it', async () => {
    await using hub = await hubWith({ 'timm/tiny': timm() });
    const found = await load();
    expect(found.weights).toEqual(weights);
    expect(found.info).toMatchObject({ classes: ['a', 'b', 'c'], input: { crop_pct: 0.9 } });
    expect(paths(hub)).toEqual([
      'hub /api/models/timm/tiny/revision/main',
      `hub /api/models/timm/tiny/tree/${COMMIT}`,
      `hub /timm/tiny/resolve/${COMMIT}/config.json`,
      `hub /timm/tiny/resolve/${COMMIT}/model.safetensors`,
      'cdn /timm/tiny/model.safetensors',
    ]);
    expect(await readFile(join(folder(), 'refs/main'), 'utf8')).toBe(COMMIT);
    const snapshot = join(folder(), 'snapshots', COMMIT);
    expect((await readdir(snapshot)).sort()).toEqual(['config.json', 'model.safetensors']);
    expect(await readlink(join(snapshot, 'model.safetensors'))).toMatch(
      /^\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/,
    );
    expect(await readlink(join(snapshot, 'config.json'))).toMatch(
      /^\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/,
    );
    expect(await readdir(join(folder(), 'blobs'))).toHaveLength(2);
    const size = (await readFile(join(snapshot, 'model.safetensors'))).length;
    expect(events.at(-1)).toEqual({
      type: 'download',
      where: `${TINY}, model.safetensors`,
      done: size,
      bytes: size,
    });
  });

  test('is in the folder of HF_HOME where nothing else is said', async () => {
    await using _ = await hubWith({ 'timm/tiny': timm() });
    for (const name of ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE']) vi.stubEnv(name, undefined);
    vi.stubEnv('HF_HOME', cache);
    await load();
    expect(existsSync(join(cache, 'hub/models--timm--tiny/refs/main'))).toBe(true);
  });

  test('is asked for its current state alone where that is in the cache, and for nothing where the name says it', async () => {
    await using hub = await hubWith({ 'timm/tiny': timm() });
    await load();
    hub.seen.length = 0;
    await load();
    expect(paths(hub)).toEqual(['hub /api/models/timm/tiny/revision/main']);
    hub.seen.length = 0;
    await load(`${TINY}@${COMMIT}`);
    expect(paths(hub)).toEqual([]);
  });

  test('in another state is downloaded anew, and what is the same is not', async () => {
    await using hub = await hubWith({ 'timm/tiny': timm() });
    await load();
    const commit = 'ab'.repeat(20);
    hub.repositories['timm/tiny'] = {
      ...timm({ 'config.json': text({ ...config, label_names: ['x', 'y', 'z'] }) }),
      commit,
    };
    hub.seen.length = 0;
    expect((await load()).info.classes).toEqual(['x', 'y', 'z']);
    expect(paths(hub).some((path) => path.includes('model.safetensors'))).toBe(false);
    expect((await load(`${TINY}@${COMMIT}`)).info.classes).toEqual(['a', 'b', 'c']);
  });

  test('may have its weights in several files', async () => {
    const names = Object.keys(weights);
    const part = (from: number, to?: number) =>
      Object.fromEntries(names.slice(from, to).map((name) => [name, weights[name]!]));
    const weight_map = Object.fromEntries(
      names.map((name, i) => [name, i < 5 ? 'm-1 of 2.safetensors' : 'm-2#.safetensors']),
    );
    const { 'model.safetensors': _, ...files } = timm().files;
    const sharded = {
      ...files,
      'model.safetensors.index.json': text({ weight_map }),
      'm-1 of 2.safetensors': large(part(0, 5)),
      'm-2#.safetensors': large(part(5)),
    };
    await using hub = await hubWith({ 'timm/tiny': { files: sharded } });
    expect((await load()).weights).toEqual(weights);
    hub.seen.length = 0;
    await load();
    expect(hub.seen).toHaveLength(1);
  });

  test('may have weights alone, beside the name of a model', async () => {
    await using _ = await hubWith({
      'timm/tiny': { files: { 'model.safetensors': large(weights) } },
    });
    const found = await loadPretrained(TINY, { model: NAME, config: small });
    expect(found.weights).toEqual(weights);
  });
});

test('a checkpoint folder of the toolkit is read as a local one', async () => {
  const local = join(cache, 'local');
  const info = { classes: ['a', 'b', 'c'], input: plainPreprocessing([32, 32, 3]) };
  await saveModel(local, given, weights, info);
  const json = await readFile(join(local, 'model.json'), 'utf8');
  const files = {
    'config.json': text('{}'),
    'model.json': text(json),
    'model.safetensors': { bytes: await readFile(join(local, 'model.safetensors')), lfs: true },
  };
  const others = {
    ...files,
    'model.json': text(json.replaceAll('@kcr/backbones', 'their-package')),
  };
  await using _ = await hubWith({ 'me/own': { files }, 'me/other': { files: others } });
  const found = await load('hf://me/own');
  expect([found.weights, found.info]).toEqual([weights, info]);
  await expect(load('hf://me/other')).rejects.toMatchObject({ code: 'ARCHITECTURE_UNKNOWN' });
});

describe('a token', () => {
  test('opens what is gated, and goes to no other host', async () => {
    await using hub = await hubWith({ 'timm/tiny': { ...timm(), tokens: ['hf_mine'] } });
    vi.stubEnv('HF_TOKEN', ' hf_mine\n');
    expect((await load()).weights).toEqual(weights);
    const of = (host: string) =>
      new Set(hub.seen.filter((s) => s.host === host).map(({ token }) => token));
    expect([of('hub'), of('cdn')]).toEqual([new Set(['hf_mine']), new Set([undefined])]);
  });

  test('goes to no host that a list says it goes on at', async () => {
    await using elsewhere = await LocalHub.open({});
    await using hub = await hubWith({ 'timm/tiny': timm() });
    vi.stubEnv('HF_TOKEN', 'hf_mine');
    hub.answer = (path, response) => {
      if (!path.includes('/tree/')) return false;
      response.writeHead(200, {
        'content-type': 'application/json',
        link: `<${elsewhere.endpoint}/next>; rel="next"`,
      });
      response.end('[]');
      return true;
    };
    await expect(load()).rejects.toMatchObject({
      code: 'HUB_ANSWER',
      found: expect.stringContaining('another host'),
    });
    expect(elsewhere.seen).toEqual([]);
  });

  test.each([
    [undefined, 'HUB_ACCESS', /terms/],
    ['hf_wrong', 'HUB_ACCESS', /terms/],
  ])('%s does not open what is gated', async (token, code, found) => {
    await using hub = await hubWith({ 'timm/tiny': { ...timm(), tokens: ['hf_mine'] } });
    vi.stubEnv('HF_TOKEN', token);
    await expect(load()).rejects.toMatchObject({
      code,
      found: expect.stringMatching(found),
      fix: expect.stringMatching(`Accept them at ${hub.endpoint}/timm/tiny, and set HF_TOKEN`),
    });
  });

  test('that is none is not repeated', async () => {
    await using _ = await hubWith({});
    vi.stubEnv('HF_TOKEN', 'secret one');
    const error = await load().catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'HUB_SETTING', where: 'HF_TOKEN' });
    expect(String(error)).not.toContain('secret');
  });
});

describe('a download', () => {
  test('that breaks off goes on behind the last byte', async () => {
    await using hub = await hubWith({ 'timm/tiny': timm() });
    await load().then(() => rm(folder(), { recursive: true }));
    hub.seen.length = 0;
    const once = load(); // config.json is whole, the weights break off
    hub.answer = (path) => {
      if (path.endsWith('model.safetensors')) hub.cuts.push(1000);
      hub.answer = path.endsWith('model.safetensors') ? undefined : hub.answer;
      return false;
    };
    expect((await once).weights).toEqual(weights);
    const ranges = hub.seen
      .filter(({ host }) => host === 'cdn')
      .map(({ range }) => range?.split('-')[0]);
    expect(ranges).toEqual([undefined, 'bytes=1000']);
  });

  test('that always breaks off says so, is not read, and goes on with the next call', async () => {
    await using hub = await hubWith({ 'timm/tiny': timm() });
    let cut = 1000;
    hub.answer = (path) => {
      if (!path.endsWith('model.safetensors')) return false;
      hub.cuts.push(cut);
      cut = 0;
      return false;
    };
    await expect(load()).rejects.toMatchObject({
      code: 'HUB_DOWNLOAD',
      found: expect.stringMatching(/^1000 of \d+ bytes/),
    });
    expect(existsSync(join(folder(), 'snapshots', COMMIT, 'model.safetensors'))).toBe(false);
    expect(existsSync(join(folder(), 'refs'))).toBe(false);
    hub.answer = undefined;
    hub.cuts.length = 0;
    hub.seen.length = 0;
    expect((await load()).weights).toEqual(weights);
    expect(hub.seen.at(-1)?.range).toMatch(/^bytes=1000-/);
  });

  test('that stands still goes on by another connection', async () => {
    await using hub = await hubWith({ 'timm/tiny': timm() });
    vi.stubEnv('HF_HUB_DOWNLOAD_TIMEOUT', '0.2');
    hub.waits = true;
    hub.answer = (path) => {
      if (path.endsWith('model.safetensors') && !hub.seen.some(({ host }) => host === 'cdn'))
        hub.cuts.push(1000);
      return false;
    };
    expect((await load()).weights).toEqual(weights);
    expect(hub.seen.at(-1)?.range).toMatch(/^bytes=1000-/);
  });

  test('that stands still from the start says so', async () => {
    await using hub = await hubWith({ 'timm/tiny': timm() });
    vi.stubEnv('HF_HUB_DOWNLOAD_TIMEOUT', '0.2');
    hub.waits = true;
    hub.cuts.push(0);
    await expect(load()).rejects.toMatchObject({
      code: 'HUB_DOWNLOAD',
      found: expect.stringContaining('nothing came for 0.2 s'),
    });
  });

  test('of a host without ranges begins again', async () => {
    await using hub = await hubWith({ 'timm/tiny': timm() });
    hub.ranges = false;
    hub.answer = (path) => {
      if (path.endsWith('model.safetensors') && !hub.seen.some(({ host }) => host === 'cdn'))
        hub.cuts.push(1000);
      return false;
    };
    expect((await load()).weights).toEqual(weights);
  });

  test('goes on from no bytes but its own', async () => {
    await using hub = await hubWith({ 'timm/tiny': timm() });
    await load();
    const blobs = join(folder(), 'blobs');
    const blob = (await readdir(blobs)).find((name) => name.length === 64)!;
    await rm(join(blobs, blob));
    await writeFile(join(blobs, `${blob}.kcr.incomplete`), Buffer.alloc(1000, 7));
    hub.seen.length = 0;
    expect((await load()).weights).toEqual(weights);
    expect(
      hub.seen.filter(({ host }) => host === 'cdn').map(({ range }) => range?.split('-')[0]),
    ).toEqual(['bytes=1000', undefined]);
  });

  const size = large(weights).bytes.length;
  test.each<[string, HubFile['listed'], RegExp]>([
    ['more bytes than listed', { size: size - 1 }, /^more than the/],
    ['fewer bytes than listed', { size: size + 1 }, /then the end of the file/],
    ['another checksum', { sha256: 'ab'.repeat(32) }, /another checksum/],
  ])('of %s is refused, and nothing of it stays', async (_, listed, found) => {
    await using _hub = await hubWith({
      'timm/tiny': timm({ 'model.safetensors': large(weights, listed) }),
    });
    await expect(load()).rejects.toMatchObject({
      code: 'HUB_DOWNLOAD',
      found: expect.stringMatching(found),
    });
    expect(existsSync(join(folder(), 'snapshots', COMMIT, 'model.safetensors'))).toBe(false);
  });

  test('of two at once is whole', async () => {
    await using _ = await hubWith({ 'timm/tiny': timm() });
    const both = await Promise.all([load(), load()]);
    for (const one of both) expect(one.weights).toEqual(weights);
  });
});

describe('without a network', () => {
  const gone = async () => {
    const hub = await hubWith({ 'timm/tiny': timm() });
    await load();
    await hub[Symbol.asyncDispose]();
  };

  test('what was downloaded is read, and it is said', async () => {
    await gone();
    expect((await load()).weights).toEqual(weights);
    expect(warnings()).toEqual([
      expect.stringMatching(`${TINY}: no answer of 127.0.0.1:.*; the files of ${COMMIT} are taken`),
    ]);
  });

  test('HF_HUB_OFFLINE asks nothing', async () => {
    await using hub = await hubWith({ 'timm/tiny': timm() });
    await load();
    hub.seen.length = 0;
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect((await load()).weights).toEqual(weights);
    expect([hub.seen, warnings()]).toEqual([
      [],
      [expect.stringContaining('offline; the files of')],
    ]);
  });

  test('nothing in the cache is an error that says what to do', async () => {
    vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:1');
    await expect(load()).rejects.toMatchObject({
      code: 'HUB_REACH',
      fix: expect.stringMatching(/^Connect to the network/),
    });
    vi.stubEnv('HF_HUB_OFFLINE', 'yes');
    await expect(load()).rejects.toMatchObject({
      code: 'HUB_REACH',
      fix: expect.stringMatching(/^Run the command once/),
    });
  });

  test('a part in the cache is not enough', async () => {
    await gone();
    await rm(join(folder(), 'snapshots', COMMIT, 'model.safetensors'));
    await expect(load()).rejects.toMatchObject({ code: 'HUB_REACH' });
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    await expect(load()).rejects.toMatchObject({
      code: 'HUB_REACH',
      found: expect.stringContaining('not all files'),
    });
  });

  test('a hub that does not answer is waited for no longer than it is said', async () => {
    await using hub = await hubWith({ 'timm/tiny': timm() });
    await load();
    vi.stubEnv('HF_HUB_ETAG_TIMEOUT', '0.2');
    hub.answer = () => true;
    expect((await load()).weights).toEqual(weights);
    expect(warnings()).toEqual([expect.stringContaining('timeout')]);
  });

  test('a hub that is out of order is as none', async () => {
    await using hub = await hubWith({ 'timm/tiny': timm() });
    await load();
    hub.answer = (_, response) => Boolean(response.writeHead(503).end());
    expect((await load()).weights).toEqual(weights);
    expect(warnings()).toEqual([expect.stringContaining('a hub that does not serve now (503)')]);
  });
});

describe('refused are', () => {
  test.each([
    ['hf://timm', 'HUB_NAME'],
    ['hf://timm/tiny/more', 'HUB_NAME'],
    ['hf://../tiny', 'HUB_NAME'],
    ['hf://timm/a--b', 'HUB_NAME'],
    ['hf://timm/tiny@', 'HUB_NAME'],
    ['hf://timm/tiny@../../x', 'HUB_NAME'],
    ['hf://timm/tiny@a?b', 'HUB_NAME'],
    ['hf://timm/other', 'HUB_ACCESS'],
    ['hf://timm/tiny@v2', 'HUB_UNKNOWN'],
    ['hf://timm/pickle', 'WEIGHTS_PICKLE'],
    ['hf://timm/bare', 'CHECKPOINT_READ'],
    ['hf://timm/index', 'WEIGHTS_INDEX'],
    ['hf://timm/outside', 'WEIGHTS_INDEX'],
  ])('%s: %s', async (source, code) => {
    const { 'model.safetensors': _w, ...files } = timm().files;
    const index = (file: string) => ({
      files: { ...files, 'model.safetensors.index.json': text({ weight_map: { a: file } }) },
    });
    await using _ = await hubWith({
      'timm/tiny': timm(),
      'timm/pickle': { files },
      'timm/bare': { files: { 'README.md': text('') } },
      'timm/index': index('gone.safetensors'),
      'timm/outside': index('../../../x.safetensors'),
    });
    await expect(load(source)).rejects.toMatchObject({ code });
  });

  test('a repository that the hub has not, with a token too', async () => {
    await using _ = await hubWith({});
    vi.stubEnv('HF_TOKEN', 'hf_mine');
    await expect(load()).rejects.toMatchObject({
      code: 'HUB_UNKNOWN',
      found: 'no such repository (404)',
    });
  });

  test('a pickle alone, with the Python that converts it', async () => {
    const { 'model.safetensors': _w, ...files } = timm().files;
    await using hub = await hubWith({ 'timm/tiny': { files } });
    await expect(load()).rejects.toMatchObject({
      found: expect.stringContaining('pytorch_model.bin'),
      fix: expect.stringMatching(
        /hf download timm\/tiny pytorch_model.bin[\s\S]*torch.load\("pytorch_model.bin"/,
      ),
    });
    expect(paths(hub).some((path) => path.endsWith('.bin'))).toBe(false);
  });

  test.each<[string, (path: string) => unknown, RegExp]>([
    ['a page of HTML', () => '<html>', /not a hub's/],
    [
      'a commit that leads elsewhere',
      (path) => path.includes('/revision/') && { sha: '../../../x' },
      /no commit/,
    ],
    [
      'a checksum that leads elsewhere',
      (path) =>
        path.includes('/tree/') && [{ type: 'file', path: 'config.json', size: 1, oid: '../../x' }],
      /list of files/,
    ],
    ['a list that is none', (path) => path.includes('/tree/') && { a: 1 }, /not a hub's/],
  ])('%s', async (_, answer, found) => {
    await using hub = await hubWith({ 'timm/tiny': timm() });
    hub.answer = (path, response) => {
      const given = answer(path);
      if (given)
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(typeof given === 'string' ? given : JSON.stringify(given));
      return Boolean(given);
    };
    await expect(load()).rejects.toMatchObject({
      code: 'HUB_ANSWER',
      found: expect.stringMatching(found),
    });
    expect(await readdir(cache)).toEqual([]);
  });

  test('a time that is none', async () => {
    vi.stubEnv('HF_HUB_ETAG_TIMEOUT', 'soon');
    await expect(load()).rejects.toMatchObject({ code: 'HUB_SETTING', found: '"soon"' });
  });

  test.each(['ftp://x', 'huggingface.co'])('the endpoint %s', async (endpoint) => {
    vi.stubEnv('HF_ENDPOINT', endpoint);
    await expect(load()).rejects.toMatchObject({ code: 'HUB_SETTING', where: 'HF_ENDPOINT' });
  });
});
