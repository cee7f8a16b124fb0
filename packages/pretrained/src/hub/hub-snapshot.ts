import { join } from 'node:path';
import { KcrError } from '@kcr/core';
import { z } from 'zod';
import type { SourceOptions } from '../source.ts';
import { download, type ListedFile } from './download.ts';
import { COMMIT, HubCache } from './hub-cache.ts';
import { hubFetch, wrongAnswer } from './hub-fetch.ts';
import { type HubName, parseHubName } from './hub-name.ts';
import { type HubSettings, hubSettings } from './hub-settings.ts';
import { Patience } from './patience.ts';

/** Files at the top of a repository, as far as they are looked at. */
const entry = z.looseObject({
  type: z.string(),
  path: z.string().min(1),
  size: z.int().min(0),
  oid: z.string().regex(COMMIT),
  lfs: z.looseObject({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().min(0) }).optional(),
});

/** The library, which is loaded where a repository is read. */
const library = () => import('@huggingface/hub');

/** A state of a repository, whose files are downloaded where they are not in the cache. */
export class HubSnapshot {
  #listed?: Promise<ReadonlyMap<string, ListedFile>>;

  private constructor(
    private readonly name: HubName & { readonly where: string },
    private readonly settings: HubSettings,
    private readonly cache: HubCache,
    /** Its full name. */
    readonly commit: string,
    /** Whether all that is needed is there: the hub is asked for nothing more. */
    private readonly whole: boolean,
    private readonly on: NonNullable<SourceOptions['on']>,
  ) {}

  /**
   * @param source `hf://OWNER/NAME[@REVISION]`
   * @param isWhole whether a state in the cache has all that is needed: then the hub is asked only which state is the current one, and
   *   nothing where the name says a commit
   * @throws KcrError `HUB_NAME`, `HUB_SETTING`, `HUB_REACH`, `HUB_UNKNOWN`, `HUB_ACCESS`, `HUB_ANSWER`
   */
  static async open(
    source: string,
    isWhole: (folder: string) => Promise<boolean>,
    { on = () => {} }: Pick<SourceOptions, 'on'> = {},
  ): Promise<HubSnapshot> {
    const name = { ...parseHubName(source), where: source };
    const settings = hubSettings();
    const { getHFHubCachePath, getRepoFolderName } = await library();
    const folder = getRepoFolderName({ type: 'model', name: name.repository });
    const cache = new HubCache(join(getHFHubCachePath(), folder));
    const made = (commit: string, whole: boolean) =>
      new HubSnapshot(name, settings, cache, commit, whole, on);
    const known = await cache.commitOf(name.revision);
    const cached =
      known !== undefined && (await isWhole(cache.snapshot(known))) ? known : undefined;
    if (cached && cached === name.revision) return made(cached, true);
    if (!settings.offline)
      try {
        const commit = await currentCommit(name, settings);
        return made(commit, await isWhole(cache.snapshot(commit)));
      } catch (error) {
        if (!cached || !(error instanceof KcrError) || error.code !== 'HUB_REACH') throw error;
        const message = `${source}: ${error.found}; the files of ${known} are taken, which were downloaded before`;
        on({ type: 'warning', message });
        return made(cached, true);
      }
    if (!cached) throw notCached(source, known);
    on({
      type: 'warning',
      message: `${source}: offline; the files of ${known} are taken, which were downloaded before`,
    });
    return made(cached, true);
  }

  /** Where the files are that were asked for. */
  get folder(): string {
    return this.cache.snapshot(this.commit);
  }

  /** Whether there is such a file at the top of the repository. @throws KcrError those of asking the hub */
  async has(file: string): Promise<boolean> {
    if (this.cache.has(this.commit, file)) return true;
    return (await this.files()).includes(file);
  }

  /** The files at the top of the repository. @throws KcrError those of asking the hub */
  async files(): Promise<readonly string[]> {
    return [...(await this.#list()).keys()];
  }

  /** Downloads a file, if it is not there. @throws KcrError `HUB_DOWNLOAD`, `OUT_WRITE`, and those of asking the hub */
  async fetch(file: string): Promise<void> {
    const { name, cache, commit, on } = this;
    if (cache.has(commit, file)) return;
    const listed = (await this.#list()).get(file);
    if (!listed)
      throw new KcrError('HUB_UNKNOWN', {
        where: name.where,
        found: `no file ${file}`,
        fix: `See ${this.settings.endpoint}/${name.repository}/tree/${commit}`,
      });
    const { size, checksum } = listed;
    const where = `${name.where}, ${file}`;
    await download({
      where,
      path: cache.blob(checksum),
      size,
      checksum,
      read: (start) => this.#read(file, listed, start),
      progress: (done) => on({ type: 'download', where, done, bytes: size }),
    });
    await cache.point(commit, file, checksum);
  }

  /** Says that all that is needed of this state is in the cache, where later calls without a network look. */
  async done(): Promise<void> {
    await this.cache.remember(this.name.revision, this.commit);
  }

  #list(): Promise<ReadonlyMap<string, ListedFile>> {
    this.#listed ??= this.whole
      ? Promise.resolve(new Map())
      : listOf(this.name, this.commit, this.settings);
    return this.#listed;
  }

  /** A file's bytes from one on. The library's stream says of an error no more than its text. */
  async *#read(file: string, { size, checksum }: ListedFile, start: number) {
    const { settings, name } = this;
    const patience = new Patience(settings.bytesWithin);
    const own = hubFetch(settings, { ...name, file, signal: patience.signal });
    let failure: unknown;
    const { downloadFile } = await library();
    const blob = await downloadFile({
      repo: name.repository,
      path: file,
      hubUrl: settings.endpoint,
      downloadInfo: {
        url: `${settings.endpoint}/${name.repository}/resolve/${this.commit}/${encodeURIComponent(file)}`,
        size,
        etag: checksum,
      },
      fetch: (address, init) =>
        own(address, init).catch((error) => {
          failure = error;
          throw error;
        }),
    });
    if (!blob) return;
    const stream = (start > 0 ? blob.slice(start) : blob).stream();
    try {
      yield* patience.of(stream as unknown as AsyncIterable<Uint8Array>);
    } catch (error) {
      throw failure ?? error;
    }
  }
}

const notCached = (where: string, commit: string | undefined) =>
  new KcrError('HUB_REACH', {
    where,
    found: commit
      ? `offline, and the cache has not all files of ${commit}`
      : 'offline, and nothing of it in the cache',
    fix: 'Run the command once with a network and without HF_HUB_OFFLINE, or pass a folder with the files',
  });

/** What the library throws, as an error of this package. */
async function asked<T>(where: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof KcrError) throw cause;
    if (cause instanceof Error && ['TimeoutError', 'AbortError'].includes(cause.name))
      throw new KcrError('HUB_REACH', {
        where,
        found: 'an answer that does not end',
        fix: 'Try again later',
        cause,
      });
    throw wrongAnswer(where, `an answer that is not a hub's (${(cause as Error).message})`, cause);
  }
}

/** The commit that a revision is now. */
const currentCommit = (
  name: HubName & { readonly where: string },
  settings: HubSettings,
): Promise<string> =>
  asked(name.where, async () => {
    const { modelInfo } = await library();
    const { sha } = await modelInfo({
      name: name.repository,
      revision: name.revision,
      hubUrl: settings.endpoint,
      additionalFields: ['sha'],
      fetch: hubFetch(settings, name),
    });
    if (typeof sha === 'string' && COMMIT.test(sha)) return sha;
    throw wrongAnswer(name.where, `no commit: ${JSON.stringify(sha)}`);
  });

/** The files at the top of a repository. */
const listOf = (
  name: HubName & { readonly where: string },
  revision: string,
  settings: HubSettings,
): Promise<ReadonlyMap<string, ListedFile>> =>
  asked(name.where, async () => {
    const { listFiles } = await library();
    const { repository: repo } = name;
    const own = hubFetch(settings, name);
    const files = new Map<string, ListedFile>();
    for await (const one of listFiles({ repo, revision, hubUrl: settings.endpoint, fetch: own })) {
      const parsed = entry.safeParse(one);
      if (!parsed.success)
        throw wrongAnswer(name.where, `a list of files with ${JSON.stringify(one)}`);
      const { type, path, size, oid, lfs } = parsed.data;
      if (type === 'file') files.set(path, { size: lfs?.size ?? size, checksum: lfs?.oid ?? oid });
    }
    return files;
  });
