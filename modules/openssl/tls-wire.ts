import { X509Certificate } from 'node:crypto'
import { type Command, sh } from '../../engine/resource/command.ts'

/** Where TLS is spoken, and how. */
export interface TlsPlace {
  /** Host or address; when left out, whatever address of the host the port is listened on. */
  address: string | undefined
  port: number
  /** Consul's RPC wants the byte 03 before the handshake. */
  isRpc: boolean
  /** What the certificate must be for, and what is asked for by SNI. */
  serverName: string
  /** File with the certificates that are trusted; nothing is when it is left out. */
  ca: string | undefined
}

/** One try: with which certificate a client comes. `plaintext` speaks no TLS at all. */
export type TlsTry =
  | { name: 'plaintext' | 'without_certificate' | 'foreign_certificate' | 'identity' }
  | { name: 'identity' | 'foreign_certificate'; cert: string; key: string }

/** What came of one try. */
export interface Tried {
  /** Whether the other side hung up within a second and a half after it was spoken to. */
  isClosed: boolean
  /** What openssl has printed, or why there was no connection. */
  said: string
}

/** All tries at the same time; each ends by itself, and nothing is left behind, neither a process nor a file. */
export function tryTls(place: TlsPlace, tries: readonly TlsTry[], seconds: number): Command {
  return wire(place, seconds, '1.5', tries)
}

/** The certificate that is served there, on standard output. */
export function servedCertificate(place: TlsPlace, seconds: number): Command {
  return wire(place, seconds, '0', [{ name: 'identity' }])
}

/** What `tryTls` has printed, by name. */
export function parseTries(output: Buffer): ReadonlyMap<string, Tried> {
  const lines = output
    .toString('latin1')
    .split('\n')
    .flatMap((line) => {
      const [, name, closed, hex] = /^(\w+) ([01]) ([0-9a-f]*)$/.exec(line) ?? []
      if (name === undefined || hex === undefined) return []
      return [[name, { isClosed: closed === '1', said: Buffer.from(hex, 'hex').toString('utf8') }] as const]
    })
  return new Map(lines)
}

/** The first certificate in what openssl has printed. */
export function certificateIn(said: string): X509Certificate | undefined {
  const [pem] = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]{1,20000}-----END CERTIFICATE-----/.exec(said) ?? []
  if (pem === undefined) return undefined
  try {
    return new X509Certificate(pem)
  } catch {
    // Whatever is wrong with it, it is no certificate.
    return undefined
  }
}

function wire(
  { address = '', port, isRpc, serverName, ca = '' }: TlsPlace,
  seconds: number,
  quiet: string,
  tries: readonly TlsTry[],
): Command {
  const words = tries.flatMap((one) => ['cert' in one ? `${one.name}=${one.cert}=${one.key}` : one.name])
  return sh`for t in perl openssl; do command -v $t >/dev/null 2>&1 || { echo "lockstep: the host has no $t, which is needed to speak TLS with Consul" >&2; exit 69; }; done
perl -e ${PROGRAM} ${[address, port, isRpc ? '03' : '', serverName, ca, seconds, quiet, ...words]}`
}

/**
 * openssl cannot say a byte before its handshake, so it is led to a port of our own on 127.0.0.1, which says the byte and
 * then passes on both ways. perl is on every Debian (perl-base is essential). A client certificate that TLS 1.3 refuses shows
 * only when something is read after the handshake: so a byte 00 is written, and then waited. A foreign certificate is made on the
 * spot and reaches openssl through pipes.
 */
const PROGRAM = String.raw`use strict; use Socket qw(:DEFAULT getaddrinfo); use POSIX (); use Fcntl;
my ($at, $port, $first, $name, $ca, $patience, $quiet, @tries) = @ARGV;
$SIG{PIPE} = "IGNORE"; $ENV{SSL_CERT_DIR} = $ENV{SSL_CERT_FILE} = "/dev/null";
my $why = "";
sub now { open my $file, "<", "/proc/uptime" or die; (split " ", <$file>)[0] }
sub listened {
  for my $file ("/proc/net/tcp", "/proc/net/tcp6") { open my $table, "<", $file or next;
    while (<$table>) { /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:0000 0A / && hex $2 == $port or next;
      my $hex = $1;
      return "127.0.0.1" if $hex =~ /^0+$/;
      $hex =~ s/^0{16}FFFF0000//;
      my $bytes = join "", map { scalar reverse pack "H8", $_ } $hex =~ /.{8}/g;
      return length $bytes == 4 ? inet_ntoa($bytes) : Socket::inet_ntop(AF_INET6, $bytes) } }
  $why = "nothing listens on port $port"; "" }
sub dial { my $to = length $at ? $at : listened(); length $to or return;
  my ($error, @all) = getaddrinfo($to, $port, { socktype => SOCK_STREAM });
  $why = "$error", return if $error;
  for my $one (@all) { socket my $socket, $one->{family}, SOCK_STREAM, 0 or next;
    fcntl $socket, F_SETFL, O_NONBLOCK;
    unless (connect $socket, $one->{addr}) { $!{EINPROGRESS} or $why = "$!", next;
      vec(my $bits = "", fileno $socket, 1) = 1;
      select(undef, $bits, undef, $patience) or $why = "no connection within $patience s", next;
      my $bad = unpack "i", getsockopt $socket, SOL_SOCKET, SO_ERROR;
      if ($bad) { $! = $bad; $why = "$!"; next } }
    fcntl $socket, F_SETFL, 0; return $socket }
  return }
sub pass { my ($to, $data) = @_; while (length $data) { my $n = syswrite $to, $data; $n or return 0; substr($data, 0, $n) = "" } 1 }
sub plain { my $socket = dial() or return (2, $why);
  syswrite $socket, "\0"; vec(my $bits = "", fileno $socket, 1) = 1;
  select($bits, undef, undef, $quiet) or return (0, "");
  my $data; (sysread($socket, $data, 4096) ? 0 : 1, "") }
sub piped { my ($text) = @_; pipe my $from, my $to or die; syswrite $to, $text; close $to; fcntl $from, F_SETFD, 0; $from }
sub foreign { open my $made, "-|", "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=lockstep-foreign -keyout /dev/stdout 2>/dev/null" or die;
  local $/; my $text = <$made>; my ($key) = $text =~ /(-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----\n)/s;
  my ($cert) = $text =~ /(-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n)/s;
  defined $key && defined $cert or return; map { piped($_) } $cert, $key }
sub tls { my ($cert, $key) = @_; my @held;
  if (defined $cert && $cert eq "") { @held = foreign() or return (2, "openssl could not make a certificate");
    ($cert, $key) = map { "/dev/fd/" . fileno $_ } @held }
  my $target = dial() or return (2, $why);
  socket my $door, PF_INET, SOCK_STREAM, 0; bind $door, pack_sockaddr_in(0, INADDR_LOOPBACK) or return (2, "$!"); listen $door, 1;
  my ($own) = unpack_sockaddr_in getsockname $door;
  pipe my $in, my $feed; pipe my $out, my $say;
  my $pid = fork; defined $pid or return (2, "$!");
  if (!$pid) { open STDIN, "<&", $in; open STDOUT, ">&", $say; open STDERR, ">&", $say;
    my @shown = defined $cert ? ("-cert", $cert, "-key", $key) : ();
    exec "openssl", "s_client", "-connect", "127.0.0.1:$own", "-servername", $name, "-verify_hostname", $name, (length $ca ? ("-CAfile", $ca) : ()), @shown; POSIX::_exit(127) }
  close $in; close $say; close $_ for @held;
  my ($closed, $said, $done, $until, $client) = (0, "", 0, now() + $patience);
  syswrite $target, pack "H*", $first if length $first;
  syswrite $feed, "\0";
  my %open = (door => $door, out => $out, target => $target);
  while ($open{out} && (my $left = $until - now()) > 0) {
    my $bits = ""; vec($bits, fileno $_, 1) = 1 for values %open;
    select($bits, undef, undef, $left) > 0 or next;
    my %is = map { $_ => vec($bits, fileno $open{$_}, 1) } keys %open;
    if ($is{door}) { accept $client, $door; delete $open{door}; $open{client} = $client; delete $open{target} if $closed; }
    if ($is{out}) { my $data; if (sysread $open{out}, $data, 65536) { $said .= $data if length $said < 1 << 17 } else { delete $open{out} } }
    if ($is{client}) { my $data; if (sysread $open{client}, $data, 65536) { pass($target, $data) } else { delete $open{client} } }
    if ($is{target} && $client) { my $data; if (sysread $target, $data, 65536) { pass($client, $data) } else { $closed = 1; delete $open{target}; shutdown $client, 1 } }
    elsif ($is{target}) { select undef, undef, undef, 0.01 }
    if (!$done && $said =~ /^SSL handshake has read/m) { $done = 1; $until = now() + $quiet } }
  kill KILL => $pid; waitpid $pid, 0;
  ($closed, $said) }
sub tried { my ($kind, $cert, $key) = split /=/, $_[0], 3;
  return ($kind, plain()) if $kind eq "plaintext";
  return ($kind, tls("", "")) if $kind eq "foreign_certificate" && !defined $cert;
  ($kind, tls($cert, $key)) }
if (!$quiet) { my (undef, $closed, $said) = tried($tries[0]); $closed < 2 or print(STDERR "$said\n"), exit 1; print $said; exit 0 }
my @pipes = map { my $try = $_; my $pid = open my $pipe, "-|"; defined $pid or die;
  if (!$pid) { my ($kind, $closed, $said) = tried($try); print $closed == 2 ? "error $said\n" : "$kind $closed " . unpack("H*", $said) . "\n"; close STDOUT; POSIX::_exit(0) }
  $pipe } @tries;
my $bad = "";
for my $pipe (@pipes) { while (<$pipe>) { if (/^error (.*)/) { $bad = $1 } else { print } } close $pipe }
print(STDERR "$bad\n"), exit 1 if length $bad;
`
