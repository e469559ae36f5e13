import { remembered } from "./remembered.ts";
import type { Scene } from "./scene.ts";

/** Who calls whom in a scene: hops along `dependsOn`, the resource itself at 0. */
type Hops = ReadonlyMap<string, number>;

const callersOf = remembered((scene: Scene, _all: null): ReadonlyMap<string, readonly string[]> => {
  const callers = new Map<string, string[]>();
  for (const { arn, dependsOn } of scene.context.resources)
    for (const callee of dependsOn) callers.set(callee, [...(callers.get(callee) ?? []), arn]);
  return callers;
});

const walk = (starts: readonly string[], next: (arn: string) => readonly string[]): Hops => {
  const hops = new Map(starts.map((arn) => [arn, 0]));
  for (const [arn, hop] of hops) for (const other of next(arn)) if (!hops.has(other)) hops.set(other, hop + 1);
  return hops;
};

const below = (scene: Scene, starts: readonly string[]): Hops =>
  walk(starts, (arn) => scene.resources.get(arn)?.dependsOn ?? []);
const above = (scene: Scene, starts: readonly string[]): Hops =>
  walk(starts, (arn) => callersOf(scene, null).get(arn) ?? []);

const withoutStart = (hops: Hops, start: string): readonly string[] => [...hops.keys()].filter((arn) => arn !== start);

/** All that a resource calls, directly or not, nearest first. */
export const calleesOf: (scene: Scene, arn: string) => readonly string[] = remembered((scene, arn) =>
  withoutStart(below(scene, [arn]), arn),
);
/** All that calls a resource, directly or not, nearest first. */
export const callersAbove: (scene: Scene, arn: string) => readonly string[] = remembered((scene, arn) =>
  withoutStart(above(scene, [arn]), arn),
);

const alarmArns = ({ alarmAt, own }: Scene): readonly string[] =>
  (alarmAt === null ? own : [alarmAt]).map(({ arn }) => arn);

/** From what rings down to what it calls; from the service's own resources where what rings is not known. */
export const hopsBelowAlarm: (scene: Scene, all: null) => Hops = remembered((scene, _all) =>
  below(scene, alarmArns(scene)),
);
/** From what rings up to what calls it. */
export const hopsAboveAlarm: (scene: Scene, all: null) => Hops = remembered((scene, _all) =>
  above(scene, alarmArns(scene)),
);
