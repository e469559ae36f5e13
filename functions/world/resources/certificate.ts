import { isoTime } from "../../core/ids.ts";
import { answered, failed, type ResourceBehaviour, resourcesOfKind, resourceType, textOf } from "../resource-type.ts";
import type { ResourceState } from "../state.ts";

/**
 * A certificate of the company's own authority, imported into ACM: ACM does not renew those, a person imports the next
 * one. Its DaysToExpiry is published twice a day, so no minute of an incident has a datapoint; the attributes say when.
 */
export type Certificate = ResourceState & {
  readonly kind: "certificate";
  notAfterMs: number;
  /** Counts imports under the same ARN. */
  imports: number;
};

export const isCertificate = (resource: ResourceState): resource is Certificate => resource.kind === "certificate";

const behaviour: ResourceBehaviour<Certificate> = {
  kind: "certificate",
  isOne: isCertificate,
  describe: ({ notAfterMs }) => ({
    type: "AWS::CertificateManager::Certificate",
    zones: 3,
    tags: {},
    attributes: { notAfterMs, isImported: true },
  }),
  configuration: ({ imports }) => ({ imports }),
  serve: null,
  elapse: null,
  samples: () => [],
  happen: null,
  release: null,
  join: null,
  habits: [],
  apis: [
    {
      service: "acm",
      api: "DescribeCertificate",
      changes: false,
      answer: (world, input) => {
        const arn = textOf(input, "CertificateArn") ?? "";
        const found = resourcesOfKind(world, isCertificate).find((one) => one.arn === arn);
        if (found === undefined) return failed("ResourceNotFoundException", `Could not find certificate ${arn}.`);
        return answered({
          Certificate: {
            CertificateArn: found.arn,
            DomainName: found.name,
            Type: "IMPORTED",
            Status: world.nowMs < found.notAfterMs ? "ISSUED" : "EXPIRED",
            NotAfter: isoTime(found.notAfterMs),
            RenewalEligibility: "INELIGIBLE",
          },
        });
      },
    },
  ],
};

export const certificate = resourceType(behaviour);
