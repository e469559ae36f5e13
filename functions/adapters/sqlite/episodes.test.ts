import { episodesContract } from "../contracts/episodes.contract.ts";
import { openDatabase } from "./database.ts";
import { sqliteEpisodes } from "./episodes.ts";

episodesContract("the SQLite episodes", async () => {
  const episodes = sqliteEpisodes(openDatabase(":memory:"));
  return { episodes, rows: async () => episodes.rows() };
});
