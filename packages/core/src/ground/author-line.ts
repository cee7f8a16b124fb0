/** Lines of a stack that belong to nobody's extension: TensorFlow.js and Node. */
const MACHINERY = /[\\/]@tensorflow[\\/]|node:internal/;

/**
 * How a package's own files look in stacks: the folder of its sources, or of its build.
 *
 * @param url `import.meta.url` of a file of it
 */
export function ownFolder(url: string): string {
  const path = url.replace(/^file:\/+(?=[A-Za-z]:)/, '').replace(/^file:\/\//, '');
  const folder = /^(.*[\\/](?:src|dist)[\\/])/.exec(path)?.[1] ?? path.replace(/[^\\/]*$/, '');
  return decodeURI(folder);
}

const CORE = ownFolder(import.meta.url);

/** Tests of a package lie in its folder, and are authors of what they define. */
const isOwn = (line: string, folder: string) => line.includes(folder) && !/\.test\.ts/.test(line);

/**
 * The line that an author should look at: the first of a stack that is neither core's, TensorFlow.js' nor Node's.
 *
 * @param error whose stack it is; default one made here
 * @param others folders whose lines are passed over too, by {@link ownFolder}
 * @returns such as `forward (/home/me/pvt/src/pvt.ts:42:11)`; nothing where the stack has no such line
 */
export function authorLine(
  error: unknown = withDeepStacks(() => new Error()),
  others: readonly string[] = [],
): string | undefined {
  const folders = [CORE, ...others];
  const stack = error instanceof Error ? String(error.stack) : '';
  return stack
    .split('\n')
    .find(
      (line) =>
        /^\s+at /.test(line) &&
        !MACHINERY.test(line) &&
        !folders.some((folder) => isOwn(line.replaceAll('%20', ' '), folder)),
    )
    ?.trim()
    .replace(/^at /, '')
    .replace('file://', '');
}

/** As many lines of a stack as reach an author's code through the layers that it calls. */
const DEEP = 50;

/** Runs a function whose stacks are long enough to find an author's line in. */
export function withDeepStacks<T>(run: () => T): T {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = Math.max(before, DEEP);
  try {
    return run();
  } finally {
    Error.stackTraceLimit = before;
  }
}
