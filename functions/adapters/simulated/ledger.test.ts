import { ledgerContract } from "../contracts/ledger.contract.ts";
import { simulatedLedger } from "./ledger.ts";

ledgerContract("the simulated ledger", simulatedLedger);
