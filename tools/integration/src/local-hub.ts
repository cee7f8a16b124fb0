import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A file of a repository; in large-file storage it is served by another host. */
export interface HubFile {
  readonly bytes: Uint8Array;
  readonly lfs?: boolean;
  /** What is listed instead of what is true. */
  readonly listed?: { readonly size?: number; readonly sha256?: string };
}

export interface HubRepository {
  readonly files: Readonly<Record<string, HubFile>>;
  readonly commit?: string;
  /** Tokens that may read it. Default: everybody may. */
  readonly tokens?: readonly string[];
}

/** A request, as the servers saw it. */
export interface Seen {
  readonly host: 'hub' | 'cdn';
  readonly path: string;
  readonly token?: string;
  readonly range?: string;
}

export const COMMIT = 'c0ffee00'.repeat(5);

const sha = (kind: 'sha1' | 'sha256', ...parts: readonly (Uint8Array | string)[]) => {
  const hash = createHash(kind);
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

const listen = (server: Server) =>
  new Promise<string>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });

const close = (server: Server) =>
  new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/**
 * A server that answers as the hub does, and a second one that files in large-file storage are on: the states of a repository, its
 * list of files, and redirects, with the headers of huggingface.co.
 */
export class LocalHub implements AsyncDisposable {
  readonly seen: Seen[] = [];
  /** Whether the host of large files heeds ranges. */
  ranges = true;
  /** How many bytes of a download the next connections give before they break, or wait for ever: one number for each. */
  readonly cuts: number[] = [];
  /** Whether connections wait instead of breaking. */
  waits = false;
  /** Answers instead of the hub, where it gives one. */
  answer?: (path: string, response: ServerResponse) => boolean;
  endpoint = '';
  #cdn = '';
  readonly #servers: readonly Server[];

  private constructor(readonly repositories: Record<string, HubRepository>) {
    this.#servers = [
      createServer((request, response) => this.#hub(request, response)),
      createServer((request, response) => this.#files(request, response)),
    ];
  }

  static async open(repositories: Record<string, HubRepository>): Promise<LocalHub> {
    const hub = new LocalHub(repositories);
    const [first, second] = hub.#servers as [Server, Server];
    hub.endpoint = await listen(first);
    // Another name: clients may take what differs in its port alone for the same host.
    hub.#cdn = (await listen(second)).replace('127.0.0.1', 'localhost');
    return hub;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map(close));
  }

  #note(host: Seen['host'], { url = '', headers }: IncomingMessage): string {
    const token = headers.authorization?.replace('Bearer ', '');
    this.seen.push({ host, path: url, token, range: headers.range });
    return decodeURIComponent(new URL(url, 'http://hub').pathname);
  }

  #hub(request: IncomingMessage, response: ServerResponse): unknown {
    const path = this.#note('hub', request);
    if (this.answer?.(path, response)) return;
    const named =
      /^\/(?:api\/models\/)?([^/]+\/[^/]+)\/(revision|tree|resolve)\/([^/]+)(?:\/(.*))?$/.exec(
        path,
      );
    const [, name = '', what, revision, file = ''] = named ?? [];
    const repository = this.repositories[name];
    const refuse = (status: number, code: string, error: string) => {
      response.writeHead(status, {
        'content-type': 'application/json',
        'x-error-code': code,
        'x-error-message': error,
      });
      response.end(JSON.stringify({ error }));
    };
    const token = request.headers.authorization?.replace('Bearer ', '');
    if (!repository) return refuse(token ? 404 : 401, 'RepoNotFound', 'Repository not found');
    // Of a gated repository everybody may see the list.
    if (what === 'resolve' && repository.tokens && !repository.tokens.includes(token ?? ''))
      return refuse(token ? 403 : 401, 'GatedRepo', `Access to model ${name} is restricted.`);
    const { commit = COMMIT, files } = repository;
    if (revision !== 'main' && revision !== commit)
      return refuse(404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
    const json = (value: unknown) => {
      response.writeHead(200, { 'content-type': 'application/json', 'x-repo-commit': commit });
      response.end(JSON.stringify(value));
    };
    if (what === 'revision')
      return json({ _id: '1', id: name, sha: commit, lastModified: '2024-01-01T00:00:00.000Z' });
    if (what === 'tree') return json(listOf(files));
    const found = files[file];
    if (!found) return refuse(404, 'EntryNotFound', 'Entry not found');
    if (!found.lfs)
      return this.#send(found.bytes, request, response, {
        etag: `"${gitSha(found)}"`,
        'x-repo-commit': commit,
      });
    response.writeHead(302, {
      location: `${this.#cdn}/${name}/${encodeURIComponent(file)}?signed=1`,
      'x-repo-commit': commit,
      'x-linked-size': String(found.bytes.length),
      'x-linked-etag': `"${sha('sha256', found.bytes)}"`,
    });
    response.end();
  }

  /** Files in large-file storage. */
  #files(request: IncomingMessage, response: ServerResponse): void {
    const [, owner, name, file = ''] = this.#note('cdn', request).split('/');
    const found = this.repositories[`${owner}/${name}`]?.files[file];
    if (found) this.#send(found.bytes, request, response, { 'x-cache': 'Hit from cloudfront' });
    else response.writeHead(404).end();
  }

  #send(
    bytes: Uint8Array,
    request: IncomingMessage,
    response: ServerResponse,
    headers: Record<string, string>,
  ): void {
    const [, from] = (this.ranges && /^bytes=(\d+)-/.exec(request.headers.range ?? '')) || [];
    const start = Number(from ?? 0);
    if (start >= bytes.length && start > 0) {
      response.writeHead(416).end();
      return;
    }
    const part = bytes.subarray(start);
    const range = { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
    response.writeHead(from ? 206 : 200, {
      ...headers,
      ...(from ? range : {}),
      'content-length': part.length,
    });
    const cut = this.cuts.shift();
    if (cut === undefined) response.end(part);
    else response.write(part.subarray(0, cut), () => this.waits || response.destroy());
  }
}

const gitSha = ({ bytes }: HubFile) => sha('sha1', `blob ${bytes.length}\0`, bytes);

/** The list of a repository's files, as the hub gives it. */
export function listOf(files: HubRepository['files']) {
  const entries = Object.entries(files).map(([path, file]) => {
    const size = file.listed?.size ?? file.bytes.length;
    const oid = file.listed?.sha256 ?? sha('sha256', file.bytes);
    const lfs = file.lfs ? { lfs: { oid, size, pointerSize: 134 } } : {};
    return { type: 'file', oid: gitSha(file), size, path, ...lfs };
  });
  return [{ type: 'directory', oid: '0'.repeat(40), size: 0, path: 'onnx' }, ...entries];
}
