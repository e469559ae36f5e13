/** The name is taken by an execution that was started with another payload. */
export class DurableExecutionAlreadyStarted extends Error {
  override readonly name = "DurableExecutionAlreadyStarted";
}

/** A payload is larger than one operation may carry: store it elsewhere and pass a reference. */
export class PayloadTooLarge extends Error {
  override readonly name = "PayloadTooLarge";
}

/** Not an execution name: 1 to 64 characters of A-Z, a-z, 0-9, `-` and `_`. */
export class ExecutionNameInvalid extends Error {
  override readonly name = "ExecutionNameInvalid";
}

/** The callback id was not minted by this store. */
export class CallbackUnknown extends Error {
  override readonly name = "CallbackUnknown";
}

/** An operation was asked to do what its kind or its state does not allow. */
export class CheckpointRefused extends Error {
  override readonly name = "CheckpointRefused";
}
