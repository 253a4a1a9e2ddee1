import { describe, expect, test } from 'vitest'
import { bytes, clipped, columns, count, duration, fitted, listed } from '../../engine/report/words.ts'

describe('words of reports', () => {
  test.each([
    [0, '0 hosts'],
    [1, '1 host'],
    [500, '500 hosts'],
  ])('counts %i', (number, text) => expect(count(number, 'host')).toBe(text))

  test.each([
    [[], ''],
    [['a'], 'a'],
    [['a', 'b', 'c'], 'a, b, c'],
    [['a', 'b', 'c', 'd'], 'a, b and 2 more'],
  ])('lists %j', (names, text) => expect(listed(names, 2)).toBe(text))

  test.each([
    [0, '0.0 s'],
    [449, '0.4 s'],
    [9_949, '9.9 s'],
    [9_960, '10 s'],
    [59_400, '59 s'],
    [59_600, '1:00 min'],
    [185_000, '3:05 min'],
    [3_729_000, '1:02:09 h'],
  ])('says %i ms', (milliseconds, text) => expect(duration(milliseconds)).toBe(text))

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [14_320, '14 kB'],
    [999_600, '1.0 MB'],
    [2_500_000_000, '2.5 GB'],
  ])('says %i bytes', (number, text) => expect(bytes(number)).toBe(text))

  test.each([
    ['', 4, ''],
    ['abcd', 4, 'abcd'],
    ['abcde', 4, 'abc…'],
    ['大大大', 4, '大…'],
  ])('fits %j into %i columns', (text, width, cut) => {
    expect(fitted(text, width)).toBe(cut)
    expect(columns(cut)).toBeLessThanOrEqual(width)
  })
})

test('a text that is cut never ends in half a character', () => {
  expect([clipped('a💥b', 2), clipped('a💥b', 3), clipped('ab', 9), clipped('', 3)]).toEqual(['a', 'a💥', 'ab', ''])
})
