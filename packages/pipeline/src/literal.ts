/** Most characters of an object or list that stands in one line. */
const WIDTH = 80;

const text = (value: string) =>
  value.includes("'") || /[\\\n]/.test(value) ? JSON.stringify(value) : `'${value}'`;

const keyText = (key: string) => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : text(key));

/**
 * JSON as a person would write it in JavaScript: keys without quotes, short objects and lists in one line.
 *
 * @param indent of the line that it begins in
 */
export function literal(value: unknown, indent = ''): string {
  if (typeof value === 'string') return text(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const isList = Array.isArray(value);
  const entries = Object.entries(value).filter(([, own]) => own !== undefined);
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  if (entries.length === 0) return open + close;
  const deeper = `${indent}  `;
  const parts = (inner: string) =>
    entries.map(([key, own]) => (isList ? '' : `${keyText(key)}: `) + literal(own, inner));
  const line = parts('').join(', ');
  if (!line.includes('\n') && indent.length + line.length <= WIDTH)
    return isList ? `[${line}]` : `{ ${line} }`;
  return `${open}\n${parts(deeper)
    .map((part) => `${deeper}${part},`)
    .join('\n')}\n${indent}${close}`;
}
