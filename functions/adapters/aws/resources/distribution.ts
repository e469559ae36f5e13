import { CloudFrontClient, GetDistributionCommand } from "@aws-sdk/client-cloudfront";
import { callAws } from "../call.ts";
import { eachOf, known, orAbsent } from "./asking.ts";
import { type ResourceReader, seen } from "./kind.ts";
import { distribution } from "./shapes.ts";

/** Distributions, with the host names of their origins. */
export const reader: ResourceReader = {
  attributes: ["distributionId", "inProgressInvalidationBatches"],
  optional: [],
  unreadable: {},
  read: async (clientOf, arns) => {
    const cloudFront = clientOf(CloudFrontClient);
    const found = await eachOf(arns, async (arn) => {
      const Id = distribution.nameIn(arn) ?? "";
      const answer = await orAbsent(["NoSuchDistribution"], () =>
        callAws("cloudfront:GetDistribution", Id, () => cloudFront.send(new GetDistributionCommand({ Id }))),
      );
      const one = answer?.Distribution;
      if (one === undefined) return null;
      return seen({
        ...{ arn, type: distribution.type, name: Id, part: "door" },
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
