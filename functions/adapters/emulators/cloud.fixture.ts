import { join } from "node:path";
import { type ApiCalls, startApiCalls } from "./api-calls.fixture.ts";
import { type AutomationServer, startAutomationServer } from "./automation-server.fixture.ts";
import { type Emulator, startMinistack } from "./emulators.fixture.ts";

/** An emulated account in which a whole stack can stand: one endpoint, and documents that really run behind it. */
export type Cloud = Emulator &
  Readonly<{
    automation: AutomationServer;
    /** Any AWS API call by its names, for what a test sets up and looks at. */
    calls: ApiCalls;
  }>;

type Options = Readonly<{
  /** The longest that a wait of a document takes here. */
  mostSleepMs?: number;
  /** For ministack's own environment. */
  env?: Readonly<Record<string, string>>;
}>;

/**
 * Starts ministack with the automation server behind its Systems Manager: CloudFormation makes documents there, and each
 * step of a document is a real call of ministack's API. Stop it in `after`.
 */
export const startCloud = async ({ mostSleepMs = 50, env = {} }: Options = {}): Promise<Cloud> => {
  const ready = Promise.withResolvers<ApiCalls>();
  const automation = await startAutomationServer({
    mostSleepMs,
    call: async (asked) => (await ready.promise).call(asked),
  });
  const around = { ...env, QUELL_AUTOMATION_ENDPOINT: automation.endpoint };
  const launcher = join(import.meta.dirname, "ministack_with_documents.py");
  try {
    const ministack = await startMinistack(around, [launcher]);
    const calls = await startApiCalls(ministack.env);
    ready.resolve(calls);
    return {
      ...ministack,
      automation,
      calls,
      stop: async () => {
        await automation.stop();
        await calls.stop();
        await ministack.stop();
      },
    };
  } catch (error) {
    await automation.stop();
    throw error;
  }
};
