import { GetDistributionCommand } from "@aws-sdk/client-cloudfront";
import { callAws } from "../call.ts";
import { restAfter } from "./arn.ts";
import { eachOf, known, orAbsent } from "./asking.ts";
import { type ResourceKind, seen } from "./kind.ts";

const TYPE = "AWS::CloudFront::Distribution";

/** Distributions, with the host names of their origins. */
export const distribution: ResourceKind = {
  type: TYPE,
  owns: (arn) => restAfter(arn, "cloudfront", "distribution/") !== null,
  attributes: ["distributionId", "inProgressInvalidationBatches"],
  optional: [],
  unreadable: {},
  read: async ({ cloudFront }, arns) => {
    const found = await eachOf(arns, async (arn) => {
      const Id = restAfter(arn, "cloudfront", "distribution/") ?? "";
      const answer = await orAbsent(["NoSuchDistribution"], () =>
        callAws("cloudfront:GetDistribution", Id, () => cloudFront.send(new GetDistributionCommand({ Id }))),
      );
      const one = answer?.Distribution;
      if (one === undefined) return null;
      return seen({
        ...{ arn, type: TYPE, name: Id, part: "door" },
        asks: (one.DistributionConfig?.Origins?.Items ?? []).flatMap(({ DomainName }) => DomainName ?? []),
        answersAs: one.DomainName === undefined ? [] : [one.DomainName],
        attributes: known({
          distributionId: Id,
          inProgressInvalidationBatches: one.InProgressInvalidationBatches ?? 0,
        }),
      });
    });
    return found.filter((one) => one !== null);
  },
};
