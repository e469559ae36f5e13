/** A call that has not connected by then goes to a host that is not there. */
const CONNECT_MS = 2_000;
/** CloudWatch answers its largest requests within some seconds. */
const ANSWER_MS = 10_000;

type Env = Readonly<Record<string, string | undefined>>;

/**
 * What every client of the SDK is made with: a call ends within a known time, and is tried three times at most. The SDK
 * itself reads the Region, the credentials and AWS_ENDPOINT_URL from the environment.
 */
export const clientSettings = (env: Env) => ({
  maxAttempts: 3,
  requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
  // A bucket is no host name where an emulator answers.
  ...(env.AWS_ENDPOINT_URL === undefined ? {} : { forcePathStyle: true }),
});

/** The same for a call that is made once, and may take as long as its caller waits. */
export const patientSettings = () => ({ maxAttempts: 1, requestHandler: { connectionTimeout: CONNECT_MS } });

/** A client of the SDK, as far as it can be told what to do before each call. */
export type SdkClient = Readonly<{ middlewareStack: Readonly<{ add(middleware: unknown, options: unknown): void }> }>;
type Made = Pick<ReturnType<typeof clientSettings>, "maxAttempts"> &
  Readonly<{ requestHandler: Partial<ReturnType<typeof clientSettings>["requestHandler"]> }>;

/** Gives the client of a class, the same one to everybody who asks: who asks brings the class, and with it its code. */
export type ClientOf = <C extends SdkClient>(Client: new (settings: Made) => C) => C;

/** Makes clients, each when it is first asked for. @param prepare what is done to each before anybody has it */
export const clientsWith = (
  settings: Made,
  prepare: <C extends SdkClient>(client: C) => C = (client) => client,
): ClientOf => {
  const made: SdkClient[] = [];
  return (Client) => {
    for (const one of made) if (one instanceof Client) return one;
    const client = prepare(new Client(settings));
    made.push(client);
    return client;
  };
};
