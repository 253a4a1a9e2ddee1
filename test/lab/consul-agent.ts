import { out } from './play.ts'

/** A gossip key as Consul takes it; known to everybody, so for tests alone. */
export const GOSSIP_KEY = 'cg8StVXbQJ0gPvMd9o7yrg=='

/** Where the certificates of a test lie on its hosts. */
export const TLS_FOLDER = '/run/example-consul'

/** Shell text that makes an authority and, with it, a certificate of a server and one of another authority. */
export const makeCertificates = `mkdir -p ${TLS_FOLDER}; cd ${TLS_FOLDER}
ca() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=$1" -keyout $2.key -out $2.pem; }
leaf() { openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout $2.key -out $2.csr
printf 'subjectAltName=DNS:server.nyc2.consul,DNS:localhost,IP:127.0.0.1\\nextendedKeyUsage=serverAuth,clientAuth\\n' >$2.ext
openssl x509 -req -in $2.csr -CA $3.pem -CAkey $3.key -set_serial $4 -days 20 -extfile $2.ext -out $2.pem; rm $2.csr $2.ext; }
{ ca 'example ca' ca && leaf server.nyc2.consul cert ca 0x1001 && cat cert.key >key.pem; } 2>/dev/null`

/**
 * Starts a server that is a cluster by itself, on loopback addresses, and waits until it leads. What it writes lies in /run, so
 * that it is no change of the host.
 */
export async function startLoneServer(host: string): Promise<void> {
  const config = {
    ...{ server: true, bootstrap_expect: 1, bind_addr: '127.0.0.1', datacenter: 'nyc2' },
    ...{ data_dir: `${TLS_FOLDER}/data`, performance: { raft_multiplier: 1 }, disable_update_check: true },
    ...{ encrypt: GOSSIP_KEY, ca_file: `${TLS_FOLDER}/ca.pem`, cert_file: `${TLS_FOLDER}/cert.pem` },
    ...{ key_file: `${TLS_FOLDER}/key.pem`, verify_incoming_rpc: true, verify_outgoing: true },
    ...{ verify_server_hostname: true },
  }
  await out(
    host,
    `set -e
${makeCertificates}
cat >${TLS_FOLDER}/config.json <<'END'
${JSON.stringify(config)}
END
systemd-run -q --unit=lone-consul consul agent -config-file=${TLS_FOLDER}/config.json
within() { timeout 60 sh -c "until $1; do sleep 0.1; done"; }
within 'curl -s http://127.0.0.1:8500/v1/status/leader | grep -q 8300'
within 'curl -fso /dev/null http://127.0.0.1:8500/v1/operator/autopilot/health'`,
  )
}
