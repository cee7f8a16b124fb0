import { createHash } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { filesDigest } from './file-digests.ts';
import { temporaryFolder } from './testing.ts';

const at = temporaryFolder();
let root: string;
let n = 0;
beforeEach(() => {
  vi.stubEnv('XDG_CACHE_HOME', at('cache'));
  root = at(`set ${n++}`);
  mkdirSync(root, { recursive: true });
});
afterEach(() => vi.unstubAllEnvs());

const write = (contents: Readonly<Record<string, string>>) =>
  Object.entries(contents).map(([name, content]) => {
    const path = join(root, name);
    writeFileSync(path, content);
    return path;
  });
const sha = (text: string) => createHash('sha256').update(text).digest('hex');

test('is SHA-256 of each name and of 32 letters of its content’s', async () => {
  const paths = write({ 'a.png': 'one', 'b.png': 'two' });
  const expected = sha(`a.png\0${sha('one').slice(0, 32)}\0b.png\0${sha('two').slice(0, 32)}\0`);
  expect(await filesDigest(root, paths)).toBe(expected);
  expect(await filesDigest(root, paths.toReversed())).not.toBe(expected);
  expect(await filesDigest(root, [])).toBe(sha(''));
});

test('a folder that is moved is the same', async () => {
  const paths = write({ 'a.png': 'one' });
  const before = await filesDigest(root, paths);
  const moved = `${root} moved`;
  renameSync(root, moved);
  expect(await filesDigest(moved, [join(moved, 'a.png')])).toBe(before);
});

test('other bytes of the same size at the same times are other files', async () => {
  const [path] = write({ 'a.png': 'one' });
  utimesSync(path!, 1e9, 1e9);
  const before = await filesDigest(root, [path!]);
  writeFileSync(path!, 'two');
  utimesSync(path!, 1e9, 1e9);
  expect(await filesDigest(root, [path!])).not.toBe(before);
});

test('IMAGE_READ names a file that is not there', async () => {
  const path = join(root, 'none.png');
  await expect(filesDigest(root, [path])).rejects.toMatchObject({
    code: 'IMAGE_READ',
    where: path,
  });
});

test('digests of many files that are not of this moment are kept, few leave nothing behind', async () => {
  await filesDigest(root, write({ 'a.png': 'one' }));
  const folder = at('cache', 'kcr', 'digests');
  expect(() => readdirSync(folder)).toThrow('ENOENT');
  const paths = write(
    Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`${i}.png`, `image ${i}`])),
  );
  const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 60_000);
  const digest = await filesDigest(root, paths);
  clock.mockRestore();
  const [file] = readdirSync(folder).map((name) => join(folder, name));
  const whole = readFileSync(file!, 'utf8');
  const [checksum, ...lines] = whole.trimEnd().split('\n');
  const sealed = (text: string) => `${sha(text).slice(0, 32)}\n${text}`;
  expect(sealed(`${lines.join('\n')}\n`)).toBe(whole);
  expect(lines).toHaveLength(1001);
  expect(lines.find((line) => line.endsWith('\t7.png'))).toContain(sha('image 7').slice(0, 32));
  expect(await filesDigest(root, paths)).toBe(digest);
  // What is kept is used: a digest that was changed there changes the whole, once it is sealed again.
  const changed = lines.join('\n').replace(/^./, (x) => (x === '0' ? '1' : '0'));
  writeFileSync(file!, sealed(changed));
  expect(await filesDigest(root, paths)).not.toBe(digest);
  // What is not as it was written is not used, nor is what an earlier version wrote.
  for (const text of [
    `${checksum}\n${changed}`,
    changed,
    whole.slice(0, -9),
    whole.slice(0, 20),
    '',
  ]) {
    writeFileSync(file!, text);
    expect(await filesDigest(root, paths)).toBe(digest);
  }
  // A file that was written since is read again, and a line that is none is passed over.
  writeFileSync(file!, sealed(`${lines.join('\n')}\nno line\n`));
  expect(await filesDigest(root, paths)).toBe(digest);
  writeFileSync(paths[7]!, 'image X');
  expect(await filesDigest(root, paths)).not.toBe(digest);
});
