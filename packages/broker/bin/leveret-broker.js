#!/usr/bin/env node
// Stands in the repository, unlike `dist`, so that an install can link the command before the first build.
import '../dist/cli.js';
