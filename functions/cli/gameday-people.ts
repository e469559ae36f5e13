import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { type Answer, type People, scriptedPeople } from "../adapters/simulated/approvals.ts";
import { onCallPeople } from "../adapters/simulated/on-call.ts";
import type { World } from "../world/state.ts";
import type { GamedayParameters } from "./gameday-options.ts";
import type { Screen } from "./screen.ts";

/** Makes the people of one world. */
export type PeopleOf = (world: World) => People;

/** Who answers the cards of a gameday. */
export const peopleWho = (approve: GamedayParameters["approve"], screen: Screen): PeopleOf => {
  if (approve === "oncall") return onCallPeople;
  const people = approve === "ask" ? askedPeople(screen) : scriptedPeople(approve === "yes" ? "approve" : "reject");
  return () => people;
};

/** The card is on the screen when the question comes; simulated time stands still until it is answered. */
const askedPeople = ({ paint }: Screen): People => ({
  // One person is one consent: a plan that needs two expires here, as it would with one person awake.
  members: [{ person: "you", group: "oncall" }],
  answersAfterSeconds: 0,
  answer: async () => {
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
    try {
      for (;;) {
        const asked = lines.question(paint("bold", "        run this? y or n, then a reason if you like: "));
        const said = await Promise.race([asked.catch(() => null), once(lines, "close").then(() => null)]);
        if (said === null) return { answer: "reject", reason: "the terminal was closed" };
        const answer = answerIn(said);
        if (answer !== null) return answer;
      }
    } finally {
      lines.close();
    }
  },
});

const answerIn = (said: string): Answer | null => {
  const [, letter, reason] = /^\s*([yn])(?:es|o)?\b[\s,:.-]*(.*)$/i.exec(said) ?? [];
  if (letter === undefined) return null;
  return { answer: letter.toLowerCase() === "y" ? "approve" : "reject", reason: reason?.trim() ?? "" };
};
