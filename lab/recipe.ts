/** What every lab host has beyond Debian's minimal set: what servers have, and what the tests look with. */
export const basePackages = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'openssh-server',
  'sudo',
  'ufw',
  'iptables',
  'iproute2',
  'iputils-ping',
  'kmod',
  'less',
  'netbase',
  'procps',
  'openssl',
  'ca-certificates',
  'curl',
  'busybox',
  'socat',
  'netcat-openbsd',
  'tzdata',
]

/** Packages that lie in the image as files, so that hosts without a network can install and remove something. */
export const shelfPackages = ['hello', 'tree', 'cron', 'rsync']

/**
 * Runs a script in a root directory with apt able to fetch, in a mount namespace that ends with it: the machine's
 * apt settings, resolver and caches are seen through mounts, so nothing of them stays in the image.
 * Arguments: root, its layers ('' for a plain directory), upper, work, sources.list, apt.conf, the script, its arguments.
 */
export const insideScript = `set -eu
root=$1 layers=$2 upper=$3 work=$4 sources=$5 settings=$6 script=$7
shift 7
[ -z "$layers" ] || mount -t overlay overlay -o "lowerdir=$layers,upperdir=$upper,workdir=$work" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
mkdir -p "$root/tmp/lists/partial" "$root/tmp/cache/archives/partial"
printf %s "$sources" >"$root/tmp/sources.list"
printf %s "$settings" >"$root/tmp/apt.conf"
touch "$root/etc/resolv.conf"
[ ! -e /etc/resolv.conf ] || mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
printf '#!/bin/sh\\nexit 101\\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
chroot "$root" /usr/bin/env -C / APT_CONFIG=/tmp/apt.conf DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \\
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin sh -c "$script" sh "$@"
rm "$root/usr/sbin/policy-rc.d"
`

/** apt's own settings for the time of building, beside the machine's way to the network. */
export const buildSettings = `Dir::Etc::SourceList "/tmp/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "/tmp/lists";
Dir::Cache "/tmp/cache";
APT::Sandbox::User "root";
APT::Install-Recommends "0";
APT::Get::Assume-Yes "1";
Acquire::Languages "none";
DPkg::Options:: "--force-unsafe-io";
`

/** Puts packages into a layer; what their scripts would say of the machine is wiped. Arguments: the packages. */
export const installScript = `set -eu
apt-get -qq update
apt-get -qq install "$@"
rm -f /var/log/apt/* /var/log/dpkg.log /var/cache/ldconfig/aux-cache
touch /etc/.updated /var/.updated
`

/**
 * Makes a fresh debootstrap a lab host: the login user, the shelf of packages, no identity, and none of the timers that
 * would stir on a host that a test believes idle. Arguments: the shelf's packages.
 */
export const customizeScript = `set -eu
shelf=/usr/local/share/lab-packages
mkdir -p /tmp/shelf/partial
apt-get -qq update
apt-get -qq -o Dir::Cache::archives=/tmp/shelf/ install --download-only "$@"
mkdir -p $shelf
for deb in /tmp/shelf/*.deb; do
  mv "$deb" $shelf/
  name=\${deb##*/}
  dpkg-deb --field "$shelf/$name"
  printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' "$name" "$(stat -c %s "$shelf/$name")" "$(sha256sum <"$shelf/$name" | cut -d' ' -f1)"
done >$shelf/Packages
rm -rf /etc/apt/sources.list.d/* /etc/apt/apt.conf.d/*proxy*
echo "deb [trusted=yes] file:$shelf ./" >/etc/apt/sources.list
rm -rf /var/lib/apt/lists/*
APT_CONFIG=/dev/null apt-get -qq update

useradd --create-home --shell /bin/bash --uid 1000 ops
echo 'ops ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ops
chmod 440 /etc/sudoers.d/ops
passwd --quiet --lock root

systemctl -q mask console-getty.service getty@tty1.service getty-static.service systemd-firstboot.service \\
  systemd-networkd-wait-online.service systemd-pstore.service e2scrub_reap.service systemd-tmpfiles-clean.timer \\
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer logrotate.timer man-db.timer
systemctl -q set-default multi-user.target

rm -rf /etc/ssh/ssh_host_* /var/lib/dbus/machine-id /var/log/*.log /var/log/apt/* /var/log/journal/* \\
  /var/cache/ldconfig/aux-cache /var/lib/systemd/random-seed
find /var/cache/apt -type f -delete
: >/etc/machine-id
: >/etc/hostname
echo LANG=C.UTF-8 >/etc/default/locale
ln -sf /usr/share/zoneinfo/Etc/UTC /etc/localtime
touch /etc/.updated /var/.updated
`
