import type { Catalogue } from "../core/runbook.ts";
import { type Html, html } from "./docs-html.ts";
import { STYLE } from "./docs-style.ts";
import type { NeedsById } from "./runbooks-consents.ts";
import { type DocumentWords, type Sheet, sheetsOf } from "./runbooks-sheet.ts";

/**
 * The catalogue as one HTML page that loads nothing and runs nothing. Pure: the same catalogue and consents give the same
 * bytes, without a date or a path in them, so that two pages can be compared.
 */
export const docsPage = (catalogue: Catalogue, needs: NeedsById): string => {
  const sheets = sheetsOf(catalogue, needs);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Quell: the runbooks</title>
<style>${{ markup: STYLE }}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the runbooks</a>
<header>
<h1>The runbooks of Quell</h1>
<p>What Quell can do to an AWS account when an alarm rings, and what people must agree to first.</p>
<p class="muted">${sheets.length} runbooks; catalogue <code>${catalogue.hash}</code></p>
</header>
<nav aria-label="Index of the runbooks">
${indexTable(sheets)}
</nav>
<main id="main" tabindex="-1">
${sheets.map(article)}
</main>
<footer>
<p class="muted">Written by <code>quell docs</code> from the catalogue with the hash above. A document is deployed under a
name that ends in the first 12 digits of its own hash. Permissions are those of the documents' own calls.</p>
</footer>
</body>
</html>
`;
  return page.markup;
};

const anchor = ({ id }: Sheet): string => `runbook-${id}`;

const indexTable = (
  sheets: readonly Sheet[],
): Html => html`<div class="scroll" tabindex="0" role="group" aria-label="Index, scrolls sideways">
<table>
<caption>All runbooks. Tiers and consents (production, mode auto) are the least: the blast radius on a target may ask for more.</caption>
<thead>
<tr><th scope="col">Runbook</th><th scope="col">What it does</th><th scope="col">Target</th><th scope="col">Tier</th><th scope="col">Consents</th><th scope="col">Undo</th></tr>
</thead>
<tbody>
${sheets.map(indexRow)}</tbody>
</table>
</div>`;

const indexRow = (sheet: Sheet): Html =>
  html`<tr><th scope="row"><a href="#${anchor(sheet)}">${sheet.id}</a></th><td>${sheet.title}</td><td>${sheet.targetType ?? "none"}</td><td>T${sheet.leastTier}</td><td>${sheet.needs}</td><td>${sheet.undoWords}</td></tr>
`;

const article = (sheet: Sheet): Html => html`<article id="${anchor(sheet)}" aria-labelledby="${anchor(sheet)}-title">
<h2 id="${anchor(sheet)}-title">${sheet.id} <span class="muted">${sheet.version}</span></h2>
<p>${sheet.title}.</p>
<dl>
${facts(sheet).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>\n`)}</dl>
${documentPart(sheet, "automation", "What it runs", sheet.automation)}${documentPart(sheet, "undo", "How it is undone", sheet.undo)}</article>
`;

type Fact = readonly [name: string, value: string | Html];

const facts = (sheet: Sheet): readonly Fact[] => [
  ["What it does to users", sheet.effect],
  ["When it suits", sheet.suitsWhen],
  ["Target", sheet.targetType ?? "none"],
  ["Tier", `T${sheet.leastTier}: ${sheet.tierWords}`],
  ["Needs", `${sheet.needsWords} (production, mode auto)`],
  ["Blast radius", sheet.blastRadius],
  ["Undo", sheet.undoWords],
  ["Takes", `about ${sheet.expectedMinutes} minutes`],
  ["Cooldown", sheet.cooldown],
  ...(sheet.kind === "effect" ? meanwhile(sheet) : []),
  ["Metrics it is meant to calm", sheet.treats.length === 0 ? "none by itself" : codes(sheet.treats)],
  [
    "AWS permissions",
    sheet.permissions.length === 0
      ? "none"
      : html`<ul>${sheet.permissions.map(({ action, access }) => html`<li><code>${action}</code> (${access})</li>`)}</ul>`,
  ],
];

const meanwhile = ({ whenRecovered, duringDeployment }: Sheet): readonly Fact[] => [
  ["If the alarm recovers meanwhile", whenRecovered],
  ["During a deployment of its target", duringDeployment],
];

const codes = (texts: readonly string[]): Html =>
  html`<ul>${texts.map((text) => html`<li><code>${text}</code></li>`)}</ul>`;

const documentPart = (sheet: Sheet, role: string, heading: string, document: DocumentWords | null): Html =>
  document === null
    ? html``
    : html`<h3 id="${anchor(sheet)}-${role}">${heading}</h3>
<p>${document.says} Deployed as <code>${document.name}</code>.</p>
${parameterTable(`Parameters of ${document.name}`, document)}<ol>
${document.steps.map(
  ({ name, does, why, onward }) =>
    html`<li><code>${name}</code> ${does}${onward === null ? null : html`; ${onward}`}.${why === null ? null : html` <span class="muted">${why}</span>`}</li>\n`,
)}</ol>
`;

const parameterTable = (caption: string, { parameters }: DocumentWords): Html =>
  parameters.length === 0
    ? html``
    : html`<div class="scroll" tabindex="0" role="group" aria-label="${caption}, scrolls sideways">
<table>
<caption>${caption}</caption>
<thead>
<tr><th scope="col">Parameter</th><th scope="col">Type</th><th scope="col">Meaning</th><th scope="col">What it takes</th></tr>
</thead>
<tbody>
${parameters.map(
  ({ name, type, pattern, standard, says }) =>
    html`<tr><th scope="row"><code>${name}</code></th><td>${type}</td><td>${says}${standard === null ? null : html` Default <code>${standard}</code>.`}</td><td>${pattern === null ? "any of its type" : html`<code>${pattern}</code>`}</td></tr>\n`,
)}</tbody>
</table>
</div>
`;
