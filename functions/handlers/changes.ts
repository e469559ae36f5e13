import { parseChangeEvent } from "../adapters/aws/changes/change-event.ts";
import { concerns } from "../adapters/aws/changes/targets.ts";
import { type Recorded, recordChange } from "../core/change-log.ts";
import type { Change } from "../core/evidence.ts";
import type { Ports } from "../core/ports.ts";
import type { Settings } from "../core/settings.ts";

/** What became of one event: each of its changes, or why it tells of none. */
export type Noted =
  | Readonly<{ kind: "noted"; changes: readonly Readonly<{ change: Change; became: Recorded }>[] }>
  | Readonly<{ kind: "ignored"; because: string }>;

/**
 * Takes one event of EventBridge and remembers the changes that it tells of, each under the resource of the settings that
 * it concerns, else under the name that the event has for it. Taking an event again changes nothing, in whatever order
 * they come. Throws where the ledger cannot be written, so that Lambda tries again.
 * @param onRecorded hears of every change once it is remembered, and again where its event comes again: after a throw the
 * event is tried anew, so it must know what it has done
 */
export const changesWith =
  (
    ports: Pick<Ports, "ledger">,
    settings: Pick<Settings, "account" | "region" | "services">,
    onRecorded: (change: Change) => Promise<void> = async () => {},
  ) =>
  async (event: unknown): Promise<Noted> => {
    const parsed = parseChangeEvent(event, settings);
    if (parsed.kind === "ignored") return parsed;
    const changes: { change: Change; became: Recorded }[] = [];
    for (const change of parsed.changes.flatMap((told) => ofResources(settings, told))) {
      const became = await recordChange(ports.ledger, change);
      changes.push({ change, became });
      if (became !== "too-old") await onRecorded(change);
    }
    return { kind: "noted", changes };
  };

/** The change at each resource of the settings that it concerns; as it was told where it concerns none of them. */
const ofResources = ({ services }: Pick<Settings, "services">, told: Change): readonly Change[] => {
  const own = [...new Set(services.flatMap(({ resources }) => resources))].filter((arn) => concerns(arn, told));
  return own.length === 0 ? [told] : own.map((target) => ({ ...told, target }));
};
