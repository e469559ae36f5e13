import { setTimeout as sleep } from "node:timers/promises";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { patientSettings } from "../../adapters/aws/clients.ts";
import { remoteModel } from "../../adapters/aws/remote-model.ts";
import { draftOffline } from "../../core/draft.ts";
import { hostedDrafter } from "../../core/hosted-drafter.ts";
import type { Drafter, Ledger } from "../../core/ports.ts";
import type { Settings } from "../../core/settings.ts";

/** The catalogue's rules, or a model that draft speaks to. What a model costs is reserved and settled here, in the ledger. */
export const deployedDrafter = (
  settings: Settings,
  { ledger, draftArn }: Readonly<{ ledger: Ledger; draftArn: string }>,
): Drafter => {
  const { name } = settings.drafter;
  if (name === "offline") return { draft: async (context, catalogue) => draftOffline(context, catalogue, null) };
  return hostedDrafter({
    model: remoteModel(new LambdaClient(patientSettings()), draftArn, name),
    ...{ ledger, settings, nowMs: Date.now, pause: (ms) => sleep(ms) },
  });
};
