#!/usr/bin/env node
// The built command line begins here. What V8 has made of each piece lies beside it, from the time of building, so that it is
// not made anew at each start; without it, or for another Node, V8 does that, and nothing else changes.
const { existsSync, readFileSync } = require('node:fs')
const { join } = require('node:path')
const { setFlagsFromString } = require('node:v8')
const { Script } = require('node:vm')

// How much a function has to run before V8 takes time to make it faster, a good ten times what it is else: a run of Lockstep is short,
// and most of that time was never won back. Before anything is loaded, since V8 keeps what it makes of code by its settings. A Node
// that nobody has tried it with is left alone.
if (/^v2[0-4]\./.test(process.version)) setFlagsFromString('--interrupt-budget=1000000')

/** Pieces that are loaded, by name: their scripts, and what they export. */
const pieces = new Map()

/** Parts of Node that take a while to load, and that many commands only have at hand: loaded when something of them is used. */
const heavy = new Set(['node:child_process', 'node:crypto', 'node:net'])

/** Gives what a piece of this folder exports, or what Node has by that name. */
function load(name) {
  if (heavy.has(name)) return lazily(name)
  if (!name.startsWith('./part-')) return require(name)
  const known = pieces.get(name)
  if (known) return known.module.exports
  const file = join(__dirname, name)
  const cache = `${file}.v8`
  const cachedData = existsSync(cache) ? readFileSync(cache) : undefined
  // The build writes ASCII, which V8 takes as it is. On one line with the text, so that lines are numbered as in the file.
  const text = `'use strict';(function (require, module, exports, __filename, __dirname) {${readFileSync(file, 'latin1')}\n})`
  const script = new Script(text, { filename: file, cachedData })
  const module = { exports: {} }
  pieces.set(name, { file, script, module })
  script.runInThisContext()(load, module, module.exports, file, __dirname)
  return module.exports
}

function lazily(name) {
  let loaded
  return new Proxy(
    {},
    {
      get(_, key) {
        loaded ??= require(name)
        return loaded[key]
      },
    },
  )
}

if (require.main === module) load('./part-main.js').main(process.argv.slice(2))
else module.exports = { load, pieces, main: './part-main.js' }
