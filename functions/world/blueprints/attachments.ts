import { sha256 } from "../../core/ids.ts";
import { between, uuidOf, wholeBetween } from "../random.ts";
import type { AppConfigFlags } from "../resources/appconfig-deployments.ts";
import type { Certificate } from "../resources/certificate.ts";
import type { ResourceState } from "../state.ts";
import { ACCOUNT, REGION, type ServicePlan } from "../topology.ts";
import type { Blueprint, Part, Site } from "./blueprint.ts";

const HOUR_MS = 3_600_000;
/** Its authority signs for a year; nobody renews in the last week, or it would not be an incident one day. */
const CERTIFICATE_DAYS = [7, 300] as const;

/** The same service with feature flags in AppConfig, which its code reads. */
export const withFlags = (blueprint: Blueprint, likelihood: number): Blueprint => ({
  ...blueprint,
  id: `${blueprint.id}-flagged`,
  likelihood,
  brings: [...blueprint.brings, "appconfig-flags"],
  build: (plan, site) => {
    const part = blueprint.build(plan, site);
    return attached(part, part.calls, flagsOf(plan, site));
  },
});

/** The same service, its load balancer with an imported certificate: callers inside the company speak TLS. */
export const withCertificate = (blueprint: Blueprint, likelihood: number): Blueprint => ({
  ...blueprint,
  id: `${blueprint.id}-tls`,
  likelihood,
  brings: [...blueprint.brings, "certificate"],
  build: (plan, site) => {
    const part = blueprint.build(plan, site);
    return attached(part, part.takes, certificateOf(plan, site));
  },
});

/** One more resource in a part, on which the resource `at` rests. */
const attached = (part: Part, at: string | null, resource: ResourceState): Part => ({
  ...part,
  states: [
    ...part.states.map((state) => (state.arn === at ? { ...state, uses: [...state.uses, resource.arn] } : state)),
    resource,
  ],
});

const flagsOf = (plan: ServicePlan, site: Site): AppConfigFlags => {
  const name = `${site.system}-${plan.name}-flags`;
  const idOf = (what: string): string => sha256(`${name}/${what}`).slice(0, 7); // AppConfig's ids: [a-z0-9]{4,7}
  const [applicationId, environmentId] = [idOf("application"), idOf("environment")];
  const application = `arn:aws:appconfig:${REGION}:${ACCOUNT}:application/${applicationId}`;
  const version = wholeBetween(site.stream("flags-version"), 0, 8, 60);
  const startedAtMs = site.clockStartMs - Math.round(between(site.stream("flags-deployed"), 0, 10, 200)) * HOUR_MS;
  return {
    kind: "appconfig-flags",
    arn: `${application}/environment/${environmentId}`,
    name,
    service: plan.name,
    root: application,
    logGroup: null,
    uses: [],
    applicationId,
    environmentId,
    configurationProfileId: idOf("profile"),
    configurationVersion: String(version),
    previousConfigurationVersion: String(version - 1),
    versions: { [version - 1]: [], [version]: [] },
    deployments: [
      {
        number: version,
        version: String(version),
        strategy: "AppConfig.AllAtOnce",
        state: "COMPLETE",
        percentage: 100,
        startedAtMs,
        completedAtMs: startedAtMs + HOUR_MS / 6,
      },
    ],
  };
};

const certificateOf = (plan: ServicePlan, site: Site): Certificate => {
  const arn = `arn:aws:acm:${REGION}:${ACCOUNT}:certificate/${uuidOf(site.stream("certificate"))}`;
  const days = wholeBetween(site.stream("certificate-days"), 0, ...CERTIFICATE_DAYS);
  return {
    kind: "certificate",
    arn,
    name: `${plan.name}.${site.system}.internal`,
    service: plan.name,
    root: arn,
    logGroup: null,
    uses: [],
    notAfterMs: site.clockStartMs + days * 24 * HOUR_MS,
    imports: 1,
  };
};
