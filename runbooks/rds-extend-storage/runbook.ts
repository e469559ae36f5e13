import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { arnParts, numberOf, pointsOf, seriesOf, shown, textOf, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";

const ID = "rds-extend-storage";
const TARGET_TYPE = "AWS::RDS::DBInstance";
const GIB = 2 ** 30;
/** The most that RDS gives a PostgreSQL instance, and the least: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html */
const storage = z.int().min(20).max(65_536);
/** More than twice as much at once, for ever, is for its owners to decide. */
const MOST_GROWTH = 2;
const AIM_GROWTH = 1.5;
const LITTLE_SHARE = 0.2;
/** What is gone within this time at the present pace cannot wait for the owner's working day. */
const SOON_MINUTES = 360;
const LEAST_POINTS = 12;

type Course = Readonly<{ id: string; freeGib: number; minutesLeft: number }>;

/** How much is free and for how long at the pace of the last hour; null where too little was read. */
const courseOf = (context: Context, arn: string): Course | null => {
  const series = seriesOf(context, arn, "FreeStorageSpace");
  const points = pointsOf(series, "left-out");
  const [first, last] = [points[0], points.at(-1)];
  const shortlyBefore = points.at(-LEAST_POINTS);
  if (series === null || first === undefined || last === undefined || shortlyBefore === undefined) return null;
  const lostAMinute = (shortlyBefore.value - last.value) / ((last.atMs - shortlyBefore.atMs) / 60_000);
  const minutesLeft = lostAMinute <= 0 ? Number.POSITIVE_INFINITY : last.value / lostAMinute;
  return { id: series.id, freeGib: last.value / GIB, minutesLeft };
};

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const course = courseOf(context, target.arn);
  const allocated = numberOf(target, "allocatedStorage");
  const params = paramsFor(target);
  if (course === null || allocated === null || params === null || wasTried(context, ID, target.arn)) return [];
  const offer = (fit: number, because: string): readonly Suggestion[] => [
    { target: target.arn, params, fit, because, evidence: [course.id] },
  ];
  const told = `${target.name} had ${shown(course.freeGib)} of ${allocated} GiB free`;
  const isSoon = course.minutesLeft <= SOON_MINUTES;
  if (textOf(target, "status") === "storage-full")
    return course.freeGib < LITTLE_SHARE * allocated || isSoon ? offer(0.95, `${told} and is full.`) : [];
  if (course.freeGib >= LITTLE_SHARE * allocated) return [];
  return isSoon
    ? offer(0.85, `${told}, which last ${shown(course.minutesLeft)} minutes at the present pace.`)
    : offer(0.4, `${told}, and no less than before.`);
};

/** Null where it is changing already, or has no storage of its own to extend. */
const paramsFor = (target: Resource) => {
  const [, DBInstanceIdentifier] = arnParts(target.arn);
  const ExpectedAllocatedStorage = numberOf(target, "allocatedStorage");
  const status = textOf(target, "status");
  if (DBInstanceIdentifier === undefined || ExpectedAllocatedStorage === null) return null;
  if (status !== "available" && status !== "storage-full") return null;
  const AllocatedStorage = Math.ceil(ExpectedAllocatedStorage * AIM_GROWTH);
  return { DBInstanceIdentifier, AllocatedStorage, ExpectedAllocatedStorage };
};

/** Gives a database that runs out of storage half as much again; it can never be taken back. */
export const rdsExtendStorage: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Give a database instance more storage",
  kind: "effect",
  effect: "The storage grows within minutes while the database serves, and is paid for from then on: it never shrinks.",
  targetType: TARGET_TYPE,
  parameters: z
    .strictObject({
      DBInstanceIdentifier: z.string().regex(/^[A-Za-z](-?[A-Za-z0-9]){0,62}$/),
      AllocatedStorage: storage,
      ExpectedAllocatedStorage: storage,
    })
    .refine(
      ({ AllocatedStorage, ExpectedAllocatedStorage }) => AllocatedStorage >= ExpectedAllocatedStorage * 1.1,
      "RDS adds a tenth at least",
    )
    .refine(
      ({ AllocatedStorage, ExpectedAllocatedStorage }) => AllocatedStorage <= ExpectedAllocatedStorage * MOST_GROWTH,
      "it never more than doubles",
    ),
  tier: 2,
  reversal: "none",
  documents: loadDocuments(ID),
  expectedMinutes: 8,
  cooldownSeconds: 6 * 3600,
  whenRecovered: "finish",
  treats: ["AWS/RDS/FreeStorageSpace"],
  endsDeployment: false,
  departsFrom: "the instance's AllocatedStorage",
  blastRadius: ({ zones }) => ({ share: 0, resources: 1, zones, dataStore: true, capacity: null }),
  suitsWhen: "A database is out of storage, or will be within hours at the present pace.",
  aim: paramsFor,
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
