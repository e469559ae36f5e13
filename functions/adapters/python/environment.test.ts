import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ensurePython, NoPython } from "./environment.ts";

// Whoever brings an interpreter along makes none: these tests are about making one.
delete process.env.QUELL_PYTHON;

/** An interpreter that is a script: it says its version, "makes" an environment that is itself, and notes what pip is asked. */
const scripted = ({ version = "3.12", pip = "exit 0" }: Readonly<{ version?: string; pip?: string }> = {}) => {
  const folder = mkdtempSync(join(tmpdir(), "quell-python-"));
  const python = join(folder, "python3");
  const script = `#!/bin/sh
case "$1 $2" in
  "-c "*) echo ${version} ;;
  "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  "-m pip") echo asked >> ${join(folder, "pip.txt")}; ${pip} ;;
esac
`;
  writeFileSync(python, script);
  chmodSync(python, 0o755);
  writeFileSync(join(folder, "requirements.txt"), "numpy==2.4.6\n");
  const said: string[] = [];
  const asked = () =>
    existsSync(join(folder, "pip.txt")) ? readFileSync(join(folder, "pip.txt"), "utf8").trim().split("\n").length : 0;
  return { folder, interpreters: [python], say: (line: string) => said.push(line), said, asked };
};

test("an environment is made once, and its interpreter is its own", async () => {
  const place = scripted();

  const first = await ensurePython(place);
  const second = await ensurePython(place);

  assert.equal(first, join(place.folder, ".venv/bin/python"));
  assert.equal(second, first);
  assert.equal(place.asked(), 1);
});

test("whoever waits is told what is being made, how long it takes and where its log is", async () => {
  const place = scripted();

  await ensurePython(place);

  assert.match(place.said[0] ?? "", /making the Python environment in .*\.venv .*minutes .*install\.log/);
});

test("other requirements make it anew, without what was in it", async () => {
  const place = scripted();
  await ensurePython(place);
  writeFileSync(join(place.folder, ".venv/old.txt"), "");

  writeFileSync(join(place.folder, "requirements.txt"), "numpy==2.4.7\n");
  await ensurePython(place);

  assert.equal(place.asked(), 2);
  assert.ok(!existsSync(join(place.folder, ".venv/old.txt")));
});

test("where pip fails, its last words, the log and what to do are said, and nothing half made is used", async () => {
  const place = scripted({ pip: "echo ERROR: no space left; exit 1" });

  await assert.rejects(ensurePython(place), (error) => {
    assert.ok(error instanceof NoPython);
    assert.match(error.message, /pip install .* failed: ERROR: no space left; .*install\.log.*run it again/);
    return true;
  });
  await assert.rejects(ensurePython(place), NoPython);
  assert.equal(place.asked(), 2);
});

test("what failed once is made by the next call", async () => {
  const place = scripted({ pip: `[ -e "$0.once" ] || { touch "$0.once"; exit 1; }` });
  const python = place.interpreters[0] ?? "";
  // The mark lies beside the environment's own interpreter, which goes with the environment: keep it elsewhere.
  writeFileSync(python, readFileSync(python, "utf8").replaceAll("$0.once", join(place.folder, "once")));
  await assert.rejects(ensurePython(place), NoPython);

  const made = await ensurePython(place);

  assert.equal(made, join(place.folder, ".venv/bin/python"));
});

test("two processes that start at once make it once", async () => {
  const place = scripted({ pip: "sleep 0.3" });

  const made = await Promise.all([ensurePython(place), ensurePython(place), ensurePython(place)]);

  assert.equal(new Set(made).size, 1);
  assert.equal(place.asked(), 1);
});

test("the lock of a process that died is taken over", async () => {
  const place = scripted();
  const lock = join(place.folder, ".venv/lock");
  mkdirSync(lock, { recursive: true });
  utimesSync(lock, new Date(0), new Date(0));

  await ensurePython(place);

  assert.equal(place.asked(), 1);
  assert.ok(!existsSync(lock));
});

test("the lock of a process that lives is waited for, and that is said", async () => {
  const place = scripted();
  mkdirSync(join(place.folder, ".venv/lock"), { recursive: true });

  await ensurePython({ ...place, patienceMs: 200 });

  assert.match(place.said[0] ?? "", /another process is making the Python environment; waiting/);
});

test("a Python that is too old is named, with what to install", async () => {
  const place = scripted({ version: "3.9" });

  await assert.rejects(ensurePython(place), /no Python of 3\.11 or later: .*python3 is 3\.9; install Python 3\.11/);
});

test("where there is no Python at all, what was searched is named", async () => {
  const place = scripted();

  await assert.rejects(ensurePython({ ...place, interpreters: ["no-such-python"] }), /none of no-such-python/);
});

test("a Python of this machine makes an environment that runs", async () => {
  const folder = mkdtempSync(join(tmpdir(), "quell-python-"));
  writeFileSync(join(folder, "requirements.txt"), "# nothing\n");

  const python = await ensurePython({ folder, say: () => {} });

  const prefix = execFileSync(python, ["-c", "import sys; print(sys.prefix)"], { encoding: "utf8" }).trim();
  assert.equal(prefix, join(folder, ".venv"));
});
