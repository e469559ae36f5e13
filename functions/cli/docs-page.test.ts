import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { catalogue } from "../../runbooks/catalogue.ts";
import type { AutomationDocument } from "../core/automation-document.ts";
import type { Catalogue, Runbook } from "../core/runbook.ts";
import { html } from "./docs-html.ts";
import { docsPage } from "./docs-page.ts";
import { DARK, LIGHT, type Palette } from "./docs-style.ts";
import { quell } from "./quell.ts";
import { shippedNeeds } from "./runbooks.ts";
import type { NeedsById } from "./runbooks-consents.ts";

const folder = mkdtempSync(join(tmpdir(), "quell-docs-test-"));
after(() => rmSync(folder, { recursive: true }));

const run = async (...args: readonly string[]) => {
  const said = { out: "", err: "" };
  const code = await quell(["docs", ...args], {
    write: (text) => {
      said.out += text;
    },
    writeError: (text) => {
      said.err += text;
    },
    paint: (_format, text) => text,
    isLive: false,
    canAsk: false,
  });
  return { code, ...said };
};

const page = docsPage(catalogue, await shippedNeeds());

/** Elements that have no end. */
const VOID = ["meta", "!doctype"];
const TAG = /<(\/?)([a-z0-9!]+)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*>/gi;

type Tag = Readonly<{ name: string; within: readonly string[]; attributes: ReadonlyMap<string, string> }>;

/** Every element with those that it stands in. Throws where one is not closed in its order, or a `<` opens no tag. */
const elementsOf = (markup: string): readonly Tag[] => {
  const open: string[] = [];
  const elements: Tag[] = [];
  const rest = markup.replace(TAG, (_, slash: string, spelt: string, attributes: string) => {
    const name = spelt.toLowerCase();
    if (slash === "/") assert.equal(open.pop(), name);
    else {
      const pairs = [...attributes.matchAll(/([a-z-]+)(?:="([^"]*)")?/g)].map(
        ([, key = "", value = ""]) => [key, value] as const,
      );
      elements.push({ name, within: [...open], attributes: new Map(pairs) });
      if (!VOID.includes(name)) open.push(name);
    }
    return "";
  });
  assert.deepEqual(open, []);
  // A style's `>` never occurs here; what is left of a `<` or `>` was no tag.
  assert.doesNotMatch(rest, /[<>]/);
  return elements;
};

const named = (elements: readonly Tag[], name: string): readonly Tag[] => elements.filter((one) => one.name === name);

test("every runbook has an anchor, a row of the index that leads to it, and its facts", () => {
  const elements = elementsOf(page);
  const ids = elements.flatMap(({ attributes }) => attributes.get("id") ?? []);
  const links = named(elements, "a").map(({ attributes }) => attributes.get("href"));

  for (const { id, effect, suitsWhen, documents, targetType } of catalogue.runbooks) {
    assert.ok(ids.includes(`runbook-${id}`), id);
    assert.ok(links.includes(`#runbook-${id}`), id);
    const own = page.split(`<article id="runbook-${id}"`)[1]?.split("</article>")[0] ?? "";
    assert.ok(own.includes(html`${effect}`.markup), id);
    assert.ok(own.includes(html`${suitsWhen}`.markup), id);
    assert.ok(own.includes(targetType ?? "none"), id);
    for (const document of [documents?.automation, documents?.undo].filter(
      (one) => one !== undefined && one !== null,
    )) {
      assert.ok(own.includes(document.name));
      for (const { name, inputs } of document.content.mainSteps) {
        assert.ok(own.includes(`<li><code>${name}</code>`), `${id}: ${name}`);
        if ("Api" in inputs) assert.ok(own.includes(`${inputs.Service}:${inputs.Api}`), `${id}: ${inputs.Api}`);
      }
      for (const name of Object.keys(document.content.parameters)) assert.ok(own.includes(`<code>${name}</code>`));
    }
  }
  assert.equal(new Set(ids).size, ids.length, "ids are unique");
  for (const link of links) assert.ok(ids.includes(link?.slice(1) ?? ""), `${link} leads somewhere`);
  assert.ok(page.includes(catalogue.hash));
});

test("it can be read by keyboard and by ear: landmarks, one h1, no heading left out, captions, scopes, a skip link", () => {
  const elements = elementsOf(page);

  for (const landmark of ["header", "nav", "main", "footer", "h1", "title"])
    assert.equal(named(elements, landmark).length, 1, landmark);
  assert.equal(named(elements, "html")[0]?.attributes.get("lang"), "en");
  assert.equal(named(elements, "a")[0]?.attributes.get("href"), "#main");
  assert.equal(named(elements, "main")[0]?.attributes.get("id"), "main");
  assert.equal(named(elements, "caption").length, named(elements, "table").length);
  assert.ok(named(elements, "th").every(({ attributes }) => ["col", "row"].includes(attributes.get("scope") ?? "")));
  const levels = elements.flatMap(({ name }) => (/^h[1-6]$/.test(name) ? [Number(name[1])] : []));
  assert.ok(levels.every((level, index) => level <= (levels[index - 1] ?? 0) + 1));
  const scrolls = elements.filter(({ attributes }) => attributes.get("class") === "scroll");
  assert.ok(scrolls.every(({ attributes }) => attributes.get("tabindex") === "0" && attributes.has("aria-label")));
});

test("it loads nothing and runs nothing", () => {
  const elements = elementsOf(page);

  for (const name of ["script", "link", "img", "iframe", "object", "form"])
    assert.equal(named(elements, name).length, 0);
  for (const { attributes } of elements)
    for (const [name, value] of attributes) {
      assert.doesNotMatch(name, /^on|^src|^style$/);
      if (name === "href") assert.match(value, /^#/);
    }
  assert.doesNotMatch(page, /url\(|@import/);
  assert.match(page, /default-src 'none'/);
});

test("the same catalogue gives the same bytes", async () => {
  const again = docsPage(catalogue, await shippedNeeds());

  assert.equal(again, page);
});

/** A catalogue in which every text that a page shows is this one. */
const sayingOnly = (text: string): Catalogue => {
  const document = (given: AutomationDocument): AutomationDocument => ({
    name: text,
    hash: text,
    content: {
      ...given.content,
      description: text,
      parameters: { [text]: { type: "String", description: text, allowedPattern: text, default: text } },
      mainSteps: given.content.mainSteps.map((step) =>
        "Api" in step.inputs
          ? ({
              ...step,
              name: text,
              description: text,
              inputs: { ...step.inputs, [text]: text, Api: text },
            } as typeof step)
          : { ...step, name: text, description: text },
      ),
    },
  });
  const runbook = (given: Runbook, index: number): Runbook => ({
    ...given,
    id: `r${index}${text}`,
    version: text,
    title: text,
    effect: text,
    suitsWhen: text,
    targetType: text,
    treats: [text],
    documents: given.documents && {
      automation: document(given.documents.automation),
      undo: given.documents.undo && document(given.documents.undo),
    },
  });
  return { hash: text, runbooks: catalogue.runbooks.map(runbook) };
};

const NEEDS: NeedsById = new Map();
const shapeOf = (markup: string) => elementsOf(markup).map(({ name, within }) => [...within, name].join(">"));

test("whatever a catalogue says, it stays text: the page has the elements of a harmless one", () => {
  const harmless = shapeOf(docsPage(sayingOnly("word"), NEEDS));
  const hostile = fc.constantFrom(
    "<script>alert(1)</script>",
    '" onload="x',
    "' onclick='x",
    "</style>",
    "</code></article>",
    "<!--",
    "]]>",
    "&lt;",
    "\u0000",
    "\u202e",
    "\ud800",
    "`",
  );
  const text = fc.array(fc.oneof(hostile, fc.string({ unit: "binary" })), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(text, (parts) => {
      const markup = docsPage(sayingOnly(parts.join("")), NEEDS);

      assert.deepEqual(shapeOf(markup), harmless);
      assert.doesNotMatch(markup, /[[\p{Cc}\p{Cf}]--\n]/v);
      assert.ok(markup.isWellFormed());
    }),
    { numRuns: 50 },
  );
});

/** Relative luminance and contrast, as WCAG 2.2 defines them. */
const luminance = (colour: string): number => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((from) => Number.parseInt(colour.slice(from, from + 2), 16) / 255)
    .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const contrast = (one: string, other: string): number => {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};

test("every colour of text has a contrast of 4.5 on every ground, by light and by dark", () => {
  assert.equal(contrast("#000000", "#ffffff"), 21);

  const palettes: readonly Palette[] = [LIGHT, DARK];
  for (const palette of palettes)
    for (const ground of [palette.ground, palette.raised])
      for (const text of [palette.text, palette.muted, palette.link])
        assert.ok(contrast(text, ground) >= 4.5, `${text} on ${ground}: ${contrast(text, ground)}`);
});

test("`quell docs` writes the page to stdout, or to a file and nothing but a word about it", async () => {
  const out = join(folder, "runbooks.html");

  const [printed, written] = [await run(), await run("--out", out)];

  assert.deepEqual([printed.code, printed.out, printed.err], [0, page, ""]);
  assert.deepEqual([written.code, written.out], [0, ""]);
  assert.equal(readFileSync(out, "utf8"), page);
  assert.ok(written.err.includes(out));
});

test("a file that cannot be written is bad input", async () => {
  const { code, out, err } = await run("--out", join(folder, "none", "page.html"));

  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /--out .*none.*: cannot be written .*; name a file in a folder that exists/);
});
