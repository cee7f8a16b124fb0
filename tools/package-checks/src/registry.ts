import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runServer } from 'verdaccio';

/** The scopes that are had from it; all else comes from the registry that npm is configured for, and from npm's cache. */
const SCOPES = ['@kcr', '@kcr-rehearsal'];

/** A registry on this machine, empty at first, which anybody may publish to. */
export class LocalRegistry implements AsyncDisposable {
  private constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly server: Server,
  ) {}

  static async open(): Promise<LocalRegistry> {
    const folder = await mkdtemp(join(tmpdir(), 'kcr-registry-'));
    const port = await freePort();
    const url = `http://localhost:${port}/`;
    const server: Server = await runServer({
      self_path: folder,
      storage: join(folder, 'storage'),
      listen: `localhost:${port}`,
      auth: { htpasswd: { file: join(folder, 'htpasswd') } },
      packages: { '@*/*': { access: '$all', publish: '$anonymous' } },
      web: { enable: false },
      max_body_size: '100mb',
      log: { type: 'stdout', format: 'pretty', level: 'fatal' },
    });
    await new Promise<void>((listening, failed) => {
      server.once('error', failed).listen(port, 'localhost', listening);
    });
    return new LocalRegistry(url, folder, server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
    await rm(this.folder, { recursive: true });
  }
}

/** A port that nothing listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost');
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** What npm and pnpm read of the registry, in the folder of a user. */
export const npmrc = (url: string): string =>
  [
    ...SCOPES.map((scope) => `${scope}:registry=${url}`),
    // npm publishes for nobody without a token; this one is nobody's.
    `${url.replace('http:', '')}:_authToken=nobody`,
    'audit=false',
    'fund=false',
    '',
  ].join('\n');

/** An empty folder of a user who has packages from the registry. */
export async function emptyFolder(root: string, name: string, url: string): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder);
  await writeFile(join(folder, '.npmrc'), npmrc(url));
  return folder;
}

const executed = promisify(execFile);

/** Runs a program in a folder. @returns what it says on its standard output */
export async function run(
  folder: string,
  command: string,
  ...args: readonly string[]
): Promise<string> {
  const options = { cwd: folder, maxBuffer: 2 ** 26, env: plainEnvironment() };
  return (await executed(command, args, options)).stdout;
}

/** The environment without what the npm that runs the checks says to programs below it, which would outweigh the folder's own. */
const plainEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
