#!/usr/bin/env node
'use strict';
// A flood of requests would make V8 grow its space for new objects, and the process to 120 MB (Node 20) or 150 (26).
// Held at its first size, the peak is 95 to 103; nothing here makes enough objects for the speed to differ.
require('node:v8').setFlagsFromString('--semi-space-growth-factor=1');
require('../dist/main.cjs');
