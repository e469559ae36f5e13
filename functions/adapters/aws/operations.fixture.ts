import { clientFor, type Loopback, openLoopback, type Reply } from "./loopback.fixture.ts";

/** The body of one request of a JSON protocol. */
export type Request = Readonly<Record<string, unknown>>;
/** What an operation answers: to its `nth` request, from 0. */
export type Operation = (request: Request, nth: number) => Reply;

export type Operations = Readonly<{
  /** Every request, as `OPERATION body`, in order. */
  asked: readonly Readonly<{ operation: string; request: Request }>[];
  /** What a client of the SDK takes to speak to it. */
  clientConfig: ReturnType<typeof clientFor>;
  loopback: Loopback;
}>;

/** The answer of a JSON protocol. */
export const answer = (body: unknown): Reply => ({
  kind: "answer",
  status: 200,
  headers: { "content-type": "application/x-amz-json-1.0" },
  body: JSON.stringify(body),
});

/** A time as the JSON protocols write it. */
export const seconds = (atMs: number): number => atMs / 1000;

/**
 * A service on the loopback that answers these operations as they are scripted; all others go on to `to`, or fail.
 * @param requestTimeout of a client of it, in ms
 */
export const openOperations = async (
  context: Readonly<{ after: (close: () => void) => void }>,
  operations: Readonly<Record<string, Operation>>,
  { to, requestTimeout }: Readonly<{ to?: string; requestTimeout?: number }> = {},
): Promise<Operations> => {
  const asked: { operation: string; request: Request }[] = [];
  const loopback = await openLoopback(context, ({ headers, body }) => {
    const operation = headers["x-amz-target"]?.split(".").at(-1) ?? "";
    const own = operations[operation];
    if (own === undefined) return to === undefined ? { kind: "cut" } : { kind: "pass", to };
    const nth = asked.filter((one) => one.operation === operation).length;
    const request = JSON.parse(body.toString("utf8")) as Request;
    asked.push({ operation, request });
    return own(request, nth);
  });
  return { asked, clientConfig: clientFor(loopback.url, requestTimeout), loopback };
};
