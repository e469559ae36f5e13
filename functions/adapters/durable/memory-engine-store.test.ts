import { engineStoreContract } from "../contracts/engine-store.contract.ts";
import { memoryEngineStore } from "./memory-engine-store.ts";

engineStoreContract("the engine store in memory", memoryEngineStore);
