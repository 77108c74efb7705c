// A real browser, driven through the pages, that tells what passes between it and the servers.

import { existsSync } from 'node:fs'
import { chromium as driver } from 'playwright-core'
import {
  remember, rememberAuthorization, rememberCookies, rememberParameters, rememberUrl, screenshotFile,
} from './artefacts.mjs'

const executablePath =
  process.env.ENTRYWAY_CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

/** For node:test: why a browser test cannot run here, or false where it can. */
export const skip = executablePath ? false : 'no Chromium on this machine'

export const patience = 15_000

/** Only loopback traffic: everything that a browser does on its own account is switched off. */
export function launchChromium() {
  return driver.launch({
    executablePath,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  })
}

/**
 * A person's browser: cookies and storage of its own. `faults` collects what the pages of `origin` complain about:
 * scripts that fail, policies that are broken, requests that leave the origin.
 */
export async function newPerson(browser, { origin, ...options } = {}) {
  const context = await browser.newContext({ locale: 'en-US', ...options })
  context.setDefaultTimeout(patience)
  const faults = []
  const pending = new Set()
  context.on('request', (request) => {
    rememberUrl(request.url())
    rememberAuthorization(request.headers().authorization)
    if (request.headers()['content-type']?.startsWith('application/x-www-form-urlencoded')) {
      rememberParameters(request.postData() ?? '')
    }
    const from = request.headers().referer
    if (!request.isNavigationRequest() && from?.startsWith(`${origin}/`) && !request.url().startsWith(`${origin}/`)) {
      faults.push(`${from} asks another origin for ${request.url()}`)
    }
  })
  context.on('response', (response) => {
    const work = rememberResponse(response).catch(() => {})
    pending.add(work)
    work.finally(() => pending.delete(work))
  })
  context.on('console', (message) => {
    const { url } = message.location()
    // a page that says 4xx is logged as a failed load of itself
    if (message.type() === 'error' && url.startsWith(`${origin}/`) && !/^Failed to load resource.* status of 4/.test(message.text())) {
      faults.push(`${url}: ${message.text()}`)
    }
  })
  context.on('weberror', (error) => faults.push(`${error.page()?.url()}: ${error.error()}`))
  return {
    context,
    faults,
    newPage: () => context.newPage(),
    async close() {
      await Promise.all(pending)
      remember(...(await context.cookies()).map(({ value }) => value))
      await context.close()
    },
  }
}

async function rememberResponse(response) {
  rememberCookies((await response.headerValue('set-cookie'))?.split('\n') ?? [])
  const location = await response.headerValue('location')
  if (location) rememberUrl(new URL(location, response.url()).href)
  if (response.headers()['content-type']?.startsWith('application/json')) rememberParameters(await response.json())
}

const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } }

/** Pictures of a page as it stands: light and dark, phone and desktop. */
export async function picture(page, name) {
  const before = page.viewportSize()
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme })
    for (const [size, viewport] of Object.entries(sizes)) {
      await page.setViewportSize(viewport)
      await page.screenshot({ path: screenshotFile(`${name}.${colorScheme}.${size}`), fullPage: true, animations: 'disabled' })
    }
  }
  await page.emulateMedia({ colorScheme: null })
  if (before) await page.setViewportSize(before)
}
