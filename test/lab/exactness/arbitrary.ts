import fc from '../../property.ts'

/** A task as YAML has it, before it gets its name. */
export type Task = Record<string, unknown>

/** A few tasks that belong together. `R` and `K` stand for names that they register. */
export type Chunk = readonly Task[]

/** Tasks of each module or action, by its name. */
export type TasksOf = Readonly<Record<string, fc.Arbitrary<Task>>>

export const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
export const one = <const T extends readonly unknown[]>(...values: T): fc.Arbitrary<T[number]> =>
  fc.constantFrom(...values)

/** A task that calls a module with these arguments. */
export const task = (module: string, args: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Task> =>
  fc.record(args).map((values) => ({ [module]: values }))

const FOLDERS = ['/srv/x', '/srv/x', '/srv/x/y', '/srv/x/y', '/srv/x/y/z'] as const
const NAMES = ['f', 'g', 'l', 'sp ace'] as const

export const folder = one(...FOLDERS)
export const path = fc.tuple(folder, one(...NAMES)).map((parts) => parts.join('/'))
export const mode = one('0644', '0600', '0755', '2775', '4711', '0000', 'u=rwX,go=rX', 'g+w,o=')
export const ownership = {
  owner: some(one('root', 'daemon', 'u1', 'u2')),
  group: some(one('root', 'daemon', 'g1', 'g2')),
  mode: some(mode),
}

export const KEY_ONE = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx one'
export const KEY_TWO = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFW0gFOhcIuCKD5P2fnSsqNP6kD3Ffo6mfDUU8yEtjwr two'
export const KEY_THREE = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICE8vUCSYKmsJ9Q0VUbf5bJAUC1wDYtREuPXWh0RZDNy three'
