import type { LanguageFunction } from './define.ts'
import { encodeFunctions } from './encode.ts'
import { fileFunctions } from './file.ts'
import { listFunctions } from './list.ts'
import { logicFunctions } from './logic.ts'
import { networkFunctions } from './network.ts'
import { textFunctions } from './text.ts'

/** Every function of templates and expressions, by name; `default` and `defined` are part of the languages themselves. */
export const functions: ReadonlyMap<string, LanguageFunction> = new Map(
  [
    ...textFunctions,
    ...listFunctions,
    ...encodeFunctions,
    ...fileFunctions,
    ...logicFunctions,
    ...networkFunctions,
  ].map((each) => [each.name, each]),
)
