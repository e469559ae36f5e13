import { PayloadTooLarge } from "./errors.ts";

/** 256 KiB, the size at which the SDK's own CHECKPOINT_SIZE_LIMIT_BYTES stops carrying a result in one operation. */
export const PAYLOAD_LIMIT_BYTES = 256 * 1024;

/** Throws PayloadTooLarge when the text passes 256 KiB in UTF-8; says whose it is and what to do. */
export const checkSize = (owner: string, payload: string | undefined): void => {
  const bytes = payload === undefined ? 0 : Buffer.byteLength(payload, "utf8");
  if (bytes > PAYLOAD_LIMIT_BYTES) {
    throw new PayloadTooLarge(
      `${owner} carries ${bytes} bytes, more than ${PAYLOAD_LIMIT_BYTES}: store it elsewhere and pass a reference`,
    );
  }
};
