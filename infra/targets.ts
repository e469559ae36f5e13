import { kindOf } from "../functions/adapters/aws/resources/all-kinds.ts";
import { isOf } from "../functions/adapters/aws/resources/arn.ts";
import type { Configuration } from "../functions/core/configuration.ts";

/**
 * The resources of the configured services that are of a type, each once and in the order of their names: what a runbook
 * for that type may change. Those of another account or Region are nobody's here.
 * @param type by CloudFormation's name
 */
export const targetsOf = ({ settings }: Configuration, type: string): readonly string[] => {
  const all = new Set(settings.services.flatMap(({ resources }) => resources));
  return [...all].filter((arn) => isOf(arn, settings) && kindOf(arn)?.type === type).sort();
};
