/** The parts of an ARN; those that it lacks are empty. `rest` is all behind the account. */
export type Arn = Readonly<{ partition: string; service: string; region: string; account: string; rest: string }>;

export const arnOf = (text: string): Arn => {
  const [, partition = "", service = "", region = "", account = "", ...rest] = text.split(":");
  return { partition, service, region, account, rest: rest.join(":") };
};

/** What stands behind a prefix of the resource part (`service/`, `db:`), or null where it does not begin so. */
export const restAfter = (arn: string, service: string, prefix: string): string | null => {
  const parts = arnOf(arn);
  const isOne = arn.startsWith("arn:") && parts.service === service && parts.rest.startsWith(prefix);
  return isOne && parts.rest.length > prefix.length ? parts.rest.slice(prefix.length) : null;
};

/** An ARN beside another one: the same partition, Region and account. */
export const besideArn = (arn: string, service: string, rest: string): string => {
  const { partition, region, account } = arnOf(arn);
  return `arn:${partition}:${service}:${region}:${account}:${rest}`;
};

/** Whether an ARN names this account and Region; what it leaves out (CloudFront's Region) is no other's. */
export const isOf = (arn: string, place: Readonly<{ account: string; region: string }>): boolean => {
  const { account, region } = arnOf(arn);
  return (account === "" || account === place.account) && (region === "" || region === place.region);
};

/** ARN of the function of an alias or a version; any other ARN is returned as it is. */
export const functionArnOf = (arn: string): string => {
  const [name] = restAfter(arn, "lambda", "function:")?.split(":") ?? [];
  return name === undefined ? arn : besideArn(arn, "lambda", `function:${name}`);
};

/** The partition of a Region, as ARNs write it: docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html */
export const partitionOf = (region: string): string =>
  region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
