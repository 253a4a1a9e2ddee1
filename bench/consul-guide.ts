import type { Cluster } from '../test/lab/consul/cluster.ts'
import { out } from '../test/lab/play.ts'

const SSL = '/etc/consul.d/ssl'
const FILES = ['ca.cert', 'consul.cert', 'consul.key']

/** The guide's certificates: one key of 1024 bits for all members, signed with SHA-1 by a CA that lies on the first server. */
export async function makeGuidesCertificates({ members, servers }: Cluster): Promise<void> {
  const [first = ''] = servers
  await out(first, authority)
  // As `scp` would bring them. The guide's agents run as root; Debian's do not, and have to be let in.
  const archive = await out(first, `cd ${SSL} && tar -c ${FILES.join(' ')} | base64 -w0`)
  for (const { name } of members) {
    await out(
      name,
      `mkdir -p ${SSL} && cd ${SSL} && echo ${archive} | base64 -d | tar -x && chown root:consul consul.key && chmod 640 consul.key`,
    )
  }
}

/** The guide's last steps: everything on in every configuration, and then one member after the other started anew. */
export async function followTheGuide({ members }: Cluster): Promise<void> {
  for (const { name } of members) await out(name, `sed -i '0,/{/s||${settings}|' /etc/consul.d/config.json`)
  for (const { name } of members) await out(name, 'systemctl stop consul; sleep 5; systemctl start consul')
}

const settings = `{ "ca_file": "${SSL}/ca.cert", "cert_file": "${SSL}/consul.cert", "key_file": "${SSL}/consul.key", "verify_incoming": true, "verify_outgoing": true,`

const authority = `set -e
mkdir -p ${SSL}/CA
chmod 0700 ${SSL}/CA
cd ${SSL}/CA
echo 000a >serial
touch certindex
openssl req -x509 -newkey rsa:2048 -days 3650 -nodes -out ca.cert -subj '/C=US/ST=New York/L=New York City/O=Example/CN=ConsulCA' 2>&1
openssl req -newkey rsa:1024 -nodes -out consul.csr -keyout consul.key -subj '/C=US/ST=New York/L=New York City/O=Example/CN=*.example.com' 2>&1
cat >myca.conf <<'END'
[ ca ]
default_ca = myca
[ myca ]
unique_subject = no
new_certs_dir = .
certificate = ca.cert
database = certindex
private_key = privkey.pem
serial = serial
default_days = 3650
default_md = sha1
policy = myca_policy
x509_extensions = myca_extensions
[ myca_policy ]
commonName = supplied
stateOrProvinceName = supplied
countryName = supplied
emailAddress = optional
organizationName = supplied
organizationalUnitName = optional
[ myca_extensions ]
basicConstraints = CA:false
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
keyUsage = digitalSignature,keyEncipherment
extendedKeyUsage = serverAuth,clientAuth
END
openssl ca -batch -config myca.conf -notext -in consul.csr -out consul.cert 2>&1
cp ca.cert consul.key consul.cert ..`
