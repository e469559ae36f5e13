import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { clientSettings } from "../../adapters/aws/clients.ts";
import { dynamoDbLedger } from "../../adapters/aws/dynamodb-ledger.ts";
import { readVotes } from "../../adapters/aws/dynamodb-votes.ts";
import { s3AuditStore } from "../../adapters/aws/s3-audit.ts";
import { s3Episodes } from "../../adapters/aws/s3-episodes.ts";
import { s3Records } from "../../adapters/aws/s3-records.ts";
import { s3TrackRecord } from "../../adapters/aws/s3-track-record.ts";
import type { Surroundings } from "../../adapters/aws/surroundings.ts";

type Names = Pick<Surroundings, "ledgerTable" | "approvalsTable" | "bucket">;

/** Where the agent keeps what it knows, in this account. */
export const deployedStores = ({ ledgerTable, approvalsTable, bucket }: Names) => {
  const made = clientSettings(process.env);
  const dynamo = new DynamoDBClient(made);
  const s3 = new S3Client(made);
  return {
    ledger: dynamoDbLedger(dynamo, ledgerTable),
    /** Read only: the function that verifies who clicked writes them. */
    votes: (decisionId: string) => readVotes(dynamo, approvalsTable, decisionId),
    episodes: s3Episodes(s3, bucket),
    records: s3Records(s3, bucket),
    trackRecord: s3TrackRecord(s3, bucket),
    audit: s3AuditStore(s3, bucket),
  };
};

export type DeployedStores = ReturnType<typeof deployedStores>;
