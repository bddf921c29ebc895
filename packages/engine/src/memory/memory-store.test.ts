import { storeContract } from "../testing/store-contract.js";
import { MemoryStore } from "./memory-store.js";

storeContract("MemoryStore", async () => new MemoryStore());
