import { createServer } from "node:http";
import type { TestContext } from "node:test";

/** One request as GitHub received it. */
export type GithubCall = Readonly<{ method: string; path: string; query: URLSearchParams; body: unknown }>;

/** What GitHub answers; null tears the connection, "silence" never answers. */
export type GithubAnswer =
  | Readonly<{ status: number; body: unknown; headers?: Readonly<Record<string, string>> }>
  | "reset"
  | "silence";

export type GithubServer = Readonly<{ url: string; calls: GithubCall[] }>;

/** GitHub on the loopback, closed when the test ends. @param answer may be asked several times for the same call */
export const githubServer = async (
  t: Readonly<{ after: TestContext["after"] }>,
  answer: (call: GithubCall, number: number) => GithubAnswer,
): Promise<GithubServer> => {
  const calls: GithubCall[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://github.test");
      const text = Buffer.concat(chunks).toString("utf8");
      const body: unknown = text === "" ? null : JSON.parse(text);
      const call: GithubCall = { method: request.method ?? "", path: pathname, query: searchParams, body };
      calls.push(call);
      const said = answer(call, calls.length);
      if (said === "silence") return;
      if (said === "reset") {
        response.socket?.resetAndDestroy();
        return;
      }
      response.writeHead(said.status, { "content-type": "application/json; charset=utf-8", ...said.headers });
      response.end(JSON.stringify(said.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return { url: `http://127.0.0.1:${address.port}`, calls };
};

/** An error as GitHub words it. */
export const refusal = (
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): GithubAnswer => ({ status, body: { message, documentation_url: "https://docs.github.com/rest" }, headers });
