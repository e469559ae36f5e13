import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { after } from "node:test";

/** Lets a server listen on loopback until the test's file is over. @returns its host and port */
export const listening = async (server: Server): Promise<string> => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** A host that nobody may come to: each connection is counted, and cut. */
export const countedHost = async (): Promise<Readonly<{ host: string; visits: () => number }>> => {
  let visits = 0;
  const host = await listening(
    createServer((socket) => {
      visits += 1;
      socket.destroy();
    }),
  );
  return { host, visits: () => visits };
};
