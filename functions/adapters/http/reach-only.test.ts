import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net, { type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, beforeEach, test } from "node:test";
import tls from "node:tls";
import { NotReached, reachOnly } from "./reach-only.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "quell-reach-"));
const PIPE = join(FOLDER, "pipe");
/** How often each was connected to. */
const connected = { allowed: 0, other: 0, pipe: 0 };

const listening = async (name: keyof typeof connected, server: Server, at: net.ListenOptions): Promise<Server> => {
  server.on("connection", () => {
    connected[name] += 1;
  });
  server.listen(at);
  await once(server, "listening");
  after(() => server.close());
  return server;
};
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const loopback = { host: "127.0.0.1", port: 0 };

const allowed = await listening(
  "allowed",
  http.createServer((request, response) => {
    if (request.url === "/moved") response.writeHead(307, { location: OTHER });
    response.end("here");
  }),
  loopback,
);
const other = await listening(
  "other",
  net.createServer((socket) => socket.destroy()),
  loopback,
);
await listening(
  "pipe",
  net.createServer((socket) => socket.destroy()),
  { path: PIPE },
);
const ALLOWED = `http://127.0.0.1:${portOf(allowed)}/`;
const OTHER = `http://127.0.0.1:${portOf(other)}/`;
after(() => rmSync(FOLDER, { recursive: true, force: true }));

const said: string[] = [];
let release = (): void => {};
beforeEach(() => {
  said.length = 0;
  Object.assign(connected, { allowed: 0, other: 0, pipe: 0 });
  release = reachOnly([new URL(ALLOWED)], (sentence) => said.push(sentence));
});
afterEach(() => release());

/** The error that an emitter ends with. */
const errorOf = async (emitter: NodeJS.EventEmitter): Promise<unknown> => (await once(emitter, "error"))[0];
const failed = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => null,
    (error: unknown) => (error instanceof Error && error.cause !== undefined ? error.cause : error),
  );
const port = portOf(other);

/** Ways in which somebody's code connects; each gives the error that it got. */
const WAYS: Readonly<Record<string, () => Promise<unknown>>> = {
  fetch: () => failed(fetch(OTHER)),
  "fetch over TLS": () => failed(fetch(OTHER.replace("http:", "https:"))),
  "fetch of a name over TLS": () => failed(fetch("https://nobody.invalid/")),
  "fetch that is redirected": () => failed(fetch(`${ALLOWED}moved`)),
  "fetch of a name": () => failed(fetch(`http://localhost:${portOf(allowed)}/`)),
  "fetch of a metadata service": () => failed(fetch("http://169.254.169.254/latest/meta-data/iam/")),
  "http.get": () => errorOf(http.get(OTHER)),
  "http.get with an agent of its own": () => errorOf(http.get(OTHER, { agent: new http.Agent({ keepAlive: true }) })),
  "https.get": () => errorOf(https.get(OTHER.replace("http:", "https:"))),
  "https.get of a name": () => errorOf(https.get("https://nobody.invalid/")),
  "http.get with a body": () => errorOf(http.request(OTHER, { method: "POST" }).end("text")),
  "http.get of a local socket": () => errorOf(http.get({ socketPath: PIPE, path: "/" })),
  "http2.connect": () => errorOf(http2.connect(OTHER)),
  "net.connect with options": () => errorOf(net.connect({ host: "127.0.0.1", port })),
  "net.connect with a port and a host": () => errorOf(net.connect(port, "127.0.0.1")),
  "net.connect with a port": () => errorOf(net.connect(portOf(allowed))),
  "net.connect with a path": () => errorOf(net.connect(PIPE)),
  "tls.connect": () => errorOf(tls.connect({ host: "127.0.0.1", port })),
  "tls.connect to a name": () => errorOf(tls.connect({ host: "nobody.invalid", port, servername: "nobody.invalid" })),
  "a socket": () => errorOf(new net.Socket().connect({ host: "127.0.0.1", port })),
  "a socket, with a port and a host": () => errorOf(new net.Socket().connect(port, "127.0.0.1")),
};

for (const [way, call] of Object.entries(WAYS))
  test(`${way} reaches nobody but who was named, and finds out as if nobody were there`, {
    timeout: 10_000,
  }, async () => {
    const error = await call();

    assert.ok(error instanceof NotReached, String(error));
    assert.equal(error.code, "ECONNREFUSED");
    assert.deepEqual([connected.other, connected.pipe, said.length], [0, 0, 1]);
  });

test("who was named is reached, by fetch, an agent or a socket", async () => {
  const fetched = await fetch(ALLOWED);
  const [got] = await once(http.get(ALLOWED), "response");
  const socket = net.connect(portOf(allowed), "127.0.0.1");
  await once(socket, "connect");

  assert.deepEqual([await fetched.text(), got.statusCode, said], ["here", 200, []]);
  got.resume();
  socket.destroy();
});

test("a host is the same in every spelling that URLs take for the same, and another port is another place", () => {
  const named = ["https://API.Example.com", "http://[::1]:9001", "https://api.example.com:8443/v1"];
  const nowhere: net.LookupFunction = (_name, _options, tell) => tell(new Error("no such host"), "");
  const dial = (host: string, to: number): void => {
    const socket = new net.Socket().on("error", () => {});
    socket.connect({ host, port: to, lookup: nowhere }).destroy();
  };
  release();
  release = reachOnly(
    named.map((one) => new URL(one)),
    (sentence) => said.push(sentence),
  );

  for (const [host, to] of [
    ["api.example.com", 443],
    ["Api.Example.Com", 8443],
    ["::1", 9001],
  ] as const)
    dial(host, to);
  for (const [host, to] of [
    ["api.example.com.evil.test", 443],
    ["api.example.com", 80],
    ["::1", 9002],
  ] as const)
    dial(host, to);

  assert.deepEqual(
    said.map((one) => one.split(" ")[0]),
    ["api.example.com.evil.test:443", "api.example.com:80", "::1:9002"],
  );
});

test("once the limit is taken away all is as it was", async () => {
  release();

  const socket = net.connect(port, "127.0.0.1");
  await once(socket, "close");

  assert.deepEqual([connected.other, said], [1, []]);
});
