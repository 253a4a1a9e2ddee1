import { Ajv, type Options, type ValidateFunction } from 'ajv'

/**
 * Validators that the build makes ahead of the schemas of modules, since making them costs most of what a start costs. Where
 * the sources run as they are there are none; engine/build-validators.mjs puts a module in the place of this one.
 */
export const madeAhead: Pick<ReadonlyMap<object, ValidateFunction>, 'get'> = new Map()

/** The library that makes validators; a built Lockstep loads it when it is first asked for. */
export function createAjv(options: Options): Ajv {
  return new Ajv(options)
}
