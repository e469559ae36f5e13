import type { LanguageModel, ModelAnswer } from "../core/language-model.ts";
import { parseModelRequest } from "../core/model-wire.ts";

/**
 * Asks the model once for respond, which counts what it costs. This function holds the key and may write nothing but its
 * own logs, so that whatever a model says can reach nothing but the answer. Throws where it was sent no request.
 * @param model made when it is first needed: its key is read then
 */
export const draftWith =
  (model: () => Promise<LanguageModel>) =>
  async (event: unknown): Promise<ModelAnswer> => {
    const request = parseModelRequest(event);
    const hosted = await model();
    return hosted.ask(request);
  };
