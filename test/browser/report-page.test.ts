import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { nasty } from '../report/hostile.ts'
import { everything, large, type SampleRun } from '../report/sample.ts'
import { Chromium } from './chromium.ts'

const browser = new Chromium()
const many = large(200, 100)
afterEach(() => browser.leave())
afterAll(() => browser[Symbol.asyncDispose]())

/** Where pictures go for a person to look at; nowhere when nobody asks for them. */
const album = process.env.LOCKSTEP_PICTURES

async function picture(page: Page, name: string): Promise<void> {
  if (album === undefined) return
  mkdirSync(album, { recursive: true })
  await page.screenshot({ path: join(album, `${name}.png`), fullPage: !name.startsWith('large') })
}

const nodes = (page: Page) => page.evaluate<number>('document.querySelectorAll("*").length')
const overflow = (page: Page) => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
const isInGrid = (page: Page) =>
  page.evaluate<boolean>('document.getElementById("grid").contains(document.activeElement)')
const focused = (page: Page) =>
  page.evaluate<string>(
    '[document.activeElement.parentElement.getAttribute("aria-rowindex"), document.activeElement.getAttribute("aria-colindex")].join()',
  )

describe('the page of a report', () => {
  test('opens from a disk, complains of nothing and asks nobody for anything', async () => {
    const { page, complaints } = await browser.open(everything)
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toMatch(/^4 hosts · 8 states checked/)
    await page.getByRole('gridcell', { name: 'not visible' }).waitFor()
    await picture(page, 'everything')
    expect(complaints).toEqual([])
  })

  test('searches in differences', async () => {
    const { page } = await browser.open(everything)
    await page.getByRole('searchbox', { name: 'Search' }).fill('passwordauthentication')
    expect(await page.getByRole('status').innerText()).toBe('1 of 10 findings')
    expect(await page.getByRole('article').count()).toBe(1)
    expect(await page.getByRole('grid').getByRole('columnheader').allInnerTexts()).toEqual(['Host', 'sshd is hardened'])
    expect(await page.getByRole('grid').getByRole('rowheader').allInnerTexts()).toEqual(['web1', 'web2'])
    await page.getByRole('button', { name: 'Clear' }).click()
    expect(await page.getByRole('article').count()).toBe(10)
  })

  test('filters by status, host and task', async () => {
    const { page } = await browser.open(everything)
    const sign = page.getByRole('button', { name: 'not visible' })
    await sign.click()
    expect(await sign.getAttribute('aria-pressed')).toBe('true')
    expect(await page.getByRole('article').allInnerTexts()).toEqual([
      expect.stringContaining('/etc/shadow: permission denied'),
    ])
    await sign.click()
    await page.getByRole('searchbox', { name: 'Host' }).fill('web2')
    expect(await page.getByRole('status').innerText()).toBe('4 of 10 findings')
    await page.getByRole('searchbox', { name: 'Task' }).fill('sshd')
    expect(await page.getByRole('status').innerText()).toBe('1 of 10 findings')
    expect(await page.getByRole('grid').getByRole('rowheader').allInnerTexts()).toEqual(['web2'])
    await page.getByRole('searchbox', { name: 'Task' }).fill('there is no such task')
    expect(await page.getByRole('status').innerText()).toBe('0 of 10 findings')
  })

  test('is used with the keyboard: arrows move, Enter shows what is behind a cell, Escape closes it', async () => {
    const { page } = await browser.open(many)
    await page.getByRole('searchbox', { name: 'Task' }).focus()
    for (let tabs = 0; tabs < 20 && !(await isInGrid(page)); tabs++) await page.keyboard.press('Tab')
    expect(await focused(page)).toBe('2,2')
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowDown']) await page.keyboard.press(key)
    expect(await focused(page)).toBe('4,3')
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid')
    await page.keyboard.press('Control+End')
    expect(await focused(page)).toBe('201,101')
    expect(await page.getByRole('grid').getByRole('rowheader', { name: 'host-199.example.org' }).isVisible()).toBe(true)
    await page.keyboard.press('Home')
    await page.keyboard.press('Control+Home')
    expect(await focused(page)).toBe('2,2')
    await page.keyboard.press('Enter')
    const cell = page.getByRole('region', { name: 'The chosen cell' })
    expect(await cell.innerText()).toContain('host-000.example.org: task 0 keeps its part of the system')
    expect(await cell.innerText()).toContain('site.yml:10:7')
    await page.keyboard.press('Escape')
    expect(await cell.isVisible()).toBe(false)
    expect(await focused(page)).toBe('2,2')
    await page.keyboard.press('Tab')
    expect(await isInGrid(page)).toBe(false)
  })

  test('keeps few elements for 200 hosts and 100 tasks, wherever one scrolls', async () => {
    const { page, complaints } = await browser.open(many)
    const grid = page.getByRole('grid')
    expect(await grid.getAttribute('aria-rowcount')).toBe('201')
    expect(await grid.getAttribute('aria-colcount')).toBe('101')
    expect(await nodes(page)).toBeLessThan(5000)
    await page.evaluate('document.getElementById("scroller").scrollTo(1e6, 1e6)')
    await grid.getByRole('rowheader', { name: 'host-199.example.org' }).waitFor()
    await grid.getByRole('columnheader', { name: 'task 99 keeps its part of the system' }).waitFor()
    expect(await nodes(page)).toBeLessThan(5000)
    await picture(page, 'large')
    await page.getByRole('button', { name: /^Show 40 more of/ }).click()
    expect(await page.getByRole('article').count()).toBe(80)
    expect(complaints).toEqual([])
  })

  test.each<[string, SampleRun]>([
    ['small', everything],
    ['large', many],
  ])('fits a phone, dark and light, and paper: %s', async (name, run) => {
    const { page, complaints } = await browser.open(run)
    await page.setViewportSize({ width: 390, height: 844 })
    const papers: unknown[] = []
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      papers.push(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor'))
      expect(await page.evaluate<number[]>(contrasts)).toEqual([])
      expect(await overflow(page)).toBeLessThanOrEqual(0)
      await picture(page, `${name}-phone-${colorScheme}`)
    }
    expect(new Set(papers).size).toBe(2)
    await page.setViewportSize({ width: 680, height: 960 })
    await page.emulateMedia({ media: 'print', colorScheme: 'light' })
    await page.waitForFunction('document.documentElement.scrollWidth <= innerWidth')
    await page.locator('#too-large').waitFor({ state: name === 'large' ? 'visible' : 'hidden' })
    await picture(page, `${name}-print`)
    expect(complaints).toEqual([])
  })

  test('prints all that was found, and a matrix that fits on paper', async () => {
    const { page } = await browser.open(large(20, 12))
    const before = await page.getByRole('article').count()
    await page.emulateMedia({ media: 'print' })
    await page.waitForFunction('document.querySelector("#rest button") === null')
    await page.waitForFunction('document.querySelectorAll("td[data-row]").length === 240')
    const after = await page.evaluate<number>('document.querySelectorAll("article").length')
    expect(after).toBeGreaterThanOrEqual(before)
    expect(await page.getByRole('searchbox', { name: 'Search' }).isVisible()).toBe(false)
    expect((await page.pdf()).length).toBeGreaterThan(10_000)
  })

  test('can be read without script', async () => {
    const { page } = await browser.open(everything, { javaScriptEnabled: false })
    expect(await page.getByRole('heading', { level: 1 }).isVisible()).toBe(true)
    expect(await page.getByRole('grid').isVisible()).toBe(false)
    expect(await page.getByRole('searchbox', { name: 'Search' }).isVisible()).toBe(false)
    expect(await page.getByRole('article').count()).toBe(10)
    expect(await page.getByRole('article').nth(2).innerText()).toContain('-PermitRootLogin yes')
  })

  test('shows hostile words as words', async () => {
    const results = Object.fromEntries(
      nasty.map((text, index) => [`h${index}`, { status: 'not-visible', reason: text }] as const),
    )
    const tasks = nasty.map((name, index) => ({ name, module: name, source: name, line: index + 1, results }))
    const { page, complaints } = await browser.open({ playbook: nasty.join(), hosts: Object.keys(results), tasks })
    await page.getByRole('searchbox', { name: 'Search' }).fill('alert(1)')
    await page.getByRole('gridcell', { name: 'not visible' }).first().click()
    expect(await page.getByRole('region', { name: 'The chosen cell' }).innerText()).toContain('alert(1)')
    expect(await page.evaluate('document.querySelectorAll("main script, img, svg, a").length')).toBe(0)
    expect(complaints).toEqual([])
  })
})

/** Ratios of signs and words that are below what WCAG 2.2 asks for (1.4.3: 4.5 for text of this size). */
const contrasts = `(() => {
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = (element) => {
    const colour = getComputedStyle(element).backgroundColor
    return colour === 'rgba(0, 0, 0, 0)' && element.parentElement ? behind(element.parentElement) : colour
  }
  return [...document.querySelectorAll('.badge, .sample, .sign, .kicker, .place, .reason, td[data-row], h1, .keys, ins, del, pre')]
    .map((element) => [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a))
    .map(([high, low]) => (high + 0.05) / (low + 0.05))
    .filter((ratio) => ratio < 4.5)
})()`
