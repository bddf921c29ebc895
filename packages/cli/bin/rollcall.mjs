#!/usr/bin/env node
// This file is committed, unlike dist/, because npm links only bin files that exist at install time.
import "../dist/main.js";
