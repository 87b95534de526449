#!/usr/bin/env node
// Loads the program, dist/*.cjs, with V8's code cache: parsing takes longer than all that a kept token does
// (docs/decisions/code-cache.md).
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { Script } = require('node:vm');

const root = path.join(__dirname, '..');
// Beside the program, never in a temporary or home directory: whoever can write here can write the program.
const cacheDirectory = path.join(root, '.code-cache');
// A cache is good for the flags of V8 that it was made with: who runs with flags and without must not take turns.
const hasFlags = process.execArgv.length > 0 || Boolean(process.env.NODE_OPTIONS);
const loaded = new Map();
const uncached = [];

/** Runs one of the program's files, once, and answers its exports. */
function load(name) {
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const filename = path.join(root, 'dist', name);
  const source = fs.readFileSync(filename, 'utf8');
  // The first line is what the build knows the file's content by.
  const cacheFile = path.join(cacheDirectory, nameOfCache(name, source.slice(2, 18)));
  const cachedData = readCache(cacheFile);
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
  const script = new Script(wrapped, { filename, cachedData });
  if (cachedData === undefined || (script.cachedDataRejected && !hasFlags)) keepAtExit(script, cacheFile);
  const module = { exports: {} };
  loaded.set(name, module);
  script
    .runInThisContext()
    .call(module.exports, module.exports, requireOurs, module, filename, path.join(root, 'dist'));
  return module.exports;
}

function requireOurs(id) {
  return id.startsWith('./') ? load(id.slice(2)) : require(id);
}

// Only what ran is in a cache, and each command runs another part of main.cjs.
function nameOfCache(name, contentId) {
  const [, , word = ''] = process.argv;
  const part = name === 'main.cjs' && /^[a-z][a-z-]{1,20}$/.test(word) ? word : 'any';
  return `${name}-${contentId}-${part}-${process.version}-${process.arch}`;
}

// What V8 takes from a cache it runs. One that another user wrote, root aside, is not used.
function readCache(file) {
  let descriptor;
  try {
    descriptor = fs.openSync(file, 'r');
    const { uid } = fs.fstatSync(descriptor);
    return uid === 0 || uid === process.getuid?.() ? fs.readFileSync(descriptor) : undefined;
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

function keepAtExit(script, file) {
  // One that failed did not run what it does otherwise; a word that is no command failed.
  if (uncached.push({ script, file }) === 1) process.once('exit', (code) => code === 0 && writeCaches());
}

function writeCaches() {
  try {
    fs.mkdirSync(cacheDirectory, { recursive: true, mode: 0o755 });
    for (const { script, file } of uncached) writeWhole(file, script.createCachedData());
  } catch {
    // An installation that belongs to another user, a full disk: it starts as it did.
  }
}

// Whole or not at all, and on the disk before it gets its name: V8 checks version, flags and length, not every byte.
function writeWhole(file, bytes) {
  const temporary = `${file}.${process.pid}`;
  const descriptor = fs.openSync(temporary, 'wx', 0o644);
  try {
    fs.writeFileSync(descriptor, bytes);
    fs.fsyncSync(descriptor);
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.unlinkSync(temporary);
    throw error;
  } finally {
    fs.closeSync(descriptor);
  }
}

load('main.cjs');
