// node run-examples.mjs FILE...: imports one file after another and says, as JSON, what each wrote and whether it failed.
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';

const done = [];
for (const file of process.argv.slice(2)) {
  const result = { said: '', complained: '', error: '' };
  console.log = (...values) => {
    result.said += `${values.map((value) => inspect(value)).join(' ')}\n`;
  };
  process.stderr.write = (text) => {
    result.complained += text;
    return true;
  };
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    result.error = inspect(error);
  }
  done.push(result);
}
process.stdout.write(JSON.stringify(done));
