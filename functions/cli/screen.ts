import type { Write } from "./errors.ts";
import type { Paint } from "./terminal-text.ts";

/** Where a command speaks. `isLive`: somebody watches stdout, `isErrorLive`: stderr; `canAsk`: and can be asked on stdin. */
export type Screen = Readonly<{
  write: Write;
  writeError: Write;
  paint: Paint;
  isLive: boolean;
  isErrorLive?: boolean;
  canAsk: boolean;
}>;
