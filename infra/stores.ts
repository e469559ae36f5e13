import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, ProjectionType, Table } from "aws-cdk-lib/aws-dynamodb";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { APPROVALS_KEYS, LEDGER_KEYS, OPEN_INDEX } from "../functions/adapters/aws/tables.ts";
import { acknowledge } from "./acknowledgements.ts";
import type { Names } from "./names.ts";

const text = (name: string) => ({ name, type: AttributeType.STRING });

/** What outlives every deployment: nothing here is replaced or deleted by one, and no deployment writes an item. */
const KEPT = {
  billingMode: BillingMode.PAY_PER_REQUEST,
  pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
  deletionProtection: true,
  removalPolicy: RemovalPolicy.RETAIN,
};

/** The ledger: incidents, what they did, and what people switched. */
export const ledgerTable = (scope: Construct, names: Names): Table => {
  const table = new Table(scope, "Ledger", {
    ...KEPT,
    tableName: names.tables.ledger,
    partitionKey: text(LEDGER_KEYS.partition),
    sortKey: text(LEDGER_KEYS.sort),
  });
  table.addGlobalSecondaryIndex({
    indexName: OPEN_INDEX.name,
    partitionKey: text(OPEN_INDEX.partition),
    sortKey: text(OPEN_INDEX.sort),
    projectionType: ProjectionType.KEYS_ONLY,
  });
  return table;
};

/** What people answered: a table of its own, for who asks must not be able to answer. */
export const approvalsTable = (scope: Construct, names: Names): Table =>
  new Table(scope, "Approvals", {
    ...KEPT,
    tableName: names.tables.approvals,
    partitionKey: text(APPROVALS_KEYS.partition),
    sortKey: text(APPROVALS_KEYS.sort),
  });

/** Records, rows to learn from and the audit trail. */
export const recordsBucket = (scope: Construct, names: Names): Bucket => {
  const bucket = new Bucket(scope, "Records", {
    bucketName: names.bucket,
    versioned: true,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  acknowledge(
    bucket,
    "AwsSolutions-S1",
    "who reads it is logged by CloudTrail's data events, where an account wants them",
  );
  return bucket;
};
