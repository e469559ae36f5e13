// 2019-10-02T17:04:40.989+0000 (CloudWatch), 2019-10-02T17:04:40Z (EventBridge) and the colon form of RFC 3339.
const TIMESTAMP = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(?:Z|([+-])(\d{2}):?(\d{2}))$/;

/**
 * Reads a time as AWS writes it. @returns milliseconds since the epoch (finer digits are cut off), or null where the
 * text is none: another form, no offset, or a day or hour that does not exist.
 */
export const parseTimestamp = (text: string): number | null => {
  const match = TIMESTAMP.exec(text);
  if (match === null) return null;
  const [, date = "", time = "", fraction = "", sign = "+", offsetHours = "0", offsetMinutes = "0"] = match;
  const local = `${date}T${time}.${fraction.padEnd(3, "0").slice(0, 3)}Z`;
  const localMs = Date.parse(local);
  // Date.parse rolls the 31st of February over into March, so the text must come back unchanged.
  if (Number.isNaN(localMs) || new Date(localMs).toISOString() !== local) return null;
  const [hours, minutes] = [Number(offsetHours), Number(offsetMinutes)];
  if (hours > 23 || minutes > 59) return null;
  return localMs - (sign === "-" ? -1 : 1) * (hours * 60 + minutes) * 60_000;
};
