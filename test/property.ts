import fc from 'fast-check'

const given = process.env.LOCKSTEP_SEED

/**
 * fast-check for properties that draw the same cases in every run, so that a red run is about the change and nothing else. A
 * search for new cases asks for it: LOCKSTEP_FUZZ for that many cases of its own seed, LOCKSTEP_SEED for those of another.
 */
if (given !== undefined) fc.configureGlobal({ seed: Number(given) })
else if (process.env.LOCKSTEP_FUZZ === undefined) fc.configureGlobal({ seed: 1 })

export { default } from 'fast-check'
