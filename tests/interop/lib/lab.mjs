// A server as the world sees it: login and PDS at https origins, and an app at a web site of its own.

import { newAuthority } from './authority.mjs'
import { startClientSite } from './client-site.mjs'
import { startEntryway } from './entryway.mjs'
import { startTlsFront } from './tls-front.mjs'

/** Answers what `startEntryway` does, and beside it the `site` of an app, for documents and key sets. */
export async function startLab() {
  const authority = await newAuthority()
  const [site, login, pds] = await Promise.all([
    startClientSite({ authority, host: 'app.example.net' }),
    startTlsFront({ authority, host: 'login.example.org' }),
    startTlsFront({ authority, host: 'pds.example.org' }),
  ])
  const close = () => {
    for (const server of [site, login, pds]) server.stop()
    authority.remove()
  }
  try {
    const entryway = await startEntryway({
      more: [
        '--origin', login.origin, '--pds-origin', pds.origin, '--extra-ca', authority.file, '--resolve', site.resolve,
      ],
    })
    login.to(entryway.behind.issuer)
    pds.to(entryway.behind.pds)
    return {
      ...entryway,
      site,
      stop: async () => {
        await entryway.stop()
        close()
      },
    }
  } catch (error) {
    close()
    throw error
  }
}
