/** The account and Region that a client speaks to. */
export type AlarmPlace = Readonly<{ account: string; region: string }>;

/**
 * What a key may name: the alarm `whole`, or a contributor of another one. Names may hold slashes, so that CloudWatch alone
 * can say which of the two there is.
 */
export type AlarmNames = Readonly<{
  key: string;
  whole: string;
  part: Readonly<{ alarmName: string; contributorId: string }> | null;
}>;

/** Takes a key apart; null for one of another account or Region. */
export const namesIn = ({ account, region }: AlarmPlace, key: string): AlarmNames | null => {
  const prefix = `${account}/${region}/`;
  if (!key.startsWith(prefix)) return null;
  const whole = key.slice(prefix.length);
  const slash = whole.lastIndexOf("/");
  const part = slash <= 0 ? null : { alarmName: whole.slice(0, slash), contributorId: whole.slice(slash + 1) };
  return { key, whole, part };
};
