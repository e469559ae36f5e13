/** What became of a call that AWS did not answer as asked. */
export type AwsFault = Readonly<{
  kind: "credentials" | "denied" | "absent" | "throttled" | "unreachable" | "other";
  /** AWS's own name of it. */
  code: string;
  message: string;
}>;

const KINDS: readonly Readonly<{ kind: AwsFault["kind"]; codes: RegExp }>[] = [
  {
    kind: "credentials",
    codes:
      /^(\w*ProviderError|ExpiredToken\w*|InvalidClientTokenId|UnrecognizedClient\w*|SignatureDoesNotMatch|AuthFailure|RequestExpired|MissingAuthenticationToken\w*)$/,
  },
  { kind: "denied", codes: /AccessDenied|^(UnauthorizedOperation|AuthorizationError\w*|NotAuthorized\w*|Forbidden)$/ },
  { kind: "absent", codes: /NotFound|NoSuch|NonExistent|DoesNotExist|^InvalidDocument$/ },
  { kind: "throttled", codes: /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown/ },
  { kind: "unreachable", codes: /^(TimeoutError|NetworkingError|ECONN\w+|ENOTFOUND|EAI_AGAIN|EPIPE|EHOSTUNREACH)$/ },
];

/** Reads an error of the SDK, or one that an adapter put into words with the SDK's as its cause. Never throws. */
export const awsFault = (error: unknown): AwsFault => {
  const chain = causesOf(error);
  for (const one of chain)
    for (const code of namesOf(one))
      for (const { kind, codes } of KINDS) if (codes.test(code)) return { kind, code, message: one.message };
  const [first] = chain;
  return { kind: "other", code: first?.name ?? "unknown", message: first?.message ?? String(error) };
};

const causesOf = (error: unknown): readonly Error[] =>
  error instanceof Error ? [error, ...causesOf(error.cause)] : [];

const namesOf = (error: Error): readonly string[] =>
  "code" in error && typeof error.code === "string" ? [error.code, error.name] : [error.name];
