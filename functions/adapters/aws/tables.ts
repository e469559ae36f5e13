/** The key schemas of the two tables, every attribute a string: infra declares them, the adapters ask by them. */
export const LEDGER_KEYS = { partition: "group", sort: "key" } as const;

/** A sparse index of the ledger, keys only: incidents that are open or watched carry its partition attribute. */
export const OPEN_INDEX = { name: "open", partition: "open", sort: "key" } as const;

/** What an item of the index carries there; one value, for all of them are read together. */
export const IS_OPEN = "1";

export const APPROVALS_KEYS = { partition: "decision", sort: "person" } as const;

/**
 * Groups of the ledger that people alone write, as `dynamodb:LeadingKeys` matches them: a role of a function is denied
 * them. Each of their items is a group of its own.
 */
export const GROUPS_OF_PEOPLE = ["switch#*", "mode#*", "champion#*"] as const;
