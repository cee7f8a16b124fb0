import { createHash } from 'node:crypto';
import { listed } from './browser/texts.ts';
import type { PageContent, PageImage, PageModel } from './content.ts';
import { HEAT, hexOf } from './look/colours.ts';
import { escapeMarkup } from './look/escape.ts';
import { STYLE } from './style.ts';

/** By which a folder is known as one that this package wrote. */
export const GENERATOR = '@kcr/page';

const number = (value: number, unit: string) => `${value.toPrecision(3)} ${unit}`;

/** Bytes in the unit that is read most easily. */
const bytesText = (bytes: number) =>
  bytes < 1e6 ? number(bytes / 1e3, 'KB') : number(bytes / 1e6, 'MB');
/** Counts likewise. */
const countText = (count: number) =>
  count < 1e6
    ? number(count / 1e3, 'K')
    : count < 1e9
      ? number(count / 1e6, 'M')
      : number(count / 1e9, 'G');

/** A share of the first model's, but of the first itself. */
const besideFirst = (own: number, first: number, i: number) =>
  i === 0 ? '' : ` <small>${((100 * own) / first).toFixed(0)} %</small>`;

const imageHtml = ({ file, name, label }: PageImage, i: number) =>
  `<li><button type="button" data-image="${i}" aria-pressed="false"><img src="${escapeMarkup(file)}" alt="${escapeMarkup(label === undefined ? `test image ${name}` : `test image ${name}, labelled ${label}`)}"><span>${escapeMarkup(label ?? name)}</span></button></li>`;

const modelHtml = ({ name }: PageModel) => `<article class="model">
<h2>${escapeMarkup(name)}</h2>
<div class="body"><div class="seen"><canvas role="img" aria-label="nothing yet" width="1" height="1"></canvas><svg aria-hidden="true" preserveAspectRatio="none"></svg></div>
<div><ul class="found"></ul><p class="more" hidden></p></div></div>
</article>`;

/** A row of the table: what is said of each model. */
const rowHtml = (title: string, models: readonly PageModel[], cell: (i: number) => string) =>
  `<tr><th scope="row">${title}</th>${models.map((_, i) => `<td>${cell(i)}</td>`).join('')}</tr>`;

/** What each model costs, and how long it takes once that is measured. */
function tableHtml(models: readonly PageModel[]): string {
  const [first] = models as [PageModel];
  const cost = (title: string, key: 'bytes' | 'macs' | 'params', text: (value: number) => string) =>
    rowHtml(title, models, (i) => {
      const own = models[i]![key];
      return `${text(own)}${besideFirst(own, first[key], i)}`;
    });
  return `<table><caption>Time and size, for one image</caption>
<thead><tr><td></td>${models.map(({ name }) => `<th scope="col">${escapeMarkup(name)}</th>`).join('')}</tr></thead>
<tbody>${rowHtml('time', models, (i) => `<span data-ms="${i}">–</span>`)}
${models.length > 1 ? rowHtml('speed', models, (i) => `<span data-speedup="${i}">–</span>`) : ''}
${cost('file', 'bytes', bytesText)}
${cost('<abbr title="multiply-accumulates">MACs</abbr>', 'macs', countText)}
${cost('parameters', 'params', countText)}</tbody></table>`;
}

/** What is read of a page where it is opened as a file: browsers give its parts to it from a server alone. */
const AS_FILE = `<p><b>This page needs a web server.</b> Opened as a file, a browser does not let it read its models.
Serve this folder, with any static server, and open the address that it says:</p><pre>npx http-server .</pre>`;

/** What each task's pictures show. */
const SHOWS: Readonly<Record<PageContent['task'], string>> = {
  classification:
    'The picture is what the model is given: the image resized and cut as for training. Bars are probabilities.',
  'instance detection': 'Objects that the model is at least 30 % sure of, in the image.',
  'semantic segmentation': 'The class of each pixel, by colour, over the image.',
};

/** What is said of Grad-CAM where there is any. */
const MAPS = `<p><b>Where it looks</b> is Grad-CAM (Selvaraju et al. 2017) at the input of the last attention layer, for the class that is chosen: the values
there, weighted by how the class' score changes with them. It is computed from the model's gradients, by a second file beside the model; its time is not in the table. Of a model in 8-bit numbers it is that of the same model in 32 bits: rounding has no gradient.</p>`;

/** The page itself; its scripts are beside it. */
export function pageHtml(content: PageContent): string {
  const { title, task, models, images, version } = content;
  const mapped = models.some(({ map }) => map);
  // Within a script element nothing ends it but its own end.
  const json = JSON.stringify(content).replaceAll('<', '\\u003c');
  const style = createHash('sha256').update(STYLE).digest('base64');
  const names = models.map(({ name }) => name);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="${GENERATOR} ${escapeMarkup(version)}">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self'; img-src 'self' blob: data:; style-src 'sha256-${style}'">
<title>${escapeMarkup(title)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style></head>
<body><main>
<h1>${escapeMarkup(title)}</h1>
<p class="lead">${escapeMarkup(listed(names))}, ${names.length > 1 ? 'side by side ' : ''}on your device. Images are not sent anywhere.</p>
<div class="notice" id="file" role="alert" hidden>${AS_FILE}</div>
<div class="notice" id="error" role="alert" hidden></div>
<noscript><p class="notice">The models run in this page's scripts: please allow them.</p></noscript>
<section class="pick" aria-label="image">
<label class="drop"><b>Choose an image</b><span>or drop one here</span><input class="hidden" id="choose" type="file" accept="image/*"></label>
${images.length > 0 ? `<ul class="images" aria-label="test images" tabindex="0">${images.map(imageHtml).join('')}</ul>` : ''}
</section>
<div class="says" id="says" aria-live="polite"><p>Starting …</p></div>
<section class="models" aria-label="models" data-columns="${models.length}" data-task="${task}">${models.map(modelHtml).join('\n')}</section>
${mapped ? `<div class="options"><label><input type="checkbox" id="maps" checked> Show where it looks for <b id="explained">the class</b></label><span><small>nothing</small> <svg class="scale" role="img" aria-label="from blue, which says nothing for the class, to red, which says most"><defs><linearGradient id="heat">${[0, 51, 102, 153, 204, 255].map((i) => `<stop offset="${i / 255}" stop-color="${hexOf(HEAT[i]!)}" stop-opacity="${i === 0 ? 0 : 1}"/>`).join('')}</linearGradient></defs><rect width="100%" height="100%" fill="url(#heat)"/></svg> <small>most</small></span></div>` : ''}
<section class="time" aria-labelledby="time"><h2 id="time">On this device</h2>
<div class="wide" tabindex="0" role="region" aria-label="time and size">${tableHtml(models)}</div>
<div><p class="more" id="how">Not measured yet.</p>
<div class="options"><label>Run on <select id="device"><option value="wasm">processor (WebAssembly)</option></select></label><button type="button" id="measure" disabled>Measure again</button></div></div>
</section>
<details><summary>What this shows</summary>
<p>${SHOWS[task]} Images are read and resized by the very code that the toolkit trains and predicts with, not by the browser's canvas.</p>
${mapped ? MAPS : ''}
<p><b>Time</b> is that of the model alone, for one image: median and quartiles of several runs, the models in turn, so that whatever else the device does meets all alike. Speed is the ratio of
neighbouring runs.</p></details>
</main>
<script type="application/json" id="content">${json}</script>
<script defer src="page.js"></script>
</body></html>
`;
}
