import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { imageFolder } from '@kcr/data';
import { chance, flipBit, mutateBytes, oneOf } from '../mutate-bytes.ts';
import { type Reader, require } from '../target.ts';

/** So many files that their digests are kept. */
const FILES = 1001;
/** Milliseconds after which a file is not of this moment any more. */
const OLD = 2100;

/** What decides the pixels of a folder of images, which has their digest. */
async function identityOf(folder: string): Promise<string> {
  const { identity } = await imageFolder(folder, { size: 4 });
  return JSON.stringify(await identity?.());
}

/** Does something while digests are kept in a folder. */
async function withCache<T>(folder: string, body: () => Promise<T>): Promise<T> {
  const before = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = folder;
  try {
    return await body();
  } finally {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  }
}

/** The digest of an image folder from a cache that is damaged is that of its files, also where one has changed since. */
export const digests: Reader = {
  name: 'digest-cache',
  async ready(folder) {
    const root = join(folder, 'images');
    const first = join('images', 'a', '0.png');
    await mkdir(join(root, 'a'), { recursive: true });
    const path = (i: number) => join(root, 'a', `${i}.png`);
    for (let i = 0; i < FILES; i++) await writeFile(path(i), `image ${i}`);
    await setTimeout(OLD);
    const cache = join(folder, 'cache');
    const want = await withCache(cache, () => identityOf(root));
    const [name] = await readdir(join(cache, 'kcr', 'digests'));
    const kept = join('cache', 'kcr', 'digests', name!);
    const whole = await readFile(join(folder, kept));
    const { atime, mtime } = await stat(path(0));
    return {
      mutate: (generator) => ({
        [kept]: chance(generator, 0.5) ? flipBit(generator, whole) : mutateBytes(generator, whole),
        ...(chance(generator, 0.3) && {
          [first]: Buffer.from(oneOf(generator, ['image X', 'image', 'image 0'])),
        }),
      }),
      async read(files) {
        // Only the time of its change tells that it was written again.
        if (files[first]) await utimes(path(0), atime, mtime);
        const found = await withCache(cache, () => identityOf(root));
        const same = !files[first] || files[first].toString() === 'image 0';
        await writeFile(path(0), 'image 0');
        require((found === want) === same, () =>
          same ? 'another digest' : 'the digest of before');
      },
    };
  },
};
