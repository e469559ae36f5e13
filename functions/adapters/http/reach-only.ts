import { Socket, type SocketConnectOpts } from "node:net";

/** A connection that was not made, because nobody said that this process may go there. */
export class NotReached extends Error {
  override readonly name = "NotReached";
  /** What whoever tried takes for a connection that was never made: nothing was sent, and no name was looked up. */
  readonly code = "ECONNREFUSED";
}

/** Where a process may connect to. */
type Destination = Readonly<{ host: string; port: number }>;

/**
 * Lets this process connect to the hosts of these URLs, on their ports, and to nothing else: every socket that Node opens
 * by name or address passes here, whoever opens it: `fetch`, `http`, `tls`, an SDK, what a dependency brought along.
 *
 * It stops code that goes where nobody thought of: a redirect, a fallback to a metadata service, telemetry, an address
 * out of somebody's text. It does not stop code that is written to get past it: a child process, a native module, UDP and
 * the names that are asked of DNS do not pass here. For those stands the network itself, where the function is put in one.
 * @param say hears of each connection that was not made, without what it was to carry
 * @returns takes the limit away
 */
export const reachOnly = (allowed: readonly URL[], say: (sentence: string) => void): (() => void) => {
  const own = allowed.map(destinationOf);
  const { connect } = Socket.prototype;
  const isAllowed = (to: Destination | null): boolean =>
    to !== null && own.some(({ host, port }) => host === to.host && port === to.port);
  Socket.prototype.connect = new Proxy(connect, {
    apply: (target, socket: Socket, given: readonly unknown[]) => {
      const to = destinationIn(given);
      if (isAllowed(to)) return Reflect.apply(target, socket, given);
      const sentence = `${to === null ? "a local socket" : `${to.host}:${to.port}`} may not be reached from here`;
      say(sentence);
      return Reflect.apply(target, socket, [nowhere(new NotReached(sentence))]);
    },
  });
  return () => {
    Socket.prototype.connect = connect;
  };
};

/** A name that is looked up nowhere and not found: so a socket fails as any other, whoever holds it and however. */
const nowhere = (error: NotReached): SocketConnectOpts => ({
  ...{ host: "nowhere.invalid", port: 1 },
  lookup: (_name, _options, tell) => tell(error, ""),
});

const PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

const destinationOf = ({ hostname, port, protocol }: URL): Destination => ({
  host: bare(hostname),
  port: port === "" ? (PORTS[protocol] ?? 0) : Number(port),
});

/** As a URL writes a host: in small letters, an address of IPv6 without its brackets. */
const bare = (host: string): string => host.toLowerCase().replace(/^\[(.*)\]$/, "$1");

/** Node's forms of `connect`: options, alone or in a list that Node made; port and host; a path. Null for what is no host. */
const destinationIn = (given: readonly unknown[]): Destination | null => {
  const [first, second] = given;
  if (Array.isArray(first)) return destinationIn(first);
  if (typeof first === "object" && first !== null) {
    if ("path" in first && first.path) return null;
    return destinationIn(["port" in first ? first.port : undefined, "host" in first ? first.host : undefined]);
  }
  const port = Number(first);
  if (!Number.isInteger(port)) return null;
  return { host: typeof second === "string" && second !== "" ? bare(second) : "localhost", port };
};
