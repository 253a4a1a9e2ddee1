import { expect, test } from 'vitest'
import { withoutSecrets } from '../../engine/execution/register.ts'
import { KnownSecrets } from '../../engine/resource/known-secrets.ts'
import { Secret } from '../../engine/resource/secret.ts'

test('what is registered and holds a known secret is one itself', () => {
  const secrets = new KnownSecrets()
  const value = { stdout: 'it is sesame', stdout_lines: ['it is sesame', 'bye'], rc: 0, none: null }
  expect(withoutSecrets(value, secrets)).toBe(value)
  secrets.add(new Secret('sesame'))
  expect(JSON.stringify(withoutSecrets(value, secrets))).toBe(
    '{"stdout":"‹secret›","stdout_lines":["‹secret›","bye"],"rc":0,"none":null}',
  )
})
