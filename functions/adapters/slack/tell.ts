import { fitted } from "./slack-text.ts";

/** Slack shows a person an error after three seconds, and what is told is only a courtesy. */
const ANSWER_MS = 1_500;

/** Where Slack takes answers to an interaction, in its two worlds. */
const HOSTS: readonly string[] = ["hooks.slack.com", "hooks.slack-gov.com"];

/** Tells the person who clicked, and nobody else, what became of it. Throws where Slack did not take it. */
export type Tell = (responseUrl: string, text: string) => Promise<void>;

/**
 * @param hosts other than Slack's own in tests: the address came in a signed request, and is held against them even so
 */
export const slackTell =
  (hosts: readonly string[] = HOSTS): Tell =>
  async (responseUrl, text) => {
    const url = URL.parse(responseUrl);
    const isOurs = url !== null && hosts.includes(url.host) && (url.protocol === "https:" || hosts !== HOSTS);
    if (!isOurs) throw new TypeError(`${url?.host ?? "what is no address"} is not where Slack takes answers`);
    const response = await fetch(url, {
      method: "POST",
      redirect: "error",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ response_type: "ephemeral", replace_original: false, text: fitted(text, 3000) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (!response.ok) throw new Error(`Slack did not take an answer: HTTP ${response.status}`);
  };
