#!/usr/bin/env node
// The built command line begins here. What V8 has made of each piece lies beside it, from the time of building, so that it is
// not made anew at each start; without it, or for another Node, V8 does that, and nothing else changes.
const { existsSync, readFileSync } = require('node:fs')
const { join } = require('node:path')
const { Script } = require('node:vm')

/** Pieces that are loaded, by name: their scripts, and what they export. */
const pieces = new Map()

/** Gives what a piece of this folder exports, or what Node has by that name. */
function load(name) {
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

if (require.main === module) load('./part-main.js').main(process.argv.slice(2))
else module.exports = { load, pieces, main: './part-main.js' }
