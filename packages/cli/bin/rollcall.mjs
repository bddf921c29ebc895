#!/usr/bin/env node
// Committed, unlike dist/: npm links no bin that does not exist when it installs.
import "../dist/main.js";
