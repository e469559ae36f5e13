import { crashEverywhere, printCount } from "./crash.fixture.ts";
import { PATHS } from "./paths.fixture.ts";

for (const path of PATHS.filter(({ terminal }) => terminal === "ROLLED_BACK")) crashEverywhere(path);

printCount();
